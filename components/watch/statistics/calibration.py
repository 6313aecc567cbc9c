"""How far a model's probabilities are from what comes true, and how well that is known."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Floats = NDArray[np.float64]
Int64 = NDArray[np.int64]

_LEAST = 1e-7
_STEPS = 25
_NEAR = 1e-6
_MOST = 5_000


@dataclass(frozen=True)
class Calibration:
    """Corrections of the logits, one for each draw of the reference: softmax(slope log p + offset of the class)."""

    slope: Floats
    """`[draws]`; 1 where the probabilities are as sure as they may be, less where they are too sure."""
    offset: Floats
    """`[draws]`, of the second of two classes; zero where there are more."""

    @property
    def mean(self) -> "Calibration":
        """The one correction in the middle of all draws."""
        return Calibration(self.slope.mean(keepdims=True), self.offset.mean(keepdims=True))

    def corrected(self, probabilities: NDArray[np.floating]) -> Iterator[Floats]:
        """Yield the corrected probabilities, `[N, classes]`, of each draw."""
        logits = _logits(probabilities)
        for slope, offset in zip(self.slope, self.offset, strict=True):
            yield _moved(logits, slope, offset)


EXACT = Calibration(np.ones(1), np.zeros(1))
"""That of a model whose probabilities are taken as they are."""


def fit_calibration(
    probabilities: NDArray[np.floating],
    labels: Int64,
    entity: NDArray[np.generic] | None = None,
    draws: int = 200,
    seed: int = 0,
) -> Calibration:
    """Fit the correction on bootstraps of labelled examples that the model was not trained on.

    Two numbers for two classes (Cox 1958; Platt 1999), a temperature for more (Guo and others 2017): few enough that a
    few hundred examples say them, and their spread over the bootstraps is how well they are known.

    Args:
        probabilities: `[N, classes]`; of more than 5,000 rows a random part is used.
        labels: `[N]`, classes.
        entity: `[N]`, whose rows are drawn together, as they are alike; each row for itself where it is left out.
        draws: number of bootstraps.
        seed: of what is random.
    """
    random = np.random.default_rng(seed)
    rows = np.sort(random.permutation(len(labels))[:_MOST])
    logits, labels = _logits(probabilities[rows]), labels[rows]
    fitted = _two_fitted if logits.shape[1] == 2 else _fitted
    group = np.arange(len(rows)) if entity is None else np.unique(entity[rows], return_inverse=True)[1]
    found = np.empty((draws, 2))
    start = fitted(logits, labels, np.ones(len(labels)), np.array([1.0, 0.0]))
    for draw in range(draws):
        weights = random.multinomial(group.max() + 1, np.full(group.max() + 1, 1 / (group.max() + 1)))[group]
        (drawn,) = weights.nonzero()  # a third of the rows is not
        found[draw] = fitted(logits[drawn], labels[drawn], weights[drawn].astype(np.float64), start)
    return Calibration(found[:, 0], found[:, 1])


def _two_fitted(logits: Floats, labels: Int64, weights: Floats, start: Floats) -> Floats:
    """Return slope and offset of the greatest likelihood (Newton's steps), held weakly to 1 and 0."""
    found, score, second = start.copy(), logits[:, 1] - logits[:, 0], labels == 1
    for _ in range(_STEPS):
        p = expit(found[0] * score + found[1])
        missing, slack = weights * (second - p), weights * p * (1 - p)
        gradient = np.array([missing @ score, missing.sum()]) - (found - (1, 0))
        across = slack @ score
        step = np.linalg.solve(np.array([[slack @ score**2 + 1, across], [across, slack.sum() + 1]]), gradient)
        found += np.clip(step, -1, 1)
        if np.abs(step).max() < _NEAR:
            break
    return found


def _fitted(logits: Floats, labels: Int64, weights: Floats, start: Floats) -> Floats:
    """Return the slope of the greatest likelihood (Newton's steps), held weakly to 1, and no offset."""
    slope = start[0]
    scores = np.ascontiguousarray((logits - logits.max(axis=1, keepdims=True)).T)  # sums over the first axis are fast
    right = weights @ scores[labels, np.arange(len(labels))]
    for _ in range(_STEPS):
        p = np.exp(slope * scores)
        first = p * scores
        whole = p.sum(axis=0)
        mean = first.sum(axis=0) / whole
        spread = weights @ (np.einsum("kn,kn->n", first, scores) / whole - mean**2)
        step = (right - weights @ mean - (slope - 1)) / (spread + 1)
        slope += np.clip(step, -1, 1)
        if abs(step) < _NEAR:
            break
    return np.array([slope, 0.0])


def _logits(probabilities: NDArray[np.floating]) -> Floats:
    logits: Floats = np.log(np.clip(probabilities.astype(np.float64), _LEAST, None))
    return logits


def _moved(logits: Floats, slope: float, offset: float) -> Floats:
    if logits.shape[1] == 2:
        score = slope * (logits[:, 1] - logits[:, 0]) + offset
        return np.column_stack([expit(-score), expit(score)])
    found: Floats = np.exp(slope * (logits - logits.max(axis=1, keepdims=True)))
    found /= found.sum(axis=1, keepdims=True)
    return found
