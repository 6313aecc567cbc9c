"""A user's own table: files at a path or an address -> record batches, one file after another."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from typing import Any, Protocol

import pyarrow as pa
from fsspec.implementations.local import LocalFileSystem

from components.config.errors import DataError
from components.kinds.csv_files import reader, texts
from components.kinds.table.codec.schema import INDEX
from components.kinds.table.source import addresses, columns, json_file, parquet_file
from components.kinds.table.source.addresses import File

_ADVICE = dict.fromkeys((".xlsx", ".xls", ".xlsm", ".ods"), "save the sheet as CSV (UTF-8), and name that file")
_ADVICE |= dict.fromkeys((".zip", ".tar", ".tgz", ".7z", ".rar"), "unpack the archive, and name what is in it")
_ADVICE |= dict.fromkeys(
    (".db", ".sqlite", ".sqlite3"), "write the table as CSV (`sqlite3 -header -csv FILE 'SELECT …'`)"
)
_READERS = {
    ".json": "read_json({name!r})",
    ".feather": "read_feather({name!r})",
    ".arrow": "read_feather({name!r})",
    ".orc": "read_orc({name!r})",
    ".pkl": "read_pickle({name!r})",
    ".pickle": "read_pickle({name!r})",
    ".dta": "read_stata({name!r})",
    ".xml": "read_xml({name!r})",
    ".html": "read_html({name!r})[0]",
    ".fwf": "read_fwf({name!r})",
}
"""How pandas reads a file of other formats, by suffix."""


class Format(Protocol):
    """`csv_files/reader.py`, `parquet_file.py`, `json_file.py`."""

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
        advice = next(filter(None, map(_advice, ignored)), "")
        said = f"no Parquet, CSV or JSON Lines file ({addresses.TAKEN})"
        raise DataError(f"{addresses.shown(address)}: {said}: {there}{advice}")
    return files, ignored


def _advice(name: str) -> str:
    """Return how a file of another format becomes one that is taken; nothing where that is not known."""
    path = PurePath(name)
    suffix = path.suffix.lower()
    if suffix in _READERS:
        said = _READERS[suffix].format(name=name)
        target = str(path.with_suffix(".parquet"))
        return f'; write it as Parquet: python -c "import pandas; pandas.{said}.to_parquet({target!r})"'
    return f"; {_ADVICE[suffix]}" if suffix in _ADVICE else ""


def schema(files: Sequence[File]) -> pa.Schema:
    """Return the names and types of the columns that all `files` have, those from the names of folders last.

    Reads the footers of Parquet files, and CSV files as a whole. A column that is of whole numbers in one file and of
    others in the next has the type that holds both.

    Raises:
        DataError: a file is not readable, or has other columns or types than the first.
    """
    keys = _keys(files)
    merged: dict[str, pa.Field] = {}
    about: dict[str, Any] = {}
    for index, file in enumerate(files):
        with _named(file):
            said = _schema_of(file)
            about = _together(about, said, file.name)
            by_folder = [pa.field(key, keys[key]) for key in file.keys if key not in said.names]
            own = {field.name: field for field in [*said, *by_folder]}
            merged = merged or own
            _check_names([*said.names, *(field.name for field in by_folder)], list(merged), files[0].name)
            in_texts = all(_format(other) is reader for other in files[: index + 1])
            own = {name: own[name] for name in merged}  # what else there is numbers the rows
            merged = {name: _wider(field, own[name], in_texts) for name, field in merged.items()}
            for name, field in own.items():
                if not pa.types.is_string(merged[name].type) or not in_texts:
                    columns.check(columns.also(field, merged[name].type), merged[name].type, name, files[0].name)
    plain = [field.remove_metadata() for field in merged.values()]
    return pa.schema(plain, metadata={reader.ABOUT: json.dumps(about)} if about else None)


def _wider(field: pa.Field, other: pa.Field, in_texts: bool) -> pa.Field:
    """Return the column with a type that holds both; `in_texts`: both are read from texts, and one may stay one."""
    first, second = columns.also(field, other.type), columns.also(other, field.type)
    both = columns.wider(first, second)
    if in_texts and not columns.fits(second, both):
        return pa.field(field.name, pa.string())
    return field.with_type(both) if both != field.type else field


def _together(about: dict[str, Any], said: pa.Schema, name: str) -> dict[str, Any]:
    """Return what is known of the CSV files so far: the dialect of the first, and if any has numbers with a point."""
    told = json.loads((said.metadata or {}).get(reader.ABOUT, b"{}"))
    if not told:
        return about
    first = about or told | {"file": PurePath(name).name}
    return first | {"point": about.get("point", False) or told["point"]}


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
    for column in (field for field in header if field.name in expected.names):  # others number the rows
        columns.check(column.type, expected.field(column.name).type, column.name, like)
    return header


def _check_names(found: Sequence[str], expected: Sequence[str], like: str) -> None:
    twice = sorted({name for name in found if found.count(name) > 1})
    if twice:
        raise DataError(f"the column {twice[0]!r} is there twice; rename one")
    missing = [name for name in expected if name not in found]
    unknown = [name for name in found if name not in expected and not INDEX.fullmatch(name)]
    wrong = [f"{', '.join(map(repr, missing))} missing"] * bool(missing)
    wrong += [f"{', '.join(map(repr, unknown))} not expected"] * bool(unknown)
    if wrong:
        empty = "; what is not known yet, as a label, is a column without values" * bool(missing)
        raise DataError(
            f"columns {'; '.join(wrong)}: expected are those of {like}; rename them, or take the file away{empty}"
        )


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
    if file.suffix in addresses.JSON:
        return json_file
    return parquet_file if file.suffix in addresses.PARQUET else reader


@contextmanager
def _named(file: File) -> Iterator[None]:
    """Put the file's name before what is wrong with it, and say in one line that it is not readable."""
    with addresses.named(file.name):
        try:
            yield
        except (pa.ArrowException, OSError) as error:
            what = "Parquet" if file.suffix in addresses.PARQUET else "CSV"
            said = " ".join(str(error).split())
            raise DataError(f"no whole {what} file, truncated or of another format ({said}); bring it again") from error
