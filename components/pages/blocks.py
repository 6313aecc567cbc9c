"""What a page is made of, before a template writes it as Markdown or as a page.

A template has a macro for each block, which is called as the block's class, in lower case.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of text."""

    text: str


@dataclass(frozen=True)
class BulletList:
    """A list of sentences."""

    entries: Sequence[str]


@dataclass(frozen=True)
class Definitions:
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
class Image:
    """A PNG. Only the page has it."""

    caption: str
    png: bytes

    @property
    def source(self) -> str:
        """The image itself, as an address."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


@dataclass(frozen=True)
class Drawing:
    """An SVG element, coloured by the page's own classes. Only the page has it."""

    svg: Markup
    caption: str = ""
    keys: Sequence[tuple[str, str]] = ()
    """What the drawing's colours mean: the page's class, and words."""
    narrow: Markup | None = None
    """The same for a narrow page, where another is drawn for it."""


@dataclass(frozen=True)
class Gallery:
    """Drawings side by side, where there is room. Only the page has it."""

    drawings: Sequence[Drawing]


@dataclass(frozen=True)
class Thumbnail:
    """A small picture."""

    source: str
    """The picture itself, as an address."""
    name: str
    caption: str = ""


@dataclass(frozen=True)
class Thumbnails:
    """Small pictures in rows. Only the page has them."""

    pictures: Sequence[Thumbnail]
    caption: str = ""


Block = Paragraph | BulletList | Definitions | Table | Command | Image | Drawing | Gallery | Thumbnails


@dataclass(frozen=True)
class Section:
    """One section."""

    title: str
    blocks: Sequence[Block]
