"""The features of a prepared table as a baseline learns from them."""

import numpy as np
from numpy.typing import NDArray

from components.kinds.evaluation import BaselineFeatures
from components.kinds.prepared import PreparedData
from components.kinds.table.codec.input import Input

_FAR = 10.0  # standard deviations, beyond which a number is as good as one there
_MOST_CATEGORIES = 255  # that scikit-learn's histograms hold

Float32 = NDArray[np.float32]


def record_features(data: PreparedData[Input], labelled: bool) -> BaselineFeatures:
    """Return the features of the training and of the test records; `labelled`: also those that labels are made into."""
    names, kept = data.input["features"], _kept(data.input, labelled)
    train, test = (np.asarray(data.inputs(split)[:, kept]) for split in ("train", "test"))
    categorical = tuple(place for place, index in enumerate(kept) if _is_category(data.input, names[index]))
    return BaselineFeatures(train, np.asarray(data.labels("train")), test, "trees", categorical)


def linear_features(data: PreparedData[Input], labelled: bool = True) -> BaselineFeatures:
    """Return the features as a linear model can learn from them, or as they can be measured by; as `record_features`.

    Numbers are standardised, far ones drawn in, missing ones at the mean and told; categories are one-hot.
    """
    names, categories = data.input["features"], data.input["definition"]["categories"]
    train, test = (np.asarray(data.inputs(split)) for split in ("train", "test"))
    parts = []
    for index in _kept(data.input, labelled):
        columns = train[:, index], test[:, index]
        parts.append(_one_hot(*columns) if names[index] in categories else _standardised(*columns))
    made = [np.concatenate(of_split, axis=1).astype(np.float32) for of_split in zip(*parts, strict=True)]
    return BaselineFeatures(made[0], np.asarray(data.labels("train")), made[1], "linear" if labelled else "distance")


def _kept(input: Input, labelled: bool) -> list[int]:
    """Return the places of the features that are used."""
    return [index for index, name in enumerate(input["features"]) if labelled or name not in input["label_features"]]


def _one_hot(train: Float32, test: Float32) -> tuple[Float32, Float32]:
    """Return a column for each code of the training split, `[N, codes]`."""
    codes = np.unique(train)
    return (train[:, None] == codes).astype(np.float32), (test[:, None] == codes).astype(np.float32)


def _standardised(train: Float32, test: Float32) -> tuple[Float32, Float32]:
    """Return the numbers less their mean, over their standard deviation, and whether they are missing, `[N, 2]`."""
    there = train[~np.isnan(train)].astype(np.float64)
    mean, deviation = (there.mean(), there.std() or 1.0) if len(there) else (0.0, 1.0)

    def scaled(values: Float32) -> Float32:
        near = np.clip((values - mean) / deviation, -_FAR, _FAR)
        return np.stack([np.nan_to_num(near), np.isnan(values)], axis=1).astype(np.float32)

    return scaled(train), scaled(test)


def _is_category(input: Input, name: str) -> bool:
    categories = input["definition"]["categories"]
    return name in categories and len(categories[name]) < _MOST_CATEGORIES
