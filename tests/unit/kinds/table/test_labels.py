"""Which value of a label is the one to be found: known, or asked for."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from components.config.errors import DataError
from components.config.params import parse, read_yaml
from components.kinds.table.params import Columns, Prepare, Split
from components.kinds.table.prepare import prepare
from components.kinds.table.prepare.labels import LABEL, Labels, labels
from components.kinds.table.prepare.table import open_table

SPLIT = Split(train=1, validation=1, test=1)


def read(
    values: Any, tmp_path: Path, positive: Any = None, unknown: Any = (), task: str | None = None
) -> tuple[Labels, list[int]]:
    """Return how the column is read, and the label of each of its rows; the parameters are those of a YAML file."""
    said = {"label": "bad", "time": "time", "unknown": list(unknown)}
    (tmp_path / "columns.yaml").write_text(
        json.dumps(said)[:-1] + ("" if positive is None else f", positive: {positive}") + "}"
    )
    config = Prepare(columns=parse(Columns, read_yaml(tmp_path / "columns.yaml"), ""), split=SPLIT)
    frame = pl.DataFrame({"time": range(len(values)), "bad": values}, strict=False)
    frame.write_parquet(tmp_path / "table.parquet")
    table = open_table(tmp_path / "table.parquet", config)
    found = labels(table, config, task)
    return found, table.frame.with_columns(found.expression()).collect()[LABEL].to_list()


@pytest.mark.parametrize(
    "values",
    [
        [0, 1],
        [0.0, 1.0],
        [False, True],
        ["0", "1"],
        ["0.0", "1.0"],
        ["no", "yes"],
        ["No ", "YES"],
        ["n", "y"],
        ["N", "Y"],
        ["false", "true"],
        ["FALSE", "True"],
        ["f", "t"],
    ],
)
def test_plain_words_for_no_and_yes_are_known(values: list[Any], tmp_path: Path) -> None:
    found, told = read([*values, None, values[0]], tmp_path)
    assert told == [0, 1, -1, 0]
    assert "is the one to be found (1 of 3 rows, 33.33%)" in found.read[0]
    assert found.read[-1] == "1 of 4 rows have no label (yet)"


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([0, 1], pl.UInt8),
        ([0, 1], pl.Decimal(4, 1)),
        ([0, 1], pl.Float32),
        (["no", "yes"], pl.Categorical),
        (["no", "yes"], pl.Enum(["yes", "no"])),
    ],
)
def test_a_label_may_be_kept_in_any_type(values: list[Any], dtype: Any, tmp_path: Path) -> None:
    assert read(pl.Series([*values, None]).cast(dtype), tmp_path)[1] == [0, 1, -1]


@pytest.mark.parametrize(
    ("values", "first", "second"),
    [
        ([1, 2], "1", "2"),
        ([-1, 1], "-1", "1"),
        (["good", "bad"], "bad", "good"),
        (["fraud", "legit"], "fraud", "legit"),
        (["spam", "ham"], "ham", "spam"),
        (["positive", "negative"], "negative", "positive"),
        (["N", "F"], "F", "N"),
        (["on", "off"], '"off"', '"on"'),
        ([">50K", "<=50K"], "<=50K", '">50K"'),
        (["fraud", "none"], "fraud", "none"),
        (["Fraud", "fraud "], "Fraud", '"fraud "'),
        ([0, 2], "0", "2"),
        ([0.5, 1.0], "0.5", "1"),
    ],
)
def test_other_values_are_asked_for(values: list[Any], first: str, second: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read([values[0], values[0], values[0], values[1]], tmp_path)
    said = str(caught.value)
    assert "column 'bad' (prepare.columns.label) has the values" in said
    for written in (first, second):
        assert f"prepare.columns.positive: {written} to find those" in said
        share = "75.0%" if written.strip('"') == str(values[0]) else "25.0%"
        assert f"prepare.columns.positive: {written} to find those {share}" in said
        meant = written.strip('"')
        _, told = read([values[0], values[0], values[1]], tmp_path, positive=written)
        assert told == ([1, 1, 0] if meant == str(values[0]) else [0, 0, 1])


@pytest.mark.parametrize(
    ("values", "positive", "expected"),
    [
        (["Yes", "No"], "Yes", [1, 0]),
        (["Yes", "No"], "No", [0, 1]),
        (["yes", "no"], "true", [1, 0]),
        (["Y", "N"], "yes", [1, 0]),
        (["Y", "N"], "y", [1, 0]),
        (["On", "Off"], "On", [1, 0]),
        (["On", "Off"], "off", [0, 1]),
        (["Yes", "Unlikely"], "Yes", [1, 0]),
        (["1", "0"], "1", [1, 0]),
        ([1.0, 0.0], "1", [1, 0]),
        ([1, 0], "1.0", [1, 0]),
        ([True, False], "1", [1, 0]),
        ([True, False], "0", [0, 1]),
        ([1, 0], "true", [1, 0]),
        ([1, 0], "false", [0, 1]),
        ([1, 2], "1", [1, 0]),
        (["Fraud ", "Legit"], "fraud", [1, 0]),
        (["1", "2"], "2.0", [0, 1]),
    ],
)
def test_positive_is_taken_for_what_it_means(
    values: list[Any], positive: str, expected: list[int], tmp_path: Path
) -> None:
    assert read(values, tmp_path, positive=positive)[1] == expected


@pytest.mark.parametrize(
    ("values", "positive"), [([1, 2], "true"), ([1, 2], "3"), (["good", "bad"], "Yes"), ([0, 1], "2")]
)
def test_a_positive_that_is_not_there_is_said(values: list[Any], positive: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"prepare.columns.positive is \S+, which is neither: write prepare"):
        read(values, tmp_path, positive=positive)


def test_spellings_and_words_for_nothing_are_put_together_and_said(tmp_path: Path) -> None:
    found, told = read(["Yes", "yes ", "YES", "No", "no", "N/A", "?", "", "Y"], tmp_path)
    assert told == [1, 1, 1, 0, 0, -1, -1, -1, 1]
    assert "in 'bad' 'No', 'no' are taken as one" in found.read
    assert any("'?' (1 row), 'N/A' (1 row) mean that the label is not known" in sentence for sentence in found.read)
    found, told = read(["Fraud ", "fraud", "ok", "OK", "null"], tmp_path, positive="fraud")
    assert told == [1, 1, 0, 0, -1]


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ([0, 1, 0, 9], r"has 3 values \(0 \(2 rows\), 1 .*: \[9\], else write task: classification"),
        ([0, 1, 0, -1], r"if the others mean 'not known' write prepare.columns.unknown: \[-1\]"),
        ([0, 1] * 200 + [2], r"if the others mean 'not known' write prepare.columns.unknown: \[2\]"),
        (["yes", "no", "maybe"], r"prepare.columns.unknown: \[maybe\]"),
        (["a", "b", "c", "a", "b"], r"has 3 values, 1 of them in one row alone \('c' \(1 row\)\)"),
        ([0, 0, None], r"has one value alone, 0 \(2 rows\) \(1 of 3 rows have none, which means: not known yet\)"),
        ([None, None], r"has no value in any of the 2 rows"),
        ([datetime(2024, 1, 1), datetime(2024, 1, 2)], "holds neither classes nor numbers"),
    ],
)
def test_what_is_no_label_or_may_mean_two_things_is_said(values: list[Any], what: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=what) as caught:
        read(values, tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "classes", "told"),
    [
        ([0, 1, 2, 1, 2, 0], ["0", "1", "2"], [0, 1, 2, 1, 2, 0]),
        (["setosa", "virginica", "setosa", "versicolor"] * 2, ["setosa", "versicolor", "virginica"], [0, 2, 0, 1] * 2),
        (["b ", "a", "B", "c", None, "c", "a", "?"], ["a", "B", "c"], [1, 0, 1, 2, -1, 2, 0, -1]),
    ],
)
def test_more_values_are_classes(values: list[Any], classes: list[str], told: list[int], tmp_path: Path) -> None:
    found, indices = read(values, tmp_path)
    assert (found.task, found.classes, indices) == ("classification", classes, told)
    assert found.read[0].endswith(": task: classification")
    assert (found.told(np.array(indices)) == indices).all()


@pytest.mark.parametrize("values", [[1.5, 2.25, None, 3.0, 1.5], [*range(30), None], [3.0, float("nan"), -1.5, 0.25]])
def test_numbers_are_a_regression(values: list[Any], tmp_path: Path) -> None:
    found, indices = read(values, tmp_path)
    assert (found.task, found.classes) == ("regression", [])
    assert found.read[0].endswith(": task: regression")
    expected = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    np.testing.assert_array_equal(found.told(np.array(indices)), expected)


def test_the_task_may_be_said(tmp_path: Path) -> None:
    assert read([1, 2, 1, 2], tmp_path, task="classification")[0].classes == ["1", "2"]
    assert read([3, 4, 5, 3, 4, 5], tmp_path, task="regression")[0].numbers.tolist() == [3.0, 4.0, 5.0]
    assert read([0, 1, 0, 9] * 2, tmp_path, task="classification")[0].classes == ["0", "1", "9"]
    found, told = read(["fine", "odd", None], tmp_path, positive="odd", task="anomaly")
    assert (found.task, found.classes, told) == ("anomaly", ["fine", "odd"], [0, 1, -1])
    for values, task, positive, what in (
        (["a", "b"], "regression", None, "holds texts .* write them as plain numbers"),
        ([0, 1, 2], "detection", None, "a detection tells two apart"),
        (["a", "b", "c"] * 2, None, "a", "leave prepare.columns.positive out and write task: classification"),
        (["a", "b", "c"] * 2, "classification", "a", "has no positive class: leave it out, or write task: detection"),
    ):
        with pytest.raises(DataError, match=what):
            read(values, tmp_path, task=task, positive=positive)


def test_without_a_label_anomalies_are_found(tmp_path: Path) -> None:
    config = Prepare(columns=parse(Columns, {"time": "time"}, ""), split=SPLIT)
    pl.DataFrame({"time": range(3), "x": range(3)}).write_parquet(tmp_path / "table.parquet")
    table = open_table(tmp_path / "table.parquet", config)
    found = labels(table, config)
    assert (found.task, found.classes) == ("anomaly", ["normal", "anomaly"])
    assert table.frame.with_columns(found.expression()).collect()[LABEL].to_list() == [-1, -1, -1]
    with pytest.raises(DataError, match="name the column that the regression is to tell"):
        labels(table, config, "regression")


def test_values_that_mean_not_known_can_be_named(tmp_path: Path) -> None:
    found, told = read([0, 1, 9, 2], tmp_path, unknown=[9, 2])
    assert told == [0, 1, -1, -1]
    assert any("2 (1 row), 9 (1 row) mean that the label is not known" in sentence for sentence in found.read)
    assert read(["1", "2", "unknown"], tmp_path, positive="1", unknown=["Unknown"])[1] == [1, 0, -1]


def test_the_splits_end_with_the_last_label(tmp_path: Path) -> None:
    start = datetime(2024, 1, 1)
    frame = pl.DataFrame(
        {
            "time": [start + timedelta(hours=hour) for hour in range(24 * 20)],
            "x": np.arange(480) % 7,
            "bad": [hour % 2 if hour < 24 * 15 else None for hour in range(480)],
        }
    )
    frame.write_parquet(tmp_path / "table.parquet")
    config = Prepare(columns=Columns(label="bad", time="time"), delay=1.0, split=Split(train=7, validation=3, test=4))
    (tmp_path / "out").mkdir()
    prepare(tmp_path / "table.parquet", tmp_path / "out", config, tmp_path / "schema.yaml")
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["splits"]["test"] == ["2024-01-12", "2024-01-16"]
    assert report["records"]["test"] == 96
    assert (
        "the last label is of 2024-01-15, later records (to 2024-01-20) have none yet: "
        "the splits end with the last label" in report["read"]
    )
    with pytest.raises(DataError, match=r"the table has 15 days \(2024-01-01 to 2024-01-15; the last label is of"):
        prepare(
            tmp_path / "table.parquet",
            tmp_path / "out",
            config.model_copy(update={"split": Split(train=10, validation=3, test=4)}),
            tmp_path / "schema.yaml",
        )
