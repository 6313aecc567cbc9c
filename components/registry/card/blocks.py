"""What a card is made of, before it is Markdown or a page."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Items:
    """A list of sentences."""

    items: Sequence[str]


@dataclass(frozen=True)
class Pairs:
    """Names and what they are."""

    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Table:
    """Rows of cells; the first column names the row."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    drawn: bool = False
    """A drawing above it tells the same."""


@dataclass(frozen=True)
class Command:
    """Something to type."""

    text: str


@dataclass(frozen=True)
class Picture:
    """A PNG. Only the page has it."""

    caption: str
    png: bytes


@dataclass(frozen=True)
class Drawing:
    """An SVG element whose texts are escaped, coloured by the page's own classes. Only the page has it."""

    svg: str


Block = Words | Items | Pairs | Table | Command | Picture | Drawing


@dataclass(frozen=True)
class Part:
    """One section."""

    title: str
    blocks: Sequence[Block]
