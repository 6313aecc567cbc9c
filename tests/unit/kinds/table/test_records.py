from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from components.kinds.table import codec
from components.kinds.table.codec import records

INPUT: dict[str, Any] = {
    "history": "endpoint",
    "definition": {
        "time": "when",
        "id": "number",
        "amount": "amount",
        "decimals": 2,
        "delay": 7.0,
        "entities": [{"name": "card", "days": [1, 7], "measures": ["count", "mean"], "delayed": False}],
        "numbers": ["amount"],
        "categories": {"country": ["de", "fr"]},
    },
    "schema": {
        "columns": {
            "number": {"type": "integer"},
            "when": {"type": "time", "example": "2018-04-01T00:00:31"},
            "card": {"type": "category", "values": None},
            "amount": {"type": "number", "minimum": 0, "maximum": 10_000, "example": 57.16},
            "online": {"type": "boolean"},
            "country": {"type": "category", "values": ["de", "fr"], "nulls": 0.1, "example": "de"},
        }
    },
}
GOOD = {"number": 1, "when": "2018-04-01T00:00:31", "card": "c1", "amount": 5, "online": True}


def _read(content: Any, input: dict[str, Any] = INPUT) -> list[dict[str, Any]]:
    return codec.rows(TypeAdapter(codec.request(input)).validate_python(content))


def test_one_record_or_many() -> None:
    (row,) = _read(GOOD)
    assert row == {**GOOD, "when": datetime(2018, 4, 1, 0, 0, 31), "amount": 5.0, "country": None}
    assert [row["number"] for row in _read([GOOD, {**GOOD, "number": 2}])] == [1, 2]


def test_a_time_may_be_seconds_or_have_a_zone() -> None:
    assert _read({**GOOD, "when": 86_400})[0]["when"] == datetime(1970, 1, 2, tzinfo=UTC)
    assert _read({**GOOD, "when": "2018-04-01T02:00:00+02:00"})[0]["when"] == datetime(2018, 4, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "place", "what"),
    [
        ({"amount": "5"}, "amount", "valid number"),
        ({"amount": -1}, "amount", "greater than or equal to 0"),
        ({"amount": 10_001}, "amount", "less than or equal to 10000"),
        ({"amount": float("inf")}, "amount", "finite"),
        ({"amount": None}, "amount", "valid number"),
        ({"number": 1.5}, "number", "integer"),
        ({"card": 5}, "card", "string"),
        ({"online": "yes"}, "online", "boolean"),
        ({"when": "yesterday"}, "when", "datetime"),
        ({"colour": "red"}, "colour", "not permitted"),
    ],
)
def test_what_the_schema_forbids_is_refused(change: dict[str, Any], place: str, what: str) -> None:
    with pytest.raises(ValidationError, match=what) as caught:
        _read({**GOOD, **change})
    assert caught.value.errors()[0]["loc"][-1] == place
    with pytest.raises(ValidationError) as caught:
        _read([GOOD, {**GOOD, **change}])
    assert caught.value.errors()[0]["loc"][-2:] == (1, place)


@pytest.mark.parametrize("content", [[], 5, None, "x", [GOOD] * (records.MOST + 1), [[GOOD]]])
def test_what_is_no_record_is_refused(content: Any) -> None:
    with pytest.raises(ValidationError):
        _read(content)


def test_an_unknown_category_is_taken() -> None:
    assert _read({**GOOD, "country": "zz"})[0]["country"] == "zz"


def test_where_the_caller_remembers_it_sends_the_windows() -> None:
    input = {**INPUT, "history": "caller"}
    windows = {"card_count_1d": 1, "card_count_7d": 3, "card_mean_1d": 5.0, "card_mean_7d": 4.0}
    assert _read({**GOOD, **windows}, input)[0]["card_count_7d"] == 3
    with pytest.raises(ValidationError, match="card_mean_7d"):
        _read({key: value for key, value in {**GOOD, **windows}.items() if key != "card_mean_7d"}, input)
    with pytest.raises(ValidationError, match="not permitted"):
        _read({**GOOD, **windows})
    assert codec.labelled(input) is None


def test_labels_are_told_by_id() -> None:
    adapter = TypeAdapter(codec.labelled(INPUT))
    assert codec.rows(adapter.validate_python({"number": 1, "label": True})) == [{"number": 1, "label": True}]
    with pytest.raises(ValidationError):
        adapter.validate_python({"number": 1, "label": "fraud"})


def test_the_fields_of_a_complete_row_have_mlflows_types() -> None:
    fields = codec.fields(INPUT)
    assert fields["when"] == ("string", True)
    assert fields["country"] == ("string", False)
    assert fields["card_mean_7d"] == ("double", True)
    assert list(fields)[:6] == list(INPUT["schema"]["columns"])


def test_the_decision_is_the_thresholds() -> None:
    probabilities = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8]], dtype=np.float32)
    told = codec.answers(probabilities, ["genuine", "fraud"], {"threshold": 0.3}, "4")
    assert [answer.label for answer in told] == ["genuine", "fraud", "fraud"]
    assert told[1].model_dump() == {
        "label": "fraud",
        "probability": pytest.approx(0.3),
        "threshold": 0.3,
        "model_version": "4",
    }


def test_an_explanation_is_what_a_feature_alone_would_change() -> None:
    input = {**INPUT, "features": ["amount", "weekend", "country"], "typical": [50.0, 0.0, 0.0]}
    weights = np.array([0.001, 0.1, 0.2], dtype=np.float32)

    def score(examples: np.ndarray) -> np.ndarray:
        positive = np.nan_to_num(examples) @ weights
        return np.stack([1 - positive, positive], axis=1).astype(np.float32)

    examples = np.array([[140.0, 1.0, 2.0], [np.nan, 0.0, 0.0]], dtype=np.float32)
    told = codec.answers(score(examples), ["genuine", "fraud"], {"threshold": 0.3}, "4")
    first, second = codec.explain(score, examples, input, told)
    assert [(effect.feature, effect.value) for effect in first.explanation] == [
        ("country", "fr"),
        ("weekend", 1.0),
        ("amount", 140.0),
    ]
    assert [effect.effect for effect in first.explanation] == pytest.approx([0.4, 0.1, 0.09], abs=1e-6)
    assert first.probability == told[0].probability
    assert second.explanation[0].feature == "amount"
    assert second.explanation[0].value is None
    assert second.explanation[0].effect == pytest.approx(-0.05)
