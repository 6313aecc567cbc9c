"""What a detection has to be better than: boosted trees or logistic regression; without labels an isolation forest."""

import numpy as np
from numpy.typing import NDArray

from components.kinds.evaluation import BaselineFeatures
from components.tasks.estimators import class_probabilities, isolation_scores

UNLABELLED = "isolation forest"

Float32 = NDArray[np.float32]


def baseline(features: BaselineFeatures, supervised: bool, seed: int) -> Float32:
    """Return the baseline's `[N, 2]` of the test examples: probabilities, or scores that rank alone."""
    return class_probabilities(features, 2, seed) if supervised else forest(features, seed)


def forest(features: BaselineFeatures, seed: int) -> Float32:
    """Return how easily each test example is told apart from the others `[N, 2]`."""
    scores = isolation_scores(features, seed)
    return np.stack([1.0 - scores, scores], axis=1)
