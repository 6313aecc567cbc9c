"""Tables that lie beside pictures and say something of them, a label perhaps -> what each says, by picture.

What a column means is decided by `prepare`: here it is found which column names the files.
"""

import csv
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from components.config.errors import DataError
from components.kinds.csv_files import SUFFIXES as CSV
from components.kinds.csv_files import dialect, encoding
from components.kinds.image.source.files import SUFFIXES
from components.kinds.image.source.matching import Pictures, looks_like_picture
from components.kinds.usual_names import plain_name

logger = logging.getLogger(__name__)

_JSON = (".json", ".jsonl")
_FILE_NAMES = {
    *("file", "filename", "filenames", "filepath", "filepaths", "fname", "path", "paths", "name", "id", "idcode"),
    *("image", "images", "imageid", "imagename", "imagepath", "imagefile", "imageindex", "img", "imgname", "imgpath"),
    *("imgid", "imgfile", "picture", "pictures", "photo", "photoid", "photofile", "uuid", "isicid"),
}
_SAMPLE = 500  # rows that are looked at to find the column of the files
_ENOUGH = 0.5  # part of them that must name pictures
_MOST = 50  # tables that are looked at
_MOST_BYTES = 2**30


@dataclass
class PictureTable:
    """A table that names pictures."""

    name: str
    """Its path below the source."""
    file: str
    """The column that names the files."""
    columns: list[str]
    """The others."""
    rows: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    """By picture."""
    missing: list[str] = field(default_factory=list)
    """What it names and is not there."""


def tables_of(folder: Path, others: Sequence[str], pictures: Sequence[str]) -> list[PictureTable]:
    """Return the tables among the files `others` below `folder` that name `pictures`."""
    names = [name for name in others if _may_be(name)][:_MOST]
    if not names:
        return []
    known = Pictures(pictures)
    found = (_table(folder, name, known) for name in names)
    return [table for table in found if table]


def rows_by_picture(tables: Sequence[PictureTable]) -> dict[str, str]:
    """Return what the tables say of each picture, as JSON: `{table: [{column: value}]}`."""
    found: dict[str, dict[str, list[dict[str, str]]]] = {}
    for table in tables:
        for picture, rows in table.rows.items():
            found.setdefault(picture, {})[table.name] = rows
    return {picture: json.dumps(rows, ensure_ascii=False) for picture, rows in found.items()}


def _may_be(name: str) -> bool:
    if name.lower().endswith((*CSV, ".jsonl")):
        return "submission" not in PurePosixPath(name).name.lower()
    return name.lower().endswith((".txt", ".json")) and "/" not in name


def _table(folder: Path, name: str, pictures: Pictures) -> PictureTable | None:
    if (folder / name).stat().st_size > _MOST_BYTES:
        return None
    lines = _lines(folder / name)
    if len(lines) < 2 or len(lines[0]) < 2:
        return None
    header = [cell.strip() for cell in lines[0]]
    if _has_no_header(lines[0], pictures, name):
        header = [f"column {number + 1}" for number in range(len(header))]
    else:
        lines = lines[1:]
    if (index := _file_column(header, lines[:_SAMPLE], pictures, name)) is None:
        return None
    columns = [column or f"column {number + 1}" for number, column in enumerate(header)]
    table = PictureTable(name, columns[index], [column for number, column in enumerate(columns) if number != index])
    for line in lines:
        if len(line) <= index or not (written := line[index].strip()):
            continue
        row = {column: cell.strip() for column, cell in zip(columns, line, strict=False) if column != columns[index]}
        if picture := pictures.find(written, name):
            table.rows.setdefault(picture, []).append(row)
        else:
            table.missing.append(written)
    return table


def _lines(path: Path) -> list[list[str]]:
    """Return the cells of each line of a table; nothing where the file is none."""
    if path.suffix.lower() in _JSON:
        return _objects(path)
    try:
        found = dialect.find(path)
        with encoding.opened(path) as stream:
            text = str(stream.read(), "utf-8-sig" if found.encoding == "utf-8" else found.encoding, "replace")
        lines = text.splitlines(keepends=True)[found.skip :]
        cells = [line for line in found.reader(iter(lines)) if any(map(str.strip, line))]
    except (DataError, csv.Error, OSError, UnicodeError) as error:
        logger.warning("%s: passed over: %s", path, error)
        return []
    if cells and len(cells[0]) < 2 and path.suffix.lower() == ".txt":
        return [line.split() for line in lines if line.strip()]
    return cells


def _objects(path: Path) -> list[list[str]]:
    """Return the cells of a table in JSON: a list of objects, one a line, or an object with a value for each file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        lines = path.suffix.lower() == ".jsonl"
        content = [json.loads(line) for line in text.splitlines() if line.strip()] if lines else json.loads(text)
    except ValueError as error:
        logger.warning("%s: passed over: %s", path, error)
        return []
    if isinstance(content, dict) and all(isinstance(value, str | int) for value in content.values()):
        return [["file", "label"], *([name, str(value)] for name, value in content.items())]
    if not isinstance(content, list) or not content or not all(isinstance(row, dict) for row in content):
        return []
    names = list(content[0])
    return [names, *([_cell(row.get(name)) for name in names] for row in content)]


def _cell(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _has_no_header(first: Sequence[str], pictures: Pictures, name: str) -> bool:
    return any(looks_like_picture(cell, SUFFIXES) or ("/" in cell and pictures.find(cell, name)) for cell in first)


def _file_column(header: Sequence[str], lines: Sequence[Sequence[str]], pictures: Pictures, name: str) -> int | None:
    """Return the index of the column that names the files: the one whose values are most often pictures."""
    best, score = None, 0.0
    for index, column in enumerate(header):
        values = [line[index].strip() for line in lines if len(line) > index and line[index].strip()]
        if not values:
            continue
        called = plain_name(column) in _FILE_NAMES
        rate = sum(pictures.find(value, name) is not None for value in values) / len(values)
        written = sum(looks_like_picture(value, SUFFIXES) for value in values) / len(values)
        distinct = len(set(values)) / len(values)
        found = max(rate * (1.0 if called or written > _ENOUGH else distinct), 0.9 * written)
        if (found > _ENOUGH or (called and rate > 0.0 and found > 0.1)) and found + 0.01 * called > score:
            best, score = index, found + 0.01 * called
    return best
