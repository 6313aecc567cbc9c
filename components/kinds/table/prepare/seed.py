"""What the endpoint has to remember on its first day: `serving/history.npz`."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.lib import format as npy
from numpy.typing import NDArray

from components.kinds.column import ROW
from components.kinds.table.codec.features import Definition, fixed_point
from components.kinds.table.prepare.labels import LABEL, drawn
from components.kinds.table.prepare.table import TIME

_CHUNK = 500_000  # records in memory at a time

Read = Callable[[pl.DataFrame], NDArray[Any]]


def write_seed(frame: pl.LazyFrame, path: Path, definition: Definition, fraction: float) -> None:
    """Write the records of `frame`, in its order, to the archive `path`, one array after the other.

    Arrays `id` (text; `row-17` where there is none), `time` (int64, ms), `amount` (int64, in units of the last
    decimal), `label` (int8, -1 where it is not known, or not among the `fraction` that is drawn), and for each entity
    column `entity_<name>` (text, empty where it is missing).
    """
    path.parent.mkdir(parents=True)
    row = pl.format("row-{}", ROW)
    texts = {"id": row if definition.id is None else pl.col(definition.id).cast(pl.String).fill_null(row)}
    for entity in definition.entities:
        texts[f"entity_{entity.name}"] = pl.col(entity.name).cast(pl.String).fill_null("")
    lengths = frame.select(pl.len(), *(text.str.len_chars().max().alias(name) for name, text in texts.items()))
    count, *longest = lengths.collect(engine="streaming").row(0)
    # members are dated 1980: the same records give the same bytes
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for (name, text), length in zip(texts.items(), longest, strict=True):
            _write(archive, name, frame.select(text), count, np.dtype(f"U{length or 1}"), _first)
        _write(archive, "time", frame.select(TIME), count, np.dtype(np.int64), _first)
        amount = pl.lit(0.0) if definition.amount is None else pl.col(definition.amount).cast(pl.Float64)
        money = frame.select(ROW, amount.fill_null(0.0).alias("amount"))
        _write(archive, "amount", money, count, np.dtype(np.int64), lambda part: _amounts(part, definition))
        _write(
            archive, "label", frame.select(ROW, LABEL), count, np.dtype(np.int8), lambda part: _labels(part, fraction)
        )


def _write(
    archive: zipfile.ZipFile, name: str, frame: pl.LazyFrame, count: int, dtype: np.dtype[Any], read: Read
) -> None:
    header = {"descr": npy.dtype_to_descr(dtype), "fortran_order": False, "shape": (count,)}
    with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
        npy.write_array_header_1_0(file, header)
        for part in frame.collect_batches(chunk_size=_CHUNK):
            file.write(read(part).astype(dtype).tobytes())


def _first(part: pl.DataFrame) -> NDArray[Any]:
    return part.to_series().to_numpy()


def _amounts(part: pl.DataFrame, definition: Definition) -> NDArray[np.int64]:
    return fixed_point(part["amount"].to_numpy(), definition.decimals)


def _labels(part: pl.DataFrame, fraction: float) -> NDArray[np.int8]:
    return np.where(
        drawn(part[ROW].to_numpy(), fraction), part[LABEL].to_numpy().clip(max=1).astype(np.int8), np.int8(-1)
    )
