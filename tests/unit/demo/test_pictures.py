import io
from pathlib import Path

import numpy as np
from PIL import Image

from demo.pictures import Pictures

PIXELS = np.full((30, 4, 4), 200, np.uint8)
LABELS = ["T-shirt/top", "Bag", "Coat"] * 10
WORK = Pictures(1, 2, PIXELS, LABELS, history=10, a_day=10, known=0.5)


def test_none_is_asked_about_that_was_learnt_from_and_dark_ones_begin_on_their_day(tmp_path: Path) -> None:
    WORK.begin(tmp_path)
    assert len(list((tmp_path / "story").rglob("*.png"))) == 10
    assert {folder.name for folder in (tmp_path / "story").iterdir()} == {"T-shirt or top", "Bag", "Coat"}
    first, second = WORK.day(0), WORK.day(1)
    assert [example.truth.replace(" or ", "/") for example in (*first, *second)] == LABELS[10:]
    assert {brightness(example.content) for example in first} == {200}
    assert {brightness(example.content) for example in second} == {60}
    assert not any(example.changed for example in first)
    assert all(example.changed for example in second)
    assert 0 < sum(example.told for example in (*first, *second)) < 20


def test_another_label_is_one_of_the_classes() -> None:
    assert sorted({WORK.turned(label.replace("/", " or ")) for label in LABELS}) == ["Bag", "Coat", "T-shirt or top"]
    assert WORK.wrong == "Bag"


def brightness(content: object) -> int:
    assert isinstance(content, bytes)
    return int(np.asarray(Image.open(io.BytesIO(content))).max())
