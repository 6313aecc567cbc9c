import io
from dataclasses import replace

import numpy as np
import pytest

from components.watch.statistics.drift import fit_reference, packed, spent, unpacked, watch
from tests.unit.watch.statistics.drift.streams import stream


@pytest.mark.slow
def test_days_like_those_of_the_reference_raise_no_alarm() -> None:
    for seed in range(12):
        reference, days = stream(seed, live=21)
        assert reference.placebo_days == 28
        assert len(reference.counts) == 7
        assert not any(day.alarm for day in watch(reference, days))


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("number", lambda columns: {**columns, "number": columns["number"] + 1}),
        ("number", lambda columns: {**columns, "number": np.zeros(len(columns["number"]))}),
        ("number", lambda columns: {**columns, "number": np.where(columns["number"] > 0, np.nan, columns["number"])}),
        ("number", lambda columns: {name: columns[name] for name in columns if name != "number"}),
        ("where", lambda columns: {**columns, "where": np.where(columns["where"] == "shop", "till", columns["where"])}),
        ("where", lambda columns: {**columns, "where": np.where(columns["where"] == "shop", None, columns["where"])}),
        ("count", lambda columns: {**columns, "count": columns["count"] + 1}),
    ],
    ids=["moved", "zero", "missing", "left out", "renamed", "null", "counted once more"],
)
def test_a_column_that_changes_is_named_and_no_other(column: str, change: object) -> None:
    assert callable(change)
    reference, days = stream(0, live=6, change=lambda at, columns: change(columns) if at >= 4 else columns)
    found = watch(reference, days)
    assert [day.alarm for day in found[:4]] == [False] * 4
    assert found[4].drifted == (column,)
    assert found[4].day is not None
    at = list(reference.bins).index(column)
    assert found[4].day.size[at] > found[4].day.threshold[at]
    assert found[4].day.p_value[at] <= 0.05


def test_the_p_value_is_where_the_threshold_is() -> None:
    reference, days = stream(0, live=9, change=lambda at, columns: {**columns, "number": columns["number"] + 0.07 * at})
    for day in watch(reference, days):
        for effects in (day.day, day.two_days, day.week):
            if effects is not None:
                assert ((effects.p_value < 0.05) == (effects.size > effects.threshold)).all()


def test_a_holiday_is_like_a_sunday_and_a_day_without_traffic_like_nothing() -> None:
    reference, days = stream(
        3, live=8, change=lambda at, columns: {name: columns[name][: -1 if at != 1 else 0] for name in columns}
    )
    days[2] = replace(days[6], weekday=2)
    sundays = watch(reference, days)
    assert sundays[1].rows == 0
    assert sundays[1].day is None
    assert sundays[2].day is not None
    assert sundays[2].day.sort in (5, 6)
    assert not any(day.alarm for day in sundays)


def test_a_small_difference_is_none_however_many_rows_there_are() -> None:
    random = np.random.default_rng(0)
    before, now = random.normal(0, 1, 100_000), random.normal(0.03, 1, 100_000)  # a distance of 0.012
    reference = fit_reference({"number": before})
    days = [reference.count({"number": now})]
    assert not watch(reference, days)[0].alarm
    assert watch(reference, days, least=0.0)[0].alarm


def test_rows_of_few_entities_are_less_evidence() -> None:
    random = np.random.default_rng(0)
    entity = np.repeat(np.arange(200), 10)
    values = random.normal(0, 1, 200)[entity] + random.normal(0, 0.1, 2_000)
    alike, alone = (fit_reference({"number": values}, None, of) for of in (entity, None))
    again = np.repeat(np.arange(20), 10)
    now = {"number": random.normal(0, 1, 20)[again] + random.normal(0, 0.1, 200)}
    close, far = watch(alike, [alike.count(now, again)])[0].day, watch(alone, [alone.count(now)])[0].day
    assert close is not None
    assert far is not None
    assert close.size == far.size
    assert close.threshold[0] > 2 * far.threshold[0]


def test_all_days_to_come_share_alpha() -> None:
    total = sum(spent(day, 0.05) for day in range(1, 20_000))
    assert 0.044 < total < 0.05


def test_a_reference_is_the_same_from_its_arrays() -> None:
    reference, days = stream(0, live=3)
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **packed(reference))
    file.seek(0)
    again = unpacked(np.load(file, allow_pickle=False))
    assert list(again.bins) == list(reference.bins)
    assert again.bins["where"] == reference.bins["where"]
    first, second = watch(reference, days)[-1].week, watch(again, days)[-1].week
    assert first is not None
    assert second is not None
    assert (first.threshold == second.threshold).all()
    assert (first.size == second.size).all()
