import numpy as np
import pytest

from components.kinds.prepared import PreparedData
from components.kinds.text import evaluation
from components.kinds.text.codec.characters import decode, encoded
from components.kinds.text.codec.input import Input
from components.kinds.text.evaluation.changes import CORRUPTIONS, changed, mistyped, polite, unsigned
from components.kinds.text.params import Train

CODES = encoded(["set a timer for twenty minutes, please!", "why", "?!"], 96)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corruption_grows_and_leaves_the_given_texts_alone(name: str) -> None:
    before = CODES.copy()
    slight, bad, again = (CORRUPTIONS[name](CODES, severity, 0) for severity in (1, 3, 3))
    assert (before == CODES).all()
    assert (bad == again).all()
    assert slight.shape == CODES.shape
    assert decode(slight[0]) != decode(CODES[0])
    assert all(decode(text) for text in bad)


def test_people_who_mean_the_same_write_otherwise() -> None:
    assert decode(changed(unsigned, CODES, 1, 0)[0]) == "set a timer for twenty minutes please"
    assert decode(changed(unsigned, CODES, 1, 0)[2]) == "? !"
    assert decode(changed(polite, CODES, 1, 0)[0]).endswith("set a timer for twenty minutes , please !")
    once = decode(changed(mistyped, CODES, 1, 0)[0]).split()
    assert sum(one != other for one, other in zip(once, decode(CODES[0]).split(), strict=True)) == 1


def test_a_baseline_learns_from_words(texts: PreparedData[Input]) -> None:
    features = evaluation.baseline_features(texts, Train())
    assert features.train.shape == (texts.counts["train"], 512)
    assert np.linalg.norm(features.test, axis=1) == pytest.approx(1.0)


def test_a_test_text_that_was_learned_from_is_a_leak(texts: PreparedData[Input]) -> None:
    (leak,) = evaluation.leaks(texts, Train())
    assert (leak.count, leak.of) == (0, texts.counts["test"])
    np.save(texts.path / "train_inputs.npy", texts.inputs("test")[:2])
    (leak,) = evaluation.leaks(texts, Train())
    assert leak.count == 2
    assert leak.example == decode(texts.inputs("test")[0])
