"""What the labels of pictures ask for."""

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


def test_anomalies_are_not_for_pictures_and_it_is_said_before_any_training() -> None:
    with pytest.raises(DataError, match=r"task: anomaly is for tables as yet; .* prepare.positive"):
        asked_task(labels("", ""), None, "anomaly")


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
