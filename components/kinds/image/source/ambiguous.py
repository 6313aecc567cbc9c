"""Folders that are no labels, or may be read in two ways: what is refused, and what has to be asked."""

import re
from collections.abc import Collection, Mapping

from components.config.errors import DataError
from components.kinds.folders import Parts
from components.kinds.image.source.names import GENERIC, MASKS, below, name_list, subfolders

_PART = re.compile(
    r"(fold|part|batch|set|subset|chunk|shard|session|group|kfold|split|site|round|run)s?[ _-]*\d+"
    r"|colou?r|gr[ae]y(scale)?|rgb|segmented|original|originals|augmented|augmentation|raw|processed|preprocessed"
    r"|cropped|resized|normalized|enhanced|clean|cleaned|synthetic|real"
)
_NEARLY_ALL = 0.95


def refuse_masks(tops: Mapping[str, int], source: str) -> None:
    """Refuse the folders of masks beside those of pictures."""
    names = {name.lower() for name in tops}
    if names <= GENERIC | MASKS and names & MASKS:
        raise DataError(
            f"{source}: the folders {name_list(tops)} are no labels: pictures of one label each are learned, "
            f"label/picture.png; masks and boxes are not"
        )


def ask_of_parts(tree: Collection[Parts], tops: Collection[str]) -> str:
    """Return what to ask where the folders are parts or variants of the data, with the same folders in each."""
    if not all(_PART.fullmatch(name.strip().lower()) for name in tops):
        return ""
    first, *others = [set(subfolders(tree, (name,))) for name in tops]
    if len(first) < 2 or any(other != first for other in others):
        return ""
    return (
        f"are the labels the folders {name_list(tops)}, or {name_list(first)} within each? "
        f'Set prepare.labels to "folder", or to "*/{{label}}/*"'
    )


def ask_of_folders_within(tree: Collection[Parts], tops: Mapping[str, int], source: str) -> str:
    """Return what to ask where nearly all pictures lie in one folder, in folders of it: these may be the labels."""
    name = max(tops, key=lambda top: tops[top])
    folders = subfolders(tree, (name,))
    others = any(subfolders(tree, (other,)) for other in tops if other != name)  # have folders too: a camera, a day
    few = tops[name] < _NEARLY_ALL * sum(tops.values())
    if few or others or len(folders) < 2 or sum(folders.values()) < tops[name]:
        return ""
    return (
        f"are the labels the folders {name_list(tops)}, or {name_list(folders)} within {name}? "
        f'Set prepare.labels to "folder", or source to {below(source, (name,))}'
    )
