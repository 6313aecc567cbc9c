"""The features of a prepared table as a baseline learns from them."""

import numpy as np

from components.kinds.evaluation import BaselineFeatures
from components.kinds.prepared import PreparedData
from components.kinds.table.codec.input import Input

_MOST_CATEGORIES = 255  # that scikit-learn's histograms hold


def record_features(data: PreparedData[Input], labelled: bool) -> BaselineFeatures:
    """Return the features of the training and of the test records; `labelled`: also those that labels are made into."""
    names = data.input["features"]
    kept = [index for index, name in enumerate(names) if labelled or name not in data.input["label_features"]]
    train, test = (np.asarray(data.inputs(split)[:, kept]) for split in ("train", "test"))
    categorical = tuple(place for place, index in enumerate(kept) if _is_category(data.input, names[index]))
    return BaselineFeatures(train, np.asarray(data.labels("train")), test, "trees", categorical)


def _is_category(input: Input, name: str) -> bool:
    categories = input["definition"]["categories"]
    return name in categories and len(categories[name]) < _MOST_CATEGORIES
