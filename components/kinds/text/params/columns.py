"""Which column of a table is the text, which the label, and which say split and group."""

from collections.abc import Sequence
from typing import NamedTuple

from components.kinds.text.params import Prepare
from components.kinds.usual_names import Usual, check_different, named_or_usual, usual_name

NAME = "journeyman:name"
"""Of the raw records: what one is called, its file below the source and its row there. No column of a user's."""
_TEXT: Usual = (
    ("text",),
    ("sentence", "utterance", "message", "query", "question", "content", "body", "review", "comment", "tweet"),
)
_LABEL: Usual = (("label",), ("intent", "class", "category", "target", "topic", "sentiment"))
_SPLIT: Usual = (("split",), ("partition", "subset"))


class Columns(NamedTuple):
    """By their names."""

    text: str
    label: str
    split: str | None
    group: str | None


def find_columns(names: Sequence[str], config: Prepare) -> Columns:
    """Return which of the columns `names` is which: as the section says, else by what they are usually called.

    Raises:
        DataError: there is no such column, or several may be it.
    """
    text = named_or_usual(names, config.text, _TEXT, "prepare.text", "the text")
    label = named_or_usual(names, config.label, _LABEL, "prepare.label", "the label")
    others = [name for name in names if name not in (text, label)]
    split = (
        named_or_usual(names, config.split, (), "prepare.split", "the split")
        if config.split
        else usual_name(others, _SPLIT, "prepare.split", "the split")
    )
    group = named_or_usual(names, config.group, (), "prepare.group", "the group") if config.group else None
    check_different({"prepare.text": text, "prepare.label": label, "prepare.split": split, "prepare.group": group})
    return Columns(text, label, split, group)
