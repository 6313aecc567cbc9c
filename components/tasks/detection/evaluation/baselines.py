"""What a detection has to be better than, by what it learns from: labels or none."""

import numpy as np
from numpy.typing import NDArray

from components.kinds.evaluation import BaselineFeatures
from components.tasks.estimators import class_probabilities, unusual_scores

Float32 = NDArray[np.float32]


def baseline(features: BaselineFeatures, supervised: bool, seed: int) -> Float32:
    """Return the baseline's `[N, 2]` of the test examples: probabilities, or scores that rank alone."""
    return class_probabilities(features, 2, seed) if supervised else unlabelled(features, seed)


def unlabelled(features: BaselineFeatures, seed: int) -> Float32:
    """Return how unusual each test example is, `[N, 2]`."""
    scores = unusual_scores(features, seed)
    return np.stack([1.0 - scores, scores], axis=1)
