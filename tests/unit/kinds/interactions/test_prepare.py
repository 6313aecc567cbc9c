import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.config.errors import ConfigError, DataError
from components.kinds.interactions import evaluation, overview
from components.kinds.interactions.codec.input import Input
from components.kinds.interactions.codec.seed import SEED, read_seed
from components.kinds.prepared import SPLITS, PreparedData
from components.kinds.slices import read_slices
from tests.unit.kinds.interactions.conftest import Prepared, prepared_from


def frame(count: int = 200, users: int = 5, items: int = 12, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "user": random.integers(0, users, count),
            "item": [f"i{item}" for item in random.integers(0, items, count)],
            "time": 1_700_000_000 + np.sort(random.integers(0, 40, count)) * 3_600,  # several of one moment
        }
    )


def test_an_example_holds_what_the_user_took_before_it_and_nothing_else(prepared: Prepared) -> None:
    table = frame()
    data = prepared(table, length=4, exclude=3)
    first = table.drop_duplicates(["user", "item"])
    names = data.classes
    seen = 0
    for split in SPLITS:
        inputs, labels, rows = data.inputs(split), data.labels(split), data.array(split, "rows")
        for example, label, row in zip(inputs, labels, rows, strict=True):
            one = table.iloc[row]
            before = first[(first.user == one.user) & (first.time < one.time)]
            assert names[label] == one["item"]
            told = [names[number - 1] for number in example if number]
            assert told == list(before["item"])[::-1][:7]  # of one moment the later row comes first
            seen += len(told)
    assert seen > 100


def test_the_splits_are_spans_of_time_and_items_are_numbered_as_they_came(shop: PreparedData[Input]) -> None:
    times = [shop.array(split, "times") for split in SPLITS]
    assert times[0].max() < times[1].min() <= times[1].max() < times[2].min()
    assert sum(shop.counts.values()) > 1_000
    assert 0.08 < shop.counts["test"] / sum(shop.counts.values()) < 0.12
    taken = np.concatenate([shop.labels(split) for split in SPLITS])
    first = np.unique(taken, return_index=True)[1]
    assert (np.diff(first) > 0).all()
    assert set(np.unique(shop.labels("train"))) == set(range(shop.input["items"]))
    assert json.loads((shop.path / "serving" / "items.json").read_text()) == list(shop.classes[: shop.input["items"]])
    unknown = json.loads((shop.path / "report.json").read_text())["unknown"]
    assert unknown == pytest.approx((np.asarray(shop.labels("test")) >= shop.input["items"]).mean())
    assert set(read_slices(shop)) <= {f"recent items: {part}" for part in ("none", "1 to 4", "5 or more")}
    assert sum(mask.sum() for mask in read_slices(shop).values()) == shop.counts["test"]
    said = overview.overview(shop)
    assert "no suggestion of it can be right" in said.read[-1]
    assert all(line.startswith(("after ", "first of all")) for lines in said.examples.values() for line in lines)


def test_later_data_begins_with_the_items_of_before(tmp_path: Path, prepared: Prepared) -> None:
    table = frame(300)
    whole = prepared(table, length=4, exclude=3)
    table = table[table.time <= table.time.median()]
    (tmp_path / "made").rename(tmp_path / "whole")
    earlier = prepared(table, length=4, exclude=3)
    whole = PreparedData(tmp_path / "whole" / "prepared", whole.kind, whole.classes, whole.input, whole.counts)
    assert evaluation.accepts(earlier.input, whole)
    assert not evaluation.accepts({**earlier.input, "length": 5}, whole)
    assert not evaluation.accepts({**earlier.input, "digest": "0"}, whole)


def test_what_is_taken_again_counts_once_or_as_often_as_it_is_asked(prepared: Prepared, tmp_path: Path) -> None:
    table = frame()
    once = prepared(table)
    (tmp_path / "made").rename(tmp_path / "once")
    again = prepared(table, repeats=True)
    assert sum(once.counts.values()) == len(table.drop_duplicates(["user", "item"]))
    assert sum(again.counts.values()) == len(table)
    assert not np.asarray(again.inputs("test"))[:, again.input["length"] :].any()


def test_values_that_are_low_and_rows_that_lack_something_do_not_count(prepared: Prepared) -> None:
    table = frame().astype({"user": object})
    table["stars"] = 1 + np.arange(len(table)) % 5
    table.loc[3, "user"] = None
    table.loc[4, "item"] = "  "
    data = prepared(table, value="stars", least=3)
    kept = table[(table.stars >= 3) & table.user.notna() & (table["item"] != "  ")]
    assert sum(data.counts.values()) == len(kept.drop_duplicates(["user", "item"]))
    said = {finding.name: finding.count for finding in overview.overview(data).findings}
    assert (said["without a user"], said["without an item"]) == (1, 1)
    assert said["with a stars below 3"] == (table.stars < 3).sum()


@pytest.mark.parametrize(
    "write",
    [
        lambda times: times * 1_000,
        lambda times: times.astype(str) + ".25",
        lambda times: pd.to_datetime(times, unit="s").astype(str),
        lambda times: pd.to_datetime(times, unit="s", utc=True).map(lambda time: time.isoformat()),
        lambda times: pd.to_datetime(times, unit="s").dt.strftime("%d/%m/%Y %H:%M:%S"),
        lambda times: pd.to_datetime(times, unit="s").dt.strftime("%m/%d/%y %I:%M:%S %p"),
    ],
    ids=["milliseconds", "fractions", "texts", "with a zone", "day first", "month first"],
)
def test_times_are_read_as_people_write_them(write: Callable[[pd.Series], pd.Series], prepared: Prepared) -> None:
    table = frame()
    seconds = table.time
    table["time"] = write(table.time)
    data = prepared(table)
    assert data.array("test", "times")[-1] // 1_000 == seconds.max()


def test_a_time_that_can_be_read_in_two_ways_is_asked_for(prepared: Prepared) -> None:
    days = frame().assign(time=[f"{1 + row // 90:02d}/{1 + row % 12:02d}/2025" for row in range(len(frame()))])
    with pytest.raises(DataError, match=r"may be 1 February 2025 .* or 2 January 2025 .* write prepare\.time_format"):
        prepared(days)


def test_a_format_that_is_none_is_refused_by_its_key(prepared: Prepared) -> None:
    days = frame().assign(time="31/12/2025")
    with pytest.raises(ConfigError, match=r"prepare\.time_format: the format '%H' names no day"):
        prepared(days, time_format="%H")


def test_a_time_is_read_as_it_is_said_to_be(prepared: Prepared) -> None:
    days = frame().assign(time=[f"{1 + row // 90:02d}/{1 + row % 12:02d}/2025" for row in range(len(frame()))])
    data = prepared(days, time_format="day first", repeats=True)
    assert data.array("test", "times")[-1] == np.datetime64("2025-12-03", "ms").astype(int)


def _changed(**columns: Any) -> pd.DataFrame:
    return frame().assign(**columns)


@pytest.mark.parametrize(
    ("table", "keys", "said"),
    [
        (
            frame().rename(columns={"user": "who"}),
            {},
            r"prepare\.user: no column is called as the user usually is: wri",
        ),
        (frame(), {"item": "thing"}, r"prepare\.item: there is no column 'thing': write one of user, item, time"),
        (
            _changed(time="soon"),
            {},
            r"column 'time' \(prepare\.time\) holds no time: .* row 0: 'soon'.* name another column",
        ),
        (_changed(user=1), {}, "user: there is one user alone: suggestions are learned from what several users took"),
        (_changed(item="i"), {}, "item: there is one item alone"),
        (_changed(time=1_700_000_000), {}, "time: every interaction has the same time, and the splits are spans of it"),
        (frame().drop_duplicates("time").iloc[:2], {}, "2 interactions are of too few moments to be parted in time"),
        (_changed(user=None), {}, "no interaction has a user, an item and a time"),
        (
            _changed(shown=0.0),
            {"propensity": "shown"},
            r"prepare\.propensity: shown is 0 of 200 interactions: a probab",
        ),
        (_changed(stars="good"), {"value": "stars"}, "stars: not a column of numbers: row 0 is 'good'"),
        (_changed(stars="1,000"), {"value": "stars"}, r"stars: '1,000' may be 1\.000 or 1000: write numbers with a"),
        (frame(), {"item": "user"}, r"prepare\.user and prepare\.item are both the column 'user'"),
        (frame().rename(columns={"user": "Visitor ID"}).assign(customer_id=1), {}, r"prepare\.user: 'Visitor ID' or "),
        (_changed(user=lambda table: table.user * 1e17), {}, r"user: \de\+17 is an id that has lost digits"),
    ],
    ids=["column", "named column", "times", "user", "item", "moment", "few", "nothing", "propensity", "value",
         "thousands", "one column", "two users", "large numbers"],
)  # fmt: skip
def test_what_cannot_be_learned_from_is_refused_in_a_line(
    table: pd.DataFrame, keys: dict[str, object], said: str, prepared: Prepared
) -> None:
    with pytest.raises(DataError, match=said) as refused:
        prepared(table, **keys)
    assert "\n" not in str(refused.value)


def test_another_task_is_refused(prepared: Prepared) -> None:
    with pytest.raises(DataError, match=r"^task: regression: of interactions ranking is asked$"):
        prepared(frame(), task="regression")


def test_numbers_that_name_somebody_are_whole_where_a_gap_made_fractions_of_them(tmp_path: Path) -> None:
    hours = pd.date_range("2025-01-01", periods=40, freq="h")
    users = [123456789012.0, None, float("nan"), 7.0] * 10
    pd.DataFrame({"user": users, "item": [n % 9 for n in range(40)], "time": hours}).to_parquet(tmp_path / "t.parquet")
    data = prepared_from(tmp_path / "t.parquet", tmp_path / "made")
    assert set(read_seed(data.serving / SEED).users) == {"123456789012", "7"}
    report = json.loads((data.path / "report.json").read_text())
    assert report["findings"]["without a user"]["count"] == 20


def table_of(**columns: pa.Array) -> pa.Table:
    """Return interactions with some columns in other types."""
    table = pa.Table.from_pandas(frame(), preserve_index=False)
    for name, values in columns.items():
        table = table.set_column(table.column_names.index(name), name, values)
    return table


@pytest.fixture
def prepared_table(tmp_path: Path) -> Callable[[pa.Table], PreparedData[Input]]:
    """Returns what prepares a Parquet file."""

    def make(table: pa.Table) -> PreparedData[Input]:
        pq.write_table(table, tmp_path / "taken.parquet")
        return prepared_from(tmp_path / "taken.parquet", tmp_path / "made")

    return make


def users(data: PreparedData[Input]) -> set[str]:
    return set(read_seed(data.serving / SEED).users.tolist())


USERS = frame().user.tolist()


@pytest.mark.parametrize(
    "written",
    [
        pa.array(map(float, USERS)),
        pa.array([float("nan"), *map(float, USERS[1:])]),
        pa.array([f"{user}.0" for user in USERS]),
        pa.array([*(f"{user}.0" for user in USERS[:100]), *map(str, USERS[100:])]),
        pa.array(map(Decimal, USERS), pa.decimal128(20, 2)),
        pa.array(map(str, USERS)).dictionary_encode(),
        pa.array(map(str, USERS), pa.large_string()),
    ],
    ids=["floats", "lacking", "texts", "mixed", "decimals", "categories", "large texts"],
)
def test_an_id_is_the_same_however_its_column_is_typed(
    written: pa.Array, prepared_table: Callable[[pa.Table], PreparedData[Input]]
) -> None:
    assert users(prepared_table(table_of(user=written))) == {"0", "1", "2", "3", "4"}


@pytest.mark.parametrize(
    ("written", "known"),
    [
        (pa.array([f"{user:03d}" for user in USERS]), "003"),
        (pa.array([f"{user}.0" if user else "beta" for user in USERS]), "3.0"),
        (pa.array([2**60 + user for user in USERS]), str(2**60 + 3)),
        (pa.array([user + 0.5 for user in USERS]), "3.5"),
    ],
    ids=["zeros", "versions", "large", "fractions"],
)
def test_an_id_that_only_looks_like_a_number_stays_as_it_is(
    written: pa.Array, known: str, prepared_table: Callable[[pa.Table], PreparedData[Input]]
) -> None:
    assert known in users(prepared_table(table_of(user=written)))


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (pa.array([float(2**60 + user) for user in USERS]), "user: 1152921504606846976 is an id that has lost digits"),
        (pa.array([b"\xff%d" % user for user in USERS]), "user: its values are binary, which are no ids: write whole"),
        (
            pa.array([bytes([65 + user] * 16) for user in USERS], pa.binary(16)),
            "user: its values are fixed_size_b",
        ),
        (pa.array([[user] for user in USERS]), "user: its values are list<.*>, which are no ids"),
        (pa.array(["x" * 1_001, *map(str, USERS[1:])]), "user: an id has 1,001 characters, at most 1,000 are taken"),
        (pa.array(["x", "y\0", *map(str, USERS[2:])]), r"user: row 1, 'y.x00', has the character U\+0000 in it"),
    ],
    ids=["floats", "bytes", "as many bytes", "lists", "long", "zero"],
)
def test_what_is_no_id_is_refused_in_a_line(
    written: pa.Array, told: str, prepared_table: Callable[[pa.Table], PreparedData[Input]]
) -> None:
    with pytest.raises(DataError, match=told):
        prepared_table(table_of(user=written))


SECONDS = frame().time.tolist()


@pytest.mark.parametrize(
    "written",
    [
        pa.array(pd.to_datetime(SECONDS, unit="s").astype(str)).dictionary_encode(),
        pa.array(map(Decimal, SECONDS), pa.decimal128(20, 0)),
        pa.array(map(Decimal, SECONDS), pa.decimal128(20, 3)),
        pa.array([*map(float, SECONDS[:-20]), *[float("nan")] * 10, *map(float, SECONDS[-10:])]),
        pa.array([f"{second:.18e}" for second in SECONDS]),
        pa.array([1_000 * second for second in SECONDS]).cast(pa.timestamp("ms", "Asia/Tokyo")),
    ],
    ids=["categories", "decimals", "decimals with a point", "no number", "exponents", "a zone"],
)
def test_times_are_read_however_their_column_is_typed(
    written: pa.Array, prepared_table: Callable[[pa.Table], PreparedData[Input]]
) -> None:
    assert prepared_table(table_of(time=written)).array("test", "times")[-1] == 1_000 * max(SECONDS)


def test_times_of_day_are_no_times(prepared_table: Callable[[pa.Table], PreparedData[Input]]) -> None:
    with pytest.raises(DataError, match=r"prepare\.time: time holds time64\[us\], which are no times"):
        prepared_table(table_of(time=pa.array(SECONDS, pa.int64()).cast(pa.time64("us"))))


@pytest.mark.parametrize("four", ["4,5", " 4.5 ", "4.5", "+4.5e0"])
def test_values_are_read_as_people_write_them_and_missing_ones_counted(four: str, prepared: Prepared) -> None:
    table = frame().assign(stars=[("", "n/a", "2", four)[row % 4] for row in range(200)])
    data = prepared(table, value="stars", least=3)
    assert sum(data.counts.values()) == len(table[3::4].drop_duplicates(["user", "item"]))
    said = {finding.name: finding.count for finding in overview.overview(data).lost}
    assert (said["without a stars"], said["with a stars below 3"]) == (100, 50)


def test_interactions_without_a_propensity_are_left_out_of_a_csv_too(prepared: Prepared) -> None:
    table = frame().assign(shown=[0.5 if row % 4 else None for row in range(200)])
    said = {finding.name: finding.count for finding in overview.overview(prepared(table, propensity="shown")).lost}
    assert said["without a shown"] == 50


def test_columns_are_found_however_their_names_are_written_and_the_others_named(prepared: Prepared) -> None:
    table = frame().rename(columns={"user": "User ID", "item": "itemId", "time": "Time-Stamp"})
    said = overview.overview(prepared(table.assign(rating=1, session_id=2))).read[0]
    assert said == "who is 'User ID', what 'itemId', when 'Time-Stamp'; not read: 'rating', 'session_id'"
