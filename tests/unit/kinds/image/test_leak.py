import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from components.kinds.evaluation import Leak
from components.kinds.image import evaluation
from components.kinds.image.params import Train
from components.kinds.prepared import PreparedData

CONFIG = Train.model_validate({"recipe": "quick"})


def leaks(data: PreparedData) -> dict[str, Leak]:
    return {leak.name: leak for leak in evaluation.leaks(data, CONFIG)}


def planted(data: PreparedData, pictures: NDArray[np.uint8]) -> dict[str, Leak]:
    """Return the leaks where these pictures stand first in the test split."""
    test = np.array(data.inputs("test"))
    test[: len(pictures)] = pictures
    np.save(data.path / "test_inputs.npy", test)
    return leaks(data)


def test_digits_of_different_hands_are_no_leak(written: PreparedData) -> None:
    found = leaks(written)
    assert (found["same"].count, found["same"].of, found["same"].example) == (0, 700, "")
    assert found["near"].count <= 7


def test_the_same_pictures_are_found(written: PreparedData) -> None:
    found = planted(written, np.asarray(written.inputs("train"))[100:112])
    assert found["same"] == Leak("same", 12, 700, "test picture 0 is training picture 100")
    assert found["near"].count <= 7  # what is the same is not counted twice


@pytest.mark.parametrize("how", ["jpeg", "darker", "lighter"])
def test_pictures_that_were_saved_anew_are_found(written: PreparedData, how: str) -> None:
    before = leaks(written)["near"].count
    copies = np.stack([again(picture, how) for picture in np.asarray(written.inputs("train"))[200:230]])
    found = planted(written, copies)
    assert found["same"].count == 0
    assert found["near"].count >= 28
    assert before <= 7
    assert found["near"].example == "test picture 0 is training picture 200"


def again(picture: NDArray[np.uint8], how: str) -> NDArray[np.uint8]:
    if how == "darker":
        return (picture * 0.8).astype(np.uint8)
    if how == "lighter":
        return np.clip(picture.astype(np.int64) + 30, 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(picture[..., 0]).save(file, "JPEG", quality=50)
    return np.asarray(Image.open(file))[..., None]


def test_flat_pictures_are_like_nothing(written: PreparedData) -> None:
    train = np.array(written.inputs("train"))
    train[:3] = [[[[0]]], [[[255]]], [[[99]]]]
    np.save(written.path / "train_inputs.npy", train)
    before = leaks(written)["near"].count
    found = planted(written, np.full((5, 16, 16, 1), 180, np.uint8))
    assert (found["same"].count, found["near"].count) == (0, before)


def test_nothing_depends_on_the_blocks(written: PreparedData, monkeypatch: pytest.MonkeyPatch) -> None:
    copies = np.clip(np.asarray(written.inputs("train"))[::40].astype(int) + 3, 0, 255).astype(np.uint8)
    whole = planted(written, copies)
    monkeypatch.setattr("components.kinds.similarity._BLOCK", (64, 90))
    monkeypatch.setattr("components.kinds.image.evaluation.leak._VALUES", 3_000)
    assert leaks(written) == whole
    assert whole["near"].count >= 25
