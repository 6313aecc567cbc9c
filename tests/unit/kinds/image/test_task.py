"""What the labels of pictures ask for."""

from typing import Any

import numpy as np
import pytest

from components.config.errors import DataError
from components.kinds.image.prepare.task import asked_task


def labels(*names: str) -> dict[int, str]:
    return dict(enumerate(names))


def test_names_are_classes_and_measured_numbers_a_regression() -> None:
    assert asked_task(labels("cup", "plate", "cup"), None, None).name == "classification"
    assert asked_task(labels("0", "1", "2"), None, None).name == "classification"
    found = asked_task(labels("0.5", "1", "2.25"), None, None)
    assert found.name == "regression"
    assert found.classes(["0.5", "1", "2.25"]) == []
    assert found.told(["2.25", "1"], []).tolist() == [2.25, 1.0]
    assert found.told(["2.25", "1"], []).dtype == np.float64
    assert found.stratum("2.25") == found.stratum("1")
    assert asked_task(labels(*map(str, range(200))), None, None).name == "regression"


@pytest.mark.parametrize("task", [None, "detection"])
def test_the_positive_label_comes_last(task: str | None) -> None:
    found = asked_task(labels("good", "defect", "good"), "defect", task)
    assert (found.name, found.classes(["defect", "good"])) == ("detection", ["good", "defect"])
    assert found.told(["defect", "good"], ["good", "defect"]).tolist() == [1, 0]
    assert found.read == [
        "'defect' is the one to be found (1 of 3 pictures, 33.3%), 'good' is the other: task: detection"
    ]
    assert asked_task(labels("no", "Yes"), None, "detection").positive == "Yes"
    assert asked_task(labels("1", "0"), None, "detection").positive == "1"


@pytest.mark.parametrize(
    ("names", "said", "classes", "told"),
    [
        (["", ""], {}, ["normal", "anomaly"], [-1, -1]),
        (["good", "scratch", "dent", ""], {}, ["good", "anomaly"], [0, 1, 1, -1]),
        (["mug", "crack"], {"trained": {"mug"}}, ["mug", "crack"], [0, 1]),
        (["mug", "crack"], {"positive": "crack"}, ["mug", "crack"], [0, 1]),
        (["mug", "cup", "fox"], {"positive": "fox"}, ["normal", "fox"], [0, 0, 1]),
        (["mug", "cup", "fox"], {"normal": "mug"}, ["mug", "anomaly"], [0, 1, 1]),
        (["mug"], {}, ["mug", "anomaly"], [0]),
    ],
)
def test_labels_of_anomalies_are_ordinary_or_to_be_found(
    names: list[str], said: dict[str, Any], classes: list[str], told: list[int]
) -> None:
    found = asked_task(labels(*names), said.pop("positive", None), "anomaly", **said)
    assert (found.name, found.classes(names)) == ("anomaly", classes)
    assert found.told(names, classes).tolist() == told
    given = ["test" if index == 1 else None for index in told]
    assert [found.split(name, None) for name in names] == given  # no training sees a known anomaly
    assert found.split(names[0], "train") == "train"


@pytest.mark.parametrize(
    ("names", "said", "what"),
    [
        (["mug", "cup", "cup"], {}, "Write prepare.normal: cup, .*prepare.positive, .* or prepare.labels: none"),
        (["", "mug"], {}, "which of the labels is that of ordinary pictures, 'mug'"),
        (
            ["good", "crack"],
            {"normal": "fine"},
            "prepare.normal is 'fine', which is no label: there are",
        ),
        (["", ""], {"positive": "crack"}, "prepare.positive is 'crack', which is no label: there are none"),
        (["a", "b"], {"positive": "a", "normal": "a"}, "are both 'a'"),
    ],
)
def test_what_is_not_clear_of_anomalies_is_asked(names: list[str], said: dict[str, Any], what: str) -> None:
    with pytest.raises(DataError, match=what):
        asked_task(labels(*names), said.pop("positive", None), "anomaly", **said)


def test_an_ordinary_label_is_for_anomalies_alone() -> None:
    with pytest.raises(DataError, match=r"prepare.normal is 'good', which is for anomalies: write task: anomaly"):
        asked_task(labels("good", "bad"), None, None, "good")


@pytest.mark.parametrize(
    ("names", "positive", "task", "what"),
    [
        (["good", "bad"], None, "detection", "write prepare.positive: bad to find those 1, or prepare.positive: good"),
        (["good", "bad"], "worse", "detection", "'worse', which is neither: the labels are 'bad' and 'good'"),
        (["a", "b", "c"], "a", None, r"task: detection needs two labels, and there are 3 \('a', 'b', 'c'\)"),
        (["a", "b"], "a", "classification", "leave it out, or write task: detection"),
        (["3", "tall"], None, "regression", "'tall' is none; or write task: classification"),
        (["3", "3"], None, "regression", "every picture has the number 3"),
    ],
)
def test_what_is_none_of_the_task_is_said(names: list[str], positive: str, task: str, what: str) -> None:
    with pytest.raises(DataError, match=what):
        asked_task(labels(*names), positive, task)
