"""What lists of suggestions are measured by, over all items; none is sampled (Krichene and Rendle 2020)."""

import numpy as np
from numpy.typing import NDArray

from components.kinds.evaluation import Mask
from components.kinds.suggestions import gains, places, ranked
from components.tasks.evaluation_data import EvaluationData
from components.tasks.ranking.evaluation.off_policy import snips

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]
Floats = NDArray[np.floating]

_FIRST = 10
_NEW = 0.1  # part of the training examples, the last ones: an item that appears first among them is new
_OFTEN, _SOMETIMES = 1 / 3, 2 / 3  # of all that was taken in training, the most popular items first


def popularity(data: EvaluationData) -> Int64:
    """Return how often each item was taken in training, `[items]`."""
    return np.bincount(np.asarray(data.prepared.labels("train")), minlength=len(data.prepared.classes))


def propensities(data: EvaluationData) -> Floats | None:
    """Return with which probability what was taken had been shown, of each test example; None: it is not known."""
    return data.prepared.array("test", "propensity") if data.prepared.has("test", "propensity") else None


def ranking_metrics(
    outputs: Float32, labels: Int64, taken: Int64, propensity: Floats | None = None
) -> dict[str, float]:
    """Return the metrics that are means over examples; not a number where there are none.

    `ndcg_at_10`, `recall_at_20`, and `novelty_at_10`: how surprising the first ten suggestions are, the mean of
    -log2 of the part of the training examples in which each was taken (Zhou et al. 2010). Where it is known how
    probably items were shown, `snips_ndcg_at_10`: the same gain weighed by the inverse of that, as if every item had
    been shown alike (Yang et al. 2018).

    Args:
        outputs: `[n, 4 T]`.
        labels: `[n]`, what was taken.
        taken: `[items]`, how often each was in training.
        propensity: `[n]`, the probability with which what was taken had been shown; None: it is not known.
    """
    if not len(labels):
        weighed = () if propensity is None else ("snips_ndcg_at_10",)
        return dict.fromkeys(("ndcg_at_10", "recall_at_20", "novelty_at_10", *weighed), float("nan"))
    found = ranked(outputs)
    stands = places(found.items, labels)
    surprise = -np.log2(np.maximum(taken, 1) / max(int(taken.sum()), 1))
    first = found.items[:, :_FIRST]
    return {
        **{name: float(gains(name, stands).mean()) for name in ("ndcg_at_10", "recall_at_20")},
        "novelty_at_10": float(surprise[first[first >= 0]].mean()) if (first >= 0).any() else float("nan"),
        **({} if propensity is None else {"snips_ndcg_at_10": _weighed(gains("ndcg_at_10", stands), propensity)}),
    }


def _weighed(earned: Floats, propensity: Floats) -> float:
    return snips(earned, np.asarray(propensity), np.ones(len(earned))).value


def coverage(outputs: Float32, taken: Int64) -> float:
    """Return the part of the items of training that are among anybody's first ten suggestions."""
    first = ranked(outputs).items[:, :_FIRST]
    return len(np.unique(first[first >= 0])) / max(int((taken > 0).sum()), 1)


def item_slices(data: EvaluationData) -> dict[str, Mask]:
    """Return the test examples by how often their item was taken in training, and by whether it was new there.

    Those whose item was never taken there are in none: every model has 0 of them, so they would always be the worst.
    """
    labels, taken = data.labels, popularity(data)
    order = np.argsort(-taken, kind="stable")
    before = np.empty(len(taken))
    before[order] = (np.cumsum(taken[order]) - taken[order]) / max(int(taken.sum()), 1)
    known, share = taken[labels] > 0, before[labels]
    train = np.asarray(data.prepared.labels("train"))
    items, first = np.unique(train, return_index=True)
    new = np.isin(labels, items[first >= (1.0 - _NEW) * len(train)])
    return {
        "taken: often": known & (share < _OFTEN),
        "taken: sometimes": known & (share >= _OFTEN) & (share < _SOMETIMES),
        "taken: rarely": known & (share >= _SOMETIMES),
        "item: new": known & new,
        "item: old": known & ~new,
    }
