"""Names and paths of folders: as text, folded, listed in a sentence, and which folders lie below one."""

import os
import unicodedata
from collections import Counter
from collections.abc import Iterable

Parts = tuple[str, ...]
"""A path, or a folder, part by part."""

GENERIC = {"image", "images", "img", "imgs", "picture", "pictures", "photo", "photos", "jpegimages", "frames"}
"""Names of folders that say what is in them, and no label."""
MASKS = {"mask", "masks", "annotation", "annotations", "segmentation", "segmentations", "groundtruth", "ground_truth"}
MASKS |= {"gt", "labels", "trimaps", "bbox", "boxes", "segmentationclass"}
"""Names of folders of what is marked in pictures, and no pictures to learn."""

_LISTED = 10  # names


def clean_label(label: str) -> str:
    """Return the label without blanks around it, in one form of Unicode (NFC): macOS writes another."""
    return unicodedata.normalize("NFC", as_text(label)).strip()


def as_text(name: str) -> str:
    """Return a name as text that can be written: with the codes of its bytes that are no UTF-8."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def name_list(names: Iterable[str]) -> str:
    """Return the names as a list that a sentence can have, with how many more there are."""
    shown = sorted(names)
    more = f" and {len(shown) - _LISTED} more" if len(shown) > _LISTED else ""
    return ", ".join(shown[:_LISTED]) + more


def folded(label: str) -> str:
    """Return the label as it is compared where case does not matter."""
    return clean_label(label).casefold()


def below(source: str, base: Parts) -> str:
    """Return the path of the folder `base` below the source, as the user would write it."""
    return "/".join((source.rstrip("/"), *base))


def subfolders(tree: Iterable[Parts], base: Parts = ()) -> Counter[str]:
    """Return the folders right below `base`, and how many pictures each holds."""
    depth = len(base)
    return Counter(parts[depth] for parts in tree if len(parts) > depth + 1 and parts[:depth] == base)
