"""Whether two samples of vectors, as embeddings, are of the same distribution."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.stats import norm
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

COMPONENTS = 32
FEWEST = 20
"""Groups that each sample must have for a classifier to be tried."""
MOST = 1_000
"""Rows of each sample that `mmd` compares."""

Floats = NDArray[np.float64]
Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class TwoSamples:
    """How far two samples are apart, and how often chance alone brings samples as far."""

    size: float
    p_value: float


def classifier_test(
    reference: NDArray[np.floating],
    live: NDArray[np.floating],
    groups: tuple[NDArray[Any], NDArray[Any]] | None = None,
    seed: int = 0,
) -> TwoSamples:
    """Return how well a classifier tells both samples apart.

    Lopez-Paz and Oquab, "Revisiting classifier two-sample tests" (2017).
    The size is 2 AUC - 1 on rows that the classifier has not seen: 0 where it can only guess, 1 where it is always
    right. The classifier is a logistic regression of 32 principal components. There are two halves, each of which
    is tested by the classifier of the other; the p-value is twice the smaller one, as more folds that share
    rows would depend on each other. No group is in both, else the classifier would know the customer and not the
    drift; and the standard error is that of groups (Obuchowski 1997).

    Args:
        reference: `[M, dimensions]`.
        live: `[N, dimensions]`.
        groups: `[M]` and `[N]`, whose rows are alike: the entity; or, where days differ as such, the day.
        seed: of the folds.
    """
    rows = np.concatenate([reference, live]).astype(np.float64)
    new = np.repeat([0, 1], [len(reference), len(live)])
    group = np.arange(len(rows)) if groups is None else np.unique(np.concatenate(groups), return_inverse=True)[1]
    least = min(len(np.unique(group[new == 0])), len(np.unique(group[new == 1])))
    if least < FEWEST:
        return TwoSamples(0.0, 1.0)
    halves = StratifiedGroupKFold(2, shuffle=True, random_state=seed).split(rows, new, group)
    found = [_tested(rows, new, group, train, test, seed) for train, test in halves]
    size = float(np.mean([each.size for each in found]))
    return TwoSamples(max(size, 0.0), min(1.0, 2 * min(each.p_value for each in found)))


def _tested(rows: Floats, new: Int64, group: Int64, train: Int64, test: Int64, seed: int) -> TwoSamples:
    """Return what the classifier of the rows `train` makes of the rows `test`."""
    if len(np.unique(new[train])) < 2 or len(np.unique(new[test])) < 2 or not np.ptp(rows[train], axis=0).any():
        return TwoSamples(0.0, 1.0)
    components = PCA(min(COMPONENTS, *rows[train].shape), random_state=seed)
    model = make_pipeline(StandardScaler(), components, LogisticRegression(C=0.1, max_iter=200))
    scores = model.fit(rows[train], new[train]).decision_function(rows[test])
    placed, live = _placements(scores, new[test]), new[test] == 1
    area = float(placed[live].mean())
    apart = (placed - area) / np.where(live, live.sum(), (~live).sum())
    error = float(np.sqrt((np.bincount(group[test], weights=apart) ** 2).sum()))
    return TwoSamples(2 * area - 1, float(norm.sf((area - 0.5) / max(error, 1e-12))))


def mmd(
    reference: NDArray[np.floating],
    live: NDArray[np.floating],
    groups: tuple[NDArray[Any], NDArray[Any]] | None = None,
    permutations: int = 500,
    seed: int = 0,
) -> TwoSamples:
    """Return the maximum mean discrepancy of both samples: Gretton and others, "A kernel two-sample test" (2012).

    The kernel is Gaussian, as wide as the median distance. The size is the biased squared discrepancy; the p-value is
    that of permutations of whole groups, so it is 1 / (permutations + 1) at least. Of more than 1,000 rows of a
    sample a random part is taken, since time grows with their square.
    """
    random = np.random.default_rng(seed)
    kept = [np.sort(random.permutation(len(sample))[:MOST]) for sample in (reference, live)]
    rows = np.concatenate([sample[keep] for sample, keep in zip((reference, live), kept, strict=True)]).astype(
        np.float64
    )
    group = np.arange(len(rows))
    if groups is not None:
        group = np.unique(
            np.concatenate([of[keep] for of, keep in zip(groups, kept, strict=True)]), return_inverse=True
        )[1]
    squared = cdist(rows, rows, "sqeuclidean")
    kernel = np.exp(-squared / max(float(np.median(squared)), 1e-12))
    new = np.repeat([0.0, 1.0], [len(each) for each in kept])
    share = np.bincount(group, weights=new) / np.bincount(group)  # a group may be in both samples
    signs = np.stack([new, *(random.permutation(share)[group] for _ in range(permutations))])
    weights = signs / signs.sum(axis=1, keepdims=True) - (1 - signs) / (1 - signs).sum(axis=1, keepdims=True)
    found = np.einsum("pi,pi->p", weights @ kernel, weights)
    return TwoSamples(float(found[0]), float((found[1:] >= found[0]).sum() + 1) / (permutations + 1))


def _placements(scores: Floats, new: Int64) -> Floats:
    """Return the part of the other sample that a live row is above, or a row of the reference below, `[N]`."""
    old, live = np.sort(scores[new == 0]), np.sort(scores[new == 1])
    above = (np.searchsorted(old, scores, "left") + np.searchsorted(old, scores, "right")) / (2 * len(old))
    below = 1 - (np.searchsorted(live, scores, "left") + np.searchsorted(live, scores, "right")) / (2 * len(live))
    found: Floats = np.where(new == 1, above, below)
    return found
