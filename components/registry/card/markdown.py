"""The card as Markdown: all of it but the pictures."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from components.registry.card.blocks import Block, Command, Drawing, Items, Pairs, Picture, Table, Words
from components.registry.card.parts import parts

_START = re.compile(r"^(\d*)(?=[-+=.)])")  # of a list, a rule, a heading
_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&#])")


def markdown(card: Mapping[str, Any]) -> str:
    """Return `card` as Markdown."""
    head = [f"# {plain(card['name'])} {plain(card['version'])}"]
    if "description" in card:
        head.append(written(Words(card["description"])))
    body = [
        text for part in parts(card, {}) for text in (f"## {plain(part.title)}", *map(written, part.blocks)) if text
    ]
    return "\n\n".join([*head, *body]) + "\n"


def plain(text: object) -> str:
    """Return the text on one line, with nothing in it that Markdown or HTML would take for its own."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def written(block: Block) -> str:
    """Return the block as Markdown; nothing of what is drawn."""
    match block:
        case Words(text):
            return _START.sub(r"\1\\", plain(text))
        case Items(items):
            return "\n".join(f"- {plain(item)}" for item in items)
        case Pairs(rows):
            return _table(["what", "is"], rows)
        case Table(columns, rows, caption):
            return "\n\n".join(filter(None, [plain(caption), _table(columns, rows)]))
        case Command(text):
            return f"    {' '.join(text.split())}"
        case Picture() | Drawing():
            return ""


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, *rows]
    cells = [f"| {' | '.join(map(plain, line))} |" for line in lines]
    return "\n".join([cells[0], f"|{' --- |' * len(columns)}", *cells[1:]])
