"""What is known of evaluating a model of sounds: simple features, figures, robustness, behaviour, leaks."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from components.kinds.audio.codec.input import Input
from components.kinds.audio.evaluation.corruption import corruptions_at, noisy
from components.kinds.audio.evaluation.spectrum import log_mel, summaries
from components.kinds.evaluation import BaselineFeatures, Behaviour, Corruption, Leak
from components.kinds.plain import costs as costs
from components.kinds.plain import ranked as ranked
from components.kinds.prepared import PreparedData

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from components.kinds.audio.params import Train
    from components.kinds.contract import Evaluated

_MOST_LEARNED = 20_000  # recordings that the baseline learns from
_TRIED = 500  # test recordings
_SHOWN = 12
_MOVED = 0.02  # seconds
_SOFTER = 0.5
_HEAVY = 0.0  # decibels above the noise
_SLACK = 0.01  # of a probability: what is less is no change

Int16 = NDArray[np.int16]


def accepts(input: Input, data: PreparedData[Input]) -> bool:
    """Return whether the samples are as many, and as many a second, as a bundle with this description takes."""
    return input["rate"] == data.input["rate"] and input["length"] == data.input["length"]


def baseline_features(data: PreparedData[Input], config: "Train") -> BaselineFeatures:
    """Return mean and standard deviation of each band of the log-mel spectrum."""
    count = data.counts["train"]
    some = np.linspace(0, count - 1, min(count, _MOST_LEARNED)).astype(np.int64)
    train, test = (
        summaries(samples, data.input["rate"], config.mels)
        for samples in (data.inputs("train")[some], data.inputs("test"))
    )
    return BaselineFeatures(train, np.asarray(data.labels("train"))[some], test, "linear")


def figures(
    data: PreparedData[Input], answers: Sequence[str], labels: Sequence[str], wrong: NDArray[np.floating]
) -> "dict[str, Figure]":
    """Return the spectra of the worst mistakes, with answer and label."""
    from matplotlib.figure import Figure

    worst = [index for index in np.argsort(-wrong, kind="stable")[:_SHOWN].tolist() if wrong[index] > 0]
    if not worst:
        return {}
    figure = Figure(figsize=(10.0, 2.0 * -(-len(worst) // 4) + 0.4), layout="constrained")
    figure.suptitle("The mistakes it was surest of")
    for axes, index in zip(figure.subplots(-(-len(worst) // 4), 4, squeeze=False).flat, worst, strict=False):
        spectrum = log_mel(data.inputs("test")[index : index + 1], data.input["rate"], 40)[0]
        axes.imshow(spectrum, origin="lower", aspect="auto", cmap="magma")
        axes.set_title(f"{answers[index]}, is {labels[index]}", fontsize=9)
        axes.axis("off")
    return {"worst_mistakes": figure}


def corruptions(data: PreparedData[Input], config: "Train") -> Mapping[str, Corruption]:
    """Return what may happen to a recording before it is heard."""
    return corruptions_at(data.input["rate"])


def behaviours(data: PreparedData[Input], model: "Evaluated", config: "Train") -> list[Behaviour]:
    """Return how often the model does what any model of sounds should.

    Invariance: a recording moved by a fiftieth of a second, or at half its size, is answered the same. Direction:
    behind noise as loud as itself none is more surely what it was taken for.
    """
    samples = np.array(data.inputs("test")[:_TRIED])
    before = model.score(samples)
    by = max(1, round(_MOVED * data.input["rate"]))
    moved = np.concatenate([np.zeros_like(samples[:, :by]), samples[:, :-by]], axis=1)
    softer = np.rint(samples * _SOFTER).astype(np.int16)
    tried = [
        Behaviour.of("moved by a fiftieth of a second", "invariance", model.same(before, model.score(moved))),
        Behaviour.of("at half its size", "invariance", model.same(before, model.score(softer))),
    ]
    random = np.random.default_rng(0)
    loud = np.stack([_rounded(noisy(sound.astype(np.float64), _HEAVY, random)) for sound in samples])
    sure = (model.surety(before, before), model.surety(model.score(loud), before))
    if sure[0] is not None and sure[1] is not None:
        tried.append(Behaviour.of("behind heavy noise", "direction", sure[1] <= sure[0] + _SLACK))
    return tried


def leaks(data: PreparedData[Input], config: "Train") -> list[Leak]:
    """Return the test recordings that are in the training split, to the sample."""
    known = {sound.tobytes(): index for index, sound in enumerate(data.inputs("train"))}
    found = {at: known[raw] for at, sound in enumerate(data.inputs("test")) if (raw := sound.tobytes()) in known}
    example = next((f"test recording {test} is training recording {train}" for test, train in found.items()), "")
    return [Leak("same", len(found), data.counts["test"], example)]


def _rounded(sound: NDArray[np.float64]) -> Int16:
    return np.clip(np.rint(sound), -32_768, 32_767).astype(np.int16)
