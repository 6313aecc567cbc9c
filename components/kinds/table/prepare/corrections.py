"""Labels of records that `prepare.corrections` puts right, in a copy of the raw table that is gone after `prepare`.

A record is called by its id (`prepare.columns.id`), else by its row and a hash of all that is in it but the label: so
no correction meets another record once rows have moved.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from components.config.errors import DataError
from components.kinds.corrections import Correction, read_as, read_corrections, refuse
from components.kinds.table.prepare.label_values import key, shown

if TYPE_CHECKING:
    from components.kinds.table.params import Columns, Prepare

_BY_ROW = re.compile(r"(\d+)-[0-9a-f]{16}")
Record = Mapping[str, Any]


@contextmanager
def corrected(raw: Path, out: Path, config: "Prepare") -> Iterator[tuple[Path, list[str]]]:
    """Yield the raw table as the corrections say, and what is said of it; the copy stands in `out` until then.

    A record that is corrected to no label has none: it is not learned from, but windows know it.

    Raises:
        DataError: there is no label, or a correction names no record, another label than the record has, or none.
    """
    if config.corrections is None:
        yield raw, []
        return
    if config.columns.label is None:
        raise DataError("prepare.corrections corrects labels, and prepare.columns.label names no column")
    corrections, copy = read_corrections(Path(config.corrections)), out / "corrected.parquet"
    _write(raw, copy, config.columns, corrections, config.corrections)
    yield copy, read_as(config.corrections, corrections)
    copy.unlink()


def name_of(record: Record, row: int, columns: "Columns") -> str:
    """Return what a raw record is called in a file of corrections."""
    if columns.id is not None and record[columns.id] is not None:
        return shown(record[columns.id])
    content = {name: None if value is None else shown(value) for name, value in record.items() if name != columns.label}
    return f"{row}-{hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]}"


def _write(raw: Path, copy: Path, columns: "Columns", corrections: Sequence[Correction], path: str) -> None:
    by_name, label = {each.name: each for each in corrections}, str(columns.label)
    rows = {int(found[1]) for name in by_name if (found := _BY_ROW.fullmatch(name))}
    table = pq.ParquetFile(raw)
    if label not in table.schema_arrow.names:
        raise DataError(f"column {label!r} (prepare.columns.label) is missing")
    met: dict[str, str | None] = {}
    start = 0
    with pq.ParquetWriter(copy, table.schema_arrow, compression="zstd") as writer:
        for batch in table.iter_batches():
            named = {index: by_name[name] for index, name in _named(batch, start, columns, rows) if name in by_name}
            changed = _fitting(batch, label, named, met)
            writer.write_batch(_changed(batch, label, changed, path) if changed else batch)
            start += len(batch)
    _refuse_others(by_name, met, path)


def _fitting(
    batch: pa.RecordBatch, label: str, named: Mapping[int, Correction], met: dict[str, str | None]
) -> dict[int, str]:
    """Return the new labels by their place; `met` takes what else is called so, with the label that it has."""
    changed = {}
    for index, correction in named.items():
        given = batch[label][index].as_py()
        if given is not None and key(given) == key(correction.given):
            changed[index] = correction.label
            met[correction.name] = None
        else:
            met.setdefault(correction.name, "no label" if given is None else repr(shown(given)))
    return changed


def _refuse_others(by_name: Mapping[str, Correction], met: Mapping[str, str | None], path: str) -> None:
    for name, correction in by_name.items():
        if name not in met:
            raise refuse(path, correction, "is no record of the source, or no longer at its row")
        if met[name] is not None:
            raise refuse(path, correction, f"has {met[name]}, not {correction.given!r}")


def _named(batch: pa.RecordBatch, start: int, columns: "Columns", rows: set[int]) -> Iterator[tuple[int, str]]:
    """Yield records that may be corrected: all that have an id, of the others those at `rows`."""
    ids = batch[columns.id].to_pylist() if columns.id in batch.schema.names else [None] * len(batch)
    for index, value in enumerate(ids):
        if value is not None:
            yield index, shown(value)
        elif start + index in rows:
            yield index, name_of(batch.slice(index, 1).to_pylist()[0], start + index, columns)


def _changed(batch: pa.RecordBatch, label: str, changed: Mapping[int, str], path: str) -> pa.RecordBatch:
    field = batch.schema.field(label)
    of_values = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    values = batch[label].to_pylist()
    for index, text in changed.items():
        try:
            values[index] = pa.scalar(text).cast(of_values).as_py() if text else None
        except pa.ArrowInvalid as error:
            raise DataError(f"{path}: {text!r} can be no label: the column {label!r} holds {of_values}") from error
    place = batch.schema.get_field_index(label)
    return batch.set_column(place, field, pa.array(values, field.type))
