import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.config.errors import DataError
from components.erasure.subject import Subject
from components.erasure.texts import remove_rows

WHO = Subject("customer", "4711")
ROWS = [
    ("customer", "note"),
    ("12", 'a "quoted"\nnote'),
    ("4711", "one"),
    ("47110", "ü, too"),
    ("4711", "two\r\nlines"),
]


def written(separator: str = ",", end: str = "\r\n", only: str = "") -> str:
    quoted = ([f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row] for row in ROWS if row[0] != only)
    return "".join(separator.join(row) + end for row in quoted)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("title", ["", "Payments of May\r\n"])
def test_every_other_byte_of_a_csv_stays(encoding: str, separator: str, title: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    before, after = ((title + written(separator, only=only)).encode(encoding) for only in ("", "4711"))
    if encoding == "utf-16-be":
        before, after = b"\xfe\xff" + before, b"\xfe\xff" + after
    path.write_bytes(before)
    assert remove_rows(path, lambda row: WHO.is_it(row.get("customer")), write=False) == 2
    assert path.read_bytes() == before
    assert remove_rows(path, lambda row: WHO.is_it(row.get("customer"))) == 2
    assert path.read_bytes() == after
    assert remove_rows(path, lambda row: WHO.is_it(row.get("customer"))) == 0


def test_a_packed_csv_without_a_last_line_end(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress(b"customer,note\n4711,a\n12,b\n4711.0,c"))
    assert remove_rows(path, lambda row: WHO.is_it(row.get("customer"))) == 2
    assert gzip.decompress(path.read_bytes()) == b"customer,note\n12,b\n"


def test_lines_of_json(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    kept = b'{"customer": 12,  "note": "4711"}\r\n'
    path.write_bytes(b'{"customer": 4711}\n' + kept + b'\n{"customer": "4711", "n": 1}')
    assert remove_rows(path, lambda row: WHO.is_it(row.get("customer")), write=False) == 2
    assert remove_rows(path, lambda row: WHO.is_it(row.get("customer"))) == 2
    assert path.read_bytes() == kept + b"\n"
    path.write_bytes(b'{"customer": 4711}\n[1]\n')
    with pytest.raises(DataError, match=r"rows\.jsonl: a line is no JSON object; nothing was removed"):
        remove_rows(path, lambda row: True)


@pytest.mark.parametrize("type", [pa.int64(), pa.float64(), pa.string()])
def test_rows_of_a_parquet_file(type: pa.DataType, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    table = pa.table({"customer": pa.array([12, 4711, 47110, 4711]).cast(type), "n": [0, 1, 2, 3]})
    pq.write_table(table.replace_schema_metadata({"journeyman": "{}"}), path, compression="zstd")
    assert remove_rows(path, lambda row: WHO.is_it(row.get("customer")), {"customer"}) == 2
    left = pq.read_table(path)
    assert left["n"].to_pylist() == [0, 2]
    assert left.schema.metadata[b"journeyman"] == b"{}"
    assert remove_rows(path, lambda row: WHO.is_it(row.get("other")), {"other"}) == 0


def test_what_is_no_table_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "note.pdf").write_bytes(b"customer\n4711\n")
    assert remove_rows(tmp_path / "note.pdf", lambda row: True) == 0
