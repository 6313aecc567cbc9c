"""What any model of pictures should do, whatever they show; tried on a part of the test split."""

from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.evaluation import Behaviour, Mask
from components.kinds.image.evaluation.corruption import CORRUPTIONS, moved
from components.kinds.image.evaluation.hog import hog
from components.kinds.prepared import PreparedData, Split

if TYPE_CHECKING:
    from components.kinds.contract import Evaluated

_MOST = 500  # test pictures that are tried, evenly spread
_LOOKED_AT = 2_000  # pictures of a split among which the plainest are looked for
_VALUES = 250_000  # of pictures that are looked at at a time
_PLAIN = 0.1  # part of a class's pictures that counts as plain
_BRIGHTER = 10  # of 255
_SLACK = 0.01  # of a probability: what is less is no change

Pictures = NDArray[np.uint8]
Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


def try_behaviours(data: PreparedData, model: "Evaluated", mirrored: bool) -> list[Behaviour]:
    """Return how often the model does what it should.

    Invariance: a picture moved by a pixel, a little brighter, or, where it was trained so, mirrored, is answered the
    same. Direction: behind heavy noise no picture is more surely what it was taken for. Minimum: the plainest pictures
    are answered rightly. A task that knows neither surety nor right and wrong is not asked for them.

    Args:
        data: the prepared data set.
        model: what is asked.
        mirrored: whether a mirror image means the same.
    """
    pictures = np.array(_spread(data.inputs("test"), _MOST))
    before = model.score(pictures)
    pixel = np.ones(len(pictures), dtype=np.int64)
    variants = {
        "moved by a pixel": moved(pictures, 0 * pixel, pixel),
        "a little brighter": np.clip(pictures.astype(np.int64) + _BRIGHTER, 0, 255).astype(np.uint8),
    }
    if mirrored:
        variants["mirrored"] = np.ascontiguousarray(pictures[:, :, ::-1])
    same = {name: model.same(before, model.score(variant)) for name, variant in variants.items()}
    found = [Behaviour.of(name, "invariance", passed) for name, passed in same.items()]
    if (less_sure := _less_sure(model, pictures, before)) is not None:
        found.append(Behaviour.of("less sure behind noise", "direction", less_sure))
    if (right := _plainest_right(data, model)) is not None:
        found.append(Behaviour.of("the plainest are right", "minimum", right))
    return found


def _less_sure(model: "Evaluated", pictures: Pictures, before: Float32) -> Mask | None:
    sure = model.surety(before, before)
    if sure is None:
        return None
    noisy = model.surety(model.score(CORRUPTIONS["noise"](pictures, 3, 0)), before)
    return None if noisy is None else noisy <= sure + _SLACK


def _plainest_right(data: PreparedData, model: "Evaluated") -> Mask | None:
    if not data.classes:
        return None
    if len(np.unique(data.labels("train")[_indices(data, "train")])) < 2:
        return None  # no class to be told from another
    indices = plainest(data)
    if len(indices) == 0:
        return np.empty(0, dtype=np.bool_)
    return model.right(model.score(data.inputs("test")[indices]), data.labels("test")[indices])


def plainest(data: PreparedData) -> Int64:
    """Return the indices of the test pictures that are plainly of their class.

    Of each class, the tenth that lies nearer to the mean of its training pictures than to any other class's, by the
    widest margin, in histograms of gradients (nearest class mean, Mensink et al. 2013). No model is asked: what is
    plain is the same for all of them.
    """
    train, test = (_indices(data, split) for split in ("train", "test"))
    known, labels = np.asarray(data.labels("train"))[train], np.asarray(data.labels("test"))[test]
    features = _features(data, "train", train)
    classes = np.unique(known)
    means = np.stack([features[known == label].mean(axis=0) for label in classes])
    far = _distances(_features(data, "test", test), means)
    own = np.where(labels[:, None] == classes, far, np.inf).min(axis=1)
    margin = np.where(labels[:, None] == classes, np.inf, far).min(axis=1) - own
    return np.concatenate([_best(test[labels == label], margin[labels == label]) for label in classes])


def _best(indices: Int64, margin: Float32) -> Int64:
    order = np.argsort(-margin, kind="stable")[: ceil(_PLAIN * len(indices))]
    return indices[order[margin[order] > 0]]


def _distances(features: Float32, means: Float32) -> Float32:
    """Return `[N, M]`, from each of `[N, F]` to each of `[M, F]`."""
    squares = (features**2).sum(axis=1)[:, None] - 2 * features @ means.T + (means**2).sum(axis=1)
    distances: Float32 = np.sqrt(np.maximum(squares, 0.0))
    return distances


def _features(data: PreparedData, split: Split, indices: Int64) -> Float32:
    pictures = data.inputs(split)
    size = max(1, _VALUES // pictures[0].size)
    return np.concatenate([hog(pictures[indices[start : start + size]]) for start in range(0, len(indices), size)])


def _indices(data: PreparedData, split: Split) -> Int64:
    return _spread(np.arange(data.counts[split]), _LOOKED_AT)


def _spread(rows: NDArray[Any], most: int) -> NDArray[Any]:
    return rows[:: ceil(len(rows) / most)]
