import json
from pathlib import Path

import pyarrow as pa
import pytest

from components.config.errors import DataError
from components.kinds import json_lines
from components.kinds.interactions import source as of_interactions
from components.kinds.raw import Origin
from components.kinds.table import source as of_tables
from components.kinds.text import source as of_texts

RECORDS = [
    {"user": 17, "item": "007", "when": "2024-01-31 12:00:00", "price": 1, "gift": True},
    {"user": 18, "item": "ü lamp", "when": "2024-02-01 00:00:00", "price": 2.5, "note": "2024-01-01"},
    {"user": 17, "item": "", "when": "2024-02-02T01:02:03", "price": None, "gift": False},
]


def write(path: Path, records: list[dict[str, object]] = RECORDS, end: str = "\n") -> Path:
    path.write_bytes("".join(json.dumps(record, ensure_ascii=False) + end for record in records).encode())
    return path


def test_objects_become_columns_and_texts_stay_texts(tmp_path: Path) -> None:
    for end in ("\n", "\r\n", "\n\n"):
        found = json_lines.read(write(tmp_path / "rows.jsonl", end=end))
        assert found.to_pylist() == [{**dict.fromkeys(("gift", "note")), **record} for record in RECORDS]
        assert found.schema.field("when").type == found.schema.field("note").type == pa.string()
        assert found.schema.field("price").type == pa.float64()


def test_a_key_that_comes_late_and_a_number_that_gets_a_point_late_are_read(tmp_path: Path) -> None:
    many: list[dict[str, object]] = [{"n": 1, "text": "x" * 100} for _ in range(20_000)]
    found = json_lines.read(write(tmp_path / "rows.ndjson", [*many, {"n": 0.5, "late": "y"}]))
    assert found["n"].to_pylist()[-2:] == [1.0, 0.5]
    assert found["late"].to_pylist()[-1] == "y"
    assert found["late"].null_count == 20_000


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"a": 1}\n{"a": "x"}\n', r"object 2: .*changed from number to string"),
        ('{"a": 1}\n{"a": \n', "not readable as JSON Lines"),
        ('[{"a": 1}]', "object 1: .*; write one object a line, of the same keys"),
        ("a,b\n1,2\n", "not readable as JSON Lines"),
        ("\n", "not readable as JSON Lines"),
    ],
)
def test_what_is_none_is_refused_in_one_line(content: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(content)
    with pytest.raises(DataError, match=told) as refused:
        json_lines.read(path)
    assert "\n" not in str(refused.value)
    for source in (of_tables, of_texts, of_interactions):
        with pytest.raises(DataError, match=r"rows\.jsonl: "):
            list(source.open(Origin(str(path), None, None)).batches)


def test_a_table_of_json_lines_is_that_of_csv(tmp_path: Path) -> None:
    raw = of_tables.open(Origin(str(write(tmp_path / "rows.jsonl")), None, None))
    types = {field.name: field.type for field in raw.schema}
    assert types == {
        "user": pa.int64(), "item": pa.string(), "when": pa.timestamp("us"), "price": pa.float64(),
        "gift": pa.bool_(), "note": pa.date32(),
    }  # fmt: skip
    rows = pa.Table.from_batches(raw.batches, raw.schema).to_pylist()
    assert [row["when"].isoformat() for row in rows] == [
        "2024-01-31T12:00:00", "2024-02-01T00:00:00", "2024-02-02T01:02:03",
    ]  # fmt: skip
    assert [row["item"] for row in rows] == ["007", "ü lamp", ""]
    folder = tmp_path / "both"
    folder.mkdir()
    write(folder / "a.jsonl", [{"x": 1, "day": "2024-01-01"}])
    (folder / "b.csv").write_text("x,day\n2,2024-01-02\n")
    both = of_tables.open(Origin(str(folder), None, None))
    assert [row["x"] for row in pa.Table.from_batches(both.batches, both.schema).to_pylist()] == [1, 2]


def test_texts_and_interactions_are_read_beside_csv(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    write(folder / "a.jsonl", [{"text": "two cups", "label": 7, "tags": ["x"]}, {"text": "2024-01-01", "label": 8}])
    (folder / "b.csv").write_text("text,label\none mug,7\n")
    texts = of_texts.open(Origin(str(folder), None, None))
    rows = pa.Table.from_batches(texts.batches, texts.schema).to_pylist()
    assert [(row["text"], row["label"]) for row in rows] == [("two cups", "7"), ("2024-01-01", "8"), ("one mug", "7")]
    assert any("tags" in name for name in texts.about["ignored"])

    inbox = tmp_path / "inbox"
    inbox.mkdir()
    write(inbox / "later.ndjson")
    taken = of_interactions.open(Origin(str(write(tmp_path / "taken.jsonl")), None, inbox))
    found = pa.Table.from_batches(taken.batches, taken.schema)
    assert found["user"].to_pylist() == [17, 18, 17] * 2
    assert found["item"].to_pylist()[:2] == ["007", "ü lamp"]
