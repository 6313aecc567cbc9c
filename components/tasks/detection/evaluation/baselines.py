"""What a detection has to be better than: boosted trees or logistic regression; without labels an isolation forest."""

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest

from components.kinds.evaluation import BaselineFeatures
from components.tasks.estimators import class_probabilities

UNLABELLED = "isolation forest"

Float32 = NDArray[np.float32]


def baseline(features: BaselineFeatures, supervised: bool, seed: int) -> Float32:
    """Return the baseline's `[N, 2]` of the test examples: probabilities, or scores that rank alone."""
    return class_probabilities(features, 2, seed) if supervised else forest(features, seed)


def forest(features: BaselineFeatures, seed: int) -> Float32:
    """Return how easily each test example is told apart from the others `[N, 2]`; missing values at their median."""
    median = np.nanmedian(features.train, axis=0)
    train, test = (np.where(np.isnan(values), median, values) for values in (features.train, features.test))
    scores = -IsolationForest(random_state=seed).fit(train).score_samples(test)  # 0 to 1
    return np.stack([1.0 - scores, scores], axis=1).astype(np.float32)
