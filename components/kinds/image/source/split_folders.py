"""Folders that are splits: `train/label`, `label/train`, `seg_train/seg_train/label`; and what only looks so."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from components.config.errors import DataError
from components.kinds import split_names as splits
from components.kinds.folders import Parts
from components.kinds.image.source.names import GENERIC, MASKS, folded, name_list, subfolders
from components.kinds.prepared import Split


def base_of_splits(tree: Iterable[Parts], source: str) -> Parts | None:
    """Return the folder whose folders are splits, with labels below them: the source, or one alone within it."""
    tree, base = list(tree), Parts()
    while True:
        folders = subfolders(tree, base)
        given = {name: _labels_below(tree, (*base, name)) for name in folders if splits.within(name)}
        labelled = _labelled(given)
        if labelled and _are_names_of_splits(given, folders):
            if _share_labels(labelled):
                return base
            if all(splits.exactly(name) for name in labelled):
                each = "; ".join(f"{name}: {name_list(labels)}" for name, labels in labelled.items())
                raise DataError(
                    f"{source}: the folders {name_list(labelled)} look like splits, but share no label ({each})"
                )
        if len(folders) != 1:
            return None
        base = (*base, *folders)


def _are_names_of_splits(given: Collection[str], folders: Collection[str]) -> bool:
    """Whether folders are called after splits, and not two labels after one: `positive_test`, `negative_test`."""
    if len(given) < 2:
        return len(given) == len(folders)
    return len({splits.within(name) for name in given}) > 1 or splits.alike(given)


def _labelled(given: Mapping[str, Mapping[str, int]]) -> dict[str, Mapping[str, int]]:
    """Return the splits that have labels: not one whose only folder is called `unknown`, or after what is in it."""
    able = {name: labels for name, labels in given.items() if not _says_nothing(labels)}
    counts = Counter(folded(label) for labels in able.values() for label in labels)
    alone = {
        name
        for name, labels in able.items()
        if len(labels) == 1 and len(counts) > 2 and all(counts[folded(label)] == 1 for label in labels)
    }
    return {name: labels for name, labels in able.items() if name not in alone}


def _says_nothing(labels: Mapping[str, int]) -> bool:
    """Whether these folders of a split are no labels: there are none, or one that is called after what is in it."""
    return len(labels) < 2 and all(name.lower() in GENERIC or splits.within(name) for name in labels)


def _share_labels(labelled: Mapping[str, Mapping[str, int]]) -> bool:
    if len(labelled) == 1:
        return all(splits.exactly(name) for name in labelled)
    first, *others = [set(map(folded, labels)) for labels in labelled.values()]
    return all(first & other for other in others)


def _labels_below(tree: Iterable[Parts], base: Parts) -> Counter[str]:
    """Return the labels below a split's folder; one folder alone in it, with folders in it, is passed through."""
    return subfolders(tree, _within(tree, base))


def _within(tree: Iterable[Parts], base: Parts) -> Parts:
    inside = [parts for parts in tree if parts[: len(base)] == base]
    folders = subfolders(inside, base)
    if len(folders) == 1 and all(len(parts) > len(base) + 2 for parts in inside):
        return (*base, *folders)
    return base


def describe(folders: Iterable[str]) -> str:
    """Return which folders are taken as which split, as a sentence."""
    taken: dict[Split, list[str]] = {}
    for name in folders:
        if split := splits.within(name):
            taken.setdefault(split, []).append(name)
    read = [f"{' and '.join(map(repr, names))} as {split}" for split, names in taken.items()]
    return f"folders are taken as the splits: {', '.join(read)}"


def folders_of_splits(tree: Sequence[Parts], base: Parts, source: str) -> dict[str, Parts]:
    """Return the folders below `base` that are splits, each with the folder in it that holds the labels' folders.

    Raises:
        DataError: a folder beside them has their labels.
    """
    folders = subfolders(tree, base)
    inner = {name: _within(tree, (*base, name)) for name in folders if splits.within(name)}
    labels = {name: subfolders(tree, within) for name, within in inner.items()}
    found = {name: inner[name] for name in _labelled(labels)}
    known = {folded(label) for name in found for label in labels[name]}
    _refuse_extra(tree, base, [name for name in folders if name not in found], known, source)
    return found


def _refuse_extra(tree: Sequence[Parts], base: Parts, extra: Sequence[str], known: set[str], source: str) -> None:
    """Refuse folders beside the splits that have the same labels: they may be meant to be read or not."""
    for name in extra:
        if name.lower() not in MASKS and known & set(map(folded, subfolders(tree, (*base, name)))):
            raise DataError(
                f"{source}: the folder {'/'.join((*base, name))!r} has the labels of the splits beside it, but is none "
                f"by its name: call it train, validation or test, or move it elsewhere"
            )


def are_within_labels(tree: Iterable[Parts], source: str) -> bool:
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
            f"{source}: the labels {name_list(several)} have folders that are splits, but {name_list(beside)} has "
            f"pictures beside them: move them into train, validation or test"
        )
    return False


def refuse_joined(tops: Mapping[str, int], source: str) -> None:
    """Refuse folders as `train_cat` and `test_cat`, each of them a split and a label in one."""
    found: dict[str, set[Split]] = {}
    for name in tops:
        if split := splits.within(name):
            found.setdefault(splits.rest(name), set()).add(split)
    if found and len(tops) == sum(map(len, found.values())) and all(len(names) > 1 for names in found.values()):
        raise DataError(
            f"{source}: the folders {name_list(tops)} have splits and labels in one name: "
            f"make them train/label, validation/label, test/label"
        )
