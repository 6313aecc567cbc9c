"""Which column of a table is the text, which the label, and which says the split."""

from collections.abc import Sequence
from typing import NamedTuple

from components.config.errors import DataError
from components.kinds.text.params import Prepare

NAME = "name"
"""Of the raw records: what one is called, its file below the source and its row there."""
TEXT = (
    "text",
    "sentence",
    "utterance",
    "message",
    "query",
    "question",
    "content",
    "body",
    "review",
    "comment",
    "tweet",
)
LABEL = ("label", "intent", "class", "category", "target", "topic", "sentiment")
SPLIT = ("split", "partition", "subset")


class Columns(NamedTuple):
    """By their names."""

    text: str
    label: str
    split: str | None


def find_columns(names: Sequence[str], config: Prepare) -> Columns:
    """Return which of the columns `names` is which: as the section says, else by what they are usually called.

    Raises:
        DataError: there is no such column.
    """
    return Columns(
        _one(names, config.text, TEXT, "prepare.text", "the text"),
        _one(names, config.label, LABEL, "prepare.label", "the label"),
        _one(names, config.split, SPLIT, "prepare.split", "the split") if config.split else _found(names, SPLIT),
    )


def _one(names: Sequence[str], said: str | None, usual: Sequence[str], key: str, what: str) -> str:
    found = said if said in names else None if said else _found(names, usual)
    if found is None:
        missing = f"there is no column {said!r}" if said else f"no column is called as {what} usually is"
        raise DataError(f"{key}: {missing}: write one of {', '.join(names)}")
    return found


def _found(names: Sequence[str], usual: Sequence[str]) -> str | None:
    folded = {name.strip().lower(): name for name in reversed(names)}
    return next((folded[name] for name in usual if name in folded), None)
