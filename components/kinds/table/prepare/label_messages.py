"""What there is to say of the values of a label column."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from components.kinds.table.codec.schema import Type
from components.kinds.table.prepare.label_values import Value, by_truth, shown, written

_CLASSES = 20  # values of a whole number; with more it is a number to be predicted
_LISTED = 5  # values that a message names


def which(name: str, asked: str | float | None, pair: Sequence[Value]) -> str:
    """Say that it is not clear which value is the positive one: both readings, and what to write for each."""
    rows = sum(value.count for value in pair)
    there = " and ".join(f"{_quoted(value)} ({_rows(value.count)})" for value in pair)
    wrong = "" if asked is None else f"prepare.columns.positive is {_shown(asked)}, which is neither: "
    either = ", or ".join(
        f"prepare.columns.positive: {written(value.spellings[0])} to find those {value.count / rows:.1%}"
        for value in sorted(pair, key=lambda value: value.count)
    )
    return f"column {name!r} (prepare.columns.label) has the values {there}: {wrong}write {either}"


def not_two(name: str, known: Sequence[Value], there: int) -> str:
    """Say that there are not two values, and what can be done; `there`: rows of the table."""
    where, rows = f"column {name!r} (prepare.columns.label)", sum(value.count for value in known)
    if not known:
        return f"{where} has no value in any of the {there:,} rows: two values are needed; is it the right column?"
    if len(known) == 1:
        empty = f" ({there - rows:,} of {there:,} rows have none, which means: not known yet)" if rows < there else ""
        return (
            f"{where} has one value alone, {_listed(known)}{empty}: two values are needed; write the other one into "
            "its rows, or leave columns.label out and write task: anomaly"
        )
    two = f"{where} has {len(known):,} values ({_listed(known)}), and a detection tells two apart"
    if others := beside_a_pair(known):
        unknown = ", ".join(written(value.spellings[0]) for value in others)
        example = f"prepare.columns.unknown: [{unknown}]"
        return f"{two}; if the others mean 'not known' write {example}, else write task: classification"
    return f"{two}; leave prepare.columns.positive out and write task: classification, or name a column of two values"


def positive_of_classes(name: str, positive: object) -> str:
    """Say that a classification has no positive class."""
    return (
        f"prepare.columns.positive is {_shown(positive)}, but a classification of column {name!r} has no positive "
        "class: leave it out, or write task: detection"
    )


def too_rare(name: str, known: Sequence[Value], rare: Sequence[Value]) -> str:
    """Say that there are values that stand in one row."""
    return (
        f"column {name!r} (prepare.columns.label) has {len(known):,} values, {len(rare):,} of them in one row alone "
        f"({_listed(rare)}): no class is learned from one example; is it the right column? Put together what is rare, "
        "or name such values in prepare.columns.unknown"
    )


def no_numbers(name: str, known: Sequence[Value]) -> str:
    """Say that a regression cannot be asked of texts."""
    return (
        f"column {name!r} (prepare.columns.label) holds texts ({_listed(known)}), and a regression tells numbers: "
        "write them as plain numbers (3.5), or write task: classification"
    )


def of_classes(name: str, known: Sequence[Value], nothing: Sequence[Value], rows: int) -> list[str]:
    """Say which classes there are."""
    read = [f"in {name!r} there are {len(known):,} classes ({_listed(known)}): task: classification"]
    read += [
        f"in {name!r} {', '.join(map(repr, value.spellings))} are taken as one"
        for value in known
        if len(value.spellings) > 1
    ]
    return [*read, *_unknown(name, sum(value.count for value in known), nothing, rows)]


def of_numbers(
    name: str, numbers: NDArray[np.float64], known: Sequence[Value], nothing: Sequence[Value], rows: int
) -> list[str]:
    """Say which numbers there are."""
    read = f"in {name!r} there are {len(numbers):,} numbers, {numbers[0]:g} to {numbers[-1]:g}: task: regression"
    return [read, *_unknown(name, sum(value.count for value in known), nothing, rows)]


def sentences(name: str, negative: Value, positive: Value, nothing: Sequence[Value], rows: int) -> list[str]:
    """Say how the column was understood; `nothing`: values that mean that the label is not known."""
    known = negative.count + positive.count
    share = f"{positive.count:,} of {known:,} rows, {positive.count / known:.2%}"
    read = [f"in {name!r} {_quoted(positive)} is the one to be found ({share}), {_quoted(negative)} is the other"]
    for value in (negative, positive):
        if len(value.spellings) > 1:
            read.append(f"in {name!r} {', '.join(repr(spelling) for spelling in value.spellings)} are taken as one")
    return [*read, *_unknown(name, known, nothing, rows)]


def _unknown(name: str, known: int, nothing: Sequence[Value], rows: int) -> list[str]:
    read = []
    if nothing:
        listed = ", ".join(f"{_quoted(value)} ({_rows(value.count)})" for value in nothing)
        read.append(f"in {name!r} {listed} {'means' if len(nothing) == 1 else 'mean'} that the label is not known")
    if known < rows:
        read.append(f"{rows - known:,} of {rows:,} rows have no label (yet)")
    return read


def _listed(known: Sequence[Value]) -> str:
    listed = ", ".join(f"{_quoted(value)} ({_rows(value.count)})" for value in known[:_LISTED])
    return f"{listed}, …" if len(known) > _LISTED else listed


def beside_a_pair(known: Sequence[Value]) -> list[Value]:
    """Return the values beside plain words for no and yes, if those are there and few others."""
    if len(known) > _LISTED:
        return []
    pairs = ([first, second] for first in known for second in known if by_truth([first, second]))
    pair = next(pairs, None)
    return [value for value in known if value not in pair] if pair else []


def is_number(known: Sequence[Value], type: Type | None) -> bool:
    """Whether the values are numbers to be predicted, not the names of classes."""
    if type not in ("integer", "number"):
        return False
    return len(known) > _CLASSES or any(not float(value.spellings[0]).is_integer() for value in known)


def _quoted(value: Value) -> str:
    return _shown(value.spellings[0])


def _shown(value: object) -> str:
    return repr(value) if isinstance(value, str) else shown(value)


def _rows(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}"
