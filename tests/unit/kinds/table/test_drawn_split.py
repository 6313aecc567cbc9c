"""Tables without a time, and with groups: from a file to the splits, and to what the endpoint reads."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from components.config.errors import DataError
from components.kinds.column import ROW
from components.kinds.evaluation import Leak
from components.kinds.prepared import SPLITS, PreparedData, open_prepared
from components.kinds.resplit import all_examples, resplit
from components.kinds.slices import read_slices
from components.kinds.table import sample, scoring
from components.kinds.table.codec.features import Definition
from components.kinds.table.codec.reader import Reader
from components.kinds.table.evaluation.leak import find_leaks
from components.kinds.table.overview import overview
from components.kinds.table.params import Columns, Prepare, Split
from components.kinds.table.prepare import prepare
from components.kinds.table.prepare.drawn_split import by_content
from components.kinds.table.prepare.labels import LABEL, Labels
from components.kinds.table.prepare.split import SPLIT

CONFIG = Prepare(columns=Columns(label="left"))
BY_ID = Prepare(columns=Columns(label="left", id="number"))
BY_GROUP = Prepare(columns=Columns(label="left", group="customer", id="number"))


def table(count: int = 600, seed: int = 0) -> pl.DataFrame:
    """Contracts of customers, a fifth of whom leave."""
    random = np.random.default_rng(seed)
    months = random.integers(1, 60, count)
    return pl.DataFrame(
        {
            "number": random.permutation(count) + 10_000,
            "customer": [f"c{number}" for number in random.integers(0, count // 6, count)],
            "months": months,
            "price": np.round(random.gamma(3.0, 12.0, count), 2),
            "plan": random.choice(["basic", "family", "plus"], count),
            "paper": random.random(count) < 0.5,
            "left": (random.random(count) < np.where(months < 12, 0.5, 0.1)).astype(np.int64),
        }
    )


def run(frame: pl.DataFrame, folder: Path, config: Prepare = CONFIG) -> PreparedData:
    folder.mkdir(exist_ok=True)
    out = folder / "prepared"
    out.mkdir()
    frame.write_parquet(folder / "records.parquet")
    prepare(folder / "records.parquet", out, config, folder / "schema.yaml")
    return open_prepared(out)


def split_of(data: PreparedData, column: str, frame: pl.DataFrame) -> dict[Any, str]:
    """Return in which split each value of a column of prices is; of a frame whose prices tell its rows apart."""
    named = dict(zip(frame["price"].cast(pl.Float32).to_list(), frame[column].to_list(), strict=True))
    index = data.input["features"].index("price")
    return {named[price]: split for split in SPLITS for price in data.inputs(split)[:, index].tolist()}


def read(data: PreparedData) -> list[str]:
    return list(json.loads((data.path / "report.json").read_text())["read"])


def test_splits_that_are_drawn_are_no_spans_of_time(tmp_path: Path) -> None:
    assert overview(run(table(), tmp_path)).train_days is None


@pytest.fixture
def frame() -> pl.DataFrame:
    return table().with_columns(price=pl.int_range(600) + 0.5)


def test_a_table_without_a_time_is_split_by_content(frame: pl.DataFrame, tmp_path: Path) -> None:
    data = run(frame.drop("number", "customer"), tmp_path)
    assert data.input["features"] == ["months", "price", "paper", "plan"]
    assert data.input["definition"]["time"] is None
    assert sum(data.counts.values()) == 600
    assert [round(data.counts[split] / 600, 1) for split in SPLITS] == [0.7, 0.1, 0.1]
    counts = f"{data.counts['train']} train, {data.counts['validation']} validate, {data.counts['test']} test"
    assert read(data)[-1] == (
        f"split by the content of each record, as no prepare.columns.time is named: of 600 records {counts}"
    )
    assert not (data.path / "train_times.npy").exists()
    assert not (data.path / "serving").exists()


@pytest.mark.parametrize("config", [CONFIG, BY_ID])
def test_more_rows_in_another_order_leave_each_where_it_was(
    frame: pl.DataFrame, config: Prepare, tmp_path: Path
) -> None:
    few = frame.head(300)
    before = split_of(run(few, tmp_path / "few", config), "number", few)
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=1).select(reversed(frame.columns))
    after = split_of(run(shuffled, tmp_path / "all", config), "number", frame)
    assert {number: after[number] for number in before} == before


def test_with_an_id_a_record_stays_where_it_is_whatever_its_features_are(frame: pl.DataFrame, tmp_path: Path) -> None:
    before = split_of(run(frame, tmp_path / "before", BY_ID), "number", frame)
    changed = frame.with_columns(pl.col("months") + 1, extra=pl.col("price") * 2)
    assert split_of(run(changed, tmp_path / "after", BY_ID), "number", frame) == before


def test_copies_are_in_one_split_and_counted(frame: pl.DataFrame, tmp_path: Path) -> None:
    copies = frame.sample(200, seed=2).with_columns(number=pl.int_range(200) + 90_000)
    both = pl.concat([frame, copies])
    for name, config in (("content", CONFIG), ("id", BY_ID)):
        data = run(both if name == "id" else both.drop("number"), tmp_path / name, config)
        assert sum(data.counts.values()) == 800
        assert find_leaks(data) == [Leak("same", 0, data.counts["test"], "")]
        assert (
            read(data)[-1]
            == "200 records have the features and the label of another one: they are in one split with it"
        )


def test_records_that_stand_in_train_and_test_are_a_leak(frame: pl.DataFrame, tmp_path: Path) -> None:
    data = run(frame, tmp_path)
    for name in ("inputs", "labels"):
        train, test = (np.load(data.path / f"{split}_{name}.npy") for split in ("train", "test"))
        train[5:8] = test[:3]
        if name == "labels":
            train[5] = 1 - train[5]  # of another label: no copy
        np.save(data.path / f"train_{name}.npy", train)
    assert find_leaks(data) == [Leak("same", 2, data.counts["test"], "test record 1 is training record 6")]


def test_all_records_of_a_group_are_in_one_split(frame: pl.DataFrame, tmp_path: Path) -> None:
    data = run(frame, tmp_path, BY_GROUP)
    groups: dict[str, set[str]] = {}
    for price, split in split_of(data, "price", frame).items():
        groups.setdefault(frame.filter(pl.col("price") == price)["customer"].item(), set()).add(split)
    assert {len(splits) for splits in groups.values()} == {1}
    assert "customer" not in {*data.input["features"], *data.input["schema"]["columns"]}
    assert "customer" in data.input["passed_over"]
    assert read(data)[-1].startswith("split by group ('customer'), all records of one in one split: of 600 records ")
    assert find_leaks(data) == [Leak("group", 0, data.counts["test"], "")]
    keys = np.load(data.path / "train_keys.npy")
    keys[0] = np.load(data.path / "test_keys.npy")[0]
    np.save(data.path / "train_keys.npy", keys)
    (leak,) = find_leaks(data)
    assert leak.count >= 1
    assert leak.example == "test record 0 is of a group that is in training"


def test_a_group_goes_before_a_time_which_stays_a_feature(frame: pl.DataFrame, tmp_path: Path) -> None:
    timed = frame.with_columns(time=pl.datetime_range(pl.datetime(2024, 1, 1), pl.datetime(2024, 1, 25, 23), "1h"))
    config = Prepare(columns=Columns(label="left", group="customer", time="time"), split=Split(test=0.3))
    data = run(timed, tmp_path, config)
    assert data.input["features"][-3:] == ["weekend", "night", "plan"]
    assert read(data)[-1].startswith("split by group ('customer'), not by time ('time'), all records of one")
    assert 0.2 < data.counts["test"] / 600 < 0.5


def test_a_record_without_a_group_is_split_by_itself(frame: pl.DataFrame, tmp_path: Path) -> None:
    alone = frame.with_columns(customer=pl.lit(None, pl.String))
    with pytest.raises(DataError, match="column 'customer': every value is missing"):
        run(alone, tmp_path / "none", BY_GROUP)
    half = frame.with_columns(customer=pl.when(pl.int_range(600) % 2 == 0).then("customer"))
    config = Prepare(columns=Columns(label="left", group="customer"))
    data = run(half, tmp_path / "half", config)
    splits = split_of(data, "price", frame)
    assert {split for price, split in splits.items() if int(price) % 2 == 1} == set(SPLITS)


def test_a_test_record_needs_a_label(frame: pl.DataFrame, tmp_path: Path) -> None:
    unknown = frame.with_columns(left=pl.when(pl.int_range(600) % 3 > 0).then("left"))
    data = run(unknown, tmp_path)
    assert (np.asarray(data.labels("test")) >= 0).all()
    assert (np.asarray(data.labels("train")) < 0).any()
    lost = 600 - sum(data.counts.values())
    assert lost > 0
    assert read(data)[-1].endswith(f", {lost} of the test have no label")


def test_the_endpoint_reads_what_was_prepared(frame: pl.DataFrame, tmp_path: Path) -> None:
    data = run(frame, tmp_path, BY_ID)
    rows = sample.requests(data, range(data.counts["test"]), complete=False)
    assert set(rows[0]) == {"number", "customer", "months", "price", "plan", "paper"}
    assert sample.requests(data, [0, 1], complete=True) == rows[:2]
    assert scoring.memory(data.input, data.path / "serving") is None
    with closing(Reader("contracts", data.input, {}, data.path / "serving", None)) as endpoint:
        assert endpoint.read(rows).tobytes() == np.asarray(data.inputs("test")).tobytes()
        assert np.concatenate([endpoint.read([row]) for row in rows]).tobytes() == endpoint.read(rows).tobytes()


def test_a_table_of_one_record_says_that_it_is_too_small(tmp_path: Path) -> None:
    tiny = pl.DataFrame({"a": [1.0, 1.0, 1.0], "left": [0, 1, 0]})
    with pytest.raises(DataError, match=r"no record falls into the (validation|test) split \(split by the content"):
        run(tiny, tmp_path)


@pytest.mark.parametrize(
    ("label", "known"),
    [
        (pl.col("price") - 300.0, [True] * 600),  # a number to predict, below 0 too
        (pl.when(pl.int_range(600) % 4 > 0).then("price").otherwise(np.nan), [index % 4 > 0 for index in range(600)]),
        (pl.lit(-1, pl.Int8), [True] * 600),  # no label at all: then none is asked for
        (pl.int_range(600) % 3, [True] * 600),
    ],
)
def test_labels_may_be_classes_or_numbers_or_none(frame: pl.DataFrame, label: pl.Expr, known: list[bool]) -> None:
    definition = Definition(
        id=None, amount=None, decimals=2, delay=0.0, entities=(), numbers=("months", "price"), categories={}
    )
    records = frame.with_row_index(ROW).with_columns(label.alias(LABEL)).lazy()
    parted = by_content(records, definition, Labels("detection", "bad"), CONFIG)
    splits = parted.frame.collect()[SPLIT].to_list()
    assert set(splits) - {-1} == {0, 1, 2}
    assert all(was or split != 2 for was, split in zip(known, splits, strict=True))
    assert (-1 in splits) == (not all(known))
    assert parted.test.collect().height == parted.sizes["test"] == splits.count(2)


def test_named_slices_are_known_of_every_record_that_may_be_cross_validated(tmp_path: Path) -> None:
    data = run(table(), tmp_path, BY_ID.model_copy(update={"slices": ["plan"]}))
    every = resplit(data, {"test": np.arange(sum(data.counts.values()))})
    codes = all_examples(data, "inputs")[:, data.input["features"].index("plan")]
    names = data.input["definition"]["categories"]["plan"]
    found = read_slices(every)
    assert sorted(found) == [f"plan: {name}" for name in sorted(names)]
    for code, name in enumerate(names, 1):
        assert found[f"plan: {name}"].tolist() == (codes == code).tolist()
    tested = read_slices(data)
    assert [len(mask) for mask in tested.values()] == [data.counts["test"]] * len(names)
