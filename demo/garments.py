"""Fashion-MNIST, as arrays."""

import io
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from components.config.settings import STATE
from components.data.description import read_description
from components.data.fetch import MIRROR, fetch
from components.kinds.image.source.idx import from_files
from components.kinds.raw import DataSet

_DESCRIPTION = Path("datasets/fashion-mnist.yaml")


def garments(count: int, seed: int = 0) -> tuple[NDArray[np.uint8], Sequence[str]]:
    """Return pictures `[count, 28, 28]` and their labels, in an order of their own; they are fetched if need be.

    What a run of the project in this folder has fetched before is taken.

    Raises:
        DataError: they cannot be had.
    """
    described = read_description(_DESCRIPTION)
    here = STATE / "downloads" / described.title
    if here.exists():
        os.environ.setdefault(MIRROR, str(here.resolve()))
    data_set = DataSet(described.format, fetch(described), described.labels, described.settings)
    batches = list(from_files(data_set))
    rows = [row for batch in batches for row in zip(batch["picture"], batch["label"], strict=True)]
    chosen = np.random.default_rng(seed).permutation(len(rows))[:count]
    pictures = [np.asarray(Image.open(io.BytesIO(rows[index][0].as_py()))) for index in chosen]
    return np.stack(pictures), [str(rows[index][1]) for index in chosen]
