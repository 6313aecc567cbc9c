"""A user's own table: Parquet or CSV files at a path or an address -> record batches, one file after another."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import pyarrow as pa
from fsspec.implementations.local import LocalFileSystem

from components.config.errors import DataError
from components.kinds.table.source import addresses, columns, csv_file, parquet_file, texts
from components.kinds.table.source.addresses import File


class Format(Protocol):
    """`csv_file.py`, `parquet_file.py`."""

    def header(self, path: Path, /) -> pa.Schema:
        """Return the columns, and their types where the file says them; `null` where it does not."""

    def schema(self, path: Path, /) -> pa.Schema:
        """Return the columns and their types, whatever it takes."""

    def batches(self, path: Path, expected: pa.Schema, /) -> Iterator[pa.RecordBatch]:
        """Yield the rows in order, the columns and types those of `expected`."""


def table(address: str) -> tuple[list[File], list[str]]:
    """Return the files of the table at `address`, sorted by path, and the names of those that were ignored.

    Raises:
        DataError: there is none.
    """
    files, ignored = addresses.found(address)
    if not files:
        there = f"found {', '.join(ignored[:5])}" if ignored else "the folder is empty"
        raise DataError(f"{addresses.shown(address)}: no Parquet or CSV file ({addresses.TAKEN}): {there}")
    return files, ignored


def schema(files: Sequence[File]) -> pa.Schema:
    """Return the names and types of the columns that all `files` have, those from the names of folders last.

    Reads the footers of Parquet files, and CSV files as a whole. A column that is of whole numbers in one file and of
    others in the next has the type that holds both.

    Raises:
        DataError: a file is not readable, or has other columns or types than the first.
    """
    keys = _keys(files)
    merged: dict[str, pa.DataType] = {}
    for file in files:
        with _named(file):
            said = _schema_of(file)
            by_folder = {key: keys[key] for key in file.keys if key not in said.names}
            own = {**dict(zip(said.names, said.types, strict=True)), **by_folder}
            merged = merged or own
            _check_names([*said.names, *by_folder], list(merged), files[0].name)
            merged = {name: columns.wider(type, own[name]) for name, type in merged.items()}
            for name, type in own.items():
                columns.check(type, merged[name], name, files[0].name)
    return pa.schema(list(merged.items()))


def batches(files: Iterable[File], expected: pa.Schema, like: str) -> Iterator[pa.RecordBatch]:
    """Yield the rows of `files` in order, in the columns and types of `expected`, which are those of `like`.

    Raises:
        DataError: a file is not readable, or a column or a value does not fit.
    """
    for file in files:
        with _named(file), addresses.here(file) as path:
            own = _checked_header(file, path, expected, like).names
            told = pa.schema([column for column in expected if column.name in own])
            for batch in _format(file).batches(path, told):
                rows = [
                    batch[column.name] if column.name in own else _repeated(file, column, batch.num_rows)
                    for column in expected
                ]
                yield pa.record_batch(rows, schema=expected)


def check(files: Iterable[File], expected: pa.Schema, like: str) -> None:
    """See by their headers that `files` have the columns of `expected`, before any row is read.

    Raises:
        DataError: a file is not readable, or has other columns or types than `like`.
    """
    for file in files:
        with _named(file), addresses.here(file) as path:
            _checked_header(file, path, expected, like)


def _schema_of(file: File) -> pa.Schema:
    """Return what the file says of itself; of a Parquet file that is far away, only the footer is brought here."""
    if _format(file) is parquet_file and not isinstance(file.system, LocalFileSystem):
        with suppress(Exception), file.system.open(file.path) as stream:  # what is wrong is told below, by its copy
            return parquet_file.schema(stream)
    with addresses.here(file) as path:
        return _format(file).schema(path)


def _checked_header(file: File, path: Path, expected: pa.Schema, like: str) -> pa.Schema:
    header = _format(file).header(path)
    _check_names([*header.names, *(key for key in file.keys if key not in header.names)], expected.names, like)
    for column in header:
        columns.check(column.type, expected.field(column.name).type, column.name, like)
    return header


def _check_names(found: Sequence[str], expected: Sequence[str], like: str) -> None:
    twice = sorted({name for name in found if found.count(name) > 1})
    if twice:
        raise DataError(f"the column {twice[0]!r} is there twice; rename one")
    missing = [name for name in expected if name not in found]
    unknown = [name for name in found if name not in expected]
    wrong = [f"{', '.join(map(repr, missing))} missing"] * bool(missing)
    wrong += [f"{', '.join(map(repr, unknown))} not expected"] * bool(unknown)
    if wrong:
        raise DataError(f"columns {'; '.join(wrong)}: expected are those of {like}; rename them, or take the file away")


def _keys(files: Iterable[File]) -> dict[str, pa.DataType]:
    """Return the columns that stand in the names of folders, of the type that all their values can be read as."""
    values: dict[str, list[str | None]] = {}
    for file in files:
        for key, value in file.keys.items():
            values.setdefault(key, []).append(value)
    return {key: _type_of(said) for key, said in values.items()}


def _type_of(values: list[str | None]) -> pa.DataType:
    reading = texts.Reading()
    reading.see(pa.array(values, pa.string()))
    return reading.type()


def _repeated(file: File, column: pa.Field, count: int) -> pa.Array:
    value = pa.array([file.keys[column.name]], pa.string())
    try:
        return pa.repeat(texts.read(column.type, value)[0], count)
    except pa.ArrowInvalid as error:
        raise DataError(f"column {column.name!r} is {value[0]} by its folder, expected {column.type}") from error


def _format(file: File) -> Format:
    return csv_file if file.suffix in addresses.CSV else parquet_file


@contextmanager
def _named(file: File) -> Iterator[None]:
    """Put the file's name before what is wrong with it, and say in one line that it is not readable."""
    with addresses.named(file.name):
        try:
            yield
        except (pa.ArrowException, OSError) as error:
            what = "CSV" if file.suffix in addresses.CSV else "Parquet"
            said = " ".join(str(error).split())
            raise DataError(f"no whole {what} file, truncated or of another format ({said}); bring it again") from error
