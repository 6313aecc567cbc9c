"""The values of a label column: those that are spelled in several ways put together, and which of them say yes."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

NOTHING = frozenset({"", "na", "n/a", "#n/a", "<na>", "nan", "nat", "null", "none", "nil", "?", "-", "--", "."})
"""Texts that people write where there is no value, in small letters."""

_PAIRS = (("0", "1"), ("false", "true"), ("no", "yes"), ("n", "y"), ("f", "t"))
_TRUTH = {word: bool(index) for pair in _PAIRS for index, word in enumerate(pair)}
_YAML = {**_TRUTH, "off": False, "on": True}
_WHOLE = re.compile(r"([+-]?\d{1,18})(\.0*)?")


@dataclass(frozen=True)
class Value:
    """One value, however it is spelled."""

    key: str
    """In small letters, without spaces around it; a whole number without a decimal point."""
    spellings: tuple[Any, ...]
    """As they stand in the table, the most frequent first."""
    count: int
    """Records that have it."""

    @property
    def name(self) -> str:
        """Return it for people."""
        return shown(self.spellings[0])


def values(counts: Iterable[tuple[Any, int]]) -> list[Value]:
    """Return the values of a column, in order, from how often each spelling is there.

    Where there are two spellings in all they are two values, for a label needs two.
    """
    given = list(counts)
    found: dict[str, list[tuple[Any, int]]] = {}
    for value, count in given:
        found.setdefault(key(value), []).append((value, count))
    if len(given) == 2:
        return [
            _together(key(value), [(value, count)]) for value, count in sorted(given, key=lambda pair: _order(pair[0]))
        ]
    return [_together(name, found[name]) for name in sorted(found, key=_order)]


def merged(key: str, some: Sequence[Value]) -> Value:
    """Return `some` as one value."""
    ordered = sorted(some, key=lambda value: -value.count)
    return Value(
        key, tuple(spelling for value in ordered for spelling in value.spellings), sum(value.count for value in some)
    )


def key(value: Any) -> str:
    """Return what is the same for all spellings of a value: `1`, `1.0` and `" 1"`; `Fraud ` and `fraud`."""
    text = shown(value).strip().casefold()
    whole = _WHOLE.fullmatch(text)
    return str(int(whole[1])) if whole else text


def shown(value: Any) -> str:
    """Return a value as text, a whole number without a decimal point."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def written(value: Any) -> str:
    """Return a value as it has to be written in `params.yaml`."""
    if not isinstance(value, str):
        return shown(value)
    try:
        plain = yaml.safe_load(value) == value and value.isprintable()
    except yaml.YAMLError:
        plain = False
    return value if plain else yaml.safe_dump(value, default_style='"', allow_unicode=True, width=10_000).strip()


def by_truth(found: Sequence[Value]) -> tuple[Value, Value] | None:
    """Return the values for no and for yes, if all of them are plain words for either; else None.

    At least one pair of words is there as a whole: N and F, or T and N, may stand for anything.
    """
    keys = {value.key for value in found}
    if not keys <= set(_TRUTH) or not any(keys.issuperset(pair) for pair in _PAIRS):
        return None
    no, yes = ([value for value in found if _TRUTH[value.key] is truth] for truth in (False, True))
    return merged("no", no), merged("yes", yes)


def chosen(found: Sequence[Value], asked: str | float | bool, truths: bool) -> int | None:
    """Return which of two values is meant by `asked`, as `params.yaml` gives it: YAML reads Yes and On as true.

    Args:
        found: the two values.
        asked: the one to be found.
        truths: whether the values are those of `by_truth`, so that any plain word will do.
    """
    meant = key(asked)
    exact = [index for index, value in enumerate(found) if isinstance(asked, str) and asked in value.spellings]
    same = [index for index, value in enumerate(found) if meant in map(key, value.spellings)]
    truth = _YAML.get(meant)
    like = []
    if truths and truth is not None:
        like = [int(truth)]
    elif isinstance(asked, bool):
        words = [{key(spelling) for spelling in value.spellings} - {"0", "1"} for value in found]
        like = [index for index, said in enumerate(words) if truth in {_YAML.get(word) for word in said}]
    return next((indices[0] for indices in (exact, same, like) if len(indices) == 1), None)


def _together(key: str, spellings: list[tuple[Any, int]]) -> Value:
    ordered = sorted(spellings, key=lambda spelling: (-spelling[1], str(spelling[0])))
    return Value(key, tuple(value for value, _ in ordered), sum(count for _, count in ordered))


def _order(value: Any) -> tuple[bool, float, str]:
    """Sort numbers before texts, each in their order."""
    try:
        return False, float(value), str(value)
    except ValueError:
        return True, 0.0, str(value)
