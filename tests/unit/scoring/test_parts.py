from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from components.scoring.parts import Parts, manifest_of

ABOUT = {"version": "1", "source": "x"}
SCHEMA = pa.schema([("id", pa.int64()), ("error", pa.string())])


def rows(start: int, end: int, error: str | None = None) -> pa.RecordBatch:
    return pa.record_batch([pa.array(range(start, end)), pa.array([error] * (end - start), pa.string())], schema=SCHEMA)


def ids(path: Path) -> list[int]:
    return list(pq.read_table(path).column("id").to_pylist())


def test_parts_that_follow_each_other_are_found_again_and_merged(tmp_path: Path) -> None:
    out = tmp_path / "scores.parquet"
    parts = Parts(out, ABOUT)
    parts.add([rows(0, 3), rows(3, 5)], {"time": np.arange(5)})
    parts.add([rows(5, 6)], None)
    again = Parts(out, ABOUT)
    assert again.rows == 6
    assert [observations["time"].tolist() for observations in again.observations()] == [[0, 1, 2, 3, 4]]
    assert manifest_of(out) is None
    again.merge(SCHEMA)
    assert ids(out) == [*range(6)]
    assert manifest_of(out) == ABOUT
    assert [path.name for path in tmp_path.iterdir()] == ["scores.parquet"]


def test_a_part_behind_a_gap_does_not_count(tmp_path: Path) -> None:
    parts = Parts(tmp_path / "s.parquet", ABOUT)
    for start in (0, 5, 10):
        parts.add([rows(start, start + 5)], None)
    (parts.folder / "000000000005-000000000010.parquet").unlink()
    (parts.folder / ".000000000005-000000000010.parquet.draft-1").write_bytes(b"half a part")
    again = Parts(tmp_path / "s.parquet", ABOUT)
    assert again.rows == 5
    again.add([rows(5, 8)], None)
    again.merge(SCHEMA)
    assert ids(tmp_path / "s.parquet") == [*range(8)]


def test_the_parts_of_another_source_or_version_are_deleted(tmp_path: Path) -> None:
    Parts(tmp_path / "s.parquet", ABOUT).add([rows(0, 5)], None)
    assert Parts(tmp_path / "s.parquet", {**ABOUT, "version": "2"}).rows == 0
    assert Parts(tmp_path / "s.parquet", ABOUT).rows == 0


def test_that_no_row_can_be_read_is_seen(tmp_path: Path) -> None:
    parts = Parts(tmp_path / "s.parquet", ABOUT)
    assert parts.first_error() is None
    parts.add([rows(0, 5, "no picture")], None)
    assert parts.first_error() == "no picture"
    parts.add([rows(5, 6)], None)
    assert parts.first_error() is None


def test_somebody_elses_file_has_no_manifest(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": [1]}), tmp_path / "theirs.parquet")
    (tmp_path / "text.parquet").write_text("text")
    assert manifest_of(tmp_path / "theirs.parquet") is None
    assert manifest_of(tmp_path / "text.parquet") is None
