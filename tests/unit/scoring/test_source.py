from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.config.errors import ConfigError, DataError
from components.inference.bundle import About
from components.scoring import source, table
from components.scoring.source import open_source

ABOUT = About(
    format=1, workload="mugs", kind="image", classes=("a", "b"), input={}, model_sha256="", serve={"max_bytes": 40}
)


def starts_and_ids(opened: source.Source, start: int = 0) -> list[tuple[int, list[object]]]:
    return [(chunk.start, chunk.ids.to_pylist()) for chunk in opened.chunks(start)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b/2.png", "b/1.JPG", "a.png", "c/d/e.webp", ".hidden/f.png", "_drafts/g.png", "b/notes.txt"):
        path = tmp_path / "pictures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path / "pictures"


def test_a_folders_pictures_come_in_the_order_of_their_paths(folder: Path) -> None:
    opened = open_source(folder, ABOUT, None)
    assert starts_and_ids(opened) == [(0, ["a.png", "b/1.JPG", "b/2.png", "c/d/e.webp"])]
    assert opened.count == 4
    (chunk,) = opened.chunks(0)
    assert chunk.rows(100)[1] == {"picture": b"b/1.JPG"}


def test_pictures_are_known_by_their_content_and_leftovers_are_passed_over(folder: Path) -> None:
    for name in ("b/1.jfif", "b/scan", "b/3.TIFF", "b/Thumbs.db", "@eaDir/4.jpg", "__MACOSX/._5.jpg", "b/6.pdf"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"\x89PNG\r\n\x1a\n" if name == "b/scan" else b"%PDF-1.7")
    (_, ids), *_ = starts_and_ids(open_source(folder, ABOUT, None))
    assert ids == ["a.png", "b/1.JPG", "b/1.jfif", "b/2.png", "b/3.TIFF", "b/scan", "c/d/e.webp"]


@pytest.mark.parametrize("most", [5, 13, 100])
def test_a_folders_chunks_are_the_same_from_wherever_one_begins(
    folder: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(source, "CHUNK_BYTES", most)
    opened = open_source(folder, ABOUT, None)
    chunks = starts_and_ids(opened)
    assert len(chunks) == {5: 4, 13: 3, 100: 1}[most]
    for place, (start, _) in enumerate(chunks):
        assert starts_and_ids(opened, start) == chunks[place:]
    assert starts_and_ids(opened, 4) == []


def test_what_happens_to_a_folder_is_seen(folder: Path) -> None:
    prints = [open_source(folder, ABOUT, None).fingerprint for _ in range(2)]
    (folder / "b/notes.txt").write_text("other notes")
    assert {*prints, open_source(folder, ABOUT, None).fingerprint} == {prints[0]}
    (folder / "b/2.png").write_bytes(b"another")
    assert open_source(folder, ABOUT, None).fingerprint != prints[0]


def test_a_file_that_is_too_large_or_gone_is_told(folder: Path) -> None:
    (folder / "a.png").write_bytes(bytes(41))
    (chunk,) = open_source(folder, ABOUT, None).chunks(0)
    (folder / "b/1.JPG").unlink()
    first, second, third, _ = chunk.rows(40)
    assert first == "the file is larger than 40 bytes"
    assert second == "the file cannot be read: No such file or directory"
    assert third == {"picture": b"b/2.png"}


def pictures(path: Path, count: int = 23, groups: int = 10) -> Path:
    columns = {"name": [f"p{place}" for place in range(count)], "photo": [bytes([place]) for place in range(count)]}
    pq.write_table(pa.table(columns), path, row_group_size=groups)
    return path


def test_a_tables_only_column_of_bytes_is_the_picture_and_its_rows_are_numbered(tmp_path: Path) -> None:
    opened = open_source(pictures(tmp_path / "p.parquet"), ABOUT, None)
    assert starts_and_ids(opened) == [(0, [*range(10)]), (10, [*range(10, 20)]), (20, [*range(20, 23)])]
    assert next(iter(opened.chunks(10))).rows(100)[0] == {"picture": b"\x0a"}


def test_pictures_as_hugging_face_keeps_them(tmp_path: Path) -> None:
    kept = pa.StructArray.from_arrays([pa.array([b"one", None]), pa.array(["1.png", "2.png"])], ["bytes", "path"])
    pq.write_table(pa.table({"image": kept, "label": [0, 1]}), tmp_path / "p.parquet")
    (chunk,) = open_source(tmp_path / "p.parquet", ABOUT, None).chunks(0)
    assert chunk.rows(100) == [{"picture": b"one"}, {"picture": None}]


def test_a_folder_of_tables_is_one_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "CHUNK_BYTES", 200)
    (tmp_path / "many").mkdir()
    for name in ("2", "1", "_temporary"):
        pictures(tmp_path / "many" / f"{name}.parquet")
    opened = open_source(tmp_path / "many", ABOUT, "name")
    chunks = starts_and_ids(opened)
    assert opened.count == 46
    assert [id for _, ids in chunks for id in ids] == [f"p{place}" for place in range(23)] * 2
    assert len(chunks) > 6
    for place, (start, _) in enumerate(chunks):
        assert starts_and_ids(opened, start) == chunks[place:]


def test_what_cannot_be_scored_is_one_clear_line(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere: no such file or folder"):
        open_source(tmp_path / "nowhere", ABOUT, None)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match=r"empty: nothing there to score: expected are files \.png, .*\.parquet"):
        open_source(tmp_path / "empty", ABOUT, None)
    with pytest.raises(ConfigError, match="have no column 'name'; leave --id out"):
        open_source(folder, ABOUT, "name")
    with pytest.raises(DataError, match=r"p\.parquet: no column 'nam'; there are name, photo"):
        open_source(pictures(tmp_path / "p.parquet"), ABOUT, "nam")
    pq.write_table(pa.table({"x": [1]}), tmp_path / "q.parquet")
    with pytest.raises(DataError, match=r"q\.parquet: no column 'picture'; there are x"):
        open_source(tmp_path / "q.parquet", ABOUT, None)
    (tmp_path / "r.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError, match=r"r\.parquet: no whole Parquet file"):
        open_source(tmp_path / "r.parquet", ABOUT, None)
