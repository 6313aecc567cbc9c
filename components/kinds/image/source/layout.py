"""How people lay out folders of pictures -> a label, a split and a folder for each.

label/picture.png                    the plain one; folders below a label are a camera, a day, a person
train/label/picture.png              splits as they are given, in a folder of their own or not
label/train/picture.png              the same, within the labels
picture.png, images/picture.png      labels are in a table or in the names, `prepare` finds which
"""

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from components.config.errors import DataError
from components.kinds import split_names as splits
from components.kinds.prepared import Split

_GENERIC = {"image", "images", "img", "imgs", "picture", "pictures", "photo", "photos", "jpegimages", "frames"}
_MASKS = {"mask", "masks", "annotation", "annotations", "segmentation", "segmentations", "groundtruth", "ground_truth"}
_MASKS |= {"gt", "labels", "trimaps", "bbox", "boxes", "segmentationclass"}
_PART = re.compile(
    r"(fold|part|batch|set|subset|chunk|shard|session|group|kfold|split|site|round|run)s?[ _-]*\d+"
    r"|colou?r|gr[ae]y(scale)?|rgb|segmented|original|originals|augmented|augmentation|raw|processed|preprocessed"
    r"|cropped|resized|normalized|enhanced|clean|cleaned|synthetic|real"
)
_NEARLY_ALL = 0.95
_NAMED = 10  # labels that are listed


class Place(NamedTuple):
    """What a picture's path says of it."""

    label: str | None
    split: Split | None
    folder: str


@dataclass
class Layout:
    """What the paths of pictures say."""

    places: dict[str, Place] = field(default_factory=dict)
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
    if (base := _base_of_splits(tree.values(), source)) is not None:
        return _splits(tree, base, source)
    tops = _children(tree.values())
    if len(tops) < 2 and (wrapped or not tops):
        return _alone(tree, source, tables)
    if splits.alike(tops):
        return _without_labels(tree, ())
    if _split_within(tree.values(), source):
        return _labels(tree, split_at=1)
    _refuse_masks(tops, source)
    _refuse_joined(tops, source)
    layout = _labels(tree)
    layout.ask = _parts(tree.values(), tops) or _one_deeper(tree.values(), tops, source)
    return layout


def clean(label: str) -> str:
    """Return the label without blanks around it, in one form of Unicode (NFC): macOS writes another."""
    return unicodedata.normalize("NFC", as_text(label)).strip()


def as_text(name: str) -> str:
    """Return a name as text that can be written: with the codes of its bytes that are no UTF-8."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _children(tree: Iterable[tuple[str, ...]], base: tuple[str, ...] = ()) -> Counter[str]:
    """Return the folders right below `base`, and how many pictures each holds."""
    depth = len(base)
    return Counter(parts[depth] for parts in tree if len(parts) > depth + 1 and parts[:depth] == base)


def _base_of_splits(tree: Iterable[tuple[str, ...]], source: str) -> tuple[str, ...] | None:
    """Return the folder whose folders are splits, with labels below them: the source, or one alone within it."""
    tree, base = list(tree), tuple[str, ...]()
    while True:
        children = _children(tree, base)
        given = {name: _labels_below(tree, (*base, name)) for name in children if splits.within(name)}
        labelled = _labelled(given)
        if labelled and _are_names_of_splits(given, children):
            if _share_labels(labelled):
                return base
            if all(splits.exactly(name) for name in labelled):
                said = "; ".join(f"{name}: {named(labels)}" for name, labels in labelled.items())
                raise DataError(
                    f"{source}: the folders {named(labelled)} look like splits, but share no label ({said})"
                )
        if len(children) != 1:
            return None
        base = (*base, *children)


def _are_names_of_splits(given: Collection[str], children: Collection[str]) -> bool:
    """Whether folders are called after splits, and not two labels after one: `positive_test`, `negative_test`."""
    if len(given) < 2:
        return len(given) == len(children)
    return len({splits.within(name) for name in given}) > 1 or splits.alike(given)


def _labelled(given: Mapping[str, Mapping[str, int]]) -> dict[str, Mapping[str, int]]:
    """Return the splits that have labels: not one whose only folder is called `unknown`, or after what is in it."""
    said = {name: labels for name, labels in given.items() if not _says_nothing(labels)}
    counts = Counter(_folded(label) for labels in said.values() for label in labels)
    alone = {
        name
        for name, labels in said.items()
        if len(labels) == 1 and len(counts) > 2 and all(counts[_folded(label)] == 1 for label in labels)
    }
    return {name: labels for name, labels in said.items() if name not in alone}


def _says_nothing(labels: Mapping[str, int]) -> bool:
    """Whether these folders of a split are no labels: there are none, or one that is called after what is in it."""
    return len(labels) < 2 and all(name.lower() in _GENERIC or splits.within(name) for name in labels)


def _share_labels(labelled: Mapping[str, Mapping[str, int]]) -> bool:
    if len(labelled) == 1:
        return all(splits.exactly(name) for name in labelled)
    one, *others = [set(map(_folded, labels)) for labels in labelled.values()]
    return all(one & other for other in others)


def _labels_below(tree: Iterable[tuple[str, ...]], base: tuple[str, ...]) -> Counter[str]:
    """Return the labels below a split's folder; one folder alone in it, with folders in it, is passed through."""
    return _children(tree, _within(tree, base))


def _within(tree: Iterable[tuple[str, ...]], base: tuple[str, ...]) -> tuple[str, ...]:
    inside = [parts for parts in tree if parts[: len(base)] == base]
    children = _children(inside, base)
    if len(children) == 1 and all(len(parts) > len(base) + 2 for parts in inside):
        return (*base, *children)
    return base


def _splits(tree: Mapping[str, tuple[str, ...]], base: tuple[str, ...], source: str) -> Layout:
    layout, all_parts = Layout(), list(tree.values())
    children = _children(all_parts, base)
    bases = {name: _within(all_parts, (*base, name)) for name in children if splits.within(name)}
    labels = {name: _children(all_parts, inner) for name, inner in bases.items()}
    labelled = _labelled({name: labels[name] for name in bases})
    bases = {name: inner for name, inner in bases.items() if name in labelled}
    known = {_folded(label) for name in bases for label in labels[name]}
    _refuse_extra(all_parts, base, [name for name in children if name not in bases], known, source)
    over: Counter[str] = Counter()
    for path, parts in tree.items():
        name = parts[len(base)] if len(parts) > len(base) + 1 else ""
        inner = bases.get(name, ())
        if name not in bases:
            over["/".join((*base, name)) if name else source] += 1
        elif len(parts) > len(inner) + 1:
            rest = parts[len(inner) :]
            layout.places[path] = Place(clean(rest[0]), splits.within(name), "/".join(rest[1:-1]) or ".")
        else:
            layout.unlabelled.append(path)
    layout.read.append(_said_of_splits(bases))
    layout.read += [f"{folder}: {count:,} pictures without labels are passed over" for folder, count in over.items()]
    return layout


def _said_of_splits(bases: Iterable[str]) -> str:
    taken: dict[Split, list[str]] = {}
    for name in bases:
        if split := splits.within(name):
            taken.setdefault(split, []).append(name)
    said = [f"{' and '.join(map(repr, names))} as {split}" for split, names in taken.items()]
    return f"folders are taken as the splits: {', '.join(said)}"


def _refuse_extra(
    tree: Sequence[tuple[str, ...]], base: tuple[str, ...], extra: Sequence[str], known: set[str], source: str
) -> None:
    """Refuse folders beside the splits that have the same labels: they may be meant to be read or not."""
    for name in extra:
        if known & set(map(_folded, _children(tree, (*base, name)))):
            raise DataError(
                f"{source}: the folder {'/'.join((*base, name))!r} has the labels of the splits beside it, but is none "
                f"by its name: call it train, validation or test, or move it elsewhere"
            )


def _alone(tree: Mapping[str, tuple[str, ...]], source: str, tables: bool) -> Layout:
    """Lay out pictures of no folder, or of one alone: it may hold the labels' folders, or a table names the labels."""
    base = tuple[str, ...]()
    while len(children := _children(tree.values(), base)) == 1:
        base = (*base, *children)
    if base and sum(children.values()) * 2 > len(tree) and not tables and not splits.alike(children):
        raise DataError(f"{'/'.join(base)} has the folders {named(children)}: set source to {_below(source, base)}")
    return _without_labels(tree, base)


def _without_labels(tree: Mapping[str, tuple[str, ...]], base: tuple[str, ...]) -> Layout:
    """Lay out pictures whose folders, below `base`, are no labels; they may be splits."""
    layout = Layout()
    for path, parts in tree.items():
        split = splits.within(parts[len(base)]) if len(parts) > len(base) + 1 else None
        label = clean(parts[0]) if base and len(parts) > 1 else None
        layout.places[path] = Place(label, split, "/".join(parts[1 if label else 0 : -1]) or ".")
    return layout


def _split_within(tree: Iterable[tuple[str, ...]], source: str) -> bool:
    """Whether every label has its pictures in folders that are splits."""
    inner = {parts[:2] if len(parts) > 2 else (parts[0], "") for parts in tree if len(parts) > 1}
    found: dict[str, set[Split | None]] = {}
    for label, name in inner:
        found.setdefault(label, set()).add(splits.within(name))
    several = [label for label, names in found.items() if len(names - {None}) > 1]
    beside = [label for label, names in found.items() if None in names]
    if several and not beside:
        return True
    if len(several) * 2 > len(found):
        raise DataError(
            f"{source}: the labels {named(several)} have folders that are splits, but {named(beside)} has pictures "
            f"beside them: move them into train, validation or test"
        )
    return False


def _refuse_masks(tops: Mapping[str, int], source: str) -> None:
    names = {name.lower() for name in tops}
    if names <= _GENERIC | _MASKS and names & _MASKS:
        raise DataError(
            f"{source}: the folders {named(tops)} are no labels: pictures of one label each are learned, "
            f"label/picture.png; masks and boxes are not"
        )


def _refuse_joined(tops: Mapping[str, int], source: str) -> None:
    """Refuse folders as `train_cat` and `test_cat`, each of them a split and a label in one."""
    found: dict[str, set[Split]] = {}
    for name in tops:
        if split := splits.within(name):
            found.setdefault(splits.rest(name), set()).add(split)
    if found and len(tops) == sum(map(len, found.values())) and all(len(names) > 1 for names in found.values()):
        raise DataError(
            f"{source}: the folders {named(tops)} have splits and labels in one name: "
            f"make them train/label, validation/label, test/label"
        )


def _parts(tree: Collection[tuple[str, ...]], tops: Collection[str]) -> str:
    """Return what to ask where the folders are parts or variants of the data, with the same folders in each."""
    if not all(_PART.fullmatch(name.strip().lower()) for name in tops):
        return ""
    one, *others = [set(_children(tree, (name,))) for name in tops]
    if len(one) < 2 or any(other != one for other in others):
        return ""
    return (
        f"are the labels the folders {named(tops)}, or {named(one)} within each? "
        f'Set prepare.labels to "folder", or to "*/{{label}}/*"'
    )


def _one_deeper(tree: Collection[tuple[str, ...]], tops: Mapping[str, int], source: str) -> str:
    """Return what to ask where nearly all pictures lie in one folder, in folders of it: these may be the labels."""
    name = max(tops, key=lambda top: tops[top])
    children = _children(tree, (name,))
    others = any(_children(tree, (other,)) for other in tops if other != name)  # have folders too: a camera, a day
    few = tops[name] < _NEARLY_ALL * sum(tops.values())
    if few or others or len(children) < 2 or sum(children.values()) < tops[name]:
        return ""
    return (
        f"are the labels the folders {named(tops)}, or {named(children)} within {name}? "
        f'Set prepare.labels to "folder", or source to {_below(source, (name,))}'
    )


def _labels(tree: Mapping[str, tuple[str, ...]], split_at: int | None = None) -> Layout:
    layout = Layout(read=_said_of_same(parts[0] for parts in tree.values() if len(parts) > 1))
    for path, parts in tree.items():
        if len(parts) == 1:
            layout.unlabelled.append(path)
            continue
        within = parts[1:-1]
        split = splits.within(parts[split_at]) if split_at else None
        layout.places[path] = Place(clean(parts[0]), split, "/".join(within[1:] if split_at else within) or ".")
    if split_at:
        names = sorted({parts[split_at] for parts in tree.values() if len(parts) > 2})
        layout.read.append(f"the folders {named(names)} within the labels are taken as the splits")
    return layout


def _said_of_same(folders: Iterable[str]) -> list[str]:
    """Return which folders are one label, though they are written otherwise."""
    found: dict[str, set[str]] = {}
    for folder in folders:
        found.setdefault(clean(folder), set()).add(folder)
    several = {label: sorted(names) for label, names in found.items() if len(names) > 1}
    return [
        f"the folders {' and '.join(map(ascii, names))} are one label, {label!r}" for label, names in several.items()
    ]


def named(names: Iterable[str]) -> str:
    """Return the names as a list that a sentence can have, with how many more there are."""
    shown = sorted(names)
    more = f" and {len(shown) - _NAMED} more" if len(shown) > _NAMED else ""
    return ", ".join(shown[:_NAMED]) + more


def _folded(label: str) -> str:
    return clean(label).casefold()


def _below(source: str, base: tuple[str, ...]) -> str:
    return "/".join((source.rstrip("/"), *base))
