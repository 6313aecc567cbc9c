"""The files below a folder: pictures, what is none, and what systems and tools left there."""

import os
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from components.kinds.folders import walk
from components.kinds.image.codec.file import FORMATS, FURTHER
from components.kinds.image.codec.recognise import HEAD, FileFormat, reads_heic, recognise

SUFFIXES = (
    *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".pjpeg", ".pjp", ".mpo", ".webp", ".bmp", ".dib"),
    *(".gif", ".tif", ".tiff", ".avif", ".avifs", ".ppm", ".pgm", ".pbm", ".pnm"),
    *(".jp2", ".j2k", ".jpx", ".jpf", ".jpc"),
)
"""Files that are taken for pictures by their names; what else may be one is looked into."""
_TEXTS = (
    *(".txt", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".md", ".rst", ".yaml", ".yml", ".html", ".htm", ".toml"),
    *(".py", ".ipynb", ".sh", ".log", ".ini", ".cfg", ".pkl", ".pickle", ".pt", ".pth"),
    *(".xlsx", ".xls", ".ods", ".doc", ".docx"),
)
_MASK = re.compile(
    r"(?P<picture>.+)[ _-](mask|masks|seg|segmentation|ground_?truth|gt)([ _-]?\d+)?\.\w+", re.IGNORECASE
)
_READ = {*FORMATS, *FURTHER} - {"HEIC"}


@dataclass
class Files:
    """What lies below a folder; every name is a path below it."""

    pictures: list[str] = field(default_factory=list)
    """In the order of their paths, folder by folder."""
    foreign: dict[str, FileFormat] = field(default_factory=dict)
    """Files of a known format that is not read."""
    dead: dict[str, str] = field(default_factory=dict)
    """What cannot be opened, and why."""
    others: list[str] = field(default_factory=list)
    leftovers: Counter[str] = field(default_factory=Counter)
    """How many files and folders of each sort were passed over."""
    folders: list[str] = field(default_factory=list)
    masks: list[str] = field(default_factory=list)
    """Pictures that say where something is in the picture beside them, `7_mask.png` beside `7.png`."""


def files_below(folder: Path) -> Files:
    """Look at every file below `folder`; what is known by its name is not opened.

    Links are followed, but not into a folder that they lie in.
    """
    found = Files()
    for name, entry in walk(str(folder), found.folders, found.leftovers):
        _sort(name, entry, found)
    stems = {str(PurePosixPath(name).with_suffix("")) for name in found.pictures}
    found.masks = [name for name in found.pictures if (of := _MASK.fullmatch(name)) and of["picture"] in stems]
    if found.masks:
        masks = set(found.masks)
        found.pictures = [name for name in found.pictures if name not in masks]
    return found


def is_picture(path: str) -> bool:
    """Whether a file is taken for a picture: by its name, else by its content."""
    name = os.path.basename(path).lower()  # noqa: PTH119 - one of very many
    if name.endswith(SUFFIXES):
        return True
    if name.endswith(_TEXTS):
        return False
    try:
        return _is_read(_recognised(path, name))
    except OSError:
        return False


def _sort(name: str, entry: "os.DirEntry[str]", found: Files) -> None:
    lower = entry.name.lower()
    by_name = lower.endswith(SUFFIXES)
    if not entry.is_file():
        if entry.is_symlink() and (by_name or not PurePosixPath(lower).suffix):
            found.dead[name] = "a link that leads nowhere"
    elif by_name:
        found.pictures.append(name)
    elif lower.endswith(_TEXTS):
        found.others.append(name)
    else:
        _look_into(name, entry.path, found)


def _look_into(name: str, path: str, found: Files) -> None:
    try:
        format = _recognised(path, name)
    except OSError as error:
        found.dead[name] = f"cannot be read: {error.strerror}"
        return
    if _is_read(format):
        found.pictures.append(name)
    elif format and format.sort != "text":
        found.foreign[name] = format
    else:
        found.others.append(name)


def _recognised(path: str, name: str) -> FileFormat | None:
    with open(path, "rb") as file:  # noqa: PTH123 - one of very many
        return recognise(file.read(HEAD), name)


def _is_read(format: FileFormat | None) -> bool:
    return format is not None and (format.name in _READ or (format.name == "HEIC" and reads_heic()))
