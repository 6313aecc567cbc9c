"""What a careful person fits in ten lines of scikit-learn, for benchmarks to hold our models against."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from components.kinds.prepared import PreparedData, known

Floats = NDArray[np.floating]

_CLASSIFIERS: Mapping[str, Callable[[int], Any]] = {
    "boosting": lambda seed: HistGradientBoostingClassifier(random_state=seed),
    "linear": lambda _: make_pipeline(StandardScaler(), LogisticRegression(max_iter=2_000)),
    "forest": lambda seed: RandomForestClassifier(random_state=seed),
    "svm": lambda _: make_pipeline(StandardScaler(), SVC()),
}
_REGRESSORS: Mapping[str, Callable[[int], Any]] = {
    "boosting": lambda seed: HistGradientBoostingRegressor(random_state=seed),
    "linear": lambda _: make_pipeline(StandardScaler(), RidgeCV(np.logspace(-3, 4, 15))),
    "forest": lambda seed: RandomForestRegressor(random_state=seed),
}
_DETECTORS: Mapping[str, Callable[[int], Any]] = {
    "isolation": lambda seed: IsolationForest(random_state=seed),
}
MODELS = {
    "classification": _CLASSIFIERS,
    "detection": _CLASSIFIERS,
    "regression": _REGRESSORS,
    "anomaly": _DETECTORS,
}
"""By task and name, scikit-learn's estimators of a seed, with their defaults behind a scaler."""


def outputs(data: PreparedData, make: Callable[[int], Any], seed: int) -> NDArray[np.float32]:
    """Return what an estimator that learned from the training split answers to the test split, as the task has it."""
    train, test = (np.asarray(data.inputs(split)).reshape(data.counts[split], -1) for split in ("train", "test"))
    if data.task == "anomaly":
        return -make(seed).fit(train).score_samples(test).astype(np.float32)[:, None]
    labels = np.asarray(data.labels("train"))
    there = np.flatnonzero(known(labels))
    model = make(seed).fit(train[there], labels[there])
    if data.task == "regression":
        return np.stack([model.predict(test)] * 3, axis=1).astype(np.float32)
    scores: Floats = model.predict_proba(test) if hasattr(model, "predict_proba") else model.decision_function(test)
    if scores.ndim == 1:
        scores = np.stack([-scores, scores], axis=1)
    answered = np.full((len(test), len(data.classes)), scores.min(), dtype=np.float32)
    answered[:, model.classes_] = scores
    return answered
