"""In what size and in which colours pictures are prepared, where `params.yaml` does not say."""

from collections.abc import Collection, Mapping, Sequence
from math import ceil
from statistics import median
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from components.config.errors import BadRequest
from components.kinds.image import codec
from components.kinds.image.codec.file import open_picture
from components.kinds.image.codec.input import Input
from components.kinds.image.params import Prepare
from components.kinds.image.params.recipes import FEW, LEAST_SIDE

_LOOKED_AT = 200  # pictures, evenly spread
_MOST = 128  # pixels a side of few pictures in colour
_TINT = 16  # levels of 255 between the channels of a pixel, from which on it has a colour
_TINTED = 0.01  # of the pixels of a picture in colour
_COLOURED = 0.05  # of the pictures of a set in colour
_THUMBNAIL = Input(height=32, width=32, channels=3)


def prepared_shape(config: Prepare, table: pq.ParquetFile, wanted: Collection[int]) -> tuple[int, int, list[str]]:
    """Return the pixels of a side, the channels, and what to say of those that the section leaves out.

    Few pictures in colour are as large as the shorter side of half of them, from 32 to 128 pixels: a pretrained network
    looks at them. Grey ones, and those of which there are many, have at most 32 pixels.

    Args:
        config: the section `prepare`.
        table: the raw records.
        wanted: numbers of the records that are decoded.
    """
    if config.size is not None and config.channels is not None:
        return config.size, config.channels, []
    places = sorted(wanted)
    some = _spread(table, set(places[:: max(1, ceil(len(places) / _LOOKED_AT))]))
    channels = config.channels or (3 if _in_colour(some) else 1)
    size = config.size or _side(some, most=_MOST if channels == 3 and len(places) <= FEW else LEAST_SIDE)
    colours = "in colour" if channels == 3 else "in grey"
    said = f"pictures are prepared {colours}, {size} x {size} pixels: prepare.size and prepare.channels say otherwise"
    return size, channels, [said]


def _spread(table: pq.ParquetFile, wanted: Collection[int]) -> list[dict[str, Any]]:
    """Return the records of these numbers, never all of a large file at a time."""
    batches = (batch.to_pylist() for batch in table.iter_batches(batch_size=64, columns=["picture", "name"]))
    rows = (row for batch in batches for row in batch)
    return [row for index, row in enumerate(rows) if index in wanted]


def _side(rows: Sequence[Mapping[str, Any]], most: int) -> int:
    """Return the shorter side of half of the pictures, at least 32 pixels and at most `most`."""
    sides = [side for row in rows if (side := _shorter(row))]
    return min(most, max(LEAST_SIDE, int(median(sides)))) if sides else LEAST_SIDE


def _shorter(row: Mapping[str, Any]) -> int | None:
    try:
        with open_picture(row["picture"], codec.TRAINING_LIMITS) as picture:
            return min(picture.size)
    except Exception:  # `decode` says what is wrong with it
        return None


def _in_colour(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether more than one in twenty of the pictures has colours."""
    found = [_has_colours(row) for row in rows]
    return sum(found) > _COLOURED * len(found)


def _has_colours(row: Mapping[str, Any]) -> bool:
    try:
        pixels = codec.decode(row, _THUMBNAIL, codec.TRAINING_LIMITS).astype(np.int16)
    except BadRequest:
        return False
    return bool((np.ptp(pixels, axis=2) >= _TINT).mean() >= _TINTED)
