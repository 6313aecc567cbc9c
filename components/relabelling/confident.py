"""Confident learning: which labels are likely wrong, by probabilities of models that did not learn from them.

Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels" (JAIR 70): the
confident joint with a threshold for each class, and the examples off its diagonal, ranked by self-confidence.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class Confident:
    """What is known of the labels of N examples."""

    joint: Int64
    """`[K, K]`, the confident joint: examples of a given label (row) that are surely of a class (column)."""
    given: Int64
    """`[K]`, examples of each label."""
    likely: Int64
    """`[N]`, the class that is surely another one than the label; -1: none is."""
    confidence: Float64
    """`[N]`, the probability of the label: low is suspicious."""

    @property
    def suspects(self) -> Int64:
        """Return the examples whose label is likely wrong, the most suspicious first."""
        found = np.flatnonzero(self.likely >= 0)
        return found[np.argsort(self.confidence[found], kind="stable")]

    @property
    def wrong(self) -> float:
        """Return the estimated number of wrong labels.

        Each row of the joint is brought to the number of examples that have the label (equation 3 there).
        """
        shares = self.joint / np.maximum(self.joint.sum(axis=1, keepdims=True), 1)
        return float(((shares - np.diag(np.diag(shares))) * self.given[:, None]).sum())


def confident(probabilities: Float64, labels: Int64) -> Confident:
    """Return what is known of the labels `[N]`, indices of classes, by the probabilities `[N, K]`.

    A class is sure where its probability is at least the mean of those that examples labelled so have; of several the
    most probable one is. A class that no example is labelled with is never sure.
    """
    classes = probabilities.shape[1]
    own = probabilities[np.arange(len(labels)), labels]
    given = np.bincount(labels, minlength=classes)
    sums = np.bincount(labels, weights=own, minlength=classes)
    thresholds = np.where(given > 0, sums / np.maximum(given, 1), np.inf)
    above = np.where(probabilities >= thresholds, probabilities, -np.inf)
    sure, certain = above.argmax(axis=1), np.isfinite(above.max(axis=1))
    joint = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(joint, (labels[certain], sure[certain]), 1)
    return Confident(joint, given, np.where(certain & (sure != labels), sure, -1), own)
