"""Which answers are learnt from, and by whose labels: written beside the inbox, from where `ingest` takes it.

    data/inbox/.live/<workload>/records.parquet     raw records, as the source gives them
    data/inbox/.live/<workload>/manifest.parquet    of each its event id, and its label's value, source, share and time

The stage `ingest` copies the manifest beside its raw records, so DVC keeps one with those of each version, and a
rebuild has it. The splits are drawn, or cut by time, as those of all records are: some of these answers go to the test
split, which moves on with them, and training leaves those out.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from components import catalogue
from components.config.errors import DataError
from components.config.params import Workload
from components.config.settings import LIVE, artifacts, learnt_file
from components.data.ingest import MANIFEST, RECORDS
from components.kinds.contract import Logged
from components.kinds.logged import LoggedRow
from components.prediction_log.reader import Log
from components.prediction_log.tables import ANSWERS
from components.system.files import whole_directory, whole_file
from components.watch.arrow import examples, texts
from components.watch.labelled import labels_of

LEARNT = ("caller", "score")
"""Whose answers are learnt from; the page and the flow's own questions are not work."""
ROW = ("id", "key", "request_id", "row")
"""What labels find an answer by."""
_ROWS = pa.schema([ANSWERS.field(name) for name in ROW])
_NAMED = (*ROW, "time", "version", "label", "origin")
_WHOLE = (*_NAMED, "record", "example", "example_type")
_SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "version": pa.string(),  # that answered
        "answer": pa.string(),  # the class that it named; null: a number
        "label": pa.string(),  # JSON; null: not known
        "source": pa.string(),
        "share": pa.float64(),
        "recorded": pa.timestamp("us", "UTC"),
    }
)


@dataclass(frozen=True)
class Live:
    """Answers to learn from."""

    manifest: pa.Table
    """A row for each, in the columns above."""
    records: pa.Table
    """The raw records, in the same order; none, where they were not asked for."""
    new: pa.Table
    """Of the manifest the rows whose label was not learnt from before."""

    @property
    def labelled(self) -> int:
        """How many have a label."""
        return len(self.manifest) - int(self.manifest["label"].null_count)

    def sources(self) -> Mapping[str, int]:
        """Return how many new labels each source has."""
        return Counter(self.new["source"].to_pylist())


def gather(
    name: str, log: Log, as_of: datetime, delay: timedelta, without: Collection[str] = (), records: bool = True
) -> Live:
    """Return what the workload can learn from its log, and from what it has learnt already.

    Args:
        name: of the workload.
        log: its log.
        as_of: what is recorded later is not looked at.
        delay: after which a label is final; of younger answers none is taken.
        without: sources whose labels are not taken.
        records: whether to read the records, too, which takes far longer than the manifest alone.

    Raises:
        DataError: the kind does not learn from its work, or nothing has been trained here yet.
    """
    section = catalogue.workload(name)
    kind = catalogue.logged(section.kind)
    if kind is None:
        raise DataError(f"{name}: kind {section.kind} does not learn from its work (it has no `logged`)")
    raw = artifacts(name, "raw") / RECORDS
    if not raw.exists():
        raise DataError(f"{raw}: missing; train once before it is trained again: make run WORKLOAD={name}")
    schema, before = pq.read_schema(raw), _before(name)
    parts = list(_days(log.standing(), section, kind, schema if records else None, as_of, delay, without))
    manifest = pa.concat_tables([_SCHEMA.empty_table(), *(part[1] for part in parts)])
    found = pa.concat_tables([schema.remove_metadata().empty_table(), *(part[2] for part in parts if records)])
    if before:
        seen = pa.chunked_array([pa.array([], pa.string()), *(part[0] for part in parts)]).combine_chunks()
        old = pc.invert(pc.is_in(before.manifest["id"], seen))  # what the log has dropped
        trusted = pc.invert(pc.is_in(pc.fill_null(before.manifest["source"], ""), pa.array(list(without), pa.string())))
        kept = pc.and_(old, trusted)
        manifest = pa.concat_tables([before.manifest.filter(kept), manifest])
        if records:
            found = pa.concat_tables([before.records.filter(kept).cast(found.schema), found])
    order = pc.sort_indices(manifest["id"])  # that of time, however the log has them
    manifest = manifest.take(order)
    return Live(manifest, found.take(order) if records else found, _new(manifest, learnt_file(name)))


def first_left(as_of: datetime, delay: timedelta) -> datetime:
    """Return from when on `gather` takes no answer: their labels are not final, or they have not been given yet."""
    return datetime.combine((as_of - delay).date(), time.min, UTC) if delay else as_of


def learnt_until(section: Workload, as_of: datetime, delay: timedelta) -> datetime:
    """Return the midnight up to which a training would learn from answers.

    Later ones have no final label yet; or they validate and test, where splits are spans of time.

    Args:
        section: of the workload.
        as_of: when it would begin.
        delay: after which a label is final.
    """
    held_back = getattr(catalogue.logged(section.kind), "held_back", None)  # a part that kinds may do without
    days = held_back(section) if held_back else 0.0
    end = (as_of - delay).date() if delay else as_of.date() + timedelta(days=1)  # of the day that has begun, all of it
    return datetime.combine(end, time.min, UTC) - timedelta(days=days)


def write(name: str, live: Live, beside: Mapping[str, pa.Table] | None = None) -> Path:
    """Have the next `ingest` take these answers; return their folder. Killed anywhere, it has the old ones or these.

    `beside` are the tables of those without a label, by the name of the file.
    """
    assert len(live.records) == len(live.manifest)
    folder = LIVE / name
    with whole_directory(folder) as draft:
        for file, written in {RECORDS: live.records, MANIFEST: live.manifest, **(beside or {})}.items():
            pq.write_table(written, draft / file, compression="zstd")
    return folder


def note_learnt(name: str, live: Live) -> None:
    """Have these labels count as learnt, once a training with them has ended."""
    path = learnt_file(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as draft:
        pq.write_table(live.manifest.select(["id", "label"]), draft, compression="zstd")


def _before(name: str) -> Live | None:
    folder = LIVE / name
    if not (folder / MANIFEST).exists():
        return None
    manifest = pq.read_table(folder / MANIFEST)
    return Live(manifest, pq.read_table(folder / RECORDS), manifest.slice(0, 0))


def _new(manifest: pa.Table, learnt: Path) -> pa.Table:
    labelled = manifest.filter(pc.is_valid(manifest["label"]))
    if not learnt.exists():
        return labelled
    before = pq.read_table(learnt)
    known = pc.binary_join_element_wise(before["id"], before["label"], " ")
    asked = pc.binary_join_element_wise(labelled["id"], labelled["label"], " ")
    return labelled.filter(pc.invert(pc.is_in(asked, pc.drop_null(known).combine_chunks())))


def _days(
    log: Log,
    section: Workload,
    kind: Logged,
    schema: pa.Schema | None,
    as_of: datetime,
    delay: timedelta,
    without: Collection[str],
) -> Iterator[tuple[pa.Array, pa.Table, pa.Table | None]]:
    """Yield the event ids, the manifest and the records of each part of each day whose labels are final."""
    every, columns = kind.takes_unlabelled(section), _WHOLE if schema else _NAMED
    for day in log.days():
        since = datetime.combine(day, time.min, UTC)
        until = since + timedelta(days=1)
        if not _is_over(day, as_of, delay):
            continue
        named = pa.Table.from_batches(log.answers(since, until, ROW), schema=_ROWS)
        labels = log.labels(as_of, of=named)
        labels = labels.filter(pc.invert(pc.is_in(labels["source"], pa.array(list(without), pa.string()))))
        for batch in log.answers(since, until, columns):
            rows = batch.filter(pc.is_in(texts(batch["origin"]), pa.array(LEARNT)))
            told = _told(rows, labels)
            found = _manifest(rows, told)
            taken = found if every else found.filter(pc.is_valid(found["label"]))
            yield rows["id"], taken, kind.raw(_rows(rows, told, found, every), schema, section) if schema else None


def with_labels(rows: pa.RecordBatch, labels: pa.Table) -> pa.Table:
    """Return the manifest of rows; a label of no value says that there is none."""
    return _manifest(rows, _told(rows, labels))


def _told(rows: pa.RecordBatch, labels: pa.Table) -> pa.Table:
    """Return the label of each row, nothing where it has none."""
    which = labels_of(rows, labels) if len(labels) else np.full(len(rows), -1)
    return labels.take(pa.array(which, mask=which < 0))


def _manifest(rows: pa.RecordBatch, told: pa.Table) -> pa.Table:
    empty = pc.equal(told["value"], '""')
    masked = {name: pc.if_else(empty, None, told[name]) for name in ("value", "source", "share", "recorded")}
    columns = [rows["id"], texts(rows["version"]), texts(rows["label"]), masked["value"], *list(masked.values())[1:]]
    return pa.table([column.cast(field.type) for column, field in zip(columns, _SCHEMA, strict=True)], schema=_SCHEMA)


def _rows(rows: pa.RecordBatch, told: pa.Table, manifest: pa.Table, every: bool) -> list[LoggedRow]:
    kinds = texts(rows["example_type"]).to_pylist()
    said, labels = rows.select(["id", "record"]).to_pylist(), manifest["label"].to_pylist()
    times, shares = pc.coalesce(told["time"], rows["time"]).to_pylist(), manifest["share"].to_pylist()
    return [
        LoggedRow(
            id=row["id"],
            record=None if row["record"] is None else json.loads(row["record"]),
            example=examples(rows["example"].slice(index, 1), kinds[index])[0],
            label=None if labels[index] is None else label_value(labels[index]),
            time=times[index],
            share=shares[index],
        )
        for index, row in enumerate(said)
        if every or labels[index] is not None
    ]


def label_value(text: str) -> Any:
    """Return the value that a label's JSON says; a truth value as the class of that name."""
    value = json.loads(text)
    return str(value).lower() if isinstance(value, bool) else value


def _is_over(day: date, as_of: datetime, delay: timedelta) -> bool:
    return not delay or datetime.combine(day, time.max, UTC) + delay <= as_of
