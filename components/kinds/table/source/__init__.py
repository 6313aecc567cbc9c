"""Where tables come from: a simulation, or files of the user's own -> raw records, the user's columns as they are."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from components.config import params
from components.config.errors import DataError
from components.kinds.csv_files import reader
from components.kinds.raw import DataSet, Origin, Raw
from components.kinds.table.source import addresses, files, simulator
from components.kinds.table.source.addresses import File


def open(origin: Origin, /) -> Raw:
    """Open the table at `origin`; behind its rows come those of the files in the inbox, held to the same columns.

    Until the batches are asked for, no more is read than the schema needs: footers of Parquet files, all of CSV files.

    Raises:
        ConfigError: the settings of a simulation are wrong.
        DataError: there is no table, or it is not readable.
    """
    raw = _simulated(origin.source, origin.data_set) if origin.data_set else _given(origin.source)
    later, ignored = addresses.found(str(origin.inbox)) if origin.inbox else ([], [])
    later += addresses.found(str(origin.live))[0] if origin.live else []
    about = {
        **raw.about,
        "origin": {**raw.about["origin"], "inbox": len(later)},
        "ignored": [*raw.about["ignored"], *ignored],
    }
    return replace(raw, batches=_all(raw, later, addresses.shown(origin.source)), about=about)


def _simulated(source: str, data_set: DataSet) -> Raw:
    if data_set.format != "simulator":
        raise DataError(f"{source}: format {data_set.format!r}: the tables that can be described are simulator's only")
    simulation = params.parse(simulator.Simulation, data_set.settings, f"{source}: settings.")
    about = {"origin": {"simulator": simulation.model_dump(mode="json")}, "ignored": []}
    return Raw(simulator.SCHEMA, simulator.transactions(simulation), about, "zstd")


def _given(source: str) -> Raw:
    found, ignored = files.table(source)
    said, name = files.schema(found), addresses.shown(source)
    about: dict[str, Any] = {"origin": {"source": name, "files": len(found)}, "ignored": ignored}
    if said.metadata:
        about["csv"] = json.loads(said.metadata[reader.ABOUT])
    schema = said.remove_metadata()
    return Raw(schema, files.batches(found, schema, name), about, "zstd")


def _all(raw: Raw, later: Sequence[File], source: str) -> Iterator[pa.RecordBatch]:
    files.check(later, raw.schema, source)
    count = 0
    for batch in raw.batches:
        count += batch.num_rows
        yield batch
    if count == 0:
        raise DataError(f"{source}: no rows; a table needs some to learn from")
    yield from files.batches(later, raw.schema, source)
