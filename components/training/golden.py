"""Which examples of the test split become a bundle's golden rows, and what its graph says of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from components import catalogue
from components.inference.bundle import SERVING
from components.inference.device import open_session
from components.inference.examples import spread
from components.inference.golden import TOLERANCES, GoldenRead, GoldenRows
from components.inference.unfamiliar import UNFAMILIAR
from components.kinds.prepared import PreparedData
from components.training.served import Precision

if TYPE_CHECKING:
    from components.tasks.codec import TaskCodec

COUNT = 20
"""Rows, half of them spread over the classes, the others those that are nearest to another answer."""
_BYTES = 1 << 20  # of examples: of large pictures fewer
_LEAST = 4
_LOOKED_AT = 500  # examples, evenly spread, among which the nearest are found
_BATCH = 100

Float32 = NDArray[np.float32]


def golden_rows(
    model: Path, precision: Precision, data: PreparedData, about: Mapping[str, Any], codec: "TaskCodec"
) -> GoldenRows:
    """Return the golden rows of the bundle of the graph at `model`, of which `about` is said."""
    session, inputs = open_session(model), data.inputs("test")
    names = [name for name in (codec.OUTPUT, UNFAMILIAR) if name in [output.name for output in session.get_outputs()]]

    def run(examples: NDArray[Any]) -> list[Float32]:
        starts = range(0, len(examples), _BATCH)
        parts = [session.run(names, {"inputs": np.array(examples[start : start + _BATCH])}) for start in starts]
        return [np.concatenate(part) for part in zip(*parts, strict=True)]

    some = np.linspace(0, len(inputs) - 1, min(len(inputs), _LOOKED_AT)).round().astype(np.int64)
    labels, outputs = np.asarray(data.labels("test"))[some], run(inputs[some])[0]
    each = max(1, inputs[0].nbytes)
    chosen = some[_chosen(labels, _margins(outputs, about["decision"], codec), max(_LEAST, min(COUNT, _BYTES // each)))]
    rows = np.array(inputs[chosen])
    found = dict(zip(names, run(rows), strict=True))
    return GoldenRows(TOLERANCES[precision], rows, found, golden_reads(data, about, codec))


def golden_reads(data: PreparedData, about: Mapping[str, Any], codec: "TaskCodec") -> list[GoldenRead]:
    """Return the golden requests of the kind, each with what the codec reads of it; none where the kind has none."""
    golden = catalogue.golden(data.kind)
    if golden is None:
        return []
    reader = codec.Reader(about["workload"], about["input"], about["serve"], data.path / SERVING, None)
    return [GoldenRead(one, reader.read([one.row])[0]) for one in golden.requests(about["input"], about["serve"])]


def _chosen(labels: NDArray[Any], margins: Float32 | None, count: int) -> NDArray[np.int64]:
    """Return which of `[N]` examples: of each class as many, then those of the smallest margins, in their order."""
    if margins is None:
        return np.array(spread(labels, count), dtype=np.int64)
    over_classes = spread(labels, count - count // 2)
    nearest = [index for index in np.argsort(margins, kind="stable").tolist() if index not in over_classes]
    return np.sort(np.array([*over_classes, *nearest[: count - len(over_classes)]], dtype=np.int64))


def _margins(outputs: Float32, decision: Mapping[str, Any], codec: "TaskCodec") -> Float32 | None:
    """Return how far each of `[N, K]` is from another answer; None: the task answers with a number."""
    if codec.decide(outputs, decision) is None:
        return None
    if (threshold := decision.get("threshold")) is not None:
        distances: Float32 = np.abs(outputs[:, -1] - np.float32(threshold))
        return distances
    ordered = np.sort(outputs, axis=1)
    return ordered[:, -1] - ordered[:, -2] if outputs.shape[1] > 1 else None
