"""A CSV or Parquet file, a folder of them, a folder of `.txt` files a label, or a public data set -> raw records."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from components.config.errors import DataError
from components.kinds.csv_files import SUFFIXES, reader
from components.kinds.leftovers import is_leftover
from components.kinds.raw import DataSet, Origin, Raw
from components.kinds.text.params.columns import NAME

_BATCH = 4_096
_TABLES = (*SUFFIXES, ".parquet")


def open(origin: Origin) -> Raw:
    """Open the source, what came into the inbox later, and what was answered at work.

    Columns stay as they are called, every value as its text; `prepare` is told which is which.

    Raises:
        DataError: there is no text, or a file has other columns than the first.
    """
    parts = [_data_set(origin.data_set)] if origin.data_set else [_place(Path(origin.source), origin.source, "")]
    parts += [_place(origin.inbox, str(origin.inbox), "inbox/")] if origin.inbox and _files(origin.inbox) else []
    tables = [table for part in parts for table in part]
    names = list(tables[0].column_names)
    for table in tables:
        if set(table.column_names) != set(names):
            other = ", ".join(sorted(set(table.column_names) ^ set(names)))
            raise DataError(f"{origin.source}: {other}: not a column of every file")
    live = [pq.read_table(origin.live)] if origin.live else []
    schema = pa.schema([(name, pa.string()) for name in names])
    whole = pa.concat_tables(
        [*(table.select(names).cast(schema) for table in tables), *(one.cast(schema) for one in live)]
    )
    return Raw(schema, iter(whole.to_batches(_BATCH)), {"tables": len(tables)})


def _place(path: Path, source: str, prefix: str) -> list[pa.Table]:
    files = _files(path)
    tables = [file for file in files if file.name.lower().endswith(_TABLES) or (file == path and file.suffix == ".txt")]
    if tables:
        return [
            _table(file, prefix + (file.relative_to(path).as_posix() if file != path else file.name)) for file in tables
        ]
    texts = [file for file in files if file.suffix.lower() == ".txt" and file.parent != path]
    if not texts:
        raise DataError(
            f"{source}: {'no such file or folder' if not path.exists() else 'no text there'}: set source to a CSV or "
            "Parquet file with a column of texts and one of labels, or to a folder that has for each label a folder of "
            ".txt files"
        )
    return [pa.Table.from_batches(list(_from_folder(path, texts, prefix)))]


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file() and not _left_behind(file.relative_to(path)))


def _left_behind(file: Path) -> bool:
    return any(is_leftover(part) for part in file.parts)


def _table(file: Path, called: str) -> pa.Table:
    try:
        if file.suffix.lower() == ".parquet":
            table = pq.read_table(file)
            table = table.cast(pa.schema([(name, pa.string()) for name in table.column_names]))
        else:
            names = reader.header(file).names
            batches = [reader.filled(batch) for batch in reader.rows(file)]
            table = pa.Table.from_batches(batches, pa.schema([(name, pa.string()) for name in names]))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError, DataError) as error:
        raise DataError(f"{file}: {error}") from error
    return _named(table, called)


def _named(table: pa.Table, called: str) -> pa.Table:
    if NAME in table.column_names:
        table = table.drop_columns([NAME])
    return table.append_column(NAME, pa.array([f"{called}:{row}" for row in range(len(table))], pa.string()))


def _from_folder(path: Path, texts: list[Path], prefix: str) -> Iterator[pa.RecordBatch]:
    schema = pa.schema([(name, pa.string()) for name in ("text", "label", NAME)])
    for start in range(0, len(texts), _BATCH):
        some = texts[start : start + _BATCH]
        said = [file.read_bytes().decode("utf-8-sig", "replace") for file in some]
        labels = [file.relative_to(path).parts[0] for file in some]
        names = [prefix + file.relative_to(path).as_posix() for file in some]
        yield pa.record_batch([pa.array(values, pa.string()) for values in (said, labels, names)], schema=schema)


def _data_set(data_set: DataSet) -> list[pa.Table]:
    """Return a data set of the format `clinc`: one JSON file `{part: [[text, label], ...]}`.

    Its settings: `splits`, which part is in which split.
    """
    if data_set.format != "clinc":
        raise DataError(f"format {data_set.format!r}: texts are described by `clinc`")
    content: dict[str, Any] = json.loads(data_set.files["sentences"].read_bytes())
    splits: dict[str, str] = data_set.settings["splits"]
    rows = [
        (text, label, splits[part], f"{part}:{row}")
        for part in splits
        for row, (text, label) in enumerate(content[part])
    ]
    columns = [pa.array(values, pa.string()) for values in zip(*rows, strict=True)]
    return [pa.table(dict(zip(("text", "label", "split", NAME), columns, strict=True)))]
