"""What any model of records should do, whatever they are of; tried on a part of the test split."""

from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from components.kinds.evaluation import Behaviour, Mask
from components.kinds.prepared import PreparedData
from components.kinds.table.codec.input import Decision, Input
from components.kinds.table.evaluation.plain import plainest

if TYPE_CHECKING:
    from components.kinds.contract import Score

_MOST = 10_000  # test records that are tried, evenly spread
_HAIR = np.float32(1.001)  # a number times this is as good as the number
_SLACK = 0.01  # of a probability: what is less is no change

Float32 = NDArray[np.float32]


def try_behaviours(data: PreparedData[Input], score: "Score", decision: Decision, labelled: bool) -> list[Behaviour]:
    """Return how often the model does what it should.

    Invariance: a record is decided the same in other company, and with numbers larger by a thousandth. Direction:
    where all that is known of its entities' past is positive, a record is not less suspicious. Minimum: the plainest
    records are decided rightly. A model without labels knows of no risk, and of no positive.

    Args:
        data: the prepared data set.
        score: runs the model.
        decision: `{"threshold": ...}`.
        labelled: whether the model has learned from labels.
    """
    records = np.array(data.inputs("test")[:: ceil(data.counts["test"] / _MOST)])
    before = score(records)[:, 1]
    flagged = _flagged(before, decision)
    found = {
        "in other company": _flagged(score(records[::-1].copy())[::-1, 1], decision) == flagged,
        "numbers a thousandth larger": _flagged(score(_larger(records, data))[:, 1], decision) == flagged,
    }
    made = [Behaviour.of(name, "invariance", passed) for name, passed in found.items()]
    if labelled and data.input["label_features"]:
        risky = score(_risky(records, data))[:, 1]
        made.append(Behaviour.of("more risk, not less suspicious", "direction", risky >= before - _SLACK))
    return [*made, *_plainest(data, score, decision, labelled)]


def _plainest(data: PreparedData[Input], score: "Score", decision: Decision, labelled: bool) -> list[Behaviour]:
    negative, positive = plainest(data)
    made = [Behaviour.of("the plainest negatives pass", "minimum", ~_at(data, negative, score, decision))]
    if labelled:
        made.append(Behaviour.of("the plainest positives are flagged", "minimum", _at(data, positive, score, decision)))
    return made


def _at(data: PreparedData[Input], indices: NDArray[np.int64], score: "Score", decision: Decision) -> Mask:
    """Return which test records at `indices` are flagged."""
    return (
        _flagged(score(data.inputs("test")[indices])[:, 1], decision) if len(indices) else np.empty(0, dtype=np.bool_)
    )


def _flagged(scores: Float32, decision: Decision) -> Mask:
    return scores >= np.float32(decision["threshold"])


def _larger(records: Float32, data: PreparedData[Input]) -> Float32:
    numbers = len(data.input["definition"]["numbers"])
    changed = records.copy()
    changed[:, :numbers] *= _HAIR
    return changed


def _risky(records: Float32, data: PreparedData[Input]) -> Float32:
    changed = records.copy()
    changed[:, [data.input["features"].index(name) for name in data.input["label_features"]]] = 1.0
    return changed
