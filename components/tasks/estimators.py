"""The estimators of baselines, scikit-learn's, on features that a kind makes.

Linear ones (logistic, ridge) where features are many and dense, else boosted trees; without labels an isolation forest,
or the distance from the mean.
"""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor, IsolationForest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from components.kinds.evaluation import BaselineFeatures

_STEPS = 100  # of lbfgs, whether or not it has settled: fifty were worse on garments
_BATCH = 1_000  # examples answered at a time
_PENALTIES = tuple(np.logspace(-2, 4, 13))  # of ridge; which of them, leave-one-out decides
_HELD_OUT = 5  # every fifth example shows how far off the numbers are

_TREES = {
    "learning_rate": 0.03,
    "max_iter": 200,
    "max_leaf_nodes": 15,
    "l2_regularization": 1.0,
    "early_stopping": False,
}
"""Slower and smaller steps than scikit-learn's defaults, which are worse on rare classes."""

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
    """Return boosted trees."""
    return HistGradientBoostingClassifier(**_TREES, categorical_features=list(features.categorical), random_state=seed)


def predicted_numbers(features: BaselineFeatures, seed: int, absolute: bool = False) -> Float32:
    """Return the numbers `[N]` of the test examples, by ridge regression or boosted trees.

    `absolute`: whether trees learn the median, whose absolute error is least, and not the mean.
    """
    train, labels = _labelled(features)
    return _predicted(_regressor(features, seed, absolute).fit(train, labels), features.test)


def predicted_intervals(features: BaselineFeatures, coverage: float, seed: int) -> Float32:
    """Return numbers `[N, 3]` of the test examples, with the quantiles of their errors around each.

    The errors are those on every fifth training example of a model that has not seen it (split conformal, Lei et al.
    2018, "Distribution-Free Predictive Inference for Regression").
    """
    numbers = predicted_numbers(features, seed, absolute=True)
    train, labels = _labelled(features)
    apart = np.arange(len(labels)) % _HELD_OUT == 0
    if not apart.any() or apart.all():
        return np.stack([numbers] * 3, axis=1)
    model = _regressor(features, seed, absolute=True).fit(train[~apart], labels[~apart])
    low, high = np.quantile(labels[apart] - _predicted(model, train[apart]), [(1 - coverage) / 2, (1 + coverage) / 2])
    return np.stack([numbers, numbers + low, numbers + high], axis=1).astype(np.float32)


def unusual_scores(features: BaselineFeatures, seed: int) -> Float32:
    """Return how unusual each test example is, 0 to 1, `[N]`. No label is asked."""
    return distances(features) if features.estimator == "distance" else isolation_scores(features, seed)


def distances(features: BaselineFeatures) -> Float32:
    """Return how far each test example is from the mean, by the mean of squares of standardised features."""
    squares = (features.test.astype(np.float64) ** 2).mean(axis=1)
    found: Float32 = (squares / (1.0 + squares)).astype(np.float32)
    return found


def isolation_scores(features: BaselineFeatures, seed: int) -> Float32:
    """Return how easily an isolation forest tells each test example apart from the others, 0 to 1, `[N]`.

    Missing values are taken for the median. No label is asked.
    """
    middle = np.nan_to_num(_medians(features.train))
    train, test = (np.where(np.isnan(values), middle, values) for values in (features.train, features.test))
    scores: Float32 = -IsolationForest(random_state=seed).fit(train).score_samples(test).astype(np.float32)
    return scores


def _medians(values: Float32) -> Float32:
    """Return the median of each column, `[F]`; not a number where it has no value."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice encountered", RuntimeWarning)
        median: Float32 = np.nanmedian(values, axis=0)
    return median


def _labelled(features: BaselineFeatures) -> tuple[Float32, NDArray[np.float64]]:
    there = ~np.isnan(features.labels)
    return features.train[there], features.labels[there]


def _regressor(features: BaselineFeatures, seed: int, absolute: bool) -> Any:
    if features.estimator == "linear":
        return make_pipeline(StandardScaler(), RidgeCV(_PENALTIES))
    return HistGradientBoostingRegressor(
        **_TREES,
        loss="absolute_error" if absolute else "squared_error",
        categorical_features=list(features.categorical),
        random_state=seed,
    )


def _predicted(model: Any, examples: Float32) -> Float32:
    """Return the numbers of the examples, batch by batch."""
    starts = range(0, max(len(examples), 1), _BATCH)
    return np.concatenate([model.predict(examples[i : i + _BATCH]) for i in starts]).astype(np.float32)
