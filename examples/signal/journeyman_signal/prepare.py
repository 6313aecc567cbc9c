"""Raw records -> signals float32 `[N, length]` and their labels, split by what a signal is."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from components.config.errors import DataError
from components.kinds.draw import content_keys, draw
from components.kinds.prepared import write_about, write_splits
from components.system.files import write_json
from journeyman_signal.params import Prepare

TASKS = ("classification", "regression")


def prepare(raw: Path, out: Path, config: Prepare, schema: Path, task: str | None = None) -> None:
    """Write the prepared data set; labels that are texts or whole numbers are classes, others numbers.

    Raises:
        DataError: there is no such label column, a sample is no number, or the task is none that signals have.
    """
    table = pq.read_table(raw)
    if config.label not in table.column_names:
        raise DataError(f"no column {config.label!r}: write prepare.label: {' or '.join(table.column_names[-3:])}")
    samples = [name for name in table.column_names if name != config.label]
    for name in samples:
        if not name.isidentifier() or not (
            pa.types.is_floating(type_ := table[name].type) or pa.types.is_integer(type_)
        ):
            raise DataError(f"column {name!r} is no sample: samples are numbers, in columns called t0, t1, and so on")
    whole = pc.and_(pc.is_valid(table[config.label]), _all_finite(table.select(samples)))
    kept = table.filter(whole)
    signals = np.stack([kept[name].to_numpy().astype(np.float32) for name in samples], axis=1)
    asked = task or ("regression" if pa.types.is_floating(kept[config.label].type) else "classification")
    if asked not in TASKS:
        raise DataError(f"task: {asked}: signals are told by {' or '.join(TASKS)}")
    labels, classes = _labels(kept[config.label], asked)
    keys = content_keys(signals)
    splits = draw(keys, labels, config.validation, config.test)
    counts = write_splits(out, splits, inputs=signals, labels=labels, keys=keys)
    write_json(out / "report.json", {"samples": len(samples), "incomplete": len(table) - len(kept)})
    write_about(out, "signal", classes, {"samples": samples}, counts, asked)


def _all_finite(samples: pa.Table) -> pa.Array:
    finite = [np.isfinite(column.cast(pa.float64()).to_numpy(zero_copy_only=False)) for column in samples.columns]
    return pa.array(np.logical_and.reduce(finite))


def _labels(column: pa.ChunkedArray, task: str) -> tuple[NDArray[Any], list[str]]:
    if task == "regression":
        return column.to_numpy().astype(np.float64), []
    texts = np.array([str(value) for value in column.to_pylist()])
    classes, labels = np.unique(texts, return_inverse=True)
    return labels.astype(np.int64), classes.tolist()
