"""A folder of somebody's pictures, ingested and prepared as the stages do it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image

from components.kinds.image import source
from components.kinds.image.params import Prepare
from components.kinds.image.prepare import prepare
from components.kinds.prepared import PreparedData, open_prepared
from components.kinds.raw import Origin


def prepared(
    pictures: Path, inbox: Path | None = None, task: str | None = None, **config: Any
) -> tuple[PreparedData, dict[str, Any]]:
    """Return the prepared data set of a folder, and its report."""
    raw = source.open(Origin(str(pictures), None, inbox))
    out = pictures.parent / f"{pictures.name}-prepared"
    number = 0
    while (folder := out.with_name(f"{out.name}{number}")).exists():
        number += 1
    (folder / "prepared").mkdir(parents=True)
    with pq.ParquetWriter(
        folder / "raw.parquet", raw.schema.with_metadata({"journeyman": json.dumps(raw.about)})
    ) as writer:
        for batch in raw.batches:
            writer.write_batch(batch)
    settings = Prepare.model_validate({"size": 16, "channels": 3, "validation": 0.2, "test": 0.2, **config})
    prepare(folder / "raw.parquet", folder / "prepared", settings, folder / "schema.yaml", task)
    return open_prepared(folder / "prepared"), json.loads((folder / "prepared" / "report.json").read_text())


def save(path: Path, seed: int, array: NDArray[Any] | None = None) -> None:
    """Save a picture: random, the same for each seed, or the array."""
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    Image.fromarray(random.integers(0, 256, (16, 16, 3), dtype=np.uint8) if array is None else array).save(path)


def label_of(number: int) -> str:
    """Return the label of a picture, by its number."""
    return "cat" if number % 2 else "dog"
