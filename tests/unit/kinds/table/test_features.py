import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.config.errors import BadRequest
from components.kinds.table.codec import features, values
from components.kinds.table.codec.features import DAY, Definition, Entity, Float32, Int8, Int64
from components.kinds.table.codec.windows import Events, windows

CUSTOMER = Entity(name="customer", days=(1, 7, 30), measures=("count", "mean"), delayed=False)
TERMINAL = Entity(name="terminal", days=(1, 7, 30), measures=("count", "risk", "mean"), delayed=True)
DEFINITION = Definition(
    time="time",
    id="id",
    amount="amount",
    decimals=2,
    delay=7.0,
    entities=(CUSTOMER, TERMINAL),
    numbers=("amount", "foreign"),
    categories={"channel": ("chip", "web")},
)


@dataclass(frozen=True)
class Records:
    """Records in order of time, then arrival."""

    codes: dict[str, Int64]
    time: Int64
    amount: Int64
    label: Int8

    def windows(self, entity: Entity, past: int, asked: int) -> Float32:
        """Return the windows of the last `asked` of the first `past` records."""
        code = self.codes[entity.name][:past]
        events, places = Events.none().followed_by(code, self.time[:past], self.amount[:past], self.label[:past])
        return windows(events, places[-asked:], entity, DEFINITION)


@pytest.fixture(scope="module")
def records() -> Records:
    """Some 50 days of records on the hour, so that many share a time; some without a label, some without an entity."""
    random = np.random.default_rng(5)
    count = 1_500
    return Records(
        codes={"customer": random.integers(-1, 6, count), "terminal": random.integers(-1, 20, count)},
        time=np.sort(random.integers(0, 50 * 24, count)) * 3_600_000 + 1_522_540_800_000,
        amount=random.integers(0, 30_000, count),
        label=random.choice(np.array([-1, 0, 0, 0, 1], dtype=np.int8), count),
    )


@pytest.mark.slow
@pytest.mark.parametrize("entity", [CUSTOMER, TERMINAL], ids=lambda entity: entity.name)
def test_one_record_at_a_time_has_the_features_of_the_whole_table(entity: Entity, records: Records) -> None:
    count = len(records.time)
    whole = records.windows(entity, count, count)
    for record in range(count):
        code, time = records.codes[entity.name], records.time
        known = (code == code[record]) & (time > time[record] - features.lookback(DEFINITION))
        past = np.flatnonzero(known[: record + 1])  # what a store would give for this entity, the record at its end
        alone = Records(
            {entity.name: np.where(code[past] < 0, -1, 0)}, time[past], records.amount[past], records.label[past]
        )
        assert alone.windows(entity, len(past), 1).tobytes() == whole[record].tobytes()


@pytest.mark.parametrize("entity", [CUSTOMER, TERMINAL], ids=lambda entity: entity.name)
def test_a_table_that_grows_has_the_features_of_the_whole_table(entity: Entity, records: Records) -> None:
    count, code = len(records.time), records.codes[entity.name]
    whole, events = records.windows(entity, count, count), Events.none()
    for start in range(0, count, 400):
        new = slice(start, start + 400)
        events, places = events.followed_by(code[new], records.time[new], records.amount[new], records.label[new])
        assert windows(events, places, entity, DEFINITION).tobytes() == whole[new].tobytes()
        events = events.since(int(records.time[new][-1]) - features.lookback(DEFINITION))
    assert len(events.time) < count


@pytest.mark.slow
@pytest.mark.parametrize("entity", [CUSTOMER, TERMINAL], ids=lambda entity: entity.name)
def test_windows_are_what_they_are_said_to_be(entity: Entity, records: Records) -> None:
    count = len(records.time)
    whole = records.windows(entity, count, count)
    for record in range(0, count, 3):
        expected = [
            _naive(records, record, entity, measure, days) for measure in entity.measures for days in entity.days
        ]
        assert whole[record].tolist() == [float(np.float32(value)) for value in expected]


def test_windows_are_those_of_the_handbook(records: Records) -> None:
    """Fraud Detection Handbook, chapter 3, "Baseline feature transformation": pandas, rolling over a time index."""
    named = (records.codes["customer"] >= 0) & (records.codes["terminal"] >= 0) & (records.label >= 0)
    known = Records(
        {name: code[named] for name, code in records.codes.items()},
        records.time[named],
        records.amount[named],
        records.label[named],
    )
    frame = pd.DataFrame({"amount": known.amount / 100, "fraud": known.label.astype(float), **known.codes})
    frame.index = pd.to_datetime(known.time, unit="ms")
    frame["row"] = range(len(frame))
    count = len(frame)
    customer, terminal = (known.windows(entity, count, count) for entity in (CUSTOMER, TERMINAL))
    for place, days in enumerate((1, 7, 30)):
        for _, group in frame.groupby("customer"):
            rolling = group["amount"].rolling(f"{days}D")
            np.testing.assert_array_equal(customer[group["row"], place], rolling.count())
            np.testing.assert_allclose(customer[group["row"], 3 + place], rolling.mean(), rtol=1e-5)
        for _, group in frame.groupby("terminal"):
            frauds = group["fraud"].rolling(f"{7 + days}D").sum() - group["fraud"].rolling("7D").sum()
            counts = group["fraud"].rolling(f"{7 + days}D").count() - group["fraud"].rolling("7D").count()
            np.testing.assert_array_equal(terminal[group["row"], place], counts)
            np.testing.assert_allclose(terminal[group["row"], 3 + place], (frauds / counts).fillna(0), atol=1e-6)


def test_names_stand_in_the_order_of_the_features() -> None:
    assert features.names(DEFINITION)[:5] == ["amount", "foreign", "weekend", "night", "customer_count_1d"]
    assert features.names(DEFINITION)[-2:] == ["terminal_mean_30d", "channel"]
    assert features.label_features(DEFINITION) == ["terminal_risk_1d", "terminal_risk_7d", "terminal_risk_30d"]
    assert features.lookback(DEFINITION) == 37 * DAY
    table = features.assemble(
        np.array([[1.5, np.nan]]), np.array([0]), [np.full((1, 6), 2.0), np.full((1, 9), 3.0)], np.array([[2]])
    )
    assert table.dtype == np.float32
    assert table.shape == (1, len(features.names(DEFINITION)))
    assert table[0, [0, 2, 3, 4, 10, 19]].tolist() == [1.5, 0.0, 1.0, 2.0, 3.0, 2.0]


def test_categories_stand_in_the_order_in_which_json_brings_them_back() -> None:
    unsorted = DEFINITION.model_copy(update={"categories": {}}).model_dump() | {
        "categories": {"b": ("x",), "a": ("y",)}
    }
    definition = Definition.model_validate(unsorted)
    assert features.names(definition)[-2:] == ["a", "b"]
    assert Definition.model_validate_json(json.dumps(definition.model_dump(), sort_keys=True)) == definition


def test_weekend_and_night_are_those_of_utc() -> None:
    hours = np.arange(-400, 24 * 30) * 3_600_000 + 3_599_999
    moments = [datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(time)) for time in hours]
    expected = [[moment.weekday() >= 5, moment.hour <= 6] for moment in moments]
    assert features.calendar(hours).tolist() == expected


def test_entities_that_do_not_fit_are_refused() -> None:
    code = np.array([0, 2**40])
    with pytest.raises(OverflowError, match="number them from 0"):
        Events.none().followed_by(code, np.array([0, 10**12]), code, np.zeros(2, dtype=np.int8))


def test_records_are_read_into_arrays() -> None:
    sent: list[dict[str, Any]] = [
        {"id": 7, "time": "2018-04-01T00:00:31", "amount": 57.165, "foreign": True, "channel": "web"},
        {"id": "b", "time": 1_522_540_831, "amount": None, "channel": "telegraph"},
    ]
    assert values.times(sent, DEFINITION).tolist() == [1_522_540_831_000] * 2
    assert values.amounts(sent, DEFINITION).tolist() == [5716, 0]
    assert values.texts(sent, "id") == ["7", "b"]
    assert values.texts(sent, "customer") == ["", ""]
    assert values.categories(sent, DEFINITION).tolist() == [[2.0], [0.0]]
    np.testing.assert_array_equal(values.numbers(sent, DEFINITION), [[57.165, 1.0], [np.nan, np.nan]])
    plain = DEFINITION.model_copy(update={"numbers": (), "categories": {}, "amount": None})
    assert values.numbers(sent, plain).shape == values.categories(sent, plain).shape == (2, 0)
    assert values.amounts(sent, plain).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1970-01-01T00:00:01.2345", 1_234),
        ("1970-01-01 01:00:01+01:00", 1_000),
        ("1969-12-31T23:59:59.9999Z", -1),
        ("1970-01-02", DAY),
        (datetime(1970, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), 0),
        (1.2345, 1_234),
        (1.5, 1_500),
        (1_522_540_831.07, 1_522_540_831_070),
    ],
)
def test_times_are_whole_milliseconds_in_utc(value: Any, expected: int) -> None:
    assert values.milliseconds(value) == expected


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"time": "yesterday"}, "^time: expected a time as 2018-04-01T12:30:00Z, .* found 'yesterday'$"),
        ({"time": None}, "time: expected a time"),
        ({"time": True}, "time: expected a time"),
        ({"time": 1e300}, "time: expected a time"),
        ({"amount": "12"}, "^amount: expected an amount of at most 90071992547410, found '12'$"),
        ({"amount": -1e15}, "amount: expected an amount"),
        ({"amount": float("inf")}, "amount: expected an amount"),
        ({"foreign": [1]}, r"foreign: expected a number, found \[1\]"),
        ({"foreign": 10**400}, r"foreign: expected a number of at most 3.4e\+38"),
        ({"foreign": 1e39}, r"foreign: expected a number of at most 3.4e\+38, found 1e\+39"),
        ({"channel": 5}, "channel: expected a text, found 5"),
        ({"customer": 1.5}, "customer: expected a text or a whole number, found 1.5"),
    ],
)
def test_a_value_that_is_none_is_answered_in_one_sentence(record: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        _read_all([{"time": 0, **record}])


def test_the_record_is_named_where_there_are_several() -> None:
    with pytest.raises(BadRequest, match=r"^record 2: time: "):
        _read_all([{"time": 0}, {"time": "x"}])


def _read_all(sent: list[dict[str, Any]]) -> None:
    for read in (values.times, values.amounts, values.numbers, values.categories):
        read(sent, DEFINITION)
    values.texts(sent, "customer")


def _naive(records: Records, record: int, entity: Entity, measure: str, days: int) -> float:
    """The definition, word by word."""
    code, now = records.codes[entity.name], int(records.time[record])
    if code[record] < 0:
        return 0.0
    end = now - 7 * DAY if entity.delayed else now
    seen = [
        other
        for other in range(len(code) if entity.delayed else record + 1)
        if code[other] == code[record] and end - days * DAY < records.time[other] <= end
    ]
    if measure == "count":
        return len(seen)
    if measure == "mean":
        return sum(int(records.amount[other]) for other in seen) / len(seen) / 100 if seen else 0.0
    labels = [int(records.label[other]) for other in seen if records.label[other] >= 0]
    return labels.count(1) / len(labels) if labels else 0.0
