"""What an endpoint remembers of users: in its database, in the bundle, and in the lists that are read by it."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import TypeAdapter

from components.config.errors import BadRequest, DataError, EndpointError
from components.kinds import stored_memory
from components.kinds.interactions import codec, erasure
from components.kinds.interactions.codec.input import Input
from components.kinds.interactions.codec.item_store import ItemStore
from components.kinds.interactions.codec.seed import SEED, read_seed, write_seed
from components.kinds.interactions.params import Workload
from components.kinds.prepared import PreparedData
from tests.unit.kinds.interactions.conftest import Prepared


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/memory/history.db"


@pytest.fixture
def store(url: str) -> Iterator[ItemStore]:
    with closing(ItemStore(url, "shop")) as opened:
        yield opened


@pytest.fixture
def reader(shop: PreparedData[Input], url: str) -> Iterator[codec.Reader]:
    with closing(codec.Reader("shop", shop.input, {}, shop.serving, url)) as opened:
        yield opened


def _whole(data: PreparedData[Input]) -> dict[str, list[str]]:
    """Return what each user took of what the bundle brings, the latest last."""
    seed = read_seed(data.serving / SEED)
    found: dict[str, list[str]] = {}
    for user, item in zip(seed.users.tolist(), seed.items.tolist(), strict=True):
        found.setdefault(user, []).append(item)
    return found


def test_an_item_counts_once_for_its_user_and_keeps_its_place(store: ItemStore) -> None:
    assert store.latest(["u", "v"], [["a", "b"], ["b"]], 1_000, 5) == [["b", "a"], ["b"]]
    assert store.latest(["u"], [["b", "a", "c"]], 2_000, 5) == [["c", "b", "a"]]
    assert store.latest(["u", "nobody"], [[], []], 3_000, 2) == [["c", "b"], []]
    assert store.items_of("u") == ["a", "b", "c"]


def test_what_is_taken_again_counts_again_where_it_may(url: str) -> None:
    with closing(ItemStore(url, "shop", repeats=True)) as store:
        assert store.latest(["u"], [["a", "b", "a"]], 1_000, 5) == [["a", "b", "a"]]
        assert store.latest(["u"], [["a"]], 2_000, 5) == [["a", "a", "b", "a"]]
        assert store.latest(["u"], [["a"]], 2_000, 5) == [["a", "a", "b", "a"]]


def test_rows_of_one_user_follow_each_other(store: ItemStore) -> None:
    found = store.latest(["u", "v", "u", "u"], [["a"], ["x"], ["b"], []], 1_000, 5)
    assert found == [["a"], ["x"], ["b", "a"], ["b", "a"]]


def test_a_seed_is_sown_once_and_stands_before_what_came_since(store: ItemStore, url: str) -> None:
    store.latest(["u"], [["late"]], 9_000, 5)
    assert store.seed("bundle", ["u", "u", "v"], ["a", "b", "a"], np.array([1, 2, 3])) == 3
    with closing(ItemStore(url, "shop")) as another:
        assert another.seeded("bundle")
        assert another.seed("bundle", ["u"], ["z"], np.array([4])) == 0
        assert another.seed("next bundle", ["u", "u"], ["b", "c"], np.array([2, 4])) == 1
        assert another.latest(["u"], [[]], 9_001, 9) == [["late", "c", "b", "a"]]


def test_of_a_user_the_latest_are_kept(url: str) -> None:
    with closing(ItemStore(url, "shop", most=5)) as store:
        store.latest(["other"], [["a"]], 1, 1)
        for number in range(99):
            store.latest(["u"], [[f"i{number}"]], number, 1)
        assert store.items_of("u") == [f"i{number}" for number in range(94, 99)]
        assert store.items_of("other") == ["a"]


def test_who_is_erased_leaves_no_byte_and_no_seed_brings_him_back(store: ItemStore, url: str, tmp_path: Path) -> None:
    taken = (["somebody", "other"] * 300, [f"i{number}" for number in range(600)], np.arange(600))
    store.seed("bundle", *taken)
    with closing(ItemStore(url, "shop")) as eraser:
        assert (eraser.erase("somebody", 1_000), eraser.erase("somebody", 1_000)) == (300, 0)
    assert store.items_of("somebody") == []
    assert len(store.items_of("other")) == 300
    for path in (tmp_path / "memory").iterdir():
        assert b"somebody" not in path.read_bytes(), path
    assert store.seed("another", *taken) == 0
    assert store.latest(["somebody"], [["new"]], 2_000, 5) == [["new"]]


def test_threads_share_it_and_a_lock_that_is_held_is_an_error(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_memory, "_PATIENCE", 0.2)
    with closing(ItemStore(url, "shop")) as store:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda number: store.latest(["u"], [[f"i{number}"]], number, 1), range(40)))
        assert len(store.items_of("u")) == 40
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(EndpointError, match="database is locked"):
                store.latest(["u"], [["x"]], 1, 1)
        for name in ("\ud800", "\u0000"):
            with pytest.raises(BadRequest):
                store.latest(["u"], [[name]], 1, 1)


def test_the_bundle_brings_what_each_user_took_last(prepared: Prepared, tmp_path: Path) -> None:
    hours = pd.date_range("2025-01-01", periods=40, freq="h")
    frame = pd.DataFrame(
        {"user_id": [1, 2] * 20, "item": [f"i{number // 2 % 15}" for number in range(40)], "time": hours}
    )
    data = prepared(frame, length=3, exclude=4)
    assert data.input["user"] == "user_id"
    whole = _whole(data)
    assert set(whole) == {"1", "2"}
    assert whole["1"] == [f"i{number}" for number in range(8, 15)]  # the first time counts, of all splits
    assert (np.diff(read_seed(data.serving / SEED).times) >= 0).all()
    write_seed(tmp_path / "again.npz", *read_seed(data.serving / SEED))
    assert (tmp_path / "again.npz").read_bytes() == (data.serving / SEED).read_bytes()


def test_a_column_of_users_that_is_called_as_a_list_is_refused(prepared: Prepared) -> None:
    hours = pd.date_range("2025-01-01", periods=40, freq="h")
    frame = pd.DataFrame({"recent": [1, 2] * 20, "item": [f"i{n % 7}" for n in range(40)], "time": hours})
    with pytest.raises(DataError, match=r"prepare\.user: requests have a field 'recent' of items: call the column"):
        prepared(frame, user="recent")


def test_without_a_memory_of_the_endpoint_no_request_names_a_user(prepared: Prepared) -> None:
    hours = pd.date_range("2025-01-01", periods=40, freq="h")
    frame = pd.DataFrame({"user": [1, 2] * 20, "item": [f"i{n % 7}" for n in range(40)], "time": hours})
    data = prepared(frame, history="caller")
    assert not (data.serving / SEED).exists()
    assert not codec.remembers(data.input)
    assert "user" not in str(TypeAdapter(codec.request(data.input)).json_schema()["$defs"])


def test_a_user_is_answered_as_the_whole_list_is(shop: PreparedData[Input], reader: codec.Reader) -> None:
    whole = _whole(shop)
    assert len(whole) > 100
    asked = reader.read([{"user": user} for user in whole])
    told = reader.read([{"recent": items} for items in whole.values()])
    assert (asked == told).all()
    assert asked.any(axis=1).all()


def test_without_a_database_a_user_is_known_by_the_bundle(shop: PreparedData[Input], reader: codec.Reader) -> None:
    whole, (new, *_) = _whole(shop), shop.classes
    rows: list[dict[str, object]] = [{"user": user, "recent": [new]} for user in whole]
    alone = codec.Reader("shop", shop.input, {}, shop.serving, None)
    assert (alone.read(rows) == reader.read(rows)).all()
    assert (alone.read([{"user": user} for user in whole]) != reader.read([{"user": user} for user in whole])).any()
    assert not alone.read([{"user": "nobody", "recent": [new]}, {"user": "nobody"}])[1].any()
    assert alone.warnings([{"user": "nobody"}]) == {0: ["nothing is known of this user: what is popular is suggested"]}
    assert alone.is_cheap([{"user": "nobody"}])
    assert not alone.batched_reads


def test_a_bundle_whose_items_count_again_has_them_again(prepared: Prepared) -> None:
    hours = pd.date_range("2025-01-01", periods=40, freq="h")
    frame = pd.DataFrame({"user": [1, 2] * 20, "item": [f"i{n // 2 % 4}" for n in range(40)], "time": hours})
    data = prepared(frame, repeats=True, length=6)
    alone = codec.Reader("shop", data.input, {}, data.serving, None)
    number = {name: place for place, name in enumerate(data.classes, 1)}
    latest = [number[name] for name in ("i1", "i3", "i2", "i1", "i0", "i3")]
    assert alone.read([{"user": "1", "recent": ["i1"]}])[0, :6].tolist() == latest


def test_what_a_user_took_since_is_added_and_left_out(shop: PreparedData[Input], reader: codec.Reader) -> None:
    user, items = next((user, items) for user, items in _whole(shop).items() if len(items) >= 8)
    new = [name for name in shop.classes[:20] if name not in items][:2]
    number = {name: place for place, name in enumerate(shop.classes, 1)}
    first = reader.read([{"user": user, "recent": new}])
    assert first[0, :3].tolist() == [number[new[1]], number[new[0]], number[items[-1]]]
    assert (reader.read([{"user": user}]) == first).all()
    assert (reader.read([{"user": user, "recent": [*items, *new]}]) == first).all()  # said again, it counts once
    left_out = reader.read([{"user": user, "exclude": [shop.classes[25]]}])
    assert number[shop.classes[25]] in left_out[0, 6:]
    assert (reader.read([{"recent": []}]) == 0).all()  # without a user nothing is known


def test_of_an_unknown_user_that_is_said(shop: PreparedData[Input], reader: codec.Reader) -> None:
    rows = [{"user": "nobody"}, {"recent": []}, {"user": next(iter(_whole(shop)))}]
    assert not reader.read(rows)[:2].any()
    assert reader.warnings(rows) == {0: ["nothing is known of this user: what is popular is suggested"]}
    taken = [{"user": "nobody", "recent": [shop.classes[0]]}]
    assert reader.read(taken).any()
    assert reader.warnings(taken) == {}
    assert not reader.is_cheap(rows)
    assert reader.is_cheap([{"recent": ["a"]}])


def test_a_user_of_a_table_is_somebody_or_nobody(shop: PreparedData[Input], reader: codec.Reader) -> None:
    reader.read([{"user": "0", "recent": [shop.classes[7]]}])
    for zero in (0, 0.0, " 0 "):
        assert reader.read([{"user": zero}])[0, 0] == 8
    nobody = [{"user": said} for said in (None, float("nan"), "", " ")]
    assert not reader.read(nobody).any()
    assert reader.warnings(nobody) == {}


def test_what_is_refused_is_not_remembered(shop: PreparedData[Input], reader: codec.Reader) -> None:
    with pytest.raises(BadRequest, match="exclude: 9 items"):
        reader.read([{"user": "new", "recent": ["a"], "exclude": list(shop.classes[:9])}])
    assert not reader.read([{"user": "new"}]).any()


def test_a_request_may_name_who_asks(shop: PreparedData[Input]) -> None:
    taken = TypeAdapter(codec.request(shop.input))
    assert codec.rows(taken.validate_python({"user": 17})) == [{"user": "17", "recent": [], "exclude": []}]
    told = taken.validate_python({"user": 17.0, "recent": [3.0, 2.5]})  # of a column of numbers with gaps
    assert codec.rows(told) == [{"user": "17", "recent": ["3", "2.5"], "exclude": []}]
    assert codec.rows(taken.validate_python({})) == [{"recent": [], "exclude": []}]
    assert codec.entities(shop.input) == ("user",)


def test_erasure_reaches_memory_and_bundle(
    shop: PreparedData[Input], reader: codec.Reader, url: str, tmp_path: Path
) -> None:
    section = {"kind": "interactions", "source": "x", "prepare": {"user": "user"}, "train": {}}
    workload = Workload.model_validate(section)
    (user, items), *_ = _whole(shop).items()
    assert erasure.entities(workload) == ("user",)
    assert erasure.erase_remembered("shop", workload, url, "user", user) == len(items)
    assert not reader.read([{"user": user}]).any()
    assert erasure.erase_remembered("shop", workload, f"sqlite:///{tmp_path}/none.db", "user", user) == 0
    assert not (tmp_path / "none.db").exists()
    draft = tmp_path / SEED
    assert erasure.erase_kept(shop.serving / SEED, workload, "user", user, draft) == len(items)
    left = read_seed(draft)
    assert user not in left.users
    assert len(left.users) == len(read_seed(shop.serving / SEED).users) - len(items)
    assert erasure.erase_kept(draft, workload, "user", user, tmp_path / "other.npz") == 0
    assert not (tmp_path / "other.npz").exists()
    with closing(codec.Reader("shop", shop.input, {}, shop.serving, url)) as opened:  # of the bundle as it was
        assert not opened.read([{"user": user}]).any()
