"""Columns may have any name that a file can hold: from the table to the endpoint, to MLflow, and back."""

import json
import warnings
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import numpy as np
import pandas as pd
import polars as pl
import pytest
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema
from pydantic import TypeAdapter, ValidationError

from components.config.errors import DataError
from components.inference.gateway.page.about import schema_of_one
from components.kinds.prepared import PreparedData
from components.kinds.table import codec, sample
from components.kinds.table.codec.event_store import EventStore
from components.kinds.table.codec.reader import Reader
from components.kinds.table.params import Columns, Entity
from tests.unit.kinds.table.test_prepare import CONFIG, run, table

NAMES = [
    "copy",
    "json",
    "schema",
    "model_x",
    "model_config",
    "model_fields",
    "class",
    "from",
    "field_0",
    "self",
    "_private",
    "__x",
    "__class__",
    "__init__",
    "__proto__",
    "constructor",
    "2nd",
    "a b",
    " padded ",
    "a.b",
    "a[0]",
    "a,b;c|d",
    'it\'s "quoted"',
    "new\nline\ttab",
    "back\\slash/slash",
    "{braces} %s $x ${y}",
    "<b>&amp;</b>",
    "größe",
    "emoji 🙂",
    "名前",
    "x" * 400,
    "Amount",
    "AMOUNT",
    "weekend",
    "night",
    "customer_count_1d",
    "terminal_risk_7d",
    "request",
    "record",
    "label",
    "probability",
    "threshold",
    "model_version",
    "explanation",
    "index",
    "null",
    "true",
    "no",
    "1",
    "1.5",
    "<<",
    "#",
    "?",
    "-",
    ":",
    "id ",
]
ENTITIES = {
    "Kunde.Nr [1]": Entity(days=[1, 7], measures=["count", "mean"]),
    "kunde.nr [1]": Entity(days=[1, 7], measures=["count", "risk"], delayed=True),
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> PreparedData:
    """The table with a number or a category under each of the names; its roles have odd ones too."""
    random = np.random.default_rng(0)
    frame = table().drop("scenario").rename({"customer": "Kunde.Nr [1]", "terminal": "kunde.nr [1]"})
    frame = frame.rename({"id": "id.no?", "time": "when (UTC)", "amount": "amount €"})
    for place, name in enumerate(NAMES):
        value = random.random(len(frame)) if place % 2 else random.choice(["x", "y"], len(frame))
        frame = frame.with_columns(pl.Series(name, value))
    columns = Columns(label="fraud", time="when (UTC)", id="id.no?", amount="amount €")
    entities = {"columns": columns, "entities": ENTITIES, "card": "Kunde.Nr [1]"}
    return run(frame, tmp_path_factory.mktemp("names"), CONFIG.model_copy(update=entities))


def input_of(data: PreparedData, history: str) -> dict[str, Any]:
    return {**json.loads(json.dumps(data.input)), "history": history}


def test_every_column_is_a_feature_of_its_own_name(prepared: PreparedData) -> None:
    features = prepared.input["features"]
    assert len(set(features)) == len(features) == prepared.inputs("test").shape[1]
    assert {*NAMES, "weekend_made", "night_made", "Kunde.Nr [1]_mean_7d"} <= set(features)


@pytest.mark.parametrize("history", ["endpoint", "caller"])
def test_a_record_is_read_as_it_was_sent(history: str, prepared: PreparedData) -> None:
    input = input_of(prepared, history)
    adapter = TypeAdapter(codec.request(input))
    sent = json.loads(json.dumps(sample.requests(prepared, range(3), history == "caller")))
    rows = codec.rows(adapter.validate_json(json.dumps(sent)))
    for row, record in zip(rows, sent, strict=True):
        assert set(row) == set(record)
        assert all(row[name] == record[name] for name in [*NAMES, "Kunde.Nr [1]", "id.no?", "amount €"])
    schema = schema_of_one(adapter.json_schema())
    assert set(schema["properties"]) == set(sent[0])
    for name in NAMES:
        with pytest.raises(ValidationError) as caught:
            adapter.validate_python({**sent[0], name: [1]})
        assert caught.value.errors()[0]["loc"][-1] == name


def test_features_are_computed_of_such_records(prepared: PreparedData) -> None:
    input = input_of(prepared, "caller")
    rows = codec.rows(TypeAdapter(codec.request(input)).validate_python(sample.requests(prepared, range(20), True)))
    reader = Reader("names", input, {}, prepared.path / "serving", None)
    assert reader.read(rows).tobytes() == np.asarray(prepared.inputs("test")[:20]).tobytes()


def test_an_endpoint_remembers_entities_of_such_names(prepared: PreparedData, tmp_path: Path) -> None:
    input = input_of(prepared, "endpoint")
    reader = Reader("names", input, {}, prepared.path / "serving", f"sqlite:///{tmp_path}/memory.db")
    rows = codec.rows(TypeAdapter(codec.request(input)).validate_python(sample.requests(prepared, range(20), False)))
    assert reader.read(rows).tobytes() == np.asarray(prepared.inputs("test")[:20]).tobytes()
    assert reader.record_labels([{"id.no?": rows[0]["id.no?"], "label": True}]) == 1
    reader.close()


def test_columns_of_entities_stay_as_they_were_made(tmp_path: Path) -> None:
    EventStore(f"sqlite:///{tmp_path}/memory.db", "names", ["customer", "terminal id"], 1).close()
    EventStore(f"sqlite:///{tmp_path}/memory.db", "names", ["customer", "terminal id"], 1).close()


@pytest.mark.slow
def test_mlflow_takes_them_in_a_signature(prepared: PreparedData, tmp_path: Path) -> None:
    fields = codec.fields(input_of(prepared, "caller"))
    inputs = Schema([ColSpec(DataType[kind], name, required=required) for name, (kind, required) in fields.items()])
    rows = pd.DataFrame(sample.requests(prepared, range(3), True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mlflow.pyfunc.save_model(
            tmp_path / "model",
            python_model=_Echo(),
            signature=ModelSignature(inputs, Schema([ColSpec(DataType.long)])),
            input_example=rows,
            pip_requirements=[],
        )
        loaded = mlflow.pyfunc.load_model(str(tmp_path / "model"))
        assert list(loaded.predict(rows)) == [len(fields)] * 3


class _Echo(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> Any:
        return [len(model_input.columns)] * len(model_input)


@pytest.mark.parametrize("name", ["*", "^a.*$", "journeyman:label", "a\0b"])
def test_the_few_names_that_cannot_be_used_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column can have this name; rename it, or put it in"):
        run(table().with_columns(pl.lit(1.0).alias(name)), tmp_path)


def test_a_column_without_a_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="column '' has no name, which MLflow cannot do without: name it, or put ''"):
        run(table().rename({"age": ""}), tmp_path / "feature")
    nameless = CONFIG.model_copy(update={"columns": CONFIG.columns.model_copy(update={"time": ""})})
    with pytest.raises(DataError, match="column '' has no name"):
        run(table().rename({"time": ""}), tmp_path / "time", nameless)
