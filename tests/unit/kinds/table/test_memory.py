"""The window memories: the same records give the same windows, to the bit, in whatever memory and chunks they come."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from components.kinds.table.codec.event_store import EventStore
from components.kinds.table.codec.features import DAY, Definition, Entity, Float32, lookback
from components.kinds.table.codec.memory import ArrayMemory, Records, StoredMemory, WindowMemory
from components.kinds.table.codec.windows import Events, windows

CARD = Entity(name="card", days=(1, 3), measures=("count", "mean"), delayed=False)
SHOP = Entity(name="shop", days=(2, 4), measures=("risk", "count"), delayed=True)
DEFINITION = Definition(
    time="t", id="id", amount="a", decimals=2, delay=1.5, entities=(CARD, SHOP), numbers=("a",), categories={}
)
COUNT = 400


def drawn(seed: int) -> tuple[Records, dict[str, np.ndarray]]:
    """Return records of some 30 days in order of time, many at the same; and codes in place of names."""
    chance = np.random.default_rng(seed)
    time = np.sort(chance.integers(0, 30 * 24, COUNT)) * 3_600_000 + 1_500_000_000_000
    codes = {"card": chance.integers(-1, 9, COUNT), "shop": chance.integers(-1, 4, COUNT)}
    names = {name: [f"é{code}" if code >= 0 else "" for code in column] for name, column in codes.items()}
    label = chance.integers(-1, 2, COUNT).astype(np.int8)
    ids = [f"id {n}" if n % 7 else "" for n in range(COUNT)]
    return Records(time, chance.integers(-(2**40), 2**40, COUNT), label, names, ids), codes


def cut(records: Records, rows: slice) -> Records:
    names = {name: column[rows] for name, column in records.entities.items()}
    ids = None if records.ids is None else records.ids[rows]
    label = None if records.label is None else records.label[rows]
    return Records(records.time[rows], records.amount[rows], label, names, ids)


def fed(memory: WindowMemory, records: Records, seed: int) -> Float32:
    """Return the windows of all entities, of records that come in chunks of any size."""
    ends = np.sort(np.random.default_rng(seed + 1).integers(0, COUNT + 1, 40)).tolist()
    bounds = zip([0, *ends], [*ends, COUNT], strict=True)
    chunks = [np.concatenate(memory.windows(cut(records, slice(*pair))), axis=1) for pair in bounds]
    return np.concatenate(chunks)


@pytest.mark.parametrize("seed", range(5))
def test_all_memories_make_the_windows_of_the_whole_table(seed: int, tmp_path: Path) -> None:
    records, codes = drawn(seed)
    assert records.label is not None
    tables = []
    for entity in DEFINITION.entities:
        events, rows = Events.none().followed_by(codes[entity.name], records.time, records.amount, records.label)
        tables.append(windows(events, rows, entity, DEFINITION))
    whole = np.concatenate(tables, axis=1)

    coded = Records(records.time, records.amount, records.label, codes)
    assert fed(ArrayMemory(DEFINITION), coded, seed).tobytes() == whole.tobytes()
    assert fed(ArrayMemory(DEFINITION, lookback(DEFINITION) + DAY), records, seed).tobytes() == whole.tobytes()
    with closing(EventStore(f"sqlite:///{tmp_path}/m.db", "w", ["card", "shop"], lookback(DEFINITION))) as store:
        assert fed(StoredMemory(store, DEFINITION), records, seed).tobytes() == whole.tobytes()


def test_only_what_is_wanted_is_returned_and_all_is_remembered() -> None:
    records, _ = drawn(9)
    memory, other = ArrayMemory(DEFINITION), ArrayMemory(DEFINITION)
    wanted = np.array([3, 17, 200])
    for some, all in zip(memory.windows(records, wanted), other.windows(records), strict=True):
        assert some.tobytes() == all[wanted].tobytes()
    later = cut(records, slice(COUNT - 1, COUNT))
    for one, another in zip(memory.windows(later), other.windows(later), strict=True):
        assert one.tobytes() == another.tobytes()


def test_a_record_that_comes_again_has_its_first_windows_and_counts_once(tmp_path: Path) -> None:
    records, _ = drawn(11)
    again = Records(
        records.time[-30:],
        -records.amount[-30:],
        None,
        {"card": ["x"] * 30, "shop": [""] * 30},
        records.ids[-60:-30],  # type: ignore[index]
    )
    with closing(EventStore(f"sqlite:///{tmp_path}/m.db", "w", ["card", "shop"], lookback(DEFINITION))) as store:
        memories = [ArrayMemory(DEFINITION, lookback(DEFINITION) + 7 * DAY), StoredMemory(store, DEFINITION)]
        answers = []
        for memory in memories:
            first = np.concatenate(memory.windows(records), axis=1)
            second = np.concatenate(memory.windows(again), axis=1)
            named = [n for n, id in enumerate(again.ids or ()) if id]
            assert second[named].tobytes() == first[-60:-30][named].tobytes()
            answers.append(second.tobytes())
        assert answers[0] == answers[1]
