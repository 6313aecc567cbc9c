"""A table or a folder of tables, a folder of `.txt` files a label, or a public data set -> raw records."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from components.config.errors import DataError
from components.kinds import json_lines
from components.kinds.csv_files import SUFFIXES, encoding, reader
from components.kinds.folders import as_text, files_below, lay_out
from components.kinds.raw import DataSet, Origin, Raw
from components.kinds.text.params.columns import NAME

_BATCH = 4_096
_TABLES = (*SUFFIXES, *json_lines.SUFFIXES, ".parquet")
_IN_FOLDERS = ["text", "label", NAME, "split"]  # columns of texts whose folders say the split, too
_SAMPLE = 1 << 16  # bytes by which an encoding is told


@dataclass
class _Notes:
    """What there is to say of the source."""

    ignored: list[str] = field(default_factory=list)
    """Files, and columns of tables, that are passed over."""
    read: list[str] = field(default_factory=list)
    """How folders were understood."""


def open(origin: Origin) -> Raw:
    """Open the source, what came into the inbox later, and what was answered at work.

    Columns stay as they are called, every value as its text; `prepare` is told which is which.

    Raises:
        DataError: there is no text, a file has other columns than the first, or folders can be read in two ways.
    """
    notes = _Notes()
    later = origin.inbox if origin.inbox and _files(origin.inbox) else None
    parts = [_data_set(origin.data_set)] if origin.data_set else [_place(Path(origin.source), origin.source, "", notes)]
    parts += [_place(later, str(later), "inbox/", notes)] if later else []
    tables = [table for part in parts for table in part]
    names = list(tables[0].column_names)
    if names == _IN_FOLDERS:
        tables = [_with_split(table) for table in tables]
    for table in tables:
        if set(table.column_names) != set(names):
            other = ", ".join(sorted(set(table.column_names) ^ set(names)))
            raise DataError(f"{origin.source}: {other}: not a column of every file")
    live = [_live(pq.read_table(origin.live), names)] if origin.live else []
    schema = pa.schema([(name, pa.string()) for name in names])
    whole = pa.concat_tables([table.select(names).cast(schema) for table in [*tables, *live]])
    return Raw(schema, iter(whole.to_batches(_BATCH)), {"tables": len(tables), **asdict(notes)})


def _live(table: pa.Table, names: list[str]) -> pa.Table:
    """Return answered texts with the columns of the source: those of an older version call the name otherwise."""
    if NAME not in table.column_names:
        table = table.rename_columns([NAME if name == "name" else name for name in table.column_names])
    for name in names:
        if name not in table.column_names:
            table = table.append_column(name, pa.nulls(len(table), pa.string()))
    return table


def _with_split(table: pa.Table) -> pa.Table:
    if "split" in table.column_names:
        return table
    return table.append_column("split", pa.nulls(len(table), pa.string()))


def _place(path: Path, source: str, prefix: str, notes: _Notes) -> list[pa.Table]:
    files = _files(path)
    tables = [file for file in files if _is_table(file, path)]
    texts = [] if path.is_file() else [file for file in files if file.suffix.lower() == ".txt" and file.parent != path]
    if tables and len({file.relative_to(path).parts[0] for file in texts}) > 1:
        raise DataError(
            f"{source}: there are tables, as {tables[0].name}, and folders of .txt files, as "
            f"{as_text(texts[0].parent.name)}: move either elsewhere, or set source to one of them"
        )
    if not tables and not texts:
        raise DataError(
            f"{source}: {'no such file or folder' if not path.exists() else 'no text there'}: set source to a CSV, "
            "Parquet or JSON Lines file with a column of texts and one of labels, or to a folder that has for each "
            "label a folder of .txt files"
        )
    taken = set(tables or texts)
    notes.ignored += [as_text(str(file)) for file in files if file not in taken]
    if tables:
        return [_table(file, prefix + as_text(_below(file, path)), notes) for file in tables]
    return [_from_folder(path, source, texts, prefix, notes)]


def _is_table(file: Path, source: Path) -> bool:
    return file.name.lower().endswith(_TABLES) or (file == source and file.suffix.lower() == ".txt")


def _below(file: Path, source: Path) -> str:
    return file.relative_to(source).as_posix() if file != source else file.name


def _files(path: Path) -> list[Path]:
    return files_below(path) if path.is_dir() else [path] if path.exists() else []


def _table(file: Path, called: str, notes: _Notes) -> pa.Table:
    try:
        if file.suffix.lower() == ".parquet":
            table = _as_texts(pq.read_table(file), file, notes)
        elif file.suffix.lower() in json_lines.SUFFIXES:
            table = _as_texts(json_lines.read(file), file, notes)
        else:
            names = reader.header(file).names
            batches = [reader.filled(batch) for batch in reader.rows(file)]
            table = pa.Table.from_batches(batches, pa.schema([(name, pa.string()) for name in names]))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError, DataError) as error:
        raise DataError(f"{file}: {error}") from error
    return table.append_column(NAME, pa.array([f"{called}:{row}" for row in range(len(table))], pa.string()))


def _as_texts(table: pa.Table, file: Path, notes: _Notes) -> pa.Table:
    """Return the columns as texts; one of lists or bytes is no text and no label, and stays away."""
    texts = {name: column for name in table.column_names if (column := _texts(table[name])) is not None}
    notes.ignored += [f"{file}: {one.name}, {one.type}" for one in table.schema if one.name not in texts]
    if not texts:
        raise DataError("no column holds texts")
    return pa.table(texts)


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


def _from_folder(path: Path, source: str, files: list[Path], prefix: str, notes: _Notes) -> pa.Table:
    layout = lay_out([file.relative_to(path).parts for file in files], source, wrapped=not prefix)
    if layout.ask:
        raise DataError(layout.ask)
    columns = {
        "text": _decoded(files),
        "label": [place.label for place in layout.places],
        NAME: [prefix + as_text(file.relative_to(path).as_posix()) for file in files],
    }
    if layout.read:
        columns["split"] = [place.split for place in layout.places]
    notes.read += layout.read
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def _decoded(files: list[Path]) -> list[str]:
    """Return what the files say; those that are not in Unicode are in one encoding, which is told by all of them.

    Raises:
        DataError: it cannot be told.
    """
    said = {file: encoding.in_unicode(file.read_bytes()) for file in files}
    others = [file for file, text in said.items() if text is None]
    if not others:
        return [text or "" for text in said.values()]
    lines = (line for file in others for line in file.read_bytes().split(b"\n") if not line.isascii())
    try:
        name = encoding.of_eight_bits(b"\n".join(lines)[:_SAMPLE])
        said |= {file: file.read_bytes().decode(name) for file in others}
    except (DataError, UnicodeDecodeError) as error:
        raise DataError(f"{others[0]}, one of {len(others):,} that are not in UTF-8: {error}") from error
    return [text or "" for text in said.values()]


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
