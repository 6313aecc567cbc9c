"""What there is to say of the values of a label column."""

from collections.abc import Sequence

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


def not_two(name: str, known: Sequence[Value], type: Type | None, there: int) -> str:
    """Say that there are not two values, and what can be done; `there`: rows of the table."""
    where, rows = f"column {name!r} (prepare.columns.label)", sum(value.count for value in known)
    if not known:
        return f"{where} has no value in any of the {there:,} rows: two values are needed; is it the right column?"
    listed = ", ".join(f"{_quoted(value)} ({_rows(value.count)})" for value in known[:_LISTED])
    listed += ", …" if len(known) > _LISTED else ""
    if len(known) == 1:
        empty = f" ({there - rows:,} of {there:,} rows have none, which means: not known yet)" if rows < there else ""
        return f"{where} has one value alone, {listed}{empty}: two values are needed; write the other one into its rows"
    if _is_number(known, type):
        return (
            f"{where} holds numbers ({len(known):,} different: {listed}): predicting a number is not possible yet; "
            f"name a column of two values, as whether it is above a limit, and put {name!r} in prepare.columns.drop"
        )
    two = f"{where} has {len(known):,} values ({listed}): two are told apart, more are not possible yet"
    others = _beside_a_pair(known)
    if others:
        unknown = ", ".join(written(value.spellings[0]) for value in others)
        example = f"prepare.columns.unknown: [{unknown}]"
        return f"{two}; if the others mean 'not known' write {example}, else name a column of two values"
    return (
        f"{two}; name a column of two values, as whether {name!r} is {_quoted(known[0])}, or leave the other rows out; "
        f"what means 'not known' goes to prepare.columns.unknown"
    )


def sentences(name: str, negative: Value, positive: Value, nothing: Sequence[Value], rows: int) -> list[str]:
    """Say how the column was understood; `nothing`: values that mean that the label is not known."""
    known = negative.count + positive.count
    share = f"{positive.count:,} of {known:,} rows, {positive.count / known:.2%}"
    read = [f"in {name!r} {_quoted(positive)} is the one to be found ({share}), {_quoted(negative)} is the other"]
    for value in (negative, positive):
        if len(value.spellings) > 1:
            read.append(f"in {name!r} {', '.join(repr(spelling) for spelling in value.spellings)} are taken as one")
    if nothing:
        listed = ", ".join(f"{_quoted(value)} ({_rows(value.count)})" for value in nothing)
        read.append(f"in {name!r} {listed} {'means' if len(nothing) == 1 else 'mean'} that the label is not known")
    if known < rows:
        read.append(f"{rows - known:,} of {rows:,} rows have no label (yet)")
    return read


def _beside_a_pair(known: Sequence[Value]) -> list[Value]:
    """Return the values beside plain words for no and yes, if those are there and few others."""
    if len(known) > _LISTED:
        return []
    pairs = ([first, second] for first in known for second in known if by_truth([first, second]))
    pair = next(pairs, None)
    return [value for value in known if value not in pair] if pair else []


def _is_number(known: Sequence[Value], type: Type | None) -> bool:
    if type not in ("integer", "number"):
        return False
    return len(known) > _CLASSES or any(not float(value.spellings[0]).is_integer() for value in known)


def _quoted(value: Value) -> str:
    return _shown(value.spellings[0])


def _shown(value: object) -> str:
    return repr(value) if isinstance(value, str) else shown(value)


def _rows(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}"
