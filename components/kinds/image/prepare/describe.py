"""Sentences that say how pictures were read, for people, and the first examples of each class."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from components.kinds.image.codec.file import FORMATS
from components.kinds.image.prepare.decode import DecodedPicture
from components.kinds.image.prepare.near import SplitPicture, describe_near
from components.kinds.image.prepare.records import PictureRecord
from components.kinds.prepared import Split

_DARK = 64  # levels that the lightest pixel of all has to reach
_EXAMPLES = 3  # of each class that are named in the report


def further_formats(decoded: Iterable[DecodedPicture]) -> list[str]:
    """Return the formats of the training pictures that not every endpoint takes."""
    return sorted({picture.format for picture in decoded} - set(FORMATS))


def describe_formats(decoded: Sequence[DecodedPicture]) -> list[str]:
    """Return which formats there are, where the endpoint takes some for their sake."""
    if not further_formats(decoded):
        return []
    counts = Counter(picture.format for picture in decoded)
    listed = ", ".join(f"{count:,} {name}" for name, count in counts.most_common())
    where = ", HEIC where the package pillow-heif is installed" if "HEIC" in counts else ""
    return [f"formats: {listed}; the endpoint takes them too{where}"]


def describe_dark(decoded: Sequence[DecodedPicture]) -> list[str]:
    """Return that all pictures are nearly black, if they are."""
    lightest = max((picture.lightest for picture in decoded), default=255)
    if lightest >= _DARK:
        return []
    return [f"all pictures are nearly black, the lightest pixel has {lightest} of 255: save them with values up to 255"]


def describe_groups(pictures: NDArray[np.uint8], records: Sequence[PictureRecord], grouped: bool) -> list[str]:
    """Return which groups the given splits tear apart; where there are no groups, whether there should be."""
    if not grouped:
        test, train = (
            [
                SplitPicture(record.row, record.name.partition("/")[2], record.label)
                for record in records
                if record.split == split
            ]
            for split in ("test", "train")
        )
        return describe_near(pictures, test, train)
    splits: dict[str, set[Split]] = {}
    for record in records:
        if record.group is not None:
            splits.setdefault(record.group, set()).add(record.split)
    torn = [group for group, found in splits.items() if len(found) > 1]
    if not torn:
        return []
    return [f"{len(torn):,} groups stand in several of the given splits (as {torn[0]!r})"]


def examples(
    kept: Sequence[PictureRecord], classes: Iterable[str], shown: Callable[[str], str]
) -> dict[str, list[str]]:
    """Return the names of the first few pictures of each class, as `shown` of its labels."""
    found: dict[str, list[str]] = {shown(label): [] for label in classes}
    for record in kept:
        names = found[shown(record.label)]
        if len(names) < _EXAMPLES:
            names.append(record.name)
    return found
