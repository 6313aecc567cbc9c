"""What is known of evaluating a model of records: simple features, robustness, behaviour, leaks, cards."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from components.kinds.evaluation import BaselineFeatures, Behaviour, Column, Corruption, Leak
from components.kinds.prepared import PreparedData, Split
from components.kinds.table.codec.features import DAY
from components.kinds.table.codec.input import Input
from components.kinds.table.evaluation.behaviour import try_behaviours
from components.kinds.table.evaluation.cards import CARDS, card_precision
from components.kinds.table.evaluation.columns import columns_of
from components.kinds.table.evaluation.corruption import corruptions_of
from components.kinds.table.evaluation.features import linear_features, record_features
from components.kinds.table.evaluation.leak import find_leaks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from components.kinds.contract import Evaluated
    from components.kinds.table.params import Train


def accepts(input: Input, data: PreparedData[Input]) -> bool:
    """Return whether the features are those that a bundle with this description takes, and made in the same way."""
    return all(input[key] == data.input[key] for key in ("features", "definition"))


def baseline_features(data: PreparedData[Input], config: "Train") -> BaselineFeatures:
    """Return the features as they are; where no label is learned from, without those that are made from labels.

    Where trees may serve, trees would be no simpler model: then they are features for a linear one, or to measure by.
    """
    labelled = config.labels == "all" and data.task != "anomaly"
    return record_features(data, labelled) if config.model == "network" else linear_features(data, labelled)


def costs(data: PreparedData[Input], split: Split) -> NDArray[np.float64] | None:
    """Return the amounts of the records `[N]`: to miss one that is positive costs its amount; None: there are none."""
    return None if data.input["amount_feature"] is None else np.asarray(data.array(split, "amounts"))


def ranked(data: PreparedData[Input], scores: NDArray[np.floating]) -> dict[str, float]:
    """Return the card precision, where the table has cards."""
    if not data.has("test", "cards"):
        return {}
    cards, days = data.array("test", "cards"), data.array("test", "times") // DAY
    return {f"card_precision_{CARDS}": card_precision(cards, days, np.asarray(data.labels("test")), scores)}


def figures(
    data: PreparedData[Input], answers: Sequence[str], labels: Sequence[str], wrong: NDArray[np.floating]
) -> "dict[str, Figure]":
    """Return nothing: a record is no picture."""
    return {}


def corruptions(data: PreparedData[Input], config: "Train") -> Mapping[str, Corruption]:
    """Return what may happen to a record before it is seen."""
    return corruptions_of(data.input)


def behaviours(data: PreparedData[Input], model: "Evaluated", config: "Train") -> list[Behaviour]:
    """Return how often the model does what any model of records should."""
    return try_behaviours(data, model, labelled=config.labels == "all" and data.task != "anomaly")


def leaks(data: PreparedData[Input], config: "Train") -> list[Leak]:
    """Return the training records that know of the evaluation."""
    return find_leaks(data)


def columns(data: PreparedData[Input]) -> list[Column]:
    """Return the columns that features are made of, and what they cost, the dearest first."""
    return columns_of(data)
