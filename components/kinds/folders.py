"""Folders of files that stand alone: which files are meant, and which label and split their folders say.

label/1.txt              a folder for each label
train/label/1.txt        splits as they are given
label/train/1.txt        the same, within the labels
"""

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from components.config.errors import DataError
from components.kinds import split_names
from components.kinds.leftovers import is_leftover, sort_of
from components.kinds.prepared import Split

Parts = tuple[str, ...]
"""The path of a file below the source, part by part."""
_LISTED = 5


class Place(NamedTuple):
    """What the folders of a file say of it."""

    label: str | None
    split: Split | None
    folder: str | None
    """Within that of the label."""


class Layout(NamedTuple):
    """What the folders of all files say."""

    places: list[Place]
    read: list[str]
    """How they were understood, in sentences."""
    ask: str = ""
    """What has to be said before folders can be labels, in a line; empty: nothing."""


def files_below(folder: Path) -> list[Path]:
    """Return the files below `folder` that somebody means, in the order of their paths.

    Links are followed, but not into a folder that they lie in.

    Raises:
        DataError: a folder cannot be read, or a link leads nowhere.
    """
    found: list[Path] = []
    for name, entry in walk(str(folder), [], Counter()):
        if entry.is_file():
            found.append(folder / name)
        elif entry.is_symlink():
            raise DataError(f"{as_text(str(folder / name))}: a link that leads nowhere: mend it, or take it away")
    return sorted(found)


def walk(
    folder: str, folders: list[str], leftovers: Counter[str], before: str = "", above: tuple[tuple[int, int], ...] = ()
) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
    """Yield what is no folder below `folder`, in the order of the names, folder by folder, each with its path there.

    Args:
        folder: links are followed, but not into a folder that they lie in.
        folders: is given the path of each folder below.
        leftovers: counts by their sort the files and folders that systems and tools left, which are passed over.
        before: what paths begin with.
        above: the folders that this one lies in.

    Raises:
        DataError: a folder cannot be read.
    """
    above = (*above, _identity(folder))
    try:
        with os.scandir(folder) as scanned:
            entries = sorted(scanned, key=lambda entry: entry.name)
    except OSError as error:
        raise DataError(f"{folder}: cannot be read: {error.strerror}") from error
    for entry in entries:
        name = before + entry.name
        if is_leftover(entry.name):
            leftovers[sort_of(entry.name)] += 1
        elif not entry.is_dir():
            yield name, entry
        elif _identity(entry.path) not in above:
            folders.append(name)
            yield from walk(entry.path, folders, leftovers, f"{name}/", above)


def as_text(name: str) -> str:
    """Return a name as text that can be written: with the codes of its bytes that are no UTF-8."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def label_text(said: str | None) -> str:
    """Return a label without blanks around it, in one form of Unicode (NFC): macOS writes another."""
    return unicodedata.normalize("NFC", as_text(said or "")).strip()


def lay_out(files: Sequence[Parts], source: str, wrapped: bool) -> Layout:
    """Return what the folders of `files` say.

    Args:
        files: below the source.
        source: as the user says it, for messages.
        wrapped: whether one folder alone that has folders is none of a label, but has the labels in it.
    """
    tops = {parts[0] for parts in files if len(parts) > 1}
    if len(tops) > 1 and split_names.alike(tops) and len(set(map(split_names.within, tops))) > 1:
        found = [_place(parts[1:], split_names.within(parts[0])) if len(parts) > 1 else _NOWHERE for parts in files]
        return Layout(found, [f"the folders {_listed(tops)} are taken as the splits"])
    inner = {parts[1] for parts in files if len(parts) > 2}
    if len({split_names.exactly(name) for name in inner} - {None}) > 1 and all(map(split_names.exactly, inner)):
        found = [
            _place((parts[0], *parts[2:]), split_names.exactly(parts[1])) if len(parts) > 2 else _place(parts, None)
            for parts in files
        ]
        return Layout(found, [f"the folders {_listed(inner)} within the labels are taken as the splits"])
    ask = _ask_of_splits(files, tops) or _ask_of_joined(tops) or (_ask_of_one(files, tops, source) if wrapped else "")
    return Layout([_place(parts, None) for parts in files], [], ask and f"{source}: {ask}")


_NOWHERE = Place(None, None, None)


def _place(parts: Parts, split: Split | None) -> Place:
    """Return what is said by a path whose first folder is the label."""
    if len(parts) < 2:
        return Place(None, split, None)
    return Place(label_text(parts[0]), split, as_text("/".join(parts[1:-1])) or None)


def _ask_of_splits(files: Sequence[Parts], tops: set[str]) -> str:
    """Return what to ask where some of the first folders are splits, by their names and what is in them."""
    named = {name for name in tops if split_names.exactly(name)}
    labels = [_below(files, name) for name in named]
    if len(set(map(split_names.exactly, named))) < 2 or not all(labels) or not set.intersection(*labels):
        return ""
    return (
        f"{_listed(named)} are called as splits, and {_listed(tops - named)} beside them is not: move it elsewhere, or "
        "call it train, validation or test"
    )


def _ask_of_joined(tops: set[str]) -> str:
    """Return what to do where folders are called `train_cat` and `test_cat`, each a split and a label in one."""
    found: dict[str, set[Split]] = {}
    for name in tops:
        if split := split_names.within(name):
            found.setdefault(split_names.rest(name), set()).add(split)
    if not found or sum(map(len, found.values())) < len(tops) or any(len(splits) < 2 for splits in found.values()):
        return ""
    return (
        f"the folders {_listed(tops)} have splits and labels in one name: make them train/label, validation/label, "
        "test/label"
    )


def _ask_of_one(files: Sequence[Parts], tops: set[str], source: str) -> str:
    """Return what to do where all lies in one folder that has folders: these may be the labels."""
    (top,) = tops if len(tops) == 1 else ("",)
    within = _below(files, top)
    if len(within) < 2:
        return ""
    return f"all lies in the folder {as_text(top)!r}, in {_listed(within)}: set source to {source}/{as_text(top)}"


def _below(files: Sequence[Parts], top: str) -> set[str]:
    return {parts[1] for parts in files if len(parts) > 2 and parts[0] == top}


def _listed(names: set[str]) -> str:
    shown = ", ".join(map(as_text, sorted(names)[:_LISTED]))
    return f"{shown} and {len(names) - _LISTED:,} more" if len(names) > _LISTED else shown


def _identity(folder: str) -> tuple[int, int]:
    about = os.stat(folder)  # noqa: PTH116 - one of very many
    return about.st_dev, about.st_ino
