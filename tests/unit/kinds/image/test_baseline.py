from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from components import catalogue
from components.config.params import parse
from components.kinds.image.evaluation.features import gradient_features
from components.kinds.image.evaluation.hog import BINS, hog
from components.kinds.image.params import Train
from components.kinds.prepared import PreparedData, open_prepared, write_about
from components.tasks.estimators import class_probabilities

RANDOM = np.random.default_rng(0)
CONFIG = parse(Train, {"epochs": 1, "batch_size": 8}, "train.")
NAMES = ("accuracy", "macro_f1", "log_loss", "expected_calibration_error", "brier_score")
MODULE = import_module("components.kinds.image.evaluation.features")


def baseline(data: PreparedData, config: Train) -> NDArray[np.float32]:
    """Return the baseline's probabilities of the test pictures."""
    return class_probabilities(gradient_features(data), len(data.classes), config.seed)


def directions(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return how much there is of each direction in a picture `[H, W]`, over all cells."""
    return hog(picture[None, :, :, None]).reshape(BINS, -1).sum(axis=1)


def edge(quarters: int = 0) -> NDArray[np.uint8]:
    """Return a picture, dark on the left and bright on the right, turned clockwise by so many quarters."""
    picture = np.zeros((28, 28), np.uint8)
    picture[:, 14:] = 200
    return np.rot90(picture, -quarters)


def stripes(count: int, side: int = 16, channels: int = 1) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return noisy pictures of stripes that lie (0), stand (1) or lean (2), at any place, and which they are."""
    labels = np.arange(count) % 3
    row, column = np.mgrid[:side, :side]
    waves = np.stack([row, column, row + column])[labels] + RANDOM.integers(0, 6, count)[:, None, None]
    pictures = 60 + 120 * (waves % 6 < 3) + RANDOM.integers(0, 60, waves.shape)
    return np.repeat(pictures[..., None], channels, axis=3).astype(np.uint8), labels


def prepared(path: Path, classes: str = "abc", **kind: int) -> PreparedData:
    for split, count in {"train": 300, "validation": 3, "test": 90}.items():
        pictures, labels = stripes(count, **kind)
        np.save(path / f"{split}_inputs.npy", pictures)
        np.save(path / f"{split}_labels.npy", labels)
    write_about(path, "image", list(classes), {}, {})
    return open_prepared(path)


@pytest.mark.parametrize("quarters", range(4))
def test_an_edge_falls_into_the_direction_in_which_it_brightens(quarters: int) -> None:
    found = directions(edge(quarters))
    assert found.argmax() == quarters * BINS // 4
    assert found.max() == pytest.approx(found.sum())


def test_a_direction_between_two_is_shared_by_them() -> None:
    row, column = np.mgrid[:28, :28].astype(np.float32)
    angle = 2 * np.pi / BINS * 1.25
    found = directions((4 * (column * np.cos(angle) + row * np.sin(angle))).astype(np.uint8))
    assert found[1] > found[2] > 3 * np.delete(found, [1, 2]).max()


def test_to_turn_a_picture_is_to_turn_its_cells_and_directions() -> None:
    picture = RANDOM.integers(0, 256, (28, 28), dtype=np.uint8)
    upright, turned = (hog(shown[None, ..., None]).reshape(BINS, 7, 7) for shown in (picture, np.rot90(picture, -1)))
    np.testing.assert_allclose(turned, np.roll(np.rot90(upright, -1, (1, 2)), BINS // 4, axis=0), atol=1e-5)


def test_brightness_and_contrast_hardly_matter() -> None:
    picture = RANDOM.integers(100, 150, (1, 28, 28, 1), dtype=np.uint8)
    np.testing.assert_allclose(hog(picture), hog(2 * (picture - 90)), atol=0.01)


@pytest.mark.parametrize("value", [0, 7, 255])
@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (33, 33, 3), (100, 100, 3)])
def test_there_is_nothing_in_a_constant_picture(value: int, shape: tuple[int, ...]) -> None:
    np.testing.assert_allclose(hog(np.full((2, *shape), value, np.uint8)), 0, atol=1e-4)


@pytest.mark.parametrize("side", [8, 9, 28, 47, 56, 90, 224])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_size_has_finite_features_and_no_more_than_28_pixels_have(side: int, channels: int) -> None:
    features = hog(RANDOM.integers(0, 256, (3, side, side, channels), dtype=np.uint8))
    assert features.dtype == np.float32
    assert features.shape == (3, BINS * min(7, side // 2) ** 2)
    assert np.isfinite(features).all()
    assert features.max() <= 2 * 0.2 + 1e-6


def test_a_picture_that_is_twice_as_large_shows_the_same() -> None:
    picture = RANDOM.integers(0, 256, (2, 28, 28, 1), dtype=np.uint8)
    large = picture.repeat(2, axis=1).repeat(2, axis=2).repeat(3, axis=3)
    np.testing.assert_allclose(hog(large), hog(picture), atol=1e-5)


@pytest.mark.parametrize("kind", [{"side": 8}, {"side": 16}, {"side": 60, "channels": 3}])
def test_it_learns_what_can_be_told_apart(kind: dict[str, Any], tmp_path: Path) -> None:
    data = prepared(tmp_path, **kind)
    answers = baseline(data, CONFIG)
    assert answers.shape == (90, 3)
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)
    assert (answers.argmax(axis=1) == data.labels("test")).mean() > 0.9


def test_it_answers_the_same_twice(tmp_path: Path) -> None:
    data = prepared(tmp_path)
    assert baseline(data, CONFIG).tobytes() == baseline(data, CONFIG).tobytes()


def test_more_than_it_may_look_at_is_looked_at_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = prepared(tmp_path)
    monkeypatch.setattr(MODULE, "_ANSWERS", 100 * (3 + 14))
    indices = MODULE._indices(data)
    assert (len(indices), indices[0], indices[-1]) == (100, 0, 299)
    assert (baseline(data, CONFIG).argmax(axis=1) == data.labels("test")).mean() > 0.8
    monkeypatch.setattr(MODULE, "_PIXELS", 50 * (16 * 16 + 16 * 16 // 40))
    assert len(MODULE._indices(data)) == 50


def test_a_class_without_training_pictures_is_never_answered(tmp_path: Path) -> None:
    answers = baseline(prepared(tmp_path, classes="abcd"), CONFIG)
    assert answers.shape == (90, 4)
    assert (answers[:, 3] == 0).all()


def test_one_class_is_the_only_answer(tmp_path: Path) -> None:
    data = prepared(tmp_path)
    np.save(tmp_path / "train_labels.npy", np.ones(300, np.int64))
    assert (baseline(data, CONFIG) == [0, 1, 0]).all()


def test_the_evaluation_shows_it_beside_the_network(tmp_path: Path) -> None:
    data = prepared(tmp_path)
    found = catalogue.evaluation("image").measure(data, np.full((90, 3), 1 / 3, np.float32), {}, CONFIG)
    assert set(found) == {f"{who}{name}" for who in ("", "baseline_") for name in NAMES}
    assert found["accuracy"] == pytest.approx(1 / 3)
    assert found["baseline_accuracy"] > 0.9
