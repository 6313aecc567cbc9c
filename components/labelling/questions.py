"""What is asked, and who has answered it: one SQLite file, which several processes and people use at once.

A question belongs to whoever has it before them, for ten minutes: nobody else is asked the same meanwhile. What was
answered is an action, and no action is removed: one that is undone says so.
"""

import json
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from components.config.errors import DataError
from components.labelling.estimate import Known, Point, points

FILE = "questions.db"
GIVEN = "given"
"""What `shown` of a question about a label holds: the label, which is told once it is answered."""
What = Literal["label", "unusable", "skip"]
Value = str | float
HELD = 600.0
"""Seconds that a question belongs to whoever has it before them."""

_TABLES = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS candidates (id TEXT PRIMARY KEY, missed REAL NOT NULL, expected REAL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS questions (
  id TEXT PRIMARY KEY, position INTEGER NOT NULL, time_us INTEGER NOT NULL, shown TEXT NOT NULL, picture TEXT,
  answer TEXT, hashes BLOB NOT NULL, state TEXT NOT NULL DEFAULT 'open', holder TEXT, held_until REAL NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS actions (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL, holder TEXT NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL,
  value TEXT, seen INTEGER NOT NULL, at_us INTEGER NOT NULL, undone INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS actions_of ON actions (id, undone);
"""
_SEEN = ("record", "explanation")  # before it is answered
_NEXT = """
SELECT id, shown, picture, answer FROM questions WHERE state = 'open'
AND (holder IS NULL OR holder = :holder OR held_until < :now)
AND id NOT IN (SELECT id FROM actions WHERE what = 'skip' AND undone = 0 AND who = :who)
ORDER BY holder IS NOT :holder, position LIMIT 1
"""
_LATEST = (
    "SELECT number, id, what FROM actions WHERE holder = ? AND who = ? AND undone = 0 ORDER BY number DESC LIMIT 1"
)
_KNOWN = """
SELECT candidates.expected, actions.value, questions.answer, 1 - candidates.missed FROM actions
JOIN questions USING (id) JOIN candidates USING (id)
WHERE actions.what = 'label' AND undone = 0 AND candidates.expected IS NOT NULL ORDER BY number
"""


@dataclass(frozen=True)
class Question:
    """One answer that is asked about."""

    id: str
    """The event id."""
    time_us: int
    """When it was answered, microseconds since 1970."""
    shown: Mapping[str, Any]
    """What there is to see beside the picture: `record`, and `explanation` where one was asked for; see `GIVEN`."""
    picture: str | None
    """A `data:` address."""
    answer: Value | None
    """What the model said."""
    hashes: Sequence[bytes]
    """By which it is found when it is to be erased."""


@dataclass(frozen=True)
class Done:
    """What became of a question."""

    question: Question
    share: float
    """The probability with which it was asked."""
    what: What | None
    """None: nothing yet."""
    value: Value | None
    who: str
    at_us: int


class Questions:
    """The questions of one workload."""

    def __init__(self, folder: Path) -> None:
        """Open those in `folder`.

        Raises:
            DataError: there are none.
        """
        self._path = folder / FILE
        if not self._path.exists():
            raise DataError(f"nothing is asked yet: python -m flows.label {folder.name} chooses what to ask")

    @classmethod
    def begin(cls, folder: Path) -> "Questions":
        """Open those in `folder`, made if they are not there."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / FILE
        path.touch(mode=0o600)
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.executescript(_TABLES)
        return cls(folder)

    def ask(
        self,
        candidates: Iterable[tuple[str, float, float | None]],
        questions: Iterable[Question],
        classes: Sequence[str],
        version: str,
    ) -> None:
        """Ask more; what is asked already stays where it is.

        Args:
            candidates: event id, the probability with which it could be chosen now, independently of what was chosen
                before, and the probability that its answer is wrong, where one is known.
            questions: those that were chosen, the first to be asked first.
            classes: of the version that answered; none: a number is asked for.
            version: that answered.
        """
        with self._writing() as database:
            database.executemany(
                "INSERT INTO candidates VALUES (?, 1 - ?, ?) ON CONFLICT (id) DO UPDATE SET "
                "missed = missed * excluded.missed, expected = excluded.expected",
                candidates,
            )
            said = {"classes": json.dumps(list(classes)), "version": version}
            database.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", said.items())
            (last,) = database.execute("SELECT coalesce(max(position), 0) FROM questions").fetchone()
            database.executemany(
                "INSERT OR IGNORE INTO questions (id, position, time_us, shown, picture, answer, hashes) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    (one.id, last + 1 + index, one.time_us, json.dumps(one.shown), one.picture,
                     json.dumps(one.answer), b"".join(one.hashes))
                    for index, one in enumerate(questions)
                ),
            )  # fmt: skip

    def shares(self) -> dict[str, float]:
        """Return with which probability each question was asked, of all times that it could be."""
        with self._reading() as database:
            return dict(database.execute("SELECT id, 1 - missed FROM candidates JOIN questions USING (id)"))

    @property
    def classes(self) -> list[str]:
        """What can be answered; none: a number."""
        found: list[str] = json.loads(self._about("classes"))
        return found

    @property
    def version(self) -> str:
        """Which answered what was asked about last."""
        return self._about("version")

    def share(self, identity: str) -> float | None:
        """Return with which probability it was asked; None: nobody asked."""
        with self._reading() as database:
            asked = "SELECT 1 - missed FROM candidates JOIN questions USING (id) WHERE id = ?"
            row = database.execute(asked, (identity,)).fetchone()
        return None if row is None else float(row[0])

    def next(self, holder: str, who: str) -> dict[str, Any] | None:
        """Return the next question, which is the holder's for some minutes; None: none is left for them."""
        now = time.time()
        with self._writing() as database:
            row = database.execute(_NEXT, {"holder": holder, "who": who, "now": now}).fetchone()
            if row is None:
                return None
            database.execute("UPDATE questions SET holder = NULL WHERE holder = ? AND id <> ?", (holder, row[0]))
            held = (holder, now + HELD, row[0])
            database.execute("UPDATE questions SET holder = ?, held_until = ? WHERE id = ?", held)
        seen = {name: json.loads(row[1])[name] for name in _SEEN if name in json.loads(row[1])}
        return {**seen, "id": row[0], "picture": row[2], "answer": json.loads(row[3])}

    def given(self, identity: str) -> str | None:
        """Return the label that a question is about; None: it is about none."""
        with self._reading() as database:
            row = database.execute("SELECT shown FROM questions WHERE id = ?", (identity,)).fetchone()
        found: str | None = None if row is None else json.loads(row[0]).get(GIVEN)
        return found

    def is_open(self, identity: str, holder: str) -> bool:
        """Whether the holder may answer it: nobody has, and nobody else has it before them."""
        with self._reading() as database:
            found = "SELECT 1 FROM questions WHERE id = ? AND state = 'open' AND (holder IS ? OR held_until < ?)"
            return database.execute(found, (identity, holder, time.time())).fetchone() is not None

    def settle(
        self, identity: str, holder: str, who: str, what: What, value: Value | None, seen: bool, at_us: int
    ) -> bool:
        """Note what became of a question; False: somebody else has answered it meanwhile.

        Args:
            identity: the event id.
            holder: which page, or import.
            who: which person.
            what: became of it.
            value: the label.
            seen: whether the model's answer was shown before.
            at_us: when, microseconds since 1970.
        """
        with self._writing() as database:
            state = "open" if what == "skip" else what
            changed = database.execute(
                "UPDATE questions SET state = ?, holder = NULL, held_until = 0 "
                "WHERE id = ? AND state = 'open' AND (holder IS NULL OR holder = ? OR held_until < ?)",
                (state, identity, holder, time.time()),
            ).rowcount
            if changed:
                row = (identity, holder, who, what, json.dumps(value), int(seen), at_us)
                database.execute(
                    "INSERT INTO actions (id, holder, who, what, value, seen, at_us) VALUES (?, ?, ?, ?, ?, ?, ?)", row
                )
        return bool(changed)

    def latest(self, holder: str, who: str) -> tuple[str, What] | None:
        """Return the question that the holder has answered last, and how; None: none."""
        with self._reading() as database:
            row = database.execute(_LATEST, (holder, who)).fetchone()
        return None if row is None else (row[1], row[2])

    def undo(self, holder: str, who: str) -> None:
        """Have the holder's last answer undone, and the question before them again."""
        with self._writing() as database:
            row = database.execute(_LATEST, (holder, who)).fetchone()
            if row is None:
                return
            database.execute("UPDATE actions SET undone = 1 WHERE number = ?", (row[0],))
            database.execute("UPDATE questions SET holder = NULL WHERE holder = ?", (holder,))
            held = (holder, time.time() + HELD, row[1])
            database.execute("UPDATE questions SET state = 'open', holder = ?, held_until = ? WHERE id = ?", held)

    def counts(self) -> dict[str, int]:
        """Return how many questions are `open`, `label` (answered) and `unusable`."""
        with self._reading() as database:
            found = dict(database.execute("SELECT state, count(*) FROM questions GROUP BY state"))
        return {state: found.get(state, 0) for state in ("open", "label", "unusable")}

    def history(self) -> list[Point]:
        """Return what was known of the share of right answers after each label; nothing: the model has no say in it."""
        with self._reading() as database:
            sums = "SELECT count(*), coalesce(sum(expected), 0), coalesce(sum(expected * expected), 0) FROM candidates"
            rows, total, squares = database.execute(f"{sums} WHERE expected IS NOT NULL").fetchone()
            known = database.execute(_KNOWN).fetchall()
        return points(rows, total, squares, (Known(each[0], each[1] != each[2], each[3]) for each in known))

    def all(self) -> Iterator[Done]:
        """Yield all questions in their order, with what became of each."""
        with self._reading() as database:
            asked = (
                "SELECT q.id, q.time_us, q.shown, q.picture, q.answer, q.hashes, 1 - c.missed, q.state, a.value, "
                "a.who, a.at_us FROM questions q JOIN candidates c USING (id) LEFT JOIN actions a ON a.id = q.id "
                "AND a.undone = 0 AND a.what = q.state ORDER BY position"
            )
            for row in database.execute(asked):
                hashes = [row[5][start : start + 8] for start in range(0, len(row[5]), 8)]
                answer = json.loads(row[4])
                question = Question(row[0], row[1], json.loads(row[2]), row[3], answer, hashes)
                value = None if row[8] is None else json.loads(row[8])
                yield Done(question, row[6], None if row[7] == "open" else row[7], value, row[9] or "", row[10] or 0)

    def forget(self, buried: Mapping[bytes, int], events: Collection[str] = ()) -> int:
        """Remove the questions about what has been erased, and what might have been asked; return how many.

        Args:
            buried: hashes, with the time until which each counts, microseconds since 1970.
            events: the ids of the answers, where they are known.
        """
        gone = {
            each.question.id
            for each in self.all()
            if any(each.question.time_us <= buried.get(hash, -1) for hash in each.question.hashes)
        }
        with self._reading() as database:
            gone |= {*events} & {row[0] for row in database.execute("SELECT id FROM candidates")}
        self._remove(sorted(gone))
        return len(gone)

    def retain(self, ids: Collection[str]) -> None:
        """Remove the questions that nobody has answered and that are not among `ids`."""
        with self._reading() as database:
            there = [row[0] for row in database.execute("SELECT id FROM questions WHERE state = 'open'")]
        self._remove(sorted({*there} - {*ids}))

    def _remove(self, ids: Collection[str]) -> None:
        if not ids:
            return
        with self._writing() as database:
            database.execute("PRAGMA secure_delete = ON")
            for name in ("questions", "actions", "candidates"):
                database.executemany(f"DELETE FROM {name} WHERE id = ?", [(identity,) for identity in ids])  # noqa: S608
        with self._reading() as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _about(self, name: str) -> str:
        with self._reading() as database:
            (text,) = database.execute("SELECT value FROM about WHERE name = ?", (name,)).fetchone()
        return str(text)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=10.0, isolation_level=None)) as database:
            database.execute("PRAGMA synchronous = NORMAL")  # what a loss of power takes is in the log all the same
            yield database

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as database:
            database.execute("BEGIN IMMEDIATE")
            with database:
                yield database
