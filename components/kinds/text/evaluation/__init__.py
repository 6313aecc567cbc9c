"""What is known of evaluating a model of texts, whatever is asked of them."""

import zlib
from collections.abc import Mapping, Sequence
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from components.kinds.evaluation import BaselineFeatures, Behaviour, Corruption, Leak
from components.kinds.plain import costs as costs
from components.kinds.plain import ranked as ranked
from components.kinds.prepared import PreparedData
from components.kinds.text.codec.characters import decode
from components.kinds.text.codec.input import Input
from components.kinds.text.evaluation.changes import CORRUPTIONS, changed, mistyped, polite, unsigned
from components.kinds.text.evaluation.synonyms import replaced

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from components.kinds.contract import Evaluated
    from components.kinds.text.params import Train

_TRIED = 500  # test texts, evenly spread
_LEARNED = 5_000  # training texts of the baseline, evenly spread
_WORDS = 512  # places among which the baseline's words are hashed
_SLACK = 0.01  # of a probability: what is less is no change
_LITTLE = 6  # a text is short whose words are fewer: nearly all of it may be changed


def accepts(input: Input, data: PreparedData[Input]) -> bool:
    """Return whether as many characters are read as a bundle with this description takes."""
    return input["length"] == data.input["length"]


def baseline_features(data: PreparedData[Input], config: "Train") -> BaselineFeatures:
    """Return which words a text has, hashed to 512 places."""
    step = max(1, ceil(data.counts["train"] / _LEARNED))
    train, labels = data.inputs("train")[::step], np.asarray(data.labels("train"))[::step]
    return BaselineFeatures(_bags(train), labels, _bags(data.inputs("test")), "linear")


def figures(
    data: PreparedData[Input], answers: Sequence[str], labels: Sequence[str], wrong: NDArray[np.floating]
) -> "dict[str, Figure]":
    """Return none beside those of the task."""
    return {}


def corruptions(data: PreparedData[Input], config: "Train") -> Mapping[str, Corruption]:
    """Return what may happen to a text before it is read."""
    return CORRUPTIONS


def behaviours(data: PreparedData[Input], model: "Evaluated", config: "Train") -> list[Behaviour]:
    """Return how often the model does what any model of texts should.

    Invariance: a text behind a courtesy, with one slip of the fingers, without its signs, or with a word replaced by
    its synonym, where it has one of a short English list, is answered the same. Direction: with a few words of it lost
    no text is more surely what it was taken for.
    """
    texts = np.array(data.inputs("test")[:: ceil(data.counts["test"] / _TRIED)])
    before = model.score(texts)
    variants = {
        "behind a courtesy": changed(polite, texts, 1, 0),
        "one letter mistyped": changed(mistyped, texts, 1, 0),
        "without signs": changed(unsigned, texts, 1, 0),
    }
    same = {name: model.same(before, model.score(variant)) for name, variant in variants.items()}
    found = [Behaviour.of(name, "invariance", passed) for name, passed in same.items()]
    other = changed(replaced, texts, 1, 0)
    if (with_one := (other != texts).any(axis=1)).any():
        passed = model.same(before[with_one], model.score(other[with_one]))
        found.append(Behaviour.of("a word by its synonym", "invariance", passed))
    sure, lost = model.surety(before, before), model.surety(model.score(CORRUPTIONS["lost words"](texts, 3, 0)), before)
    if sure is not None and lost is not None:
        long = np.array([len(decode(text).split()) >= _LITTLE for text in texts])
        found.append(Behaviour.of("less sure with words lost", "direction", (lost <= sure + _SLACK)[long]))
    return found


def leaks(data: PreparedData[Input], config: "Train") -> list[Leak]:
    """Return the test texts that are in the training split, word for word."""
    known = {text.tobytes() for text in data.inputs("train")}
    found = [text for text in data.inputs("test") if text.tobytes() in known]
    return [Leak("the same words", len(found), data.counts["test"], decode(found[0]) if found else "")]


def _bags(texts: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return `[N, 512]`: where a text's words fall, of length 1."""
    bags = np.zeros((len(texts), _WORDS), dtype=np.float32)
    for index, text in enumerate(texts):
        bags[index, [zlib.crc32(word.encode()) % _WORDS for word in decode(text).split()]] = 1.0
    found: NDArray[np.float32] = bags / np.maximum(np.linalg.norm(bags, axis=1, keepdims=True), 1e-6)
    return found
