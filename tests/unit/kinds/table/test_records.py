import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from components import catalogue
from components.kinds.labels import MOST, own_name
from components.kinds.table import codec
from components.kinds.table.codec.features import Definition
from components.kinds.table.codec.schema import Schema
from components.kinds.table.codec.unusual import Expected

told_by = catalogue.codec("table")
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
EVENT = "01932c07-2f5e-7000-8000-0123456789ab"
GOOD = {"number": 1, "when": "2018-04-01T00:00:31", "card": "c1", "amount": 5, "online": True}


def _read(content: Any, input: dict[str, Any] = INPUT) -> list[dict[str, Any]]:
    return codec.rows(TypeAdapter(codec.request(input)).validate_python(content))


def test_one_record_or_many() -> None:
    (row,) = _read(GOOD)
    assert row == {**GOOD, "when": datetime(2018, 4, 1, 0, 0, 31), "amount": 5.0, "country": None}
    assert [row["number"] for row in _read([GOOD, {**GOOD, "number": 2}])] == [1, 2]


def test_an_id_by_which_nothing_is_remembered_may_be_left_out() -> None:
    without = {**INPUT, "definition": {**INPUT["definition"], "entities": []}}
    record = {name: value for name, value in GOOD.items() if name != "number"}
    assert _read(record, without)[0]["number"] is None
    assert _read(GOOD, without)[0]["number"] == 1
    with pytest.raises(ValidationError, match="Field required"):
        _read(record)


def test_a_record_without_a_time_has_none_to_send() -> None:
    definition = {**INPUT["definition"], "entities": [], "time": None}
    columns = {name: column for name, column in INPUT["schema"]["columns"].items() if name != "when"}
    timeless = {**INPUT, "definition": definition, "schema": {"columns": columns}}
    record = {name: value for name, value in GOOD.items() if name != "when"}
    assert _read(record, timeless)[0] == {**record, "amount": 5.0, "country": None}
    assert not codec.remembers(timeless)
    with pytest.raises(ValidationError, match="extra inputs are not permitted"):
        _read(GOOD, timeless)


def test_a_time_may_be_seconds_or_have_a_zone() -> None:
    assert _read({**GOOD, "when": 86_400})[0]["when"] == datetime(1970, 1, 2, tzinfo=UTC)
    assert _read({**GOOD, "when": "2018-04-01T02:00:00+02:00"})[0]["when"] == datetime(2018, 4, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "place", "what"),
    [
        ({"amount": "5,5"}, "amount", "valid number"),
        ({"amount": "1,000"}, "amount", "valid number"),
        ({"amount": "5 EUR"}, "amount", "valid number"),
        ({"amount": True}, "amount", "valid number"),
        ({"amount": "inf"}, "amount", "valid number"),
        ({"amount": "1e400"}, "amount", "finite"),
        ({"amount": float("inf")}, "amount", "finite"),
        ({"amount": None}, "amount", "valid number"),
        ({"amount": float("nan")}, "amount", "valid number"),
        ({"amount": ""}, "amount", "valid number"),
        ({"number": 1.5}, "number", "integer"),
        ({"number": "1.5"}, "number", "integer"),
        ({"number": True}, "number", "integer"),
        ({"number": float(2**60)}, "number", "integer"),
        ({"number": "9" * 1_000_000}, "number", "integer"),
        ({"card": 5}, "card", "string"),
        ({"card": 5.5}, "card", "string"),
        ({"online": "perhaps"}, "online", "boolean"),
        ({"online": 2}, "online", "boolean"),
        ({"country": 5}, "country", "string"),
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


@pytest.mark.parametrize("content", [[], 5, None, "x", [GOOD] * (MOST + 1), [[GOOD]]])
def test_what_is_no_record_is_refused(content: Any) -> None:
    with pytest.raises(ValidationError):
        _read(content)


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ({"number": 7.0}, {"number": 7}),
        ({"number": "7"}, {"number": 7}),
        ({"number": " 7.0 "}, {"number": 7}),
        ({"amount": "20"}, {"amount": 20.0}),
        ({"amount": "1.5e2"}, {"amount": 150.0}),
        ({"visits": True}, {"visits": 1}),
        ({"visits": 3.0}, {"visits": 3}),
        ({"visits": float("nan")}, {"visits": None}),
        ({"visits": "NaN"}, {"visits": None}),
        ({"visits": ""}, {"visits": None}),
        ({"online": 0}, {"online": False}),
        ({"online": 1.0}, {"online": True}),
        ({"online": "False"}, {"online": False}),
        ({"online": "yes"}, {"online": True}),
        ({"country": float("nan")}, {"country": None}),
        ({"grade": 3}, {"grade": "3"}),
        ({"grade": 3.0}, {"grade": "3"}),
        ({"grade": 9}, {"grade": "9"}),
        ({"flag": True}, {"flag": "True"}),
        ({"fraud": 1, "comment": "whole rows are sent", "Unnamed: 0": 17}, {}),
    ],
)
def test_what_is_plain_is_taken_however_it_is_written(sent: dict[str, Any], meant: dict[str, Any]) -> None:
    more = {
        "visits": {"type": "integer", "nulls": 0.1},
        "grade": {"type": "category", "values": ["1", "2", "3"], "nulls": 0.1},
        "flag": {"type": "category", "values": ["True", "False", "both"], "nulls": 0.1},
    }
    input = {**INPUT, "schema": {"columns": INPUT["schema"]["columns"] | more}, "passed_over": ["fraud", "comment"]}
    expected = {**_read(GOOD, input)[0], **meant}
    adapter = TypeAdapter(codec.request(input))
    for content in ({**GOOD, **sent}, [GOOD, {**GOOD, **sent}]):
        assert _read(content, input)[-1] == expected
        assert codec.rows(adapter.validate_json(json.dumps(content)))[-1] == expected  # NaN as Python writes it
    assert {type(_read({**GOOD, **sent}, input)[0][name]) for name in meant} == {type(v) for v in meant.values()}


@pytest.mark.parametrize("known", [["007", "012"], ["a7", "b8"]])
def test_a_number_is_no_text_that_it_may_not_be(known: list[str]) -> None:
    columns = {**INPUT["schema"]["columns"], "country": {"type": "category", "values": known}}
    with pytest.raises(ValidationError, match="country"):
        _read({**GOOD, "country": 7}, {**INPUT, "schema": {"columns": columns}})


def test_an_entity_of_texts_that_are_numbers_takes_the_number() -> None:
    columns = {**INPUT["schema"]["columns"], "card": {"type": "category", "example": "4711"}}
    assert _read({**GOOD, "card": 4711}, {**INPUT, "schema": {"columns": columns}})[0]["card"] == "4711"


def test_a_field_that_is_not_known_is_told_the_nearest() -> None:
    with pytest.raises(ValidationError, match="extra inputs are not permitted; did you mean 'amount'") as caught:
        _read({**{key: value for key, value in GOOD.items() if key != "amount"}, "Amuont": 5})
    assert caught.value.errors()[0]["loc"] == ("record", "Amuont")
    with pytest.raises(ValidationError, match="not permitted; the fields are number, when, card, amount"):
        _read({**GOOD, "xyz": 5})


def test_what_is_out_of_range_or_not_known_is_taken() -> None:
    assert _read({**GOOD, "country": "zz"})[0]["country"] == "zz"
    assert _read({**GOOD, "amount": 10_001})[0]["amount"] == 10_001


@pytest.mark.parametrize("everywhere", [True, False])
def test_a_strict_schema_refuses_it(everywhere: bool) -> None:
    columns = INPUT["schema"]["columns"]
    one = {name: {**columns[name], "strict": True} for name in ("amount", "country")}
    schema = {"columns": columns, "strict": True} if everywhere else {"columns": {**columns, **one}}
    input = {**INPUT, "schema": schema}
    assert _read({**GOOD, "amount": 10_000, "country": "de"}, input)
    for change in ({"amount": 10_001}, {"amount": -1}, {"country": "zz"}):
        with pytest.raises(ValidationError):
            _read({**GOOD, **change}, input)


def test_what_is_unusual_is_said_in_one_sentence_each() -> None:
    definition, schema = Definition.model_validate(INPUT["definition"]), Schema.model_validate(INPUT["schema"])
    expected = Expected(definition, schema)
    rows = [
        {"amount": 5.0, "country": "de"},
        {"amount": 50_000.0, "country": "DE"},
        {"amount": -0.5, "country": None},
        {"amount": None, "country": "z" * 1_000},
    ]
    said = expected.warnings(rows)
    assert said[1] == (
        "amount: 50000 is above 10000, the largest that is expected",
        "country: 'DE' was not known in training; did you mean 'de'?",
    )
    assert said[2] == ("amount: -0.5 is below 0, the least that is expected",)
    assert said[3][0].startswith("country: 'zzz")
    assert len(said[3][0]) < 100
    assert sorted(said) == [1, 2, 3]


def test_a_category_with_more_values_than_are_listed_warns_of_none() -> None:
    definition = Definition.model_validate(INPUT["definition"])
    columns = {**INPUT["schema"]["columns"], "country": {"type": "category", "values": ["de", "fr"], "others": 0.2}}
    expected = Expected(definition, Schema.model_validate({"columns": columns}))
    assert expected.warnings([{"amount": 5.0, "country": "zz"}]) == {}


def test_an_answer_has_warnings_only_where_there_are_some() -> None:
    (answer,) = told_by.answers(np.array([[0.9, 0.1]], np.float32), ["genuine", "fraud"], {"threshold": 0.3}, "4")
    assert "warnings" not in answer.model_dump_json()
    answer.warnings = ("amount: 2 is above 1, the largest that is expected",)
    assert answer.model_dump(mode="json")["warnings"] == list(answer.warnings)
    shown = type(answer).model_json_schema(mode="serialization")
    assert shown["properties"]["warnings"]["type"] == "array"
    assert "warnings" not in shown["required"]


def test_where_the_caller_remembers_it_sends_the_windows() -> None:
    input = {**INPUT, "history": "caller"}
    windows = {"card_count_1d": 1, "card_count_7d": 3, "card_mean_1d": 5.0, "card_mean_7d": 4.0}
    assert _read({**GOOD, **windows}, input)[0]["card_count_7d"] == 3
    with pytest.raises(ValidationError, match="card_mean_7d"):
        _read({key: value for key, value in {**GOOD, **windows}.items() if key != "card_mean_7d"}, input)
    with pytest.raises(ValidationError, match="not permitted"):
        _read({**GOOD, **windows})
    assert _read({**GOOD, **windows, "card_mean_7d": -4.0}, input)[0]["card_mean_7d"] == -4.0  # more was paid back
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        _read({**GOOD, **windows, "card_count_7d": -1}, input)
    assert (codec.remembers(input), codec.remembers(INPUT)) == (False, True)


@pytest.mark.parametrize("number", [1, "1", 1.0])
def test_a_label_is_told_by_the_records_own_id_however_that_is_written(number: Any) -> None:
    told = TypeAdapter(codec.labelled(INPUT)).validate_python({"number": number, "label": True, "Unnamed: 0": 3})
    assert (told.own, told.label, told.event_id, own_name(type(told))) == ("1", True, None, "number")


def test_a_table_without_an_id_is_told_labels_by_that_of_the_answer() -> None:
    adapter = TypeAdapter(codec.labelled({**INPUT, "definition": {**INPUT["definition"], "id": None}}))
    assert adapter.validate_python({"id": EVENT, "label": 1}).own is None
    with pytest.raises(ValidationError, match="'number' is no field of a label; the fields are id, request_id, row"):
        adapter.validate_python({"number": 1, "label": True})


def test_a_table_whose_id_is_called_as_a_field_of_labels_wins() -> None:
    for name, others in {"id": {"event_id": EVENT}, "event_id": {"id": EVENT}, "row": {"row_": 3}}.items():
        definition = {**INPUT["definition"], "id": name}
        schema = {"columns": {**INPUT["schema"]["columns"], name: {"type": "integer"}}}
        adapter = TypeAdapter(codec.labelled({**INPUT, "definition": definition, "schema": schema}))
        told = adapter.validate_python({name: 4711, "label": True, **others})
        assert told.own == "4711"
        assert (str(told.event_id) if name != "row" else told.row) in others.values()


def test_the_fields_of_a_complete_row_have_mlflows_types() -> None:
    fields = codec.fields(INPUT)
    assert fields["when"] == ("string", True)
    assert fields["country"] == ("string", False)
    assert fields["card_mean_7d"] == ("double", True)
    assert list(fields)[:6] == list(INPUT["schema"]["columns"])


def test_the_decision_is_the_thresholds() -> None:
    probabilities = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8]], dtype=np.float32)
    told = told_by.answers(probabilities, ["genuine", "fraud"], {"threshold": 0.3}, "4")
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
    told = told_by.answers(score(examples), ["genuine", "fraud"], {"threshold": 0.3}, "4")
    first, second = told_by.explain(score, examples, score(examples), input, told)
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


def _written(**columns: dict[str, Any]) -> dict[str, Any]:
    schema = {**INPUT["schema"], "columns": {**INPUT["schema"]["columns"], **columns}, "nulls": ["see note"]}
    return {**INPUT, "schema": schema}


@pytest.mark.parametrize(
    ("format", "said", "expected"),
    [
        ("%m/%d/%Y", "03/04/2024 2:05 PM", datetime(2024, 3, 4, 14, 5, tzinfo=UTC)),
        ("%d/%m/%Y", "03/04/2024 14:05", datetime(2024, 4, 3, 14, 5, tzinfo=UTC)),
        ("%d/%m/%Y", "2024-04-03T16:05:00+02:00", datetime(2024, 4, 3, 14, 5, tzinfo=UTC)),
        ("%Y%m%d", 20240403, datetime(2024, 4, 3, tzinfo=UTC)),
        ("%Y%m%d", "20240403", datetime(2024, 4, 3, tzinfo=UTC)),
        ("milliseconds", 1_000, datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        ("%d/%m/%Y", 86_400, datetime(1970, 1, 2, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_as_the_tables_texts_are(format: str, said: Any, expected: datetime) -> None:
    input = _written(when={"type": "time", "format": format})
    assert _read({**GOOD, "when": said}, input)[0]["when"] == expected
    with pytest.raises(ValidationError, match="expected a time as"):
        _read({**GOOD, "when": "13/13/2024"}, input)


@pytest.mark.parametrize(
    ("said", "expected"),
    [("1.234,50 €", 1234.5), ("1.234", 1234.0), ("(12,5)", -12.5), (7.25, 7.25), ("n.a.", None), ("see note", None)],
)
def test_a_number_is_read_as_the_tables_texts_are(said: Any, expected: float | None) -> None:
    column = {"type": "number", "decimal": ",", "units": ["€"], "nulls": 0.1}
    input = _written(rate=column, amount={"type": "number", "decimal": "."})
    assert _read({**GOOD, "rate": said, "amount": "1,234.5"}, input)[0]["rate"] == expected
    for wrong in ("12.5", "12,50 $", "much"):
        with pytest.raises(ValidationError, match="number"):
            _read({**GOOD, "rate": wrong}, input)
