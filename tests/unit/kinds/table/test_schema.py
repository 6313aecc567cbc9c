from pathlib import Path

import pytest

from components.config.errors import ConfigError
from components.kinds.table.codec import schema
from components.kinds.table.codec.schema import Column, Schema

SCHEMA = Schema(
    columns={
        "id": Column(type="integer", example=7),
        "amount": Column(type="number", minimum=0.0, maximum=3000.0, example=57.16),
        "channel": Column(type="category", values=("chip", "no", "wëb"), nulls=0.03, example="chip"),
        "foreign": Column(type="boolean", example=False),
        "time": Column(type="time", example="2018-04-01T00:00:31"),
    }
)


def test_a_schema_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "schemas" / "fraud.yaml"
    schema.write(path, SCHEMA)
    assert schema.read(path) == SCHEMA
    assert list(schema.read(path).columns) == list(SCHEMA.columns)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# The columns of this table")
    assert "  amount: {type: number, minimum: 0.0, maximum: 3000.0, nulls: 0.0, example: 57.16}\n" in text


def test_columns_can_be_left_out() -> None:
    assert list(SCHEMA.without(["id", "time"]).columns) == ["amount", "channel", "foreign"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("columns: {a: {type: dates}}", r"fraud.yaml: columns.a.type: input should be 'integer', 'number'"),
        ("columns: {a: {type: number, min: 0}}", "fraud.yaml: columns.a.min: extra inputs are not permitted"),
        (
            "columns: {a: {type: number, nulls: 2}}",
            "fraud.yaml: columns.a.nulls: input should be less than or equal to 1",
        ),
        ("columns: {a: {type: category, values: [x, y, x]}}", "fraud.yaml: columns.a.values: .* listed twice: x"),
        (
            "columns: {a: {type: category, values: [1]}}",
            "fraud.yaml: columns.a.values.0: input should be a valid string",
        ),
        ("amount: number", "fraud.yaml: columns: field required"),
        ("columns: [", "fraud.yaml: not valid YAML"),
    ],
)
def test_a_damaged_schema_is_answered_in_one_line(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "fraud.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        schema.read(path)
