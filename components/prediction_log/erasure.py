"""Somebody's rows, removed from the log while it is written: from segments in their place, from Parquet files anew."""

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from components.prediction_log.compaction import GROUP
from components.prediction_log.description import read_description
from components.prediction_log.event_id import as_text
from components.prediction_log.identities import EVENT, REQUEST, Identities, bury, request_of
from components.prediction_log.record import Answered, Erased, Labelled, Record, decode, encode
from components.prediction_log.retention import LOCK
from components.prediction_log.rewriting import finish_rewriting, rewrite_whole
from components.prediction_log.segment import payloads
from components.prediction_log.writer import WAL
from components.system.files import whole_file
from components.system.locks import locked

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
    meanwhile is completed by doing it again.

    Args:
        folder: `<log>/<workload>`.
        person: whose; `find` has filled it.
    """
    if read_description(folder) is None:
        return 0, 0
    with locked(folder / LOCK):
        finish_rewriting(folder)
        _bury(folder, person)
        answers = labels = 0
        for segment in _segments(folder):
            for start, payload in list(payloads(segment)):
                left, answered, labelled = _without(decode(payload), person)
                if left is not None:
                    _rewrite(folder, segment, start, len(payload), left, person)
                answers, labels = answers + answered, labels + labelled
        for path in sorted(folder.glob("day=*/*.parquet")):
            answers += _filter(path, lambda row: person.has(row["id"], row["record"]), ["id", "record"], person)
        said = ["event_id", "key", "request_id", "row"]
        for path in sorted(folder.glob("labels/*.parquet")):
            labels += _filter(path, lambda row: person.has_label(*(row[name] for name in said)), said, None)
        os.sync()
    return answers, labels


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
            for row in _candidates(batch, person).to_pylist():
                if person.has(row["id"], row["record"]):
                    yield row["id"], row["record"], row["request_id"], row["row"]


def _bury(folder: Path, person: Person) -> None:
    """Write the tombstones. An entity may come again, as a customer does; an event, a key and a request do not."""
    identities, description = Identities(folder), read_description(folder)
    assert description
    named = [(EVENT, event) for event in person.events] + [(REQUEST, request) for request in person.requests]
    named += [(description.key, key) for key in person.keys] if description.key else []
    bury(folder, {identities.hash(column, value) for column, value in named})
    if person.column not in (EVENT, description.key):
        bury(folder, [identities.hash(person.column, person.value)], time.time_ns() // 1_000)


def _segments(folder: Path) -> list[Path]:
    return sorted((folder / WAL).glob("*.seg"))


def _rows_of(record: Answered, person: Person) -> list[int]:
    """Return the indices of the person's rows in a request."""
    return [
        index
        for index, number in enumerate(record.numbers)
        if person.has(as_text(record.identity + number), record.records[index] if record.records else None)
    ]


def _without(record: Record, person: Person) -> tuple[Record | None, int, int]:
    """Return what is left of a record (None: all of it), and how many answers and labels are not."""
    if isinstance(record, Answered) and (indices := _rows_of(record, person)):
        return record.without({record.numbers[index] for index in indices}) or Erased(), len(indices), 0
    if isinstance(record, Labelled):
        kept = [
            label
            for label in record.labels
            if not person.has_label(label.event_id, label.key, label.request_id, label.row)
        ]
        if gone := len(record.labels) - len(kept):
            return Labelled(kept) if kept else Erased(), 0, gone
    return None, 0, 0


def _rewrite(folder: Path, segment: Path, start: int, room: int, left: Record, person: Person) -> None:
    payload = encode(left)
    if len(payload) > room:  # the numbers of very many rows take more than a few of them leave
        whole = decode(_payload(segment, start))
        assert isinstance(whole, Answered)
        payload = encode(_blank(whole, _rows_of(whole, person)))
    rewrite_whole(folder, segment, start, payload)


def _payload(segment: Path, start: int) -> memoryview:
    return next(payload for at, payload in payloads(segment) if at == start)


def _blank(record: Answered, indices: list[int]) -> Answered:
    """Return the record with nothing in those rows; their events are buried, so that nobody reads them."""
    outputs, examples = record.outputs.copy(), record.examples.copy()
    outputs[indices], examples[indices] = 0, np.zeros((), examples.dtype)
    nothing = set(indices)

    def without(texts: Iterable[bytes]) -> list[bytes]:
        return [b"{}" if index in nothing else text for index, text in enumerate(texts)]

    answers, records = without(record.answers), without(record.records)
    return replace(record, outputs=outputs, examples=examples, answers=answers, records=records)


def _candidates(batch: pa.RecordBatch | pa.Table, person: Person) -> pa.RecordBatch | pa.Table:
    """Return the rows in which the value stands somewhere, which are few."""
    column = "id" if person.column == EVENT else "record"
    text = person.value if column == "id" else json.dumps(person.value, ensure_ascii=False)[1:-1]
    plain = json.dumps(person.value)[1:-1]
    found = [pc.fill_null(pc.match_substring(batch.column(column), said), False) for said in {text, plain}]
    return batch.filter(found[0] if len(found) == 1 else pc.or_(*found))


def _filter(path: Path, is_gone: Callable[[dict[str, Any]], bool], columns: list[str], person: Person | None) -> int:
    """Write a Parquet file without the rows that are gone; return how many those are."""
    looked = pq.read_table(path, columns=columns)
    if person and not len(_candidates(looked, person)):
        return 0
    kept = pa.array([not is_gone(row) for row in looked.to_pylist()], pa.bool_())
    if gone := len(kept) - (kept.true_count or 0):
        with whole_file(path) as draft:
            pq.write_table(pq.read_table(path).filter(kept), draft, compression="zstd", row_group_size=GROUP)
    return gone
