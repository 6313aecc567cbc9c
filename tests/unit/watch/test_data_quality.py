from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from components import catalogue
from components.watch.data_quality import SHOWN, data_quality
from components.watch.report import DataProblem
from components.watch.rows import VersionDay, VersionRows
from components.watch.statistics.drift import Reference, fit_reference
from components.watch.strange import MOST, Strange, strange, strangest
from tests.unit.small_data import TABLE

ROWS = 400
IDS = pa.array([f"{row:04}" for row in range(ROWS)])


def validation() -> dict[str, Any]:
    random = np.random.default_rng(0)
    return {
        "size": random.random(ROWS),
        "colour": random.choice(np.array([None, "blue", "red"], dtype=object), ROWS, p=[0.1, 0.6, 0.3]),
        "output: score": random.random(ROWS),
    }


@pytest.fixture(scope="module")
def known() -> Reference:
    return fit_reference(validation())


def at_work(known: Reference, *days: dict[str, Any]) -> VersionRows:
    first = date(2026, 11, 2).toordinal()
    counted = {date.fromordinal(first + at): VersionDay(counted=known.count(day)) for at, day in enumerate(days)}
    return VersionRows(days=counted)


def problems(found: tuple[DataProblem, ...]) -> dict[tuple[str, str], list[float]]:
    return {(each.column, each.problem): [day.share for day in each.days] for each in found}


def test_what_validation_had_is_no_problem_and_no_row_of_it_is_strange(known: Reference) -> None:
    assert data_quality(at_work(known, validation()), known) == ()
    assert strange(known, validation(), IDS) == []


def test_each_problem_is_told_by_column_and_day(known: Reference) -> None:
    bad = validation()
    bad["size"][:100] = np.nan
    bad["size"][100:120] = -1
    bad["size"][120:140] = 2
    bad["colour"][:200] = "green"
    bad["output: score"][:] = 9
    found = data_quality(at_work(known, validation(), bad), known)
    assert problems(found) == {
        ("colour", "unknown category"): [0, 0.5],
        ("size", "missing"): [0, 0.25],
        ("size", "out of range"): [0, 0.1],
    }
    assert [(each.column, each.problem) for each in found] == list(problems(found))  # the largest first


def test_a_column_that_is_empty_is_missing_and_that_of_validation_stands_beside(known: Reference) -> None:
    empty = validation() | {"colour": np.full(ROWS, None, dtype=object)}
    (found,) = data_quality(at_work(known, empty), known)
    assert (found.column, found.problem, found.days[0].share) == ("colour", "missing", 1)
    assert found.expected == pytest.approx(0.1, abs=0.04)


def test_of_many_columns_the_worst_are_told() -> None:
    columns = {f"feature {index}": np.arange(100.0) for index in range(SHOWN + 20)}
    known = fit_reference(columns)
    moved = {name: values + index for index, (name, values) in enumerate(columns.items())}
    found = data_quality(at_work(known, moved), known)
    assert len(found) == SHOWN
    assert found[0].column == f"feature {SHOWN + 19}"


def test_a_strange_row_is_named_with_its_reasons_and_without_its_values(known: Reference) -> None:
    odd = validation()
    odd["size"][[3, 7, 9]] = [4711.25, -8.5, np.nan]
    odd["colour"][7] = "hers"
    found = strange(known, odd, IDS)
    assert [(row.id, row.columns) for row in found] == [("0007", 2), ("0003", 1)]
    assert [why.partition(",")[0].rpartition(" ")[0] for why in found[0].why] == [
        "size: below",
        "colour: of no category that validation",
    ]
    assert not any(value in str(found) for value in ("4711", "8.5", "hers"))


def test_the_strangest_are_few_and_the_latest_of_several_alike() -> None:
    rows = [Strange(f"{number:03}", (), number % 3) for number in range(60)]
    found = strangest(rows)
    assert [row.id for row in found] == [f"{number:03}" for number in range(59, 59 - 3 * MOST, -3)]
    assert strangest([*found, *rows[:30]]) == found


def test_a_category_of_a_table_that_is_not_known_is_missing() -> None:
    examples = np.array([[1, 0], [2, 1], [3, 2]], dtype=np.float32)
    found = catalogue.codec("table").described(examples, TABLE)
    assert found["colour"].tolist() == [None, "blue", "red"]
