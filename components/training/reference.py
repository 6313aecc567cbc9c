"""What a bundle tells of its validation split, so that drift and quality can be judged where it serves."""

from collections.abc import Mapping
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from components.inference.bundle import About
from components.inference.reference import ReferenceArrays
from components.kinds.prepared import PreparedData, Split
from components.watch.columns import columns
from components.watch.statistics.drift import fit_reference, packed

if TYPE_CHECKING:
    from torch import nn

MOST = 200_000
"""Validation examples that are counted, evenly spread where there are more."""
_NUMBERS = 30_000  # outputs that are kept of a sample
_SAMPLE = (200, 2_000)  # its rows, at least and at most
_EMBEDDINGS = 500
_BATCH = 500
_DAY = 86_400_000  # milliseconds

Float32 = NDArray[np.float32]


def reference(about: Mapping[str, Any], serving: "nn.Module", data: PreparedData) -> ReferenceArrays:
    """Return the reference of a model.

    Args:
        about: what its bundle will say of itself.
        serving: what is exported: examples -> outputs and embedding.
        data: whose validation split it is, or the training split where that is empty.
    """
    split: Split = "validation" if data.counts["validation"] else "train"
    inputs = data.inputs(split)
    rows = np.arange(0, len(inputs), max(1, ceil(len(inputs) / MOST)))
    examples = np.asarray(inputs[rows] if len(rows) < len(inputs) else inputs)
    outputs, embedding = _run(serving, examples)
    entity = np.asarray(data.array(split, "cards")[rows]) if data.has(split, "cards") else None
    day = (data.array(split, "times")[rows] // _DAY).astype("datetime64[D]") if data.has(split, "times") else None
    described = About(format=1, model_sha256="", **about)
    counted = fit_reference(columns(described, examples, outputs), day, entity)
    kept = np.linspace(0, len(rows) - 1, min(len(rows), _sample(outputs.shape[1]))).round().astype(np.int64)
    few = kept[np.linspace(0, len(kept) - 1, min(len(kept), _EMBEDDINGS)).round().astype(np.int64)]
    return ReferenceArrays(
        drift=packed(counted),
        outputs=outputs[kept],
        labels=np.asarray(data.labels(split)[rows[kept]]),
        entity=None if entity is None else _numbered(entity[kept]),
        embedding=embedding[few].astype(np.float16),
        rows=len(inputs),
        days=0 if day is None else len(np.unique(day)),
    )


def _run(serving: "nn.Module", examples: NDArray[Any]) -> tuple[Float32, Float32]:
    outputs, embeddings = list[Float32](), list[Float32]()
    with torch.inference_mode():
        for start in range(0, len(examples), _BATCH):
            output, embedding = serving(torch.from_numpy(np.array(examples[start : start + _BATCH])))
            outputs.append(output.numpy())
            embeddings.append(embedding.numpy())
    return np.concatenate(outputs), np.concatenate(embeddings)


def _sample(width: int) -> int:
    least, most = _SAMPLE
    return min(max(_NUMBERS // width, least), most)


def _numbered(entity: NDArray[Any]) -> NDArray[np.int64]:
    """Return the entities numbered anew, those that are none as -1."""
    names, codes = np.unique(entity, return_inverse=True)
    found: NDArray[np.int64] = np.where(entity < 0, -1, codes - int((names < 0).sum())).astype(np.int64)
    return found
