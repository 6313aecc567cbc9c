"""What an endpoint remembers of its users: who took which item, and when, in one database for all its workers.

A transaction is committed before a request is answered; see `components/kinds/table/codec/event_store.py`, whose
database this is, on SQLite and PostgreSQL alike.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import sqlalchemy as sa

from components.kinds.database import DIALECTS, Dialect
from components.kinds.memory_tables import Column, chunks, packed, plain_name, seeds, serial
from components.kinds.stored_memory import StoredMemory
from components.kinds.tombstones import outlived, tombstones

MOST = 1_000
"""Items of one user that are remembered at least, the latest."""

_USER = "user"
_ROUND = 100  # items between two rounds of pruning
_INSERT = """
INSERT INTO {taken} ("user", item, time, moment)
SELECT {user}, {item}, CAST({time} AS BIGINT), CAST({moment} AS BIGINT)
FROM {rows} WHERE true ORDER BY given.key
ON CONFLICT ("user", item, moment) DO NOTHING
"""
_LATEST = """
SELECT {user}, stored.item, stored.seq,
ROW_NUMBER() OVER (PARTITION BY {user} ORDER BY stored.time DESC, stored.seq DESC) AS place
FROM {rows} JOIN {taken} AS stored ON stored."user" = {user}
"""
_READ = "SELECT * FROM ({latest}) AS latest WHERE place <= {parameter} ORDER BY place"
_PRUNE = "DELETE FROM {taken} WHERE seq IN (SELECT seq FROM ({latest}) AS latest WHERE place > {parameter})"


class ItemStore(StoredMemory):
    """Who took what. Open it in the process that uses it; its threads may share it."""

    def __init__(self, url: str, workload: str, repeats: bool = False, most: int = MOST) -> None:
        """Open the database at `url`; tables that are missing are made, also where several processes do so at once.

        Args:
            url: SQLAlchemy's, as of `EventStore`.
            workload: whose users they are.
            repeats: whether the same item of a user counts again at another time; else it counts once.
            most: items of one user that are remembered.

        Raises:
            EndpointError: the database cannot be reached or written, or its table has other columns.
        """
        super().__init__(url, _tables(workload))
        self._repeats, self._most = repeats, most
        self._insert, self._read, self._oldest = _statements(DIALECTS[self._address.get_backend_name()], self._table)
        self._unpruned: dict[str, int] = {}

    def seed(self, name: str, users: Column, items: Column, times: Column) -> int:
        """Load what has to be known on the first day, once for each `name`; return how many were new.

        They come in the order of time, milliseconds since 1970. What was erased stays so.
        """

        def load(connection: sa.Connection) -> int:
            if self._knows(connection, name):
                return 0
            connection.execute(self._seeds.insert().values(name=name))
            kept = outlived(connection, self._erased, {_USER: users}, times)
            given = [column if kept is None else np.asarray(column)[kept] for column in (users, items, times)]
            parts = chunks([*given, given[2] if self._repeats else [0] * len(given[2])])
            return sum(connection.exec_driver_sql(self._insert, (part,)).rowcount for part in parts)

        return self._patiently(load)

    def latest(self, users: Sequence[str], items: Sequence[Sequence[str]], time: int, count: int) -> list[list[str]]:
        """Remember what each of N users has taken by now; return what each took last, the latest first.

        Args:
            users: `[N]`, one after the other: what an earlier one of the same name took is known to the later one.
            items: `[N]`, in the order in which they were taken; one that is known of its user keeps its place.
            time: milliseconds since 1970.
            count: of the items that are returned of each, at most.

        Raises:
            EndpointError: the database does not answer, is full, or others hold it for too long.
            BadRequest: a name that cannot be stored.
        """
        rounds = [self._round(users, items, which, time) for which in _each_once(users)]

        def work(connection: sa.Connection) -> list[list[str]]:
            found: list[list[str]] = [[] for _ in users]
            for which, names, rows in rounds:
                if rows:
                    connection.exec_driver_sql(self._insert, (rows,))
                places = {users[index]: index for index in which}
                for user, item, *_ in connection.exec_driver_sql(self._read, (names, count)):
                    found[places[user]].append(item)
            self._prune(connection, users, items)
            return found

        return self._database.run(work)

    def items_of(self, user: str) -> list[str]:
        """Return all that is remembered of a user, the first that was taken first."""
        of_user = sa.select(self._table.c.item).where(self._table.c.user == user)
        asked = of_user.order_by(self._table.c.time, self._table.c.seq)
        return self._database.run(lambda connection: list(connection.execute(asked).scalars()))

    def erase(self, user: str, until_ms: int) -> int:
        """Drop what is remembered of a user, and have no seed bring one back of a time until then; return how many.

        Afterwards the database's files hold nothing of it, but for what PostgreSQL itself logs.
        """
        return self._drop(self._table.c.user, _USER, user, until_ms)

    def _round(
        self, users: Sequence[str], items: Sequence[Sequence[str]], which: Sequence[int], time: int
    ) -> tuple[Sequence[int], str, str | None]:
        """Return which of the users they are, their names, and rows of what they took, the last one at `time`."""
        taken = [(users[index], item, time - back) for index in which for back, item in _with_age(items[index])]
        owners, names, times = zip(*taken, strict=True) if taken else ((), (), ())
        moments = times if self._repeats else [0] * len(times)
        rows = packed([owners, names, times, moments]) if taken else None
        return which, packed([[users[index] for index in which]]), rows

    def _prune(self, connection: sa.Connection, users: Sequence[str], items: Sequence[Sequence[str]]) -> None:
        """Drop the oldest items of users who have too many, of those who took something lately; now and then."""
        for user, taken in zip(users, items, strict=True):
            if taken:
                self._unpruned[user] = self._unpruned.get(user, 0) + len(taken)
        if sum(self._unpruned.values()) >= _ROUND:
            connection.exec_driver_sql(self._oldest, (packed([list(self._unpruned)]), self._most))
            self._unpruned = {}


def _tables(workload: str) -> tuple[sa.Table, sa.Table, sa.Table]:
    """Return the table of what was taken, that of the names under which it was seeded, and that of who was erased."""
    name = plain_name(f"taken_{workload}")
    taken = sa.Table(
        name,
        metadata := sa.MetaData(),
        sa.Column("seq", serial(), primary_key=True),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("moment", sa.BigInteger, nullable=False),  # the time where an item counts again, else 0
    )
    sa.Index(f"{name}_once", taken.c.user, taken.c.item, taken.c.moment, unique=True)
    sa.Index(f"{name}_latest", taken.c.user, taken.c.time, taken.c.seq, taken.c.item)
    return taken, seeds(workload, metadata), tombstones(plain_name(f"erased_{workload}"), metadata)


def _statements(words: Dialect, table: sa.Table) -> tuple[str, str, str]:
    """Return what inserts, reads and prunes, in the words of one database."""
    user, item, time, moment = (words.cell.format(index) for index in range(4))
    named = {
        "taken": f'"{table.name}"',
        "rows": words.rows,
        "parameter": {"qmark": "?", "format": "%s"}[words.paramstyle],
        "user": user,
        "item": item,
        "time": time,
        "moment": moment,
    }
    named["latest"] = _LATEST.format(**named)
    insert, read, prune = (statement.format(**named) for statement in (_INSERT, _READ, _PRUNE))
    return insert, read, prune


def _each_once(users: Sequence[str]) -> list[list[int]]:
    """Return the places of the users in rounds, in each of which everybody is once, in their order."""
    rounds: list[list[int]] = []
    seen = Counter[str]()
    for index, user in enumerate(users):
        if seen[user] == len(rounds):
            rounds.append([])
        rounds[seen[user]].append(index)
        seen[user] += 1
    return rounds


def _with_age(items: Sequence[str]) -> list[tuple[int, str]]:
    """Return the items with how many came after each: a millisecond lies between two."""
    return [(len(items) - 1 - place, item) for place, item in enumerate(items)]
