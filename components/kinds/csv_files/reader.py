"""A CSV file -> typed columns. A broken row, or a value of another type, is named by its line."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow

from components.config.errors import DataError
from components.kinds.csv_files import dialect as dialects
from components.kinds.csv_files import encoding, texts
from components.kinds.csv_files.dialect import Dialect

ABOUT = b"csv"
"""Key of the schema's metadata: the dialect, and whether there are numbers with a `point`, as JSON."""
ALSO = b"also"
"""Key of a column's metadata: the type that its texts, which could be read in two ways, also are."""

_BLOCK = 1 << 22  # bytes parsed at a time


def header(path: Path) -> pa.Schema:
    """Return the columns, by the header, which says nothing of their types: `null`.

    Raises:
        DataError: there is none, or it names a column twice.
    """
    with _lines(path) as (dialect, lines):
        names: list[str] = next(filter(None, dialect.reader(lines)), [])
    if not names:
        raise DataError("no header: the first line must name the columns")
    dialects.check_header(names)
    indices = [index for index, name in enumerate(names) if not name][1:]  # separators behind the last column
    names = [f"Unnamed: {index}" if index in indices else name for index, name in enumerate(names)]
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
    for said in rows(path):
        batch = filled(said)
        for name, reading in readings.items():
            reading.see(batch[name])
    also = {name: {ALSO: b"double"} if reading.doubtful else None for name, reading in readings.items()}
    columns = [pa.field(name, reading.type(), metadata=also[name]) for name, reading in readings.items()]
    about = dialects.find(path).said() | {"point": any(reading.point for reading in readings.values())}
    return pa.schema(columns, metadata={ABOUT: json.dumps(about)})


def batches(path: Path, expected: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield the rows in order, read as the types of `expected`.

    Raises:
        DataError: it is no text, a row is broken, or a value is of another type.
    """
    row = 2  # the header is the first
    for said in rows(path):
        batch = filled(said)
        columns = []
        for column in expected:
            try:
                columns.append(texts.brought(column.type, batch[column.name]))
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                raise _misread(path, row, column, said) from error
        yield pa.record_batch(columns, schema=expected)
        row += said.num_rows


def rows(path: Path, wanted: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Yield the rows, every value as its text; `wanted`: of these columns alone.

    Raises:
        DataError: it is no text, or a row is broken.
    """
    _check_quotes(path)
    broken: list[arrow.InvalidRow] = []
    try:
        parsed = _parser(path, header(path).names, broken, wanted)
        yield from map(_unspaced, parsed) if dialects.find(path).spaced else parsed
    except pa.ArrowInvalid as error:
        if not broken and path.stat().st_size < _BLOCK and "straddling" in str(error):
            return  # nothing stands behind the header
        if not broken:
            raise DataError(f"not readable as CSV: {error}") from error
        row = broken[0]
        line = _line_of(path, row.number)
        said = f"line {line}: {row.actual_columns} values, but the header names {row.expected_columns}"
        if row.number == 2 and row.actual_columns > row.expected_columns:  # so will be the others
            mark = dialects.find(path).separator
            raise DataError(f"{said}; quote values with {mark!r} inside, or name every column") from error
        raise DataError(f"{said}; mend the row") from error


def _unspaced(said: pa.RecordBatch) -> pa.RecordBatch:
    return pa.record_batch([pc.utf8_ltrim_whitespace(column) for column in said.columns], schema=said.schema)


def filled(said: pa.RecordBatch) -> pa.RecordBatch:
    """Return the rows that say anything: spreadsheets leave empty ones behind, files put together their headers."""
    names = said.schema.names
    if said.num_columns < 2:
        return said
    idle = pc.or_(_all_are(said, [""] * len(names)), _all_are(said, names))
    return said.filter(pc.invert(idle)) if pc.any(idle).as_py() else said


def _all_are(said: pa.RecordBatch, values: Sequence[str]) -> pa.Array:
    """Return in which rows each column has its one of `values`."""
    alike = pc.equal(said.column(0), values[0])
    for column, value in zip(said.columns[1:], values[1:], strict=True):
        if not pc.any(alike).as_py():
            break
        alike = pc.and_(alike, pc.equal(column, value))
    return alike


def _parser(
    path: Path, columns: list[str], broken: list[arrow.InvalidRow], wanted: Sequence[str] | None
) -> arrow.CSVStreamingReader:
    """Open the file with `columns` as text; a row that does not parse is put into `broken`."""

    def refuse(row: arrow.InvalidRow) -> str:
        broken.append(row)
        return "error"

    dialect = dialects.find(path)
    stream = encoding.opened(path)
    if dialect.encoding != "utf-8":
        stream = pa.transcoding_input_stream(stream, dialect.encoding, "utf-8")
    return arrow.open_csv(
        stream,
        arrow.ReadOptions(
            use_threads=False, block_size=_BLOCK, column_names=columns, skip_rows=dialect.skip, skip_rows_after_names=1
        ),
        arrow.ParseOptions(
            delimiter=dialect.separator,
            quote_char=dialect.quote,
            double_quote=dialect.escape is None,
            escape_char=dialect.escape or False,
            newlines_in_values=True,
            invalid_row_handler=refuse,
        ),
        arrow.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=False, include_columns=wanted
        ),
    )


def _check_quotes(path: Path) -> None:
    """Refuse a quote that is never closed: the rest of the file would be taken for one value.

    A file with an even number of quotes has none; only another is read with care.
    """
    quote = dialects.find(path).quote.encode()
    with encoding.opened(path) as stream:
        quotes = sum(block.count(quote) for block in iter(lambda: stream.read(_BLOCK), b""))
    if quotes % 2 == 0:
        return
    with _lines(path) as (dialect, lines):
        reader = dialect.reader(lines, strict=True)
        end = 0
        try:
            for _ in reader:
                end = reader.line_num
        except csv.Error as error:
            line = dialect.skip + end + 1
            raise DataError(f"line {line}: a quote that does not end as it should ({error}); mend the row") from error


def _line_of(path: Path, row: int) -> int:
    """Return the line on which a row begins, the header being row 1; empty lines are no rows."""
    with _lines(path) as (dialect, lines):
        reader = dialect.reader(lines)
        end = 0
        for record in reader:
            row -= bool(record)
            if row == 0:
                break
            end = reader.line_num
    return dialect.skip + end + 1


@contextmanager
def _lines(path: Path) -> Iterator[tuple[Dialect, Iterator[str]]]:
    """Yield the file's dialect, and its lines from the header on."""
    dialect = dialects.find(path)
    with encoding.opened(path) as stream:
        name = "utf-8-sig" if dialect.encoding == "utf-8" else dialect.encoding
        lines = io.TextIOWrapper(stream, name, "replace", newline="")
        for _ in range(dialect.skip):
            lines.readline()
        yield dialect, lines


def _misread(path: Path, row: int, column: pa.Field, said: pa.RecordBatch) -> DataError:
    for index in range(said.num_rows):
        record = said.slice(index, 1)
        if filled(record).num_rows and not texts.readable(column.type, record[column.name], texts.brought):
            break
    line = _line_of(path, row + index)
    said = f"line {line}: column {column.name!r} is {record[column.name][0].as_py()!r}, expected {column.type}"
    if pa.types.is_temporal(column.type):
        return DataError(f"{said}; write it as in the first files, 2024-03-31 14:05")
    return DataError(f"{said}; write it as in the first files" if pa.types.is_floating(column.type) else said)
