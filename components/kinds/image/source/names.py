"""Names and paths of folders: as text, folded, listed in a sentence, and which folders lie below one."""

from collections import Counter
from collections.abc import Iterable

from components.kinds.folders import Parts, label_text

GENERIC = {"image", "images", "img", "imgs", "picture", "pictures", "photo", "photos", "jpegimages", "frames"}
"""Names of folders that say what is in them, and no label."""
MASKS = {"mask", "masks", "annotation", "annotations", "segmentation", "segmentations", "groundtruth", "ground_truth"}
MASKS |= {"gt", "labels", "trimaps", "bbox", "boxes", "segmentationclass"}
"""Names of folders of what is marked in pictures, and no pictures to learn."""

_LISTED = 10  # names


def name_list(names: Iterable[str]) -> str:
    """Return the names as a list that a sentence can have, with how many more there are."""
    shown = sorted(names)
    more = f" and {len(shown) - _LISTED} more" if len(shown) > _LISTED else ""
    return ", ".join(shown[:_LISTED]) + more


def folded(label: str) -> str:
    """Return the label as it is compared where case does not matter."""
    return label_text(label).casefold()


def below(source: str, base: Parts) -> str:
    """Return the path of the folder `base` below the source, as the user would write it."""
    return "/".join((source.rstrip("/"), *base))


def subfolders(tree: Iterable[Parts], base: Parts = ()) -> Counter[str]:
    """Return the folders right below `base`, and how many pictures each holds."""
    depth = len(base)
    return Counter(parts[depth] for parts in tree if len(parts) > depth + 1 and parts[:depth] == base)
