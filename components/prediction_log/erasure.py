"""Somebody's rows, removed from the log while it is written: from segments in their place, from Parquet files anew."""

import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from components.prediction_log.compaction import GROUP
from components.prediction_log.description import Description, read_description
from components.prediction_log.event_id import as_text
from components.prediction_log.identities import EVENT, REQUEST, Identities, buried, bury, request_of
from components.prediction_log.maintenance import LOCK
from components.prediction_log.record import Answered, Erased, Labelled, Record, Unknown, decode, encode
from components.prediction_log.rewriting import finish_rewriting, rewrite_whole
from components.prediction_log.segment import payloads
from components.prediction_log.summaries import remove_summaries
from components.prediction_log.tables import as_row, is_label_buried
from components.prediction_log.writer import WAL
from components.system.clock import now_us
from components.system.files import whole_file
from components.system.locks import locked

logger = logging.getLogger(__name__)

_NOTHING = b"{}"  # in the place of an answer that had no room to go
_Row = tuple[str, str | None, str, int]  # event id, record, request id, row


@dataclass
class Person:
    """Whose rows are meant, and what is known of them."""

    column: str
    """Of a record; `event_id`: the answer's own identity."""
    value: str
    """As text."""
    keys: set[str] = field(default_factory=set)
    """The caller's own keys of the rows: labels are also said by them."""
    events: set[str] = field(default_factory=set)
    """Their event ids."""
    requests: set[str] = field(default_factory=set)
    """Requests and rows, as `identities.request_of` writes them."""

    def has(self, event: str, record: str | bytes | None) -> bool:
        """Whether the row is the person's."""
        if self.column == EVENT:
            return event == self.value
        return record is not None and str(json.loads(record).get(self.column)) == self.value

    def has_label(self, event: str | None, key: str | None, request: str | None, row: int | None) -> bool:
        """Whether the label is of one of the rows."""
        of_request = request is not None and request_of(request, row or 0) in self.requests
        return event in self.events or key in self.keys or of_request


def find(folder: Path, person: Person) -> int:
    """Add what the log in `folder` knows of the person's rows to `person`; return how many rows it has."""
    description = read_description(folder)
    if description is None:
        return 0
    with locked(folder / LOCK):
        found = [*_in_segments(folder, person), *_in_parquet(folder, person)]
    for event, text, request, row in found:
        person.events.add(event)
        person.requests.add(request_of(request, row))
        if description.key and text and (key := json.loads(text).get(description.key)) not in (None, ""):
            person.keys.add(str(key))
    return len(set(found))


def erase(folder: Path, person: Person) -> tuple[int, int]:
    """Remove the person's rows and what was said of them; return how many answers and how many labels there were.

    None of them comes back, whatever is restored or compacted later. Workers may go on writing. What is killed
    meanwhile is completed by doing it again: all that has a tombstone is removed.

    Args:
        folder: `<log>/<workload>`.
        person: whose; `find` has filled it.
    """
    if (description := read_description(folder)) is None:
        return 0, 0
    unknown = 0
    with locked(folder / LOCK):
        finish_rewriting(folder)
        identities = Identities(folder)
        _bury(folder, person, identities, description)
        remove_summaries(folder)
        gone = _Gone(person, identities, description, buried(folder))
        answers = labels = 0
        for segment in _segments(folder):
            for start, payload in list(payloads(segment)):
                record = decode(payload)
                unknown += isinstance(record, Unknown)
                left, answered, labelled = _without(record, gone)
                if left is not None:
                    rewrite_whole(folder, segment, start, _fitting(left, record, len(payload), gone))
                answers, labels = answers + answered, labels + labelled
        answers += sum(_filter(path, gone.rows) for path in sorted(folder.glob("day=*/*.parquet")))
        labels += sum(_filter(path, gone.labels) for path in sorted(folder.glob("labels/*.parquet")))
        os.sync()
    if unknown:
        logger.warning(
            "%s: %d records are of a newer version and were not looked through; have that version forget, too",
            folder, unknown,
        )  # fmt: skip
    return answers, labels


@dataclass
class _Gone:
    """What is to go: the person's, and what has a tombstone."""

    person: Person
    identities: Identities
    description: Description
    buried: Mapping[bytes, int]

    def has(self, event: str, record: bytes | None, time_us: int) -> bool:
        if self.person.has(event, record):
            return True
        came = json.loads(record) if record else {}
        hashes = self.identities.of(event, came, self.description)
        return any(time_us <= self.buried.get(hash, -1) for hash in hashes)

    def has_label(self, label: Mapping[str, Any]) -> bool:
        said = (label["event_id"], label["key"], label["request_id"], label["row"])
        return self.person.has_label(*said) or is_label_buried(label, self.description, self.identities, self.buried)

    def rows(self, path: Path) -> set[int]:
        """Return the numbers of the rows of a Parquet file that go."""
        found = pq.read_table(path, columns=["id", "record", "time", "hashes"])
        hashes = pc.list_flatten(found["hashes"]).combine_chunks()
        marked = pc.is_in(hashes, pa.array(list(self.buried), hashes.type))
        of_rows = pc.list_parent_indices(found["hashes"]).combine_chunks().filter(marked)
        maybe = {*of_rows.to_pylist(), *_candidates(found, self.person)}
        rows = {index: found.slice(index, 1).to_pylist()[0] for index in maybe}
        times = pc.cast(found["time"], pa.int64())
        return {
            index
            for index, row in rows.items()
            if self.person.has(row["id"], row["record"])
            or any(times[index].as_py() <= self.buried.get(hash, -1) for hash in row["hashes"])
        }

    def labels(self, path: Path) -> set[int]:
        """Return the numbers of the labels of a Parquet file that go."""
        return {index for index, label in enumerate(pq.read_table(path).to_pylist()) if self.has_label(label)}


def _in_segments(folder: Path, person: Person) -> Iterator[_Row]:
    for segment in _segments(folder):
        for _, payload in payloads(segment):
            if isinstance(record := decode(payload), Answered):
                for index in _rows_of(record, person):
                    number = record.numbers[index]
                    text = record.records[index].decode() if record.records else None
                    yield as_text(record.identity + number), text, record.request_id, number


def _in_parquet(folder: Path, person: Person) -> Iterator[_Row]:
    for path in folder.glob("day=*/*.parquet"):
        for batch in pq.ParquetFile(path).iter_batches(columns=["id", "request_id", "row", "record"]):
            for row in batch.take(pa.array(_candidates(batch, person), pa.int64())).to_pylist():
                if person.has(row["id"], row["record"]):
                    yield row["id"], row["record"], row["request_id"], row["row"]


def _bury(folder: Path, person: Person, identities: Identities, description: Description) -> None:
    """Write the tombstones. An entity may come again, as a customer does; an event, a key and a request do not."""
    named = [(EVENT, event) for event in person.events] + [(REQUEST, request) for request in person.requests]
    named += [(description.key, key) for key in person.keys] if description.key else []
    bury(folder, {identities.hash(column, value) for column, value in named})
    if person.column not in (EVENT, description.key):
        bury(folder, [identities.hash(person.column, person.value)], now_us())


def _segments(folder: Path) -> list[Path]:
    return sorted((folder / WAL).glob("*.seg"))


def _rows_of(record: Answered, person: Person) -> list[int]:
    """Return the indices of the person's rows in a request."""
    return [
        index
        for index, number in enumerate(record.numbers)
        if person.has(as_text(record.identity + number), record.records[index] if record.records else None)
    ]


def _going(record: Answered, gone: _Gone) -> list[int]:
    """Return the indices of the rows of a request that go."""
    return [
        index
        for index, number in enumerate(record.numbers)
        if record.answers[index] != _NOTHING
        and gone.has(
            as_text(record.identity + number), record.records[index] if record.records else None, record.time_us
        )
    ]


def _without(record: Record, gone: _Gone) -> tuple[Record | None, int, int]:
    """Return what is left of a record (None: all of it), and how many answers and labels are not."""
    if isinstance(record, Answered) and (indices := _going(record, gone)):
        return record.without({record.numbers[index] for index in indices}) or Erased(), len(indices), 0
    if isinstance(record, Labelled):
        kept = [label for label in record.labels if not gone.has_label(as_row(label))]
        if count := len(record.labels) - len(kept):
            return Labelled(kept) if kept else Erased(), 0, count
    return None, 0, 0


def _fitting(left: Record, before: Record, room: int, gone: _Gone) -> bytes:
    """Return the bytes of what is left; the numbers of very many rows may take more than a few of them leave."""
    payload = encode(left)
    if len(payload) <= room:
        return payload
    assert isinstance(before, Answered)
    return encode(_blank(before, {*_going(before, gone), *_blanks(before)}))


def _blanks(record: Answered) -> list[int]:
    return [index for index, answer in enumerate(record.answers) if answer == _NOTHING]


def _blank(record: Answered, rows: set[int]) -> Answered:
    """Return the record with nothing in those rows; their events are buried, so that nobody reads them."""
    outputs, examples = record.outputs.copy(), record.examples.copy()
    outputs[sorted(rows)], examples[sorted(rows)] = 0, np.zeros((), examples.dtype)

    def without(texts: Iterable[bytes]) -> list[bytes]:
        return [_NOTHING if index in rows else text for index, text in enumerate(texts)]

    answers, records = without(record.answers), without(record.records)
    return replace(record, outputs=outputs, examples=examples, answers=answers, records=records)


def _candidates(batch: pa.RecordBatch | pa.Table, person: Person) -> list[int]:
    """Return the numbers of the rows in which the value stands somewhere."""
    column = "id" if person.column == EVENT else "record"
    written = {json.dumps(person.value, ensure_ascii=ascii)[1:-1] for ascii in (False, True)}
    found: set[int] = set()
    for text in written:
        mask = pc.fill_null(pc.match_substring(batch.column(column), text), False)
        found.update(pc.indices_nonzero(mask).to_pylist())
    return sorted(found)


def _filter(path: Path, gone: Callable[[Path], set[int]]) -> int:
    """Write a Parquet file without the rows that are gone; return how many those are."""
    rows = gone(path)
    if rows:
        found = pq.read_table(path)
        kept = [index for index in range(len(found)) if index not in rows]
        with whole_file(path) as draft:
            pq.write_table(found.take(pa.array(kept, pa.int64())), draft, compression="zstd", row_group_size=GROUP)
    return len(rows)
