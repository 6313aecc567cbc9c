"""How people lay out folders of pictures -> a label, a split and a folder for each.

label/picture.png                    the plain one; folders below a label are a camera, a day, a person
train/label/picture.png              splits as they are given, in a folder of their own or not
label/train/picture.png              the same, within the labels
picture.png, images/picture.png      labels are in a table or in the names, `prepare` finds which
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from components.config.errors import DataError
from components.kinds import split_names as splits
from components.kinds.folders import Parts, label_text
from components.kinds.image.source import ambiguous, split_folders
from components.kinds.image.source.names import below, name_list, subfolders
from components.kinds.prepared import Split


class PathLabel(NamedTuple):
    """What a picture's path says of it."""

    label: str | None
    split: Split | None
    folder: str


@dataclass
class Layout:
    """What the paths of pictures say."""

    pictures: dict[str, PathLabel] = field(default_factory=dict)
    """By path; pictures that are passed over are missing."""
    read: list[str] = field(default_factory=list)
    """How the folders were understood, in sentences."""
    unlabelled: list[str] = field(default_factory=list)
    """Pictures that lie beside the labels' folders."""
    ask: str = ""
    """What has to be said before the folders can be the labels."""


def lay_out(paths: Sequence[str], source: str, wrapped: bool = True, tables: bool = False) -> Layout:
    """Find what the folders of `paths` are.

    Args:
        paths: of pictures, below the source.
        source: as the user says it, for messages.
        wrapped: whether one folder alone may be a wrapper, and not a label.
        tables: whether tables name the pictures, and with them perhaps the labels.

    Raises:
        DataError: the folders are no labels, or may be read in two ways; the message says what to do.
    """
    tree = {path: tuple(path.split("/")) for path in paths}
    if (base := split_folders.base_of_splits(tree.values(), source)) is not None:
        return _splits(tree, base, source)
    tops = subfolders(tree.values())
    if len(tops) < 2 and (wrapped or not tops):
        return _alone(tree, source, tables)
    if splits.alike(tops):
        return _without_labels(tree, ())
    if split_folders.are_within_labels(tree.values(), source):
        return _labels(tree, split_at=1)
    ambiguous.refuse_masks(tops, source)
    split_folders.refuse_joined(tops, source)
    layout = _labels(tree)
    layout.ask = ambiguous.ask_of_parts(tree.values(), tops) or ambiguous.ask_of_folders_within(
        tree.values(), tops, source
    )
    return layout


def _splits(tree: Mapping[str, Parts], base: Parts, source: str) -> Layout:
    """Lay out pictures of folders below `base` that are splits."""
    layout, folders = Layout(), split_folders.folders_of_splits(list(tree.values()), base, source)
    passed_over: Counter[str] = Counter()
    for path, parts in tree.items():
        name = parts[len(base)] if len(parts) > len(base) + 1 else ""
        inner = folders.get(name, ())
        if name not in folders:
            passed_over["/".join((*base, name)) if name else source] += 1
        elif len(parts) > len(inner) + 1:
            rest = parts[len(inner) :]
            layout.pictures[path] = PathLabel(label_text(rest[0]), splits.within(name), "/".join(rest[1:-1]) or ".")
        else:
            layout.unlabelled.append(path)
    layout.read.append(split_folders.describe(folders))
    layout.read += [
        f"{folder}: {count:,} pictures without labels are passed over" for folder, count in passed_over.items()
    ]
    return layout


def _alone(tree: Mapping[str, Parts], source: str, tables: bool) -> Layout:
    """Lay out pictures of no folder, or of one alone: it may hold the labels' folders, or a table names the labels."""
    base = Parts()
    while len(folders := subfolders(tree.values(), base)) == 1:
        base = (*base, *folders)
    if base and sum(folders.values()) * 2 > len(tree) and not tables and not splits.alike(folders):
        raise DataError(f"{'/'.join(base)} has the folders {name_list(folders)}: set source to {below(source, base)}")
    return _without_labels(tree, base)


def _without_labels(tree: Mapping[str, Parts], base: Parts) -> Layout:
    """Lay out pictures whose folders, below `base`, are no labels; they may be splits."""
    layout = Layout()
    for path, parts in tree.items():
        split = splits.within(parts[len(base)]) if len(parts) > len(base) + 1 else None
        label = label_text(parts[0]) if base and len(parts) > 1 else None
        layout.pictures[path] = PathLabel(label, split, "/".join(parts[1 if label else 0 : -1]) or ".")
    return layout


def _labels(tree: Mapping[str, Parts], split_at: int | None = None) -> Layout:
    """Lay out pictures whose first folder is their label, and the one at `split_at`, if any, their split."""
    layout = Layout(read=_describe_joined(parts[0] for parts in tree.values() if len(parts) > 1))
    for path, parts in tree.items():
        if len(parts) == 1:
            layout.unlabelled.append(path)
            continue
        within = parts[1:-1]
        split = splits.within(parts[split_at]) if split_at else None
        layout.pictures[path] = PathLabel(
            label_text(parts[0]), split, "/".join(within[1:] if split_at else within) or "."
        )
    if split_at:
        names = sorted({parts[split_at] for parts in tree.values() if len(parts) > 2})
        layout.read.append(f"the folders {name_list(names)} within the labels are taken as the splits")
    return layout


def _describe_joined(folders: Iterable[str]) -> list[str]:
    """Return which folders are one label, though they are written otherwise."""
    found: dict[str, set[str]] = {}
    for folder in folders:
        found.setdefault(label_text(folder), set()).add(folder)
    several = {label: sorted(names) for label, names in found.items() if len(names) > 1}
    return [
        f"the folders {' and '.join(map(ascii, names))} are one label, {label!r}" for label, names in several.items()
    ]
