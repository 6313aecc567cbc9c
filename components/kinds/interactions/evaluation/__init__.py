"""What is known of evaluating suggestions."""

from collections.abc import Mapping, Sequence
from functools import partial
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from components.kinds.evaluation import BaselineFeatures, Behaviour, Corruption, Leak
from components.kinds.interactions.codec.input import Input, digest
from components.kinds.interactions.evaluation.changes import forgotten, strayed, swapped
from components.kinds.plain import costs as costs
from components.kinds.plain import ranked as ranked
from components.kinds.prepared import PreparedData
from components.kinds.suggestions import ranked as read_rankings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from components.kinds.contract import Evaluated
    from components.kinds.interactions.params import Train

_TRIED = 500  # test examples, evenly spread
_LEAST = 5  # recent items of those that are tried


def accepts(input: Input, data: PreparedData[Input]) -> bool:
    """Return whether the items that a bundle with this description knows are the first of the data."""
    same = all(input[key] == data.input[key] for key in ("length", "exclude", "repeats"))
    return same and digest(data.classes[: input["items"]]) == input["digest"]


def baseline_features(data: PreparedData[Input], config: "Train") -> BaselineFeatures:
    """Return what each example has seen, by the numbers of the items: nothing else is asked of it."""
    seen = np.asarray(data.inputs("test"))
    if data.input["repeats"]:
        seen = seen[:, data.input["length"] :]
    labels = np.asarray(data.labels("train"))
    return BaselineFeatures(np.zeros((len(labels), 0), np.float32), labels, seen.astype(np.float32), "distance")


def figures(
    data: PreparedData[Input], answers: Sequence[str], labels: Sequence[str], wrong: NDArray[np.floating]
) -> "dict[str, Figure]":
    """Return none beside those of the task."""
    return {}


def corruptions(data: PreparedData[Input], config: "Train") -> Mapping[str, Corruption]:
    """Return what may happen to a list of recent items before it is seen."""
    length, items = data.input["length"], data.input["items"]
    return {
        "lost items": partial(forgotten, length),
        "items in another order": partial(swapped, length),
        "items of somebody else": partial(strayed, length, items),
    }


def behaviours(data: PreparedData[Input], model: "Evaluated", config: "Train") -> list[Behaviour]:
    """Return how often the model does what anything that suggests should.

    Minimum: what is named as seen or to be left out is not suggested. Invariance: without the oldest of its recent
    items a list has mostly the same suggestions.
    """
    length = data.input["length"]
    lists = np.array(data.inputs("test")[:: ceil(data.counts["test"] / _TRIED)])
    before = model.score(lists)
    found = [] if data.input["repeats"] else [_left_out("what was seen is left out", lists, before)]
    if data.input["exclude"]:
        sold = lists.copy()
        sold[:, -1] = read_rankings(before).items[:, 0] + 1
        found.append(_left_out("what is sold out is left out", sold[:, length:], model.score(sold)))
    long = lists[(lists[:, :length] > 0).sum(axis=1) >= _LEAST]
    if len(long):
        shorter = long.copy()
        oldest = (long[:, :length] > 0).sum(axis=1) - 1
        shorter[np.arange(len(long)), oldest] = 0
        same = model.same(model.score(long), model.score(shorter))
        found.append(Behaviour.of("without the oldest recent item", "invariance", same))
    return found


def leaks(data: PreparedData[Input], config: "Train") -> list[Leak]:
    """Return the test examples that are not later than all of training, and those whose list holds the answer."""
    late = int(data.array("train", "times").max(initial=0))
    early = np.flatnonzero(np.asarray(data.array("test", "times")) <= late)
    found = [_leak("not later than training", early, data)]
    if not data.input["repeats"]:
        labels = np.asarray(data.labels("test"))
        known = (np.asarray(data.inputs("test")) == labels[:, None] + 1).any(axis=1)
        found.append(_leak("the answer in the list", np.flatnonzero(known), data))
    return found


def _leak(name: str, rows: NDArray[np.int64], data: PreparedData[Input]) -> Leak:
    example = data.classes[data.labels("test")[rows[0]]] if len(rows) else ""
    return Leak(name, len(rows), data.counts["test"], example)


def _left_out(name: str, lists: NDArray[np.int32], outputs: NDArray[np.float32]) -> Behaviour:
    items = read_rankings(outputs).items + 1
    named = ((items[:, :, None] == lists[:, None, :]) & (items > 0)[:, :, None]).any(axis=(1, 2))
    return Behaviour.of(name, "minimum", ~named)
