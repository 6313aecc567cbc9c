import os
import random
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from components.config.errors import BadRequest, EndpointError
from components.kinds import stored_memory
from components.kinds.table.codec import features, statements
from components.kinds.table.codec.event_store import EventStore, Found
from components.kinds.table.codec.features import DAY, Definition, Entity
from components.kinds.table.codec.windows import windows

ENTITIES = ("card", "shop")
KEEP = 1_000


@dataclass
class Naive:
    """The same memory as a list in the order of arrival: id, time, amount, label, entities."""

    records: list[dict[str, Any]] = field(default_factory=list)

    def add(self, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            if row["id"] not in [known["id"] for known in self.records]:
                self.records.append(dict(row))

    def label(self, id: str, label: int) -> int:
        known = [record for record in self.records if record["id"] == id]
        for record in known:
            record["label"] = label
        return len(known)

    def observe(self, rows: list[dict[str, Any]], column: str) -> tuple[list[tuple[int, ...]], list[int]]:
        """Return (entity, time, amount, label) of the past, and the rows of what was asked for."""
        self.add(rows)
        asked = [next(n for n, known in enumerate(self.records) if known["id"] == row["id"]) for row in rows]
        found = sorted({(-1, self.records[n]["time"], n) for n in asked if not self.records[n][column]})
        named = dict.fromkeys(self.records[n][column] for n in sorted(asked) if self.records[n][column])
        for code, name in enumerate(named, start=bool(found)):
            times = [self.records[n]["time"] for n in asked if self.records[n][column] == name]
            found += sorted(
                (code, record["time"], n)
                for n, record in enumerate(self.records)
                if record[column] == name and min(times) - KEEP < record["time"] <= max(times)
            )
        values = [(code, time, self.records[n]["amount"], self.records[n]["label"]) for code, time, n in found]
        return values, [[n for *_, n in found].index(n) for n in asked]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/memory/history.db"


@pytest.fixture
def memory(url: str) -> Iterator[EventStore]:
    with closing(EventStore(url, "fraud", ENTITIES, KEEP)) as opened:
        yield opened


@pytest.mark.parametrize("seed", range(4))
def test_it_remembers_what_a_list_remembers(seed: int, memory: EventStore) -> None:
    chance, naive = random.Random(seed), Naive()
    seeded = [_random_row(chance, 0) for _ in range(50)]
    assert memory.seed("bundle", *_columns(seeded, labels=True)) == len({row["id"] for row in seeded})
    naive.add(seeded)
    for now in range(40, 4_000, 40):
        rows = [_random_row(chance, now) for _ in range(chance.choice([1, 1, 1, 5, 20]))]
        pasts = memory.observe(*_columns(rows))
        for column in ENTITIES:
            assert _values(pasts[column]) == naive.observe(rows, column)
        id, label = f"id{chance.randrange(3_000)}", chance.choice([0, 1, -1])
        assert memory.label([id], [label]) == naive.label(id, label)


def test_what_is_sent_twice_counts_once_as_it_was_first_and_keeps_its_place(memory: EventStore) -> None:
    memory.observe(["a", "b"], [10, 20], [1, 2], {"card": ["x", "x"], "shop": ["s", "s"]})
    first = memory.observe(["c"], [30], [3], {"card": ["x"], "shop": ["s"]})
    again = memory.observe(["c", "c"], [99, 5], [7, 8], {"card": ["y", "z"], "shop": ["s", "t"]})
    for column in ENTITIES:
        assert _values(first[column]) == ([(0, 10, 1, -1), (0, 20, 2, -1), (0, 30, 3, -1)], [2])
        assert _values(again[column]) == (_values(first[column])[0], [2, 2])


def test_a_later_seed_tells_labels_that_were_not_known(memory: EventStore) -> None:
    memory.observe(["a", "b", "c"], [10, 20, 30], [1, 2, 3], {"card": ["x"] * 3, "shop": ["s"] * 3})
    memory.label(["b"], [1])
    cards = {"card": ["x"] * 3, "shop": ["s"] * 3}
    assert memory.seed("next bundle", ["a", "b", "d"], [10, 20, 40], [1, 2, 4], [1, 0, 0], cards) == 1
    known = memory.observe(["e"], [50], [5], {"card": ["x"], "shop": ["s"]})["card"]
    assert known.events.label.tolist() == [1, 1, -1, 0, -1]


def test_late_records_and_ties_stand_where_they_belong(memory: EventStore) -> None:
    memory.observe(["a"], [100], [1], {"card": ["x"], "shop": ["s"]})
    late = memory.observe(["b"], [50], [2], {"card": ["x"], "shop": ["s"]})
    tie = memory.observe(["c"], [100], [3], {"card": ["x"], "shop": ["s"]})
    assert _values(late["card"]) == ([(0, 50, 2, -1)], [0])
    assert _values(tie["card"]) == ([(0, 50, 2, -1), (0, 100, 1, -1), (0, 100, 3, -1)], [2])


def test_records_without_an_id_are_always_new(memory: EventStore) -> None:
    for count in range(1, 4):
        past = memory.observe([None], [10], [1], {"card": ["x"], "shop": [""]})
        assert len(past["card"].events.time) == count
        assert _values(past["shop"]) == ([(-1, 10, 1, -1)], [0])


def test_labels_come_later(memory: EventStore) -> None:
    memory.observe(["a", "b", "c"], [1, 2, 3], [0, 0, 0], {"card": ["x"] * 3, "shop": [""] * 3})
    assert memory.label(["a", "b", "never seen", "b"], [1, 1, 1, 0]) == 2
    assert memory.label(np.array(["c"]), np.array([True])) == 1
    assert memory.label(["c"], [-1]) == 1
    assert memory.label([], []) == 0
    assert memory.observe(["c"], [3], [0], {"card": ["x"], "shop": [""]})["card"].events.label.tolist() == [1, 0, -1]


def test_a_seed_is_sown_once_and_leaves_what_is_there(memory: EventStore, url: str) -> None:
    memory.observe(["a"], [10], [1], {"card": ["x"], "shop": ["s"]})
    columns = (np.array(["a", "b"]), np.array([5, 6]), np.array([7, 8]), np.array([1, -1], np.int8))
    entities = {"card": np.array(["x", "x"]), "shop": np.array(["", "s"])}
    assert not memory.seeded("bundle")
    assert memory.seed("bundle", *columns, entities) == 1
    assert memory.seeded("bundle")
    memory.forget(100)
    with closing(EventStore(url, "fraud", ENTITIES, KEEP)) as another:
        assert another.seed("bundle", *columns, entities) == 0
        assert another.seed("another", *columns, entities) == 2
        assert _values(another.observe(["b"], [0], [0], {"card": [""], "shop": [""]})["card"]) == (
            [(0, 5, 7, 1), (0, 6, 8, -1)],
            [1],
        )


def test_a_failed_seed_leaves_nothing(memory: EventStore) -> None:
    with pytest.raises(ValueError, match="shorter"):
        memory.seed("bundle", ["a", "b"], [1, 2], [1, 2], [0, 0], {"card": ["x"], "shop": ["s", "s"]})
    assert not memory.seeded("bundle")
    assert memory.seed("bundle", ["a", "b"], [1, 2], [1, 2], [0, 0], {"card": ["x", "x"], "shop": ["s", "s"]}) == 2
    assert "SCAN past" not in _plan(memory)


def test_what_has_expired_is_forgotten_little_by_little(memory: EventStore) -> None:
    old = [f"old{n}" for n in range(1_500)]
    memory.seed("bundle", old, range(1_500), [0] * 1_500, [0] * 1_500, {"card": ["x"] * 1_500, "shop": ["s"] * 1_500})
    now = 2_000 + KEEP + statements.LATE
    for n in range(10):
        memory.observe([f"new{n}-{m}" for m in range(100)], [now] * 100, [0] * 100, {c: ["y"] * 100 for c in ENTITIES})
    assert memory.label(old, [1] * 1_500) == 1_500 - 6 * 200  # 200 for each 100, once half of the newest 1,000 are new
    assert memory.label(old[:1_200], [1] * 1_200) == 0


def test_a_time_far_in_the_future_drops_nothing(memory: EventStore) -> None:
    ids = [f"id{n}" for n in range(1_500)]
    memory.seed("bundle", ids, range(1_500), [0] * 1_500, [0] * 1_500, {c: ["x"] * 1_500 for c in ENTITIES})
    for n in range(300):
        memory.observe([f"far{n}"], [2**62], [0], {"card": ["x"], "shop": ["s"]})
    assert memory.label(ids, [1] * 1_500) == 1_500


def test_forget_drops_what_is_older(memory: EventStore) -> None:
    memory.observe(["a", "b", "c"], [1, 2, 3], [0, 0, 0], {"card": ["x"] * 3, "shop": [""] * 3})
    assert memory.forget(3) == 2
    assert _values(memory.observe(["c"], [3], [0], {"card": ["x"], "shop": [""]})["card"]) == ([(0, 3, 0, -1)], [0])


def test_a_thousand_records_are_a_handful_of_statements_by_index(memory: EventStore) -> None:
    said: list[str] = []
    engine = memory._database._connection.engine
    sa.event.listen(engine, "before_cursor_execute", lambda *context: said.append(context[2]))
    ids = [f"id{n}" for n in range(1_000)]
    columns = {"card": [f"{n % 300}" for n in range(1_000)], "shop": [f"{n % 7}" for n in range(1_000)]}
    past = memory.observe(ids, np.arange(1_000), np.arange(1_000), columns)
    assert len(said) <= 3
    assert (past["shop"].events.amount[past["shop"].rows] == np.arange(1_000)).all()
    assert len(np.unique(past["card"].events.entity)) == 300
    assert "SCAN past" not in _plan(memory)
    assert "SCAN stored" not in _plan(memory)


def test_nothing_asked_is_nothing_answered(memory: EventStore) -> None:
    past = memory.observe([], [], [], {"card": [], "shop": []})
    assert all(len(past[column].events.time) == len(past[column].rows) == 0 for column in ENTITIES)


def test_the_windows_of_records_one_by_one_are_those_of_the_whole_table(url: str) -> None:
    card = Entity(name="card", days=(1, 3), measures=("count", "mean"), delayed=False)
    shop = Entity(name="shop", days=(2,), measures=("risk", "count"), delayed=True)
    definition = Definition(
        time="t", id="id", amount="a", decimals=2, delay=1.0, entities=(card, shop), numbers=("a",), categories={}
    )
    chance = np.random.default_rng(3)
    times = np.sort(chance.integers(0, 12 * DAY // 3_600_000, 300)) * 3_600_000
    amounts, labels = chance.integers(0, 10_000, 300), chance.integers(-1, 2, 300).astype(np.int8)
    names = {entity.name: chance.integers(0, 9, 300).astype(str) for entity in (card, shop)}
    keep = features.lookback(definition)
    with (
        closing(EventStore(url, "one", list(names), keep)) as one,
        closing(EventStore(url, "all", list(names), keep)) as all,
    ):
        whole = all.observe([f"{n}" for n in range(300)], times, amounts, names)
        all.label([f"{n}" for n in range(300)], labels)
        whole = all.observe([f"{n}" for n in range(300)], times, amounts, names)
        for n in range(300):
            row = slice(n, n + 1)
            past = one.observe(
                [f"{n}"], times[row], amounts[row], {name: column[row] for name, column in names.items()}
            )
            one.label([f"{n}"], labels[row])
            for entity in (card, shop):
                expected = _windows(whole[entity.name], entity, definition)[n]
                assert (_windows(past[entity.name], entity, definition)[0] == expected).all()


def test_threads_share_it(memory: EventStore) -> None:
    def count(n: int) -> int:
        return int(memory.observe([f"{n}"], [5], [1], {"card": ["x"], "shop": ["s"]})["card"].rows[0])

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(count, range(200))) == list(range(200))


def test_a_forked_process_has_to_open_its_own(memory: EventStore, url: str) -> None:
    if child := os.fork():
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert memory.label(["of the child"], [1]) == 1
        return
    status = 1
    try:
        memory.close()
        memory.label(["a"], [1])
    except EndpointError as error:
        with closing(EventStore(url, "fraud", ENTITIES, KEEP)) as own:
            own.observe(["of the child"], [1], [1], {"card": ["x"], "shop": ["s"]})
        status = 7 if "open the memory in each worker" in str(error) else 2
    finally:
        os._exit(status)


def test_odd_names_are_columns_too(url: str) -> None:
    odd = ['a%b:c"d', "é {x} ?", "a" * 100, "A", "label", "order"]
    for _ in range(2):
        with closing(EventStore(url, "w" * 63, odd, KEEP)) as memory:
            past = memory.observe([None], [1], [2], {name: [name] for name in odd})
    assert [len(past[name].events.time) for name in odd] == [2] * len(odd)


@pytest.mark.parametrize("text", ["it's", 'a "quoted" one', "ünï🙂", "\\", "\n", "%s ? :x", "null", "0012"])
def test_any_text_is_an_id_or_an_entity(text: str, memory: EventStore) -> None:
    for _ in range(2):
        past = memory.observe([text], [1], [2], {"card": [text], "shop": [""]})
    assert _values(past["card"]) == ([(0, 1, 2, -1)], [0])


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_what_is_no_text_is_refused(text: str, memory: EventStore) -> None:
    with pytest.raises(BadRequest, match="an id or an entity"):
        memory.observe(["a"], [1], [2], {"card": [text], "shop": [""]})


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("no address", "the memory's address is none. Forms: sqlite:////"),
        ("sqlite://", "cannot be kept there"),
        ("mysql://u:secret@127.0.0.1/db", "cannot be kept there"),
        (
            "postgresql://u:secret@127.0.0.1:1/db",
            r"Can't create a connection.*look whether the memory's database runs",
        ),
        ("postgresql+nosuch://u:secret@127.0.0.1/db", "nosuch"),
        ("sqlite:///{folder}/text/memory/history.db", "Not a directory: .*the memory's folder cannot be made"),
        ("sqlite:///{folder}", "the memory's file and its folder must be readable and writable"),
        ("sqlite:///{folder}/text", "not a database: the memory's file is something else"),
        ("sqlite:///file:{folder}/empty.db?mode=ro&uri=true", "must be writable"),
    ],
)
def test_an_address_that_does_not_do_is_one_clear_line(address: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("certainly no database " * 100)
    sqlite3.connect(tmp_path / "empty.db").close()
    (tmp_path / "empty.db").touch()
    with pytest.raises(EndpointError, match=message) as raised:
        EventStore(address.format(folder=tmp_path), "fraud", ENTITIES, KEEP)
    assert "\n" not in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_table_with_other_columns_is_left_alone(memory: EventStore, url: str) -> None:
    with pytest.raises(EndpointError, match=r"the table events_fraud has the columns .*Rename or drop that table"):
        EventStore(url, "fraud", ("card",), KEEP)
    assert memory.observe(["a"], [1], [1], {"card": ["x"], "shop": ["s"]})


def test_a_lock_that_is_held_too_long_is_an_error_and_then_over(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_memory, "_PATIENCE", 0.2)
    with closing(EventStore(url, "fraud", ENTITIES, KEEP)) as memory:
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(
                EndpointError, match="database is locked: another process holds the memory for too long"
            ):
                memory.observe(["a"], [1], [1], {"card": ["x"], "shop": ["s"]})
        assert memory.label(["a"], [1]) == 0
        memory.observe(["a"], [1], [1], {"card": ["x"], "shop": ["s"]})


def test_a_full_disk_is_an_error_and_then_over(memory: EventStore) -> None:
    connection = memory._database._connection.connection.cursor()
    connection.execute("PRAGMA max_page_count = 12")
    ids, columns = [f"id{n}" for n in range(1_000)], {"card": ["x" * 90] * 1_000, "shop": ["s"] * 1_000}
    with pytest.raises(EndpointError, match="database or disk is full: make room on the memory's disk"):
        memory.observe(ids, range(1_000), range(1_000), columns)
    connection.execute("PRAGMA max_page_count = 100000")
    assert memory.label(ids, [1] * 1_000) == 0
    assert len(memory.observe(ids, range(1_000), range(1_000), columns)["card"].rows) == 1_000


def _random_row(chance: random.Random, now: int) -> dict[str, Any]:
    """Return a record about `now`: some ids come again, some times tie, some entities are missing."""
    return {
        "id": f"id{chance.randrange(3_000)}",
        "time": now - chance.choice([0, 0, 0, 10, 500, 3_000]),
        "amount": chance.randrange(-5, 2**50),
        "label": -1 if now else chance.choice([-1, 0, 1]),
        "card": chance.choice(["", "1", "2", "3", "4", "5"]),
        "shop": chance.choice(["", "1", "a", "b"]),
    }


def _columns(rows: list[dict[str, Any]], labels: bool = False) -> Any:
    keys = ["id", "time", "amount", *(["label"] if labels else [])]
    return [[row[key] for row in rows] for key in keys] + [{e: [row[e] for row in rows] for e in ENTITIES}]


def _values(past: Found) -> tuple[list[tuple[int, ...]], list[int]]:
    table = zip(
        past.events.entity.tolist(),
        past.events.time.tolist(),
        past.events.amount.tolist(),
        past.events.label.tolist(),
        strict=True,
    )
    return list(table), past.rows.tolist()


def _windows(past: Found, entity: Entity, definition: Definition) -> Any:
    return windows(past.events, past.rows, entity, definition)


def _plan(memory: EventStore) -> str:
    """Return how SQLite would read."""
    cursor = memory._database._connection.connection.cursor()
    return "\n".join(row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {memory._say.read}", ("[]",)).fetchall())


def test_what_is_erased_leaves_no_byte_and_no_seed_brings_it_back(memory: EventStore, url: str, tmp_path: Path) -> None:
    ids, cards = [f"id{n}" for n in range(900)], ["somebody", "x", "y"] * 300
    entities = {"card": cards, "shop": [f"s{n % 7}" for n in range(900)]}
    memory.seed("bundle", ids, range(900), [1] * 900, [0] * 900, entities)
    memory.observe(["late"], [950], [1], {"card": ["somebody"], "shop": ["s1"]})
    before = _all(memory)
    assert sorted(memory.ids_of("card", "somebody")) == sorted([*ids[::3], "late"])
    with closing(EventStore(url, "fraud", ENTITIES, KEEP)) as eraser:
        assert eraser.erase("card", "somebody", 1_000) == 301
        assert eraser.erase(None, "id1", 1_000) == 1
        assert eraser.erase("card", "somebody", 1_000) == 0
    assert _all(memory) == [row for row in before if "somebody" not in row and "id1" not in row]
    for path in (tmp_path / "memory").iterdir():
        assert b"somebody" not in path.read_bytes(), path
    assert memory.seed("another", ids, range(900), [1] * 900, [0] * 900, entities) == 0
    later = {"card": ["somebody", "somebody"], "shop": ["s", "s"]}
    assert memory.seed("a later one", ["old", "new"], [1_000, 1_001], [1, 1], [0, 0], later) == 1
    assert memory.ids_of("card", "somebody") == ["new"]


def _all(memory: EventStore) -> list[tuple[Any, ...]]:
    table = memory._table
    return memory._database.run(lambda connection: [tuple(row) for row in connection.execute(table.select())])
