"""The estimators of baselines: scikit-learn's logistic regression or boosted trees, on features that a kind makes."""

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from components.kinds.evaluation import BaselineFeatures

_STEPS = 100  # of lbfgs, whether or not it has settled: fifty were worse on garments
_BATCH = 1_000  # examples answered at a time

Float32 = NDArray[np.float32]


def class_probabilities(features: BaselineFeatures, classes: int, seed: int) -> Float32:
    """Return the probabilities `[N, classes]` of the test examples; a class that training lacks has none."""
    there = features.labels >= 0
    labels, train = features.labels[there], features.train[there]
    known = np.unique(labels)
    answers = np.zeros((len(features.test), classes), dtype=np.float32)
    if len(known) == 1:
        answers[:, known] = 1.0
        return answers
    model = (
        LogisticRegression(max_iter=_STEPS) if features.estimator == "linear" else boosted_classifier(features, seed)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(train, labels)
    starts = range(0, len(features.test), _BATCH)
    answers[:, known] = np.concatenate([model.predict_proba(features.test[i : i + _BATCH]) for i in starts])
    return answers


def boosted_classifier(features: BaselineFeatures, seed: int) -> HistGradientBoostingClassifier:
    """Return boosted trees: slower and smaller steps than scikit-learn's defaults, which are worse on rare classes."""
    return HistGradientBoostingClassifier(
        learning_rate=0.03,
        max_iter=200,
        max_leaf_nodes=15,
        l2_regularization=1.0,
        early_stopping=False,
        categorical_features=list(features.categorical),
        random_state=seed,
    )
