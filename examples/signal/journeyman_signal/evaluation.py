"""What is known of evaluating a model of signals, whatever is asked of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.contract import Evaluated
from components.kinds.evaluation import BaselineFeatures, Behaviour, Corruption, Leak
from components.kinds.plain import costs as costs
from components.kinds.plain import ranked as ranked
from components.kinds.prepared import PreparedData

_NOISE = 0.1  # of the signals' spread, at severity 1
_LITTLE = 0.001


def accepts(input: Any, data: PreparedData) -> bool:
    """Return whether the signals have the samples that a bundle with this description takes."""
    return bool(input["samples"] == data.input["samples"])


def baseline_features(data: PreparedData, config: Any) -> BaselineFeatures:
    """Return the spectrum of each signal, whose place in time means nothing."""
    train, test = (np.abs(np.fft.rfft(data.inputs(split))).astype(np.float32) for split in ("train", "test"))
    return BaselineFeatures(train, np.asarray(data.labels("train")), test, "trees")


def figures(data: PreparedData, answers: Sequence[str], labels: Sequence[str], wrong: NDArray[Any]) -> dict[str, Any]:
    """Return none beside those of the task."""
    return {}


def corruptions(data: PreparedData, config: Any) -> Mapping[str, Corruption]:
    """Return what may happen to a signal: noise."""
    spread = float(np.std(data.inputs("train")))
    return {"noise": lambda signals, severity, seed: _noisy(signals, _NOISE * severity * spread, seed)}


def behaviours(data: PreparedData, model: Evaluated, config: Any) -> list[Behaviour]:
    """Return how often a little noise leaves the answer as it is."""
    signals = np.array(data.inputs("test")[:500])
    little = _noisy(signals, _LITTLE * float(signals.std()), 0)
    return [Behaviour.of("a little noise", "invariance", model.same(model.score(signals), model.score(little)))]


def leaks(data: PreparedData, config: Any) -> list[Leak]:
    """Return the test signals that are in the training split, to the bit."""
    known = {signal.tobytes() for signal in data.inputs("train")}
    found = [index for index, signal in enumerate(data.inputs("test")) if signal.tobytes() in known]
    return [Leak("same", len(found), data.counts["test"], f"test signal {found[0]}" if found else "")]


def _noisy(signals: NDArray[Any], size: float, seed: int) -> NDArray[Any]:
    noise = np.random.default_rng(seed).normal(0.0, size, signals.shape)
    return (signals + noise).astype(np.float32)
