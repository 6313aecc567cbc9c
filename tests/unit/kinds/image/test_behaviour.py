from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from components import catalogue
from components.config.params import parse
from components.kinds.contract import Score
from components.kinds.image.evaluation.behaviour import plainest
from components.kinds.image.params import Train
from components.kinds.prepared import PreparedData

FLIPS, KEEPS = (parse(Train, {"flip": flip}, "train.") for flip in (True, False))


@pytest.fixture
def learned(written: PreparedData) -> Score:
    """A model that has learned digits."""
    pictures, labels = np.asarray(written.inputs("train")), np.asarray(written.labels("train"))
    with threadpool_limits(1):
        model = LogisticRegression(C=0.05, max_iter=500).fit(pictures.reshape(len(pictures), -1) / 255, labels)

    def score(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        found: NDArray[np.float32] = model.predict_proba(pictures.reshape(len(pictures), -1) / 255).astype(np.float32)
        return found

    return score


def shares(data: PreparedData, score: Score, config: Train = KEEPS) -> dict[str, float]:
    return {
        one.name: one.passed / one.count for one in catalogue.evaluation("image").behaviours(data, score, {}, config)
    }


def test_a_model_that_has_learned_behaves(written: PreparedData, learned: Score) -> None:
    found = shares(written, learned)
    assert found["the plainest are right"] == 1.0
    assert found["a little brighter"] > 0.98
    assert found["less sure behind noise"] > 0.8
    sorts = {one.sort for one in catalogue.evaluation("image").behaviours(written, learned, {}, KEEPS)}
    assert sorts == {"invariance", "direction", "minimum"}


def test_mirror_images_are_shown_only_where_they_were_taught(written: PreparedData, learned: Score) -> None:
    assert "mirrored" not in shares(written, learned)
    assert shares(written, learned, FLIPS)["mirrored"] < 0.8  # a digit is not what its mirror image is


def test_a_model_that_looks_at_single_pixels_is_found_out(written: PreparedData) -> None:
    def score(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        odd = pictures[:, 4, 7, 0] % 2
        return np.stack([0.3 + 0.4 * odd, 0.7 - 0.4 * odd], axis=1).astype(np.float32)

    found = shares(written, score)
    assert found["moved by a pixel"] < 0.8
    assert found["the plainest are right"] < 0.3


def test_a_model_that_is_surer_behind_noise_is_found_out(written: PreparedData) -> None:
    def score(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        grain = np.abs(np.diff(pictures.astype(np.float32), axis=2)).mean(axis=(1, 2, 3)) / 255
        return np.stack([0.5 + grain / 2, 0.5 - grain / 2], axis=1)

    assert shares(written, score)["less sure behind noise"] < 0.2


def test_the_plainest_are_of_every_class_and_no_model_is_asked(written: PreparedData) -> None:
    indices = plainest(written)
    labels = np.asarray(written.labels("test"))
    counts = np.bincount(labels[indices], minlength=10)
    assert (counts > 0).all()
    assert (counts <= np.ceil(np.bincount(labels) / 10)).all()
    corrupted = np.array(written.inputs("test"))
    np.random.default_rng(0).shuffle(corrupted)
    np.save(written.path / "test_inputs.npy", corrupted)  # pictures that are not what they are called are not plain
    wrong = plainest(written)
    assert (labels[wrong] == labels[np.argsort(np.argsort(wrong))]).mean() < 1.0
    assert len(wrong) < len(indices)


def test_where_nothing_is_plain_nothing_is_asked(written: PreparedData, learned: Score) -> None:
    labels = (np.asarray(written.labels("test")) + 1) % 10
    np.save(written.path / "test_labels.npy", labels)
    few = [
        one for one in catalogue.evaluation("image").behaviours(written, learned, {}, KEEPS) if one.sort == "minimum"
    ]
    assert len(few) == 1
    assert few[0].count < 5


def test_a_class_without_a_training_picture_has_no_plain_one(written: PreparedData) -> None:
    labels = np.array(written.labels("train"))
    labels[labels == 3] = 5
    np.save(written.path / "train_labels.npy", labels)
    few = replace(written, counts={**written.counts})
    assert 3 not in np.asarray(few.labels("test"))[plainest(few)]
