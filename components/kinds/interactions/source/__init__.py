"""Tables of interactions, or the simulation of a shop -> raw records, the user's columns as they are."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from components.config import params
from components.config.errors import DataError
from components.kinds import json_lines
from components.kinds.csv_files import SUFFIXES, reader
from components.kinds.folders import files_below
from components.kinds.interactions.params.columns import LIVE
from components.kinds.interactions.source import simulator
from components.kinds.raw import DataSet, Origin, Raw

_TABLES = (*SUFFIXES, *json_lines.SUFFIXES, ".parquet")


def open(origin: Origin) -> Raw:
    """Open the source; behind its rows come those of the files in the inbox, by the same columns, and of its work.

    Raises:
        ConfigError: the settings of a simulation are wrong.
        DataError: there is no table, or a file is not readable, or lacks a column of the first.
    """
    raw = _simulated(origin.source, origin.data_set) if origin.data_set else _given(origin.source)
    later = _files(origin.inbox) if origin.inbox else []
    about = {**raw.about, "inbox": len(later)}
    if origin.live:
        later, about = [*later, origin.live], {**about, LIVE: pq.read_metadata(origin.live).num_rows}
    return replace(raw, batches=_all(raw, later), about=about)


def _simulated(source: str, data_set: DataSet) -> Raw:
    if data_set.format != "shop":
        raise DataError(f"{source}: format {data_set.format!r}: interactions are described by `shop`, the simulation")
    simulation = params.parse(simulator.Simulation, data_set.settings, f"{source}: settings.")
    about = {"simulator": simulation.model_dump(mode="json")}
    return Raw(simulator.SCHEMA, simulator.interactions(simulation), about, "zstd")


def _given(source: str) -> Raw:
    path = Path(source)
    files = _files(path)
    if not files:
        missing = "no such file or folder" if not path.exists() else "no table there"
        raise DataError(
            f"{source}: {missing}: set source to a CSV, Parquet or JSON Lines file, or a folder of them, with columns "
            "that say who took what, and when"
        )
    schema = _schema(files[0])
    return Raw(schema, _rows(files, schema), {"files": len(files)}, "zstd")


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [file for file in files_below(path) if file.name.lower().endswith(_TABLES)] if path.is_dir() else []


def _schema(file: Path) -> pa.Schema:
    """Return the columns of a file; every value of a CSV file as its text."""
    try:
        if file.suffix.lower() == ".parquet":
            return pq.read_schema(file).remove_metadata()
        if file.suffix.lower() in json_lines.SUFFIXES:
            return json_lines.read(file).schema
        return pa.schema([(name, pa.string()) for name in reader.header(file).names])
    except (pa.ArrowInvalid, OSError, DataError) as error:
        raise DataError(f"{file}: {error}") from error


def _all(raw: Raw, later: list[Path]) -> Iterator[pa.RecordBatch]:
    yield from raw.batches
    yield from _rows(later, raw.schema)


def _rows(files: list[Path], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for file in files:
        names = _schema(file).names
        if missing := [name for name in schema.names if name not in names]:
            raise DataError(f"{file}: no column {missing[0]!r}, which the first file has")
        try:
            for batch in _batches(file):
                yield _as(batch, schema)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError, DataError) as error:
            raise DataError(f"{file}: {error}") from error


def _batches(file: Path) -> Iterator[pa.RecordBatch]:
    if file.suffix.lower() == ".parquet":
        yield from pq.ParquetFile(file).iter_batches()
    elif file.suffix.lower() in json_lines.SUFFIXES:
        yield from json_lines.read(file).to_batches()
    else:
        yield from (reader.filled(batch) for batch in reader.rows(file))


def _as(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    return pa.record_batch(
        [batch[name].cast(field) for name, field in zip(schema.names, schema.types, strict=True)], schema=schema
    )
