"""JSON Lines to be scored: each object is a row, as a caller would send it."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.config.errors import ConfigError, DataError
from components.inference.bundle import About
from components.scoring.objects import ObjectSource
from components.scoring.source import open_source

FIELDS = {"number": ("long", True), "amount": ("double", True), "note": ("string", False), "recent": ("array", False)}
TEXT = About(format=1, workload="asks", kind="text", classes=("a", "b"), input={}, model_sha256="", serve={})


def write(path: Path, *objects: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in objects))
    return path


def opened(*files: Path, id: str | None = None, most: int = 100) -> ObjectSource:
    return ObjectSource(files, "print", FIELDS, id, most)


def row(number: int, **more: Any) -> dict[str, Any]:
    return {"number": number, "amount": number / 2, "label": "x", **more}


def test_an_object_is_a_row_with_the_values_that_it_says(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", row(1, note="007", recent=["a", "b"]), row(2, note=None), row(3))
    source = opened(file)
    (chunk,) = source.chunks(0)
    assert source.count == 3
    assert chunk.ids.to_pylist() == [0, 1, 2]
    assert chunk.rows(100) == [
        {"number": 1, "amount": 0.5, "note": "007", "recent": ["a", "b"]},
        {"number": 2, "amount": 1.0, "note": None, "recent": None},
        {"number": 3, "amount": 1.5, "note": None, "recent": None},
    ]


@pytest.mark.parametrize("most", [1, 2, 5])
def test_chunks_are_the_same_from_wherever_one_begins(tmp_path: Path, most: int) -> None:
    files = [
        write(tmp_path / f"{name}.ndjson", *map(row, range(first, first + 3))) for name, first in (("a", 0), ("b", 3))
    ]
    source = opened(*files, id="number", most=most)
    chunks = [(chunk.start, chunk.ids.to_pylist()) for chunk in source.chunks(0)]
    assert [id for _, ids in chunks for id in ids] == list(range(6))
    for place, (start, _) in enumerate(chunks):
        assert [(chunk.start, chunk.ids.to_pylist()) for chunk in source.chunks(start)] == chunks[place:]


def test_a_key_that_one_file_lacks_is_missing_there_and_one_that_all_lack_is_told(tmp_path: Path) -> None:
    files = write(tmp_path / "a.jsonl", row(1)), write(tmp_path / "b.jsonl", row(2, note="x"))
    assert [each["note"] for chunk in opened(*files).chunks(0) for each in chunk.rows(100)] == [None, "x"]
    with pytest.raises(DataError, match=r"a\.jsonl: no column 'amount'; there are number"):
        opened(write(tmp_path / "a.jsonl", {"number": 1}))
    with pytest.raises(DataError, match=r"b\.jsonl: no column 'note'"):
        opened(write(tmp_path / "a.jsonl", row(1, note="x")), write(tmp_path / "b.jsonl", row(2)), id="note")


def test_what_is_no_object_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"number": 1, "amount": 2}\n{"number": \n')
    with pytest.raises(DataError, match=r"a\.jsonl: not readable as JSON Lines: object 2"):
        opened(file)
    with pytest.raises(DataError, match=r"b\.jsonl: cannot be read: No such file"):
        opened(tmp_path / "b.jsonl")


def test_a_file_or_folder_of_them_is_opened_and_a_mixed_folder_is_asked_about(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", {"text": "when is the train"}, {"text": "what is the time"})
    for path in (tmp_path, tmp_path / "a.jsonl"):
        (chunk,) = open_source(path, TEXT, None).chunks(0)
        assert chunk.rows(100) == [{"text": "when is the train"}, {"text": "what is the time"}]
    (tmp_path / "b.csv").write_text("text\nhello\n")
    with pytest.raises(ConfigError, match=r"has a\.jsonl and b\.csv: score"):
        open_source(tmp_path, TEXT, None)
