"""What a caller says became of a row, by the task that it is a label of."""

import re
from typing import Any

import pytest

from components import catalogue
from components.config.errors import BadRequest
from components.tasks.labels import plain

CLASSES = ["T-shirt/top", "Bag", "Ankle boot"]


@pytest.mark.parametrize(
    ("task", "classes", "told", "kept"),
    [
        ("classification", CLASSES, "Bag", "Bag"),
        ("classification", CLASSES, " Bag ", "Bag"),
        ("classification", ["0", "1", "2"], 2, "2"),
        ("classification", ["0", "1", "2"], 2.0, "2"),
        ("classification", ["False", "True"], True, "True"),
        ("classification", ["0", "1"], False, "0"),
        ("detection", ["genuine", "fraud"], True, "fraud"),
        ("detection", ["genuine", "fraud"], "genuine", "genuine"),
        ("detection", ["genuine", "fraud"], 1.0, "fraud"),
        ("detection", ["genuine", "fraud"], "no", "genuine"),
        ("detection", ["1", "2"], 1, "1"),
        ("anomaly", ["good", "odd"], "True", "odd"),
        ("regression", [], 3, 3.0),
        ("regression", [], "3.5", 3.5),
    ],
)
def test_a_label_is_kept_as_the_class_or_the_number(task: str, classes: list[str], told: Any, kept: Any) -> None:
    assert catalogue.codec("table", task).label(told, classes) == kept


@pytest.mark.parametrize(
    ("task", "classes", "told", "sentence"),
    [
        ("classification", CLASSES, "bag", "'bag' is no class of the version at work; known are T-shirt/top, Bag"),
        ("classification", CLASSES, "bag", "Ankle boot; did you mean 'Bag'?"),
        ("classification", ["cat", "dog"], True, "True is no class"),
        ("classification", [str(number) for number in range(200)], 200, "19 and 180 more"),
        ("detection", ["genuine", "fraud"], "frud", "known are true, false, genuine, fraud; did you mean 'fraud'?"),
        ("detection", ["genuine", "fraud"], 2, "2 is no class"),
        ("regression", [], "many", "expected a finite number, not 'many'"),
        ("regression", [], True, "expected a finite number, not True"),
        ("regression", [], float("inf"), "expected a finite number, not inf"),
        ("regression", [], 10**400, "expected a finite number"),
    ],
)  # fmt: skip
def test_what_is_neither_is_refused_with_what_is_known(task: str, classes: list[str], told: Any, sentence: str) -> None:
    with pytest.raises(BadRequest, match=f"^label: .*{re.escape(sentence)}"):
        catalogue.codec("table", task).label(told, classes)


class Many(tuple[str, ...]):
    """A catalogue, which is not to be searched from its beginning for each label."""

    def __contains__(self, name: object) -> bool:
        raise AssertionError


def test_of_very_many_classes_none_is_compared_with_every_other(monkeypatch: pytest.MonkeyPatch) -> None:
    classes = Many(f"lamp {number}" for number in range(2_000))
    assert plain("lamp 1999", classes) == "lamp 1999"
    assert plain(" lamp 7", classes) == "lamp 7"
    with pytest.raises(BadRequest, match=r"'lamp x' is no class .* and 1980 more$"):
        plain("lamp x", classes)
    with pytest.raises(BadRequest, match="did you mean 'lamp 7'"):
        plain("Lamp 7", [f"lamp {number}" for number in range(9)])
