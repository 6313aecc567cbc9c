from pathlib import Path

import numpy as np
import pytest

from components.config.errors import ConfigError
from components.config.params import parse
from components.kinds.image.params import Prepare
from components.kinds.image.prepare import shape
from tests.unit.kinds.image.preparing import label_of, prepared, save

UNSAID = {"size": None, "channels": None}


def pictures(folder: Path, sides: list[tuple[int, int]], grey: bool = False) -> Path:
    random = np.random.default_rng(0)
    for number in range(40):
        height, width = sides[number % len(sides)]
        pixels = random.integers(0, 256, (height, width, 1 if grey else 3), dtype=np.uint8)
        save(folder / label_of(number) / f"{number}.png", number, np.repeat(pixels, 3, axis=2) if grey else pixels)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sides", "grey", "expected"),
    [
        ([(48, 60)], False, (48, 3)),
        ([(300, 200), (160, 500)], False, (128, 3)),
        ([(12, 9)], False, (32, 3)),
        ([(90, 70)], True, (32, 1)),
    ],
)
def test_what_is_left_out_is_by_the_pictures(
    sides: list[tuple[int, int]], grey: bool, expected: tuple[int, int], tmp_path: Path
) -> None:
    data, report = prepared(pictures(tmp_path / "mugs", sides, grey), **UNSAID)
    assert (data.input["height"], data.input["channels"]) == expected
    colours = "in grey" if grey else "in colour"
    assert f"pictures are prepared {colours}, {expected[0]} x {expected[0]} pixels" in " ".join(report["read"])


def test_many_pictures_are_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shape, "FEW", 39)
    data, _ = prepared(pictures(tmp_path / "mugs", [(48, 48)]), **UNSAID)
    assert data.input["height"] == 32


def test_what_is_said_wins(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "mugs", [(48, 60)])
    sized, _ = prepared(folder, size=24, channels=None)
    grey, _ = prepared(folder, size=None, channels=1)
    whole, report = prepared(folder, size=24, channels=1)
    assert [(data.input["height"], data.input["channels"]) for data in (sized, grey, whole)] == [
        (24, 3),
        (32, 1),
        (24, 1),
    ]
    assert "pictures are prepared" not in " ".join(report["read"])


def test_a_wrong_size_is_one_line() -> None:
    with pytest.raises(ConfigError, match=r"prepare\.size: found 2; input should be greater than or equal to 8"):
        parse(Prepare, {"size": 2}, "prepare.")
