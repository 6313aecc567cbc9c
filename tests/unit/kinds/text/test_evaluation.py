from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from components.kinds.prepared import PreparedData
from components.kinds.text import evaluation
from components.kinds.text.codec.characters import decode, encoded
from components.kinds.text.codec.input import Input
from components.kinds.text.evaluation.changes import CORRUPTIONS, changed, mistyped, polite, unsigned
from components.kinds.text.evaluation.synonyms import SYNONYMS, replaced
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


def test_a_word_is_replaced_by_its_synonym_in_the_texts_that_have_one() -> None:
    texts = encoded(["find a cheap taxi", "play mozart"], 96)
    one, two = (changed(replaced, texts, amount, 0) for amount in (1, 9))
    words = ["find", "a", "cheap", "taxi"]
    assert sum(word not in words for word in decode(one[0]).split()) == 1
    assert decode(two[0]) == "locate a inexpensive cab"
    assert (one[1] == texts[1]).all()
    assert not {word for word, other in SYNONYMS.items() if word == other or not other.isalpha()}


class Counts:
    """A model whose answer is how many letters `a` a text has."""

    @staticmethod
    def score(texts: NDArray[Any]) -> NDArray[np.float32]:
        return (texts == ord("a")).sum(axis=1, keepdims=True).astype(np.float32)

    @staticmethod
    def same(before: NDArray[np.float32], after: NDArray[np.float32]) -> NDArray[np.bool_]:
        same: NDArray[np.bool_] = (before == after)[:, 0]
        return same

    right = surety = suspicion = staticmethod(lambda *outputs: None)


def test_synonyms_are_tried_where_a_text_has_a_word_of_the_list(texts: PreparedData[Input]) -> None:
    np.save(texts.path / "test_inputs.npy", encoded(["find a bus", "find a cab", "play mozart"], texts.input["length"]))
    found = {one.name: one for one in evaluation.behaviours(texts, Counts(), Train())}
    assert (found["a word by its synonym"].passed, found["a word by its synonym"].count) == (0, 2)
    np.save(texts.path / "test_inputs.npy", encoded(["play mozart"], texts.input["length"]))
    assert "a word by its synonym" not in {one.name for one in evaluation.behaviours(texts, Counts(), Train())}


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
