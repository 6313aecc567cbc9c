"""Results on their way: part files beside the file of the result, each whole or not there, merged in the end.

    .scores.parquet.parts/
        manifest.json                        what is scored with what; another one begins anew
        000000000000-000000020500.parquet    rows 0 to 20,499
        000000000000-000000020500.npz        what the rows behind them have to know of them, if anything
    000000000000-000000020500.seg        their records for the prediction log, if they are to be there

A part counts if it begins where the one before ends, so that a kill at any moment costs the part at work and no more.
"""

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from components.kinds.contract import Observations
from components.prediction_log.segment import write_segment
from components.system.files import read_json, whole_file, write_json

KEY = b"journeyman"
"""Of the manifest in the metadata of the result."""

_MANIFEST = "manifest.json"
_GROUP = 100_000
"""Rows of a row group of the result."""


@dataclass(frozen=True)
class Span:
    """Rows of one part."""

    start: int
    end: int

    def file(self, folder: Path, suffix: str) -> Path:
        """Return the part's file."""
        return folder / f"{self.start:012d}-{self.end:012d}{suffix}"


class Parts:
    """The parts of one result."""

    def __init__(self, out: Path, manifest: Mapping[str, Any]) -> None:
        """Find the parts that were made under the same manifest; those of another one are deleted."""
        self._out, self._manifest = out, dict(manifest)
        self.folder = out.parent / f".{out.name}.parts"
        self._spans = _spans(self.folder) if _read(self.folder) == self._manifest else []
        if not self._spans:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            write_json(self.folder / _MANIFEST, self._manifest)

    @property
    def rows(self) -> int:
        """Rows that are done."""
        return self._spans[-1].end if self._spans else 0

    def observations(self) -> Iterator[Observations]:
        """Yield what was kept of each part that is done, in order."""
        for span in self._spans:
            if (path := span.file(self.folder, ".npz")).exists():
                with np.load(path) as archive:
                    yield {name: archive[name] for name in archive.files}

    def first_error(self) -> str | None:
        """Return why the first row cannot be read, if that is so of all; None: there is one with an answer."""
        first = None
        for span in self._spans:
            errors = pq.read_table(span.file(self.folder, ".parquet"), columns=["error"]).column("error")
            if errors.null_count:
                return None
            first = first or errors[0].as_py()
        return first

    def segments(self) -> Iterator[tuple[Span, Path]]:
        """Yield the records of each part, in order, that have not been deleted, for they are in the log."""
        for span in self._spans:
            if (path := span.file(self.folder, ".seg")).exists():
                yield span, path

    def add(
        self, batches: Sequence[pa.RecordBatch], observations: Observations | None, records: Sequence[bytes] = ()
    ) -> None:
        """Write the rows that follow those that are done; `records`: what of them is for the prediction log."""
        span = Span(self.rows, self.rows + sum(batch.num_rows for batch in batches))
        if observations is not None:  # first: a part that is there has all that belongs to it
            with whole_file(span.file(self.folder, ".npz")) as draft, draft.open("wb") as file:
                np.savez(file, allow_pickle=False, **observations)
        if records:
            with whole_file(span.file(self.folder, ".seg")) as draft:
                write_segment(draft, records)
        with whole_file(span.file(self.folder, ".parquet")) as draft:
            pq.write_table(pa.Table.from_batches(batches), draft)
        self._spans.append(span)

    def merge(self, schema: pa.Schema) -> None:
        """Put all parts into the result, which is whole from the moment it is there."""
        tables = (pq.read_table(span.file(self.folder, ".parquet")) for span in self._spans)
        write_result(self._out, tables, schema, self._manifest)
        self.discard()

    def discard(self) -> None:
        """Delete the parts."""
        shutil.rmtree(self.folder, ignore_errors=True)


def write_result(out: Path, tables: Iterable[pa.Table], schema: pa.Schema, manifest: Mapping[str, Any]) -> None:
    """Write the rows of all tables into the result, which is whole from the moment it is there.

    Its bytes follow from the rows alone, wherever one table ends and the next begins.
    """
    about = {KEY: json.dumps(dict(manifest), sort_keys=True).encode()}
    with whole_file(out) as draft, pq.ParquetWriter(draft, schema.with_metadata(about)) as writer:
        waiting = schema.empty_table()
        for table in tables:
            waiting = pa.concat_tables([waiting, table.cast(schema)])
            while waiting.num_rows >= _GROUP:
                writer.write_table(waiting.slice(0, _GROUP).combine_chunks(), row_group_size=_GROUP)
                waiting = waiting.slice(_GROUP)
        if waiting.num_rows:
            writer.write_table(waiting.combine_chunks(), row_group_size=_GROUP)


def manifest_of(result: Path | IO[bytes]) -> Any:
    """Return the manifest under which a result was made; None: there is none, or it is somebody else's file."""
    try:
        return json.loads((pq.read_schema(result).metadata or {})[KEY])
    except (OSError, KeyError, ValueError, pa.ArrowException):
        return None


def _read(folder: Path) -> Any:
    try:
        return read_json(folder / _MANIFEST)
    except (OSError, ValueError):
        return None


def _spans(folder: Path) -> list[Span]:
    """Return the parts from row 0 on that follow each other without a gap."""
    found: list[Span] = []
    for path in sorted(folder.glob("[0-9]*.parquet")):
        start, _, end = path.stem.partition("-")
        if int(start) == (found[-1].end if found else 0):
            found.append(Span(int(start), int(end)))
    return found
