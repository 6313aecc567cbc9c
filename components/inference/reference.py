"""What a model was validated on, in the bundle: `serving/reference.npz`, so that who watches it needs no training data.

    drift.*       counts of inputs and outputs by column, and by how much days differ (`watch/statistics/drift`)
    outputs       [M, K] float32, what the task decides on, of M validation examples spread evenly over all
    labels        [M], as the prepared data has them
    entity        [M] int64, which of them are of one entity; -1: of none; left out where there are no entities
    embedding     [at most 500, at most 64] float16, of as many of them
    axes          [1 + at most 16, at most 64] float32, mean and principal axes of the training split's embeddings; left
                  out where they are all the same
    embedded.*    counts of validation's embeddings along these axes, as those of `drift.*`
    slices        [M, columns] int64, in which part of each column of `slice_rules` each is, -1: in none; left out where
                  `prepare.slices` names no column
    slice_rules   bytes of JSON: of each such column its `values`, and the `limits` of those that are parts of numbers
    rows, days    how many validation examples there were, on how many days (0: they have no time)

It names nobody: columns are counted in bins, entities are numbered anew, and a column that names an entity or a record
is none of `slice_rules`.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.config.errors import BundleError
from components.kinds.slices import SliceRule

REFERENCE = "reference.npz"
_DRIFT, _EMBEDDED = "drift.", "embedded."


@dataclass(frozen=True)
class ReferenceArrays:
    """What the file holds; see the module."""

    drift: Mapping[str, NDArray[Any]]
    outputs: NDArray[np.float32]
    labels: NDArray[Any]
    entity: NDArray[np.int64] | None
    embedding: NDArray[np.float16]
    rows: int
    days: int
    slices: NDArray[np.int64] | None = None
    slice_rules: tuple[SliceRule, ...] = ()
    axes: NDArray[np.float32] | None = None
    embedded: Mapping[str, NDArray[Any]] = field(default_factory=dict)


def write_reference(folder: Path, reference: ReferenceArrays) -> None:
    """Write it into `folder`, a bundle's `serving/`; the same reference gives the same bytes."""
    arrays: dict[str, Any] = {
        **{f"{_DRIFT}{name}": array for name, array in sorted(reference.drift.items())},
        "outputs": reference.outputs,
        "labels": reference.labels,
        "embedding": reference.embedding,
        "rows": np.int64(reference.rows),
        "days": np.int64(reference.days),
    }
    if reference.entity is not None:
        arrays["entity"] = reference.entity
    if reference.slices is not None:
        said = [asdict(rule) for rule in reference.slice_rules]
        arrays["slices"] = reference.slices
        arrays["slice_rules"] = np.frombuffer(json.dumps(said).encode(), np.uint8)
    if reference.axes is not None:
        arrays["axes"] = reference.axes
        arrays |= {f"{_EMBEDDED}{name}": array for name, array in sorted(reference.embedded.items())}
    folder.mkdir(exist_ok=True)
    np.savez_compressed(folder / REFERENCE, **arrays)


def read_reference(folder: Path) -> ReferenceArrays | None:
    """Return the reference in `folder`, a bundle's `serving/`; None: it was made before bundles had one.

    Raises:
        BundleError: it cannot be read.
    """
    path = folder / REFERENCE
    if not path.exists():
        return None
    try:
        with np.load(path) as file:
            drift, embedded = (
                {name.removeprefix(part): file[name] for name in file.files if name.startswith(part)}
                for part in (_DRIFT, _EMBEDDED)
            )
            axes = file["axes"] if "axes" in file.files else None
            entity = file["entity"] if "entity" in file.files else None
            slices, rules = (file["slices"], _rules(file["slice_rules"])) if "slices" in file.files else (None, ())
            return ReferenceArrays(
                drift, file["outputs"], file["labels"], entity, file["embedding"], int(file["rows"]), int(file["days"]),
                slices, rules, axes, embedded,
            )  # fmt: skip
    except (OSError, KeyError, ValueError) as error:
        raise BundleError(f"{path}: not a reference ({error})") from error


def _rules(said: NDArray[np.uint8]) -> tuple[SliceRule, ...]:
    return tuple(
        SliceRule(rule["column"], tuple(rule["values"]), None if rule["limits"] is None else tuple(rule["limits"]))
        for rule in json.loads(said.tobytes())
    )
