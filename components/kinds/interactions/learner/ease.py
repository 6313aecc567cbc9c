"""EASE, the item-item model that is fitted in one go (Steck 2019, arXiv:1905.03375), and where recent items weigh more.

With X, who took what in training (users x items, 0 or 1), and P = (X'X + strength I)^-1, the weight of item i for item
j is -P_ij / P_jj, and 0 for itself. A list scores the sum of the weights of its items, each less the longer ago it was
taken. How strong the regularisation is, and how fast items fade, the validation split decides.
"""

from itertools import product
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from components.config.errors import DataError
from components.kinds.interactions.learner.ranker import Ranker, Scorer
from components.kinds.objective_module import ObjectiveModule

if TYPE_CHECKING:
    from components.kinds.contract import Objective
    from components.kinds.interactions.codec.input import Input
    from components.kinds.interactions.params import Train
    from components.kinds.prepared import PreparedData

_STRENGTH, _STRENGTHS = 100.0, (30.0, 300.0, 1000.0)  # the first that is tried, and the others
_FADES = (1.0, 0.9, 0.7)
_LARGEST, _WEIGHT = 4095, 63  # whole numbers of a pair, and of a place
_POPULAR = (0.02, 0.06, 0.2)  # of the largest weight of a pair: what popularity of late adds
_LATE = 0.1  # part of the training examples by which that is told
_LOOKED_AT = 1_000  # validation examples that decide
_BATCH = 250
_WIDTH = 32  # of what lists are told apart by


class EaseScorer(Scorer):
    """Whole numbers of pairs: each list adds the rows of its recent items."""

    pairs: Tensor
    weights: Tensor
    bias: Tensor
    marks: Tensor

    def __init__(self, items: int, length: int) -> None:
        super().__init__()
        self.register_buffer("pairs", torch.zeros(items + 1, items, dtype=torch.int16))
        self.register_buffer("weights", torch.zeros(length, dtype=torch.int32))
        self.register_buffer("bias", torch.zeros(items, dtype=torch.int64))
        self.register_buffer("scale", torch.ones(()))
        marks = torch.randn(items + 1, _WIDTH, generator=torch.Generator().manual_seed(0))
        marks[0] = 0.0
        self.register_buffer("marks", marks.sign())

    @property
    def width(self) -> int:
        """Numbers by which lists are told apart."""
        return _WIDTH

    def look(self, recent: Tensor) -> Tensor:
        """Return the rows of the recent items, weighed, int32 `[N, length, items]`."""
        return self.pairs[recent].int() * self.weights[:, None]

    def scores(self, seen: Tensor, recent: Tensor) -> Tensor:
        """Return the sum of the rows, and what popularity adds."""
        return seen.sum(dim=1).long() + self.bias

    def reasons(self, seen: Tensor, recent: Tensor, items: Tensor) -> Tensor:
        """Return each row's number of the items."""
        return seen.gather(2, items[:, None].expand(-1, seen.shape[1], -1)).long()

    def features(self, seen: Tensor, recent: Tensor) -> Tensor:
        """Return the mean of marks that stand for the items, random signs."""
        return self.marks[recent].sum(dim=1) / (recent > 0).sum(dim=1, keepdim=True).clamp_min(1)


class EaseModule(ObjectiveModule):
    """Has no parameter that is trained: `fit` writes its numbers."""

    def __init__(self, input: "Input", objective: "Objective") -> None:
        super().__init__(objective)
        self.model = Ranker(EaseScorer(input["items"], input["length"]), input, objective.width)

    def ranker(self) -> Ranker:
        """Return what is served."""
        return self.model

    def raw(self, inputs: Tensor) -> Tensor:
        """Return the ranking."""
        return self.model.scored(inputs)[0]


def fit(module: EaseModule, data: "PreparedData[Input]", config: "Train") -> None:
    """Write the numbers that are best on the validation split into the module.

    Raises:
        DataError: there are too many items.
    """
    items = data.input["items"]
    if items > config.EASE_ITEMS:
        raise DataError(
            f"train.model: ease is for up to {config.EASE_ITEMS:,} items, and there are {items:,}: write network"
        )
    scorer = cast("EaseScorer", module.model.scorer)
    gram, popular = _gram(data)
    labels = np.asarray(data.labels("validation"))
    some = np.linspace(0, len(labels) - 1, min(len(labels), _LOOKED_AT)).astype(np.int64)
    inputs = torch.from_numpy(np.array(data.inputs("validation")[some]))

    def reached(pairs: NDArray[np.float64], fade: float, share: float) -> float:
        _write(scorer, pairs, fade, share * popular)
        with torch.inference_mode():
            parts = [module.raw(part).numpy() for part in torch.split(inputs, _BATCH)]
        return module.objective.monitored(np.concatenate(parts), labels[some])

    pairs = weights(gram, _STRENGTH)
    found = {way: reached(pairs, *way) for way in product(_FADES, _POPULAR)}
    way = max(found, key=lambda one: found[one])
    best = found[way]
    for strength in _STRENGTHS:
        others = weights(gram, strength)
        if (other := reached(others, *way)) > best:
            best, pairs = other, others
    _write(scorer, pairs, way[0], way[1] * popular)


def weights(gram: NDArray[np.float64], strength: float) -> NDArray[np.float64]:
    """Return the weight of each item for each other, `[items, items]`, from how often pairs were taken by one user."""
    inverse = np.linalg.inv(gram + strength * np.eye(len(gram)))
    found: NDArray[np.float64] = -inverse / np.diag(inverse)
    np.fill_diagonal(found, 0.0)
    return found


def _gram(data: "PreparedData[Input]") -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how many users took both of each pair of items in training, and how popular each was of late, 0 to 1."""
    from scipy.sparse import csr_array  # here: what serves and the network need no scipy

    items = data.input["items"]
    users, labels = np.asarray(data.array("train", "users")), np.asarray(data.labels("train"))
    taken = csr_array((np.ones(len(labels)), (users, labels)), shape=(int(users.max()) + 1, items))
    taken.data[:] = 1.0
    taken.sum_duplicates()
    taken.data[:] = 1.0
    late = np.log1p(np.bincount(labels[-max(1, int(_LATE * len(labels))) :], minlength=items))
    return (taken.T @ taken).toarray(), late / late.max()


def _write(scorer: EaseScorer, pairs: NDArray[np.float64], fade: float, popular: NDArray[np.float64]) -> None:
    of_pair = _LARGEST / max(float(np.abs(pairs).max()), 1e-9)
    whole = np.round(pairs * of_pair).astype(np.int16)
    scorer.pairs.copy_(torch.from_numpy(np.pad(whole, ((1, 0), (0, 0)))))
    places = np.maximum(np.round(_WEIGHT * fade ** np.arange(len(scorer.weights))), 1)
    scorer.weights.copy_(torch.from_numpy(places.astype(np.int32)))
    scorer.bias.copy_(torch.from_numpy(np.round(_LARGEST * _WEIGHT * popular).astype(np.int64)))
    scorer.scale.fill_(of_pair * _WEIGHT)
