"""What a bundle tells of its validation split, so that drift and quality can be judged where it serves."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from components import catalogue
from components.inference.bundle import About
from components.inference.reference import ReferenceArrays
from components.kinds.prepared import PreparedData, Split
from components.kinds.slices import SliceRule, slice_rules
from components.watch.columns import columns
from components.watch.statistics.drift import along, fit_reference, packed, principal_axes

if TYPE_CHECKING:
    from torch import nn

MOST = 200_000
"""Examples of a split that are counted, evenly spread where there are more."""
DAYS = 28
"""Days that are counted, where rows have times."""
_NUMBERS = 30_000  # outputs that are kept of a sample
_SAMPLE = (200, 2_000)  # its rows, at least and at most
_EMBEDDINGS = 500
_AXES_OF = 1_000  # training examples that the axes are told by
_BATCH = 100  # a network that looks at large pictures holds hundreds of megabytes of them
_DAY = 86_400_000  # milliseconds

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


def reference(about: Mapping[str, Any], serving: "nn.Module", data: PreparedData) -> ReferenceArrays:
    """Return the reference of a model.

    Where rows have times, the days before the validation split are counted too, up to four weeks in all: one of each
    weekday says nothing of how much weekdays differ. What is judged by labels is of the validation split alone.

    Args:
        about: what its bundle will say of itself.
        serving: what is exported: examples -> outputs and embedding.
        data: whose validation split it is, or the training split where that is empty.
    """
    split: Split = "validation" if data.counts["validation"] else "train"
    rows = _evenly(np.arange(data.counts[split]), MOST)
    before = _days_before(data, split)
    parts: list[tuple[Split, Int64]] = [(split, rows)]
    if len(before):
        parts.append(("train", before))
    examples = _joined(data, "inputs", parts)
    outputs, embedding = _run(serving, examples)
    entity = _joined(data, "cards", parts) if data.has(split, "cards") else None
    day = (_joined(data, "times", parts) // _DAY).astype("datetime64[D]") if data.has(split, "times") else None
    described = About(format=1, model_sha256="", **about)
    counted = fit_reference(columns(described, examples, outputs), day, entity)
    axes, embedded = _embedded(serving, data, embedding, day, entity)
    kept = _evenly(np.arange(len(rows)), _sample(outputs.shape[1]))
    rules = _slice_rules(described, data) if data.has(split, "slices") else {}
    sliced = data.array(split, "slices")[rows[kept]][:, list(rules)] if rules else None
    return ReferenceArrays(
        drift=packed(counted),
        outputs=outputs[kept],
        labels=np.asarray(data.labels(split)[rows[kept]]),
        entity=None if entity is None else _numbered(entity[kept]),
        embedding=embedding[_evenly(kept, _EMBEDDINGS)].astype(np.float16),
        rows=data.counts[split],
        days=0 if day is None else len(np.unique(day)),
        slices=sliced,
        slice_rules=() if sliced is None else tuple(rules.values()),
        axes=axes,
        embedded=embedded,
    )


def _embedded(
    serving: "nn.Module",
    data: PreparedData,
    embedding: Float32,
    day: NDArray[np.datetime64] | None,
    entity: NDArray[Any] | None,
) -> tuple[Float32 | None, dict[str, NDArray[Any]]]:
    """Return principal axes of the training split, and the counts of `embedding` along them."""
    few = _evenly(np.arange(data.counts["train"]), _AXES_OF)
    axes = principal_axes(_run(serving, np.asarray(data.inputs("train")[few]))[1])
    return axes, {} if axes is None else packed(fit_reference(along(axes, embedding), day, entity))


def _slice_rules(about: About, data: PreparedData) -> dict[int, SliceRule]:
    """Return how parts of the data are told, by the place of their column; of none that names an entity or a record."""
    if not (rules := slice_rules(data)):
        return {}
    codec = catalogue.codec(about.kind, about.task)
    naming = {codec.key(about.input), *codec.entities(about.input)}
    return {index: rule for index, rule in enumerate(rules) if rule.column not in naming}


def _days_before(data: PreparedData, split: Split) -> Int64:
    """Return the rows of the training split on the last days before the validation split; none without times."""
    if split != "validation" or not data.has(split, "times") or not data.has("train", "times"):
        return np.empty(0, dtype=np.int64)
    own, day = (data.array(name, "times") // _DAY for name in (split, "train"))
    more = max(DAYS - len(np.unique(own)), 0)
    return _evenly(np.flatnonzero(np.isin(day, np.unique(day)[-more:] if more else [])), MOST)


def _evenly(rows: Int64, most: int) -> Int64:
    """Return so many of the rows at most, spread evenly."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).round().astype(np.int64)]


def _joined(data: PreparedData, name: str, parts: list[tuple[Split, Int64]]) -> NDArray[Any]:
    return np.concatenate([np.asarray(data.array(split, name)[rows]) for split, rows in parts])


def _run(serving: "nn.Module", examples: NDArray[Any]) -> tuple[Float32, Float32]:
    outputs, embeddings = list[Float32](), list[Float32]()
    with torch.inference_mode():
        for start in range(0, len(examples), _BATCH):
            output, embedding, *_ = serving(torch.from_numpy(np.array(examples[start : start + _BATCH])))
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
