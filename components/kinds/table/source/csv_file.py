"""A CSV file -> typed columns. A broken row, or a value of another type, is named by its line."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import csv as arrow

from components.config.errors import DataError
from components.kinds.table.source import texts

if TYPE_CHECKING:
    from _csv import Reader

_BLOCK = 1 << 22  # bytes parsed at a time
_DELIMITERS = ",;\t|"


def header(path: Path) -> pa.Schema:
    """Return the columns, by the first line, which says nothing of their types: `null`.

    Raises:
        DataError: there is none, or it names a column twice.
    """
    with pa.input_stream(path) as stream:
        names: list[str] = next(filter(None, _careful(stream, _delimiter(path), strict=False)), [])
    if not names:
        raise DataError("no header: the first line must name the columns")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise DataError(f"the column {twice[0]!r} is there twice; rename one")
    return pa.schema([(name, pa.null()) for name in names])


def schema(path: Path) -> pa.Schema:
    """Return the names and types of the columns, by a look at every value: the first few would not do.

    Raises:
        DataError: it is no text, or a row is broken.
    """
    readings = {name: texts.Reading() for name in header(path).names}
    for batch in _rows(path):
        for name, reading in readings.items():
            reading.see(batch[name])
    return pa.schema([(name, reading.type()) for name, reading in readings.items()])


def batches(path: Path, expected: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield the rows in order, read as the types of `expected`.

    Raises:
        DataError: it is no text, a row is broken, or a value is of another type.
    """
    row = 2  # the header is the first
    for batch in _rows(path):
        columns = []
        for column in expected:
            try:
                columns.append(texts.read(column.type, batch[column.name]))
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                raise _misread(path, row, column, batch[column.name]) from error
        yield pa.record_batch(columns, schema=expected)
        row += batch.num_rows


def _rows(path: Path) -> Iterator[pa.RecordBatch]:
    """Yield the rows, every value as its text."""
    _check_quotes(path)
    broken: list[arrow.InvalidRow] = []
    try:
        yield from _parser(path, header(path).names, broken)
    except pa.ArrowInvalid as error:
        if not broken:
            raise DataError(f"not readable as CSV in UTF-8: {error}") from error
        row = broken[0]
        line = _line_of(path, row.number)
        raise DataError(
            f"line {line}: {row.actual_columns} values, but the header names {row.expected_columns}; mend the row"
        ) from error


def _parser(path: Path, columns: list[str], broken: list[arrow.InvalidRow]) -> arrow.CSVStreamingReader:
    """Open the file with `columns` as text; a row that does not parse is put into `broken`."""

    def refuse(row: arrow.InvalidRow) -> str:
        broken.append(row)
        return "error"

    return arrow.open_csv(
        path,
        arrow.ReadOptions(use_threads=False, block_size=_BLOCK, column_names=columns, skip_rows_after_names=1),
        arrow.ParseOptions(delimiter=_delimiter(path), newlines_in_values=True, invalid_row_handler=refuse),
        arrow.ConvertOptions(column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=False),
    )


def _delimiter(path: Path) -> str:
    """Return the one of the usual delimiters that the header has most of."""
    with pa.input_stream(path) as stream:
        first = stream.read(_BLOCK).lstrip(b"\r\n").partition(b"\n")[0]
    try:
        line = first.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"not text in UTF-8 ({error.reason}); write it again in UTF-8") from error
    return max(_DELIMITERS, key=line.count)


def _check_quotes(path: Path) -> None:
    """Refuse a quote that is never closed: the rest of the file would be taken for one value.

    A file with an even number of quotes has none; only another is read with care.
    """
    with pa.input_stream(path) as stream:
        quotes = sum(block.count(b'"') for block in iter(lambda: stream.read(_BLOCK), b""))
    if quotes % 2 == 0:
        return
    end = 0
    with pa.input_stream(path) as stream:
        rows = _careful(stream, _delimiter(path))
        try:
            for _ in rows:
                end = rows.line_num
        except csv.Error as error:
            raise DataError(
                f"line {end + 1}: a quote that does not end as it should ({error}); mend the row"
            ) from error


def _line_of(path: Path, row: int) -> int:
    """Return the line on which a row begins, the header being row 1; empty lines are no rows."""
    end = 0
    with pa.input_stream(path) as stream:
        rows = _careful(stream, _delimiter(path), strict=False)
        for record in rows:
            row -= bool(record)
            if row == 0:
                break
            end = rows.line_num
    return end + 1


def _careful(stream: pa.NativeFile, delimiter: str, strict: bool = True) -> "Reader":
    """Read with Python's own parser, which is slower and knows its line."""
    return csv.reader(io.TextIOWrapper(stream, "utf-8-sig", "replace", newline=""), delimiter=delimiter, strict=strict)


def _misread(path: Path, row: int, column: pa.Field, values: pa.Array) -> DataError:
    wrong = next(place for place in range(len(values)) if not texts.readable(column.type, values.slice(place, 1)))
    line = _line_of(path, row + wrong)
    return DataError(f"line {line}: column {column.name!r} is {values[wrong].as_py()!r}, expected {column.type}")
