"""The SQL of the event store: its tables, and the statements of the hot path in the words of SQLite and PostgreSQL."""

from collections.abc import Sequence
from functools import partial

import sqlalchemy as sa

from components.kinds.database import Dialect
from components.kinds.memory_tables import plain_name, seeds, serial
from components.kinds.tombstones import tombstones

LATE = 7 * 86_400_000
"""Milliseconds that a record may be late and still find all the records before it."""

KEYS = 5
"""Columns that every table has; then come the entities."""

_INSERT = """
INSERT INTO {events} (id, time, amount, label{entities})
SELECT {id}, CAST({time} AS BIGINT), CAST({amount} AS BIGINT), NULLIF(CAST({label} AS SMALLINT), -1){names}
FROM {rows} WHERE true ORDER BY given.key
ON CONFLICT (id) DO NOTHING
"""
_MINE = """
WITH mine AS (SELECT given.key AS place, stored.* FROM {rows} JOIN {events} AS stored ON stored.id = {id})
SELECT -1, place, 0, 0, 0, seq FROM mine
"""
_PAST = """
UNION ALL
SELECT {number}, asked.code, past.time, past.amount, COALESCE(past.label, -1), past.seq
FROM (
    SELECT {entity} AS name, MIN(seq) AS code, MIN(time) - {keep} AS low, MAX(time) AS high
    FROM mine WHERE {entity} <> '' GROUP BY {entity}
) AS asked
JOIN {events} AS past ON past.{entity} = asked.name AND past.time > asked.low AND past.time <= asked.high
UNION ALL
SELECT DISTINCT {number}, -1, time, amount, COALESCE(label, -1), seq FROM mine WHERE {entity} = ''
"""
_LABEL = """
UPDATE {events} SET label = NULLIF(CAST({label} AS SMALLINT), -1) FROM {rows} WHERE {events}.id = {id}
"""
_COMPLETE = _LABEL.rstrip() + " AND {events}.label IS NULL\n"
# The store's own clock is the median time of its newest arrivals, so that a few wrong times do not turn it.
_PRUNE = """
DELETE FROM {events}
WHERE seq IN (SELECT seq FROM {events} ORDER BY seq LIMIT {parameter})
AND time < (
    SELECT time FROM (SELECT time FROM {events} ORDER BY seq DESC LIMIT 1000) AS newest ORDER BY time LIMIT 1 OFFSET 500
) - {old}
"""


class Statements:
    """Those of the hot path, in the words of one database, as its driver takes them.

    All but `prune` take one JSON array of rows, [id, time, amount, label, entity ...] each.
    """

    def __init__(self, words: Dialect, table: sa.Table, keep_ms: int) -> None:
        events, *columns = (f'"{name}"' for name in (table.name, *table.columns.keys()))
        id, time, amount, label, *names = (words.cell.format(index) for index in range(len(columns) - 1))
        fill = partial(
            str.format,
            events=events,
            entities="".join(f", {entity}" for entity in columns[KEYS:]),
            parameter={"qmark": "?", "format": "%s"}[words.paramstyle],
            rows=words.rows,
            id=id,
            time=time,
            amount=amount,
            label=label,
            names="".join(f", {name}" for name in names),
            keep=keep_ms,
            old=keep_ms + LATE,
        )
        pasts = (fill(_PAST, number=number, entity=entity) for number, entity in enumerate(columns[KEYS:]))
        self.insert = fill(_INSERT)
        self.read = fill(_MINE) + "".join(pasts)
        self.label = fill(_LABEL)
        self.complete = fill(_COMPLETE)
        self.prune = fill(_PRUNE)


def tables(workload: str, entities: Sequence[str]) -> tuple[sa.Table, sa.Table, sa.Table]:
    """Return the table of the records, that of the names under which it was seeded, and that of what was erased."""
    name = plain_name(f"events_{workload}")
    events = sa.Table(
        name,
        metadata := sa.MetaData(),
        sa.Column("seq", serial(), primary_key=True),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("label", sa.SmallInteger),
        *(sa.Column(name, sa.Text, nullable=False) for name in _columns(entities)),
    )
    sa.Index(f"{name}_id", events.c.id, unique=True)
    for number, column in enumerate(list(events.c)[KEYS:]):  # with all that is read, so that the table is not touched
        sa.Index(f"{name}_{number}", column, events.c.time, events.c.seq, events.c.amount, events.c.label)
    return events, seeds(workload, metadata), tombstones(plain_name(f"erased_{workload}"), metadata)


def _columns(entities: Sequence[str]) -> list[str]:
    """Return a column for each entity; names that differ in case alone, which SQLite takes for one, are hashed."""
    small = [entity.lower() for entity in entities]
    return [plain_name(f"entity_{entity}", hashed=small.count(entity.lower()) > 1) for entity in entities]
