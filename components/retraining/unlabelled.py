"""Answers that nobody has labelled, as examples without labels: the newest, beside those that are learnt from.

    data/inbox/.live/<workload>/unlabelled.parquet             raw records, as the source gives them
    data/inbox/.live/<workload>/unlabelled_manifest.parquet    of each its event id, when it was answered, and by whom

They are written with what `manifest.py` writes, and versioned as that is: `ingest` takes them, DVC keeps them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from components import catalogue
from components.config.settings import LIVE
from components.data.ingest import UNLABELLED_MANIFEST
from components.kinds.contract.logged import LoggedUnlabelled
from components.kinds.logged import LoggedRow
from components.kinds.prepared import UNLABELLED_RECORDS
from components.prediction_log.reader import Log
from components.prediction_log.tables import ANSWERS
from components.retraining.manifest import LEARNT, ROW, with_labels
from components.watch.arrow import examples, texts

_NAMED = (*ROW, "version", "label", "origin")
_NEEDED = ("id", "time", "version", "example", "example_type")
_SCHEMA = pa.schema({"id": pa.string(), "time": pa.timestamp("us", "UTC"), "version": pa.string()})


@dataclass(frozen=True)
class Unlabelled:
    """Examples of the log without labels, in the order in which they were answered."""

    manifest: pa.Table
    """A row for each, in the columns above."""
    records: pa.Table
    """The raw records, in the same order."""

    def __len__(self) -> int:
        return len(self.manifest)

    def files(self) -> Mapping[str, pa.Table]:
        """Return what is written, by the name of the file; nothing where there is none."""
        return {} if not len(self) else {UNLABELLED_RECORDS: self.records, UNLABELLED_MANIFEST: self.manifest}


def gather_unlabelled(name: str, log: Log, as_of: datetime, labelled: pa.Table) -> Unlabelled | None:
    """Return the newest answers without a label, as many as the section asks for; None: it asks for none.

    What an earlier training had without a label stays, though the log may have dropped it.

    Args:
        name: of the workload.
        log: its log.
        as_of: what is recorded later is not looked at.
        labelled: the manifest of what is learnt from with labels.
    """
    section = catalogue.workload(name)
    if not (most := section.unlabelled_answers()):
        return None
    kind, standing = cast("LoggedUnlabelled", catalogue.logged(section.kind)), log.standing()
    parts, count = list[Unlabelled](), 0
    for day in reversed(standing.days()):
        if count < most:
            since = datetime.combine(day, time.min, UTC)
            until = min(since + timedelta(days=1), as_of)
            chosen = _without_label(standing, since, until, as_of, most - count)
            parts += _read(standing, since, until, chosen, kind)
            count += len(chosen)
    parts += _before(name)
    if not parts:
        return Unlabelled(_SCHEMA.empty_table(), kind.raw_unlabelled([]))
    return _newest(parts, labelled, most)


def _without_label(log: Log, since: datetime, until: datetime, as_of: datetime, most: int) -> pa.Array:
    """Return the event ids of the newest answers of a day that have no label."""
    schema = pa.schema([ANSWERS.field(name) for name in _NAMED])
    batches = list(log.answers(since, until, _NAMED))
    labels = log.labels(as_of, of=pa.Table.from_batches(batches, schema=schema).select(ROW))
    found = [pa.array([], pa.string())]
    for batch in batches:
        rows = batch.filter(pc.is_in(texts(batch["origin"]), pa.array(LEARNT)))
        known = with_labels(rows, labels)
        found.append(known.filter(pc.is_null(known["label"]))["id"].combine_chunks())
    ids = pa.concat_arrays(found)
    return ids.take(pc.sort_indices(ids)[-most:])


def _read(log: Log, since: datetime, until: datetime, chosen: pa.Array, kind: LoggedUnlabelled) -> Iterator[Unlabelled]:
    for batch in log.answers(since, until, _NEEDED):
        rows = batch.filter(pc.is_in(batch["id"], chosen))
        if not len(rows):
            continue
        types = texts(rows["example_type"]).to_pylist()
        said = [
            LoggedRow(id, None, examples(rows["example"].slice(index, 1), types[index])[0], None)
            for index, id in enumerate(rows["id"].to_pylist())
        ]
        columns = [rows["id"], rows["time"], texts(rows["version"])]
        manifest = [column.cast(field.type) for column, field in zip(columns, _SCHEMA, strict=True)]
        yield Unlabelled(pa.table(manifest, schema=_SCHEMA), kind.raw_unlabelled(said))


def _before(name: str) -> Iterator[Unlabelled]:
    folder = LIVE / name
    if (folder / UNLABELLED_MANIFEST).exists():
        yield Unlabelled(pq.read_table(folder / UNLABELLED_MANIFEST), pq.read_table(folder / UNLABELLED_RECORDS))


def _newest(parts: list[Unlabelled], labelled: pa.Table, most: int) -> Unlabelled:
    """Return the newest, each once, without those that have a label by now."""
    manifest = pa.concat_tables([part.manifest for part in parts])
    records = pa.concat_tables([part.records for part in parts])
    told = set(labelled.filter(pc.is_valid(labelled["label"]))["id"].to_pylist())
    places = {id: place for place, id in enumerate(manifest["id"].to_pylist()) if id not in told}
    newest = [places[id] for id in sorted(places)[-most:]]  # ids are in the order of time
    return Unlabelled(manifest.take(newest), records.take(newest))
