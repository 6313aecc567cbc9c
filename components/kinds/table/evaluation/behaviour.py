"""What any model of records should do, whatever they are of; tried on a part of the test split."""

from collections.abc import Iterator
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from components.kinds.evaluation import Behaviour
from components.kinds.prepared import PreparedData
from components.kinds.table.codec.input import Input
from components.kinds.table.evaluation.plain import plainest

if TYPE_CHECKING:
    from components.kinds.contract import Evaluated

_MOST = 10_000  # test records that are tried, evenly spread
_HAIR = np.float32(1.001)  # a number times this is as good as the number
_TWO = ("the plainest negatives pass", "the plainest positives are flagged")
_SLACK = 0.01  # of a probability: what is less is no change

Float32 = NDArray[np.float32]


def try_behaviours(data: PreparedData[Input], model: "Evaluated", labelled: bool) -> list[Behaviour]:
    """Return how often the model does what it should.

    Invariance: a record is answered the same in other company, and with numbers larger by a thousandth. Direction:
    where all that is known of its entities' past is positive, a record is not less suspicious. Minimum: the plainest
    records are answered rightly. A model without labels knows of no risk, and of no positive.

    Args:
        data: the prepared data set.
        model: what is asked.
        labelled: whether the model has learned from labels.
    """
    records = np.array(data.inputs("test")[:: ceil(data.counts["test"] / _MOST)])
    before = model.score(records)
    found = {
        "in other company": model.same(before, model.score(records[::-1].copy())[::-1]),
        "numbers a thousandth larger": model.same(before, model.score(_larger(records, data))),
    }
    made = [Behaviour.of(name, "invariance", passed) for name, passed in found.items()]
    suspicion = model.suspicion(before)
    if labelled and data.input["label_features"] and suspicion is not None:
        risky = model.suspicion(model.score(_risky(records, data)))
        assert risky is not None
        made.append(Behaviour.of("more risk, not less suspicious", "direction", risky >= suspicion - _SLACK))
    return [*made, *_plainest(data, model, labelled)]


def _plainest(data: PreparedData[Input], model: "Evaluated", labelled: bool) -> Iterator[Behaviour]:
    """Yield whether the plainest records of each class are answered rightly; of numbers none is plain."""
    for label, indices in enumerate(plainest(data)):
        if label and not labelled and len(data.classes) == 2:
            return
        passed = np.empty(0, dtype=np.bool_)
        if len(indices):
            right = model.right(model.score(data.inputs("test")[indices]), data.labels("test")[indices])
            if right is None:
                return
            passed = right
        name = _TWO[label] if len(data.classes) == 2 else f"the plainest of {data.classes[label]} are right"
        yield Behaviour.of(name, "minimum", passed)


def _larger(records: Float32, data: PreparedData[Input]) -> Float32:
    numbers = len(data.input["definition"]["numbers"])
    changed = records.copy()
    changed[:, :numbers] *= _HAIR
    return changed


def _risky(records: Float32, data: PreparedData[Input]) -> Float32:
    changed = records.copy()
    changed[:, [data.input["features"].index(name) for name in data.input["label_features"]]] = 1.0
    return changed
