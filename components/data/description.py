"""The description of a public data set, `datasets/*.yaml`: which files, how they are trusted, who may have them."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from components.config import params


class PublishedFile(params.Section):
    """One file of the data set."""

    name: str
    """As its publisher calls it, without the `.gz` it may come with."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Of the decompressed bytes, so that it does not matter who compressed them; of an `archive`, of its files."""
    archive: str | None = None
    """Of a ZIP file: the folder in it, at any depth, whose files are the data. `sha256` is then that of what
    `sha256sum *` prints there in the C locale, so that it does not matter who packed them."""
    address: str | None = None
    """The file's own public address, where it is called otherwise there; asked last."""


class Debian(params.Section):
    """A Debian package that carries the files."""

    package: str
    folder: str


class Description(params.Section):
    """One public data set."""

    title: str
    licence: str
    homepage: str = ""
    kind: str
    format: str
    labels: list[str] = Field(default_factory=list)
    """What the label numbers stand for."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """What the format wants to know besides; the kind's source reads it."""
    files: dict[str, PublishedFile] = Field(default_factory=dict)
    """By their role; none where the data is made here."""
    debian: Debian | None = None
    addresses: list[str] = Field(default_factory=list)
    """Public addresses of the folder that holds the files."""


def read_description(path: Path) -> Description:
    """Read the description at `path`.

    Raises:
        ConfigError: one line that names the first thing wrong.
    """
    return params.parse(Description, params.read_yaml(path), f"{path}: ")
