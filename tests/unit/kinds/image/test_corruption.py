import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from components.kinds.evaluation import SEVERITIES
from components.kinds.image.evaluation.corruption import CORRUPTIONS, moved

NAMES = ["brightness", "contrast", "noise", "blur", "shift", "rotation", "jpeg"]


def shapes(channels: int, height: int = 28, width: int = 28) -> NDArray[np.uint8]:
    """Return forty pictures with smooth shapes in them."""
    random = np.random.default_rng(0)
    down, right = np.mgrid[:height, :width] / height
    centres = random.uniform(0.3, 0.7, (40, 2, 1, 1))
    far = np.hypot(down - centres[:, 0], right - centres[:, 1])
    shade = random.uniform(0.4, 1.0, (40, 1, 1, channels))
    return (255 * np.clip(1.5 - 4 * far, 0, 1)[..., None] * shade).astype(np.uint8)


def test_there_are_those_that_matter_to_pictures() -> None:
    assert list(CORRUPTIONS) == NAMES


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 40, 24)])
def test_the_more_severe_the_farther_away(name: str, shape: tuple[int, int, int]) -> None:
    pictures = shapes(*shape)
    kept = pictures.copy()
    corrupted = [CORRUPTIONS[name](pictures, severity, 5) for severity in SEVERITIES]
    away = [np.abs(one.astype(float) - pictures).mean() for one in corrupted]
    assert 0 < away[0] < away[1] < away[2] < 90
    assert all(one.dtype == np.uint8 and one.shape == pictures.shape for one in corrupted)
    assert (pictures == kept).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_corrupts_the_same(name: str) -> None:
    pictures = shapes(1)
    first, again, other = (CORRUPTIONS[name](pictures, 2, seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first == other).all() == (name in ("brightness", "contrast", "blur", "jpeg"))


@pytest.mark.parametrize("name", NAMES)
def test_batches_change_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = shapes(3)
    if name in ("shift", "rotation", "noise"):
        whole = CORRUPTIONS[name](pictures, 1, 0)
        monkeypatch.setattr("components.kinds.image.evaluation.corruption._BATCH", 7 * pictures[0].size)
        assert np.allclose(CORRUPTIONS[name](pictures, 1, 0), whole)
        return
    apart = np.concatenate([CORRUPTIONS[name](one[None], 1, 0) for one in pictures])
    assert (apart == CORRUPTIONS[name](pictures, 1, 0)).all()


def test_none_is_none() -> None:
    assert all(corrupt(shapes(1)[:0], 1, 0).shape == (0, 28, 28, 1) for corrupt in CORRUPTIONS.values())


def test_brightness_is_added_and_contrast_taken_away() -> None:
    flat = np.full((1, 8, 8, 1), 100, np.uint8)
    flat[0, 0, 0] = 250
    brighter, flatter = (CORRUPTIONS[name](flat, 2, 0)[0, ..., 0] for name in ("brightness", "contrast"))
    assert (brighter[1, 1], brighter[0, 0]) == (151, 255)
    mean = flat.mean()
    assert (flatter[1, 1], flatter[0, 0]) == (round(mean + (100 - mean) / 2), round(mean + (250 - mean) / 2))


def test_noise_has_the_deviation_that_it_says() -> None:
    grey = np.full((50, 28, 28, 1), 128, np.uint8)
    assert CORRUPTIONS["noise"](grey, 3, 0).std() == pytest.approx(0.12 * 255, rel=0.02)


def test_a_blur_keeps_the_light_and_a_flat_picture() -> None:
    point = np.zeros((1, 29, 29, 1), np.uint8)
    point[0, 14, 14] = 255
    blurred = CORRUPTIONS["blur"](point, 3, 0)[0, ..., 0].astype(int)
    assert abs(blurred.sum() - 255) < 20
    assert blurred[14, 14] < 100
    assert (blurred == blurred.T).all()
    assert (CORRUPTIONS["blur"](np.full((2, 9, 12, 3), 77, np.uint8), 2, 0) == 77).all()


def test_a_picture_is_moved_and_its_edge_repeated() -> None:
    picture = np.arange(12, dtype=np.uint8).reshape(1, 3, 4, 1)
    found = moved(picture, np.array([1]), np.array([-1]))[0, ..., 0]
    assert found.tolist() == [[1, 2, 3, 3], [1, 2, 3, 3], [5, 6, 7, 7]]


def test_a_rotation_is_pillows() -> None:
    pictures = shapes(1)
    turned = CORRUPTIONS["rotation"](pictures, 3, 0)
    for picture, found in zip(pictures, turned, strict=True):
        ways = [
            np.asarray(Image.fromarray(picture[..., 0]).rotate(angle, Image.Resampling.BILINEAR)) for angle in (-20, 20)
        ]
        inside = (slice(6, -6), slice(6, -6), 0)
        assert min(np.abs(found[inside].astype(int) - way[6:-6, 6:-6]).max() for way in ways) <= 2
    left = sum(np.abs(found.astype(int) - again).sum() == 0 for found, again in zip(turned, pictures, strict=True))
    assert left == 0
