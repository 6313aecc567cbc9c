"""What the model has to be better than: a boosted tree, or without labels an isolation forest, of scikit-learn."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest

from components.kinds.baseline import limit_threads
from components.kinds.prepared import PreparedData
from components.kinds.table.codec.input import Input

if TYPE_CHECKING:
    from components.kinds.table.params import Train

NAMES = {"all": "gradient-boosted trees", "none": "isolation forest"}
"""By `train.labels`."""

_MOST_CATEGORIES = 255  # that its histograms hold
Float64 = NDArray[np.float64]


def baseline(data: PreparedData[Input], config: "Train") -> Float64:
    """Return the baseline's scores of the test records `[N]`, trained on what the model was trained on."""
    with limit_threads(config):
        return _forest(data, config.seed) if config.labels == "none" else _boosted(data, config.seed)


def _boosted(data: PreparedData[Input], seed: int) -> Float64:
    """Slower and smaller steps than scikit-learn's defaults, which are far worse where positives are rare."""
    known = np.flatnonzero(data.labels("train") >= 0)
    trees = HistGradientBoostingClassifier(
        learning_rate=0.03,
        max_iter=200,
        max_leaf_nodes=15,
        l2_regularization=1.0,
        early_stopping=False,
        categorical_features=_categorical(data),
        random_state=seed,
    )
    trees.fit(data.inputs("train")[known], data.labels("train")[known])
    scores: Float64 = trees.predict_proba(np.asarray(data.inputs("test")))[:, 1]
    return scores


def _forest(data: PreparedData[Input], seed: int) -> Float64:
    """On the features that are not made from labels; missing values at their typical ones."""
    names = data.input["features"]
    kept = [index for index, name in enumerate(names) if name not in data.input["label_features"]]
    typical = np.array(data.input["typical"], dtype=np.float32)[kept]
    train, test = (np.array(data.inputs(split)[:, kept]) for split in ("train", "test"))
    for inputs in (train, test):
        np.copyto(inputs, typical, where=np.isnan(inputs))
    scores: Float64 = -IsolationForest(random_state=seed).fit(train).score_samples(test)
    return scores


def _categorical(data: PreparedData[Input]) -> list[int]:
    categories = data.input["definition"]["categories"]
    return [
        index
        for index, name in enumerate(data.input["features"])
        if name in categories and len(categories[name]) < _MOST_CATEGORIES
    ]
