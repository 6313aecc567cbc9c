"""What callers send and get: types made from the schema, so that OpenAPI shows a workload's own fields."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, create_model

from components.kinds.table.codec.features import Definition, window_names
from components.kinds.table.codec.schema import Column, Schema

MOST = 10_000
"""Records that one request may hold."""

_TYPES: dict[str, Any] = {"integer": int, "number": float, "boolean": bool, "category": str, "time": datetime}


class Answer(BaseModel):
    """The answer to one record."""

    label: str = Field(description="The class it is taken for: the positive one from the threshold on.")
    probability: float = Field(description="Of the positive class, 0 to 1.")
    threshold: float = Field(description="The workload's: found in training, where its costs are least.")
    model_version: str = Field(description="The registered version that gave this answer.")


class Effect(BaseModel):
    """What one feature does to one answer."""

    feature: str
    value: float | str | None = Field(description="What it is here; null: missing.")
    typical: float | str | None = Field(description="What it is in the middle of the training data.")
    effect: float = Field(description="The probability, less what it would be with the typical value.")


class Explained(Answer):
    """The answer to one record, and what moved it."""

    explanation: list[Effect] = Field(description="Every feature, the strongest first.")


def request(input: Mapping[str, Any]) -> Any:
    """Return the type of what `POST /predict` takes: one record, or a list of them."""
    return _one_or_many(_record("Record", input, complete=input["history"] == "caller"))


def labelled(input: Mapping[str, Any]) -> Any:
    """Return the type of what `POST /labels` takes; None where nothing is remembered, or records have no id."""
    definition = Definition.model_validate(input["definition"])
    if input["history"] == "caller" or not definition.entities or definition.id is None:
        return None
    identity = _type(Schema.model_validate(input["schema"]).columns[definition.id])
    label = (bool, Field(description="Whether it is positive.", examples=[True], strict=True))
    return _one_or_many(_model("Label", {definition.id: identity, "label": label}))


def rows(request: BaseModel | Sequence[BaseModel]) -> list[dict[str, Any]]:
    """Return the request as rows."""
    records = [request] if isinstance(request, BaseModel) else request
    return [dict(record) for record in records]


def fields(input: Mapping[str, Any]) -> dict[str, tuple[str, bool]]:
    """Return the fields of a complete row: MLflow's types of them, and whether they may not be missing."""
    types = {"integer": "long", "number": "double", "boolean": "boolean", "category": "string", "time": "string"}
    columns = Schema.model_validate(input["schema"]).columns
    windows = window_names(Definition.model_validate(input["definition"]))
    own = {name: (types[column.type], column.nulls == 0.0) for name, column in columns.items()}
    return own | dict.fromkeys(windows, ("double", True))


_STRICT = ConfigDict(extra="forbid")


def _record(name: str, input: Mapping[str, Any], complete: bool) -> type[BaseModel]:
    columns = {key: _type(column) for key, column in Schema.model_validate(input["schema"]).columns.items()}
    if complete:
        window = (Annotated[float, Field(ge=0.0, allow_inf_nan=False, strict=True)], Field(examples=[1.0]))
        columns |= dict.fromkeys(window_names(Definition.model_validate(input["definition"])), window)
    return _model(name, columns)


def _model(name: str, fields: Mapping[str, tuple[Any, Any]]) -> type[BaseModel]:
    made: type[BaseModel] = create_model(name, __config__=_STRICT, **cast("Any", fields))
    return made


def _type(column: Column) -> tuple[Any, Any]:
    """Return a field's type and default. Numbers are no strings here; a time is ISO 8601, or seconds since 1970."""
    limits: dict[str, Any] = {}
    if column.type in ("integer", "number"):
        limits = {"ge": column.minimum, "le": column.maximum}
    if column.type == "number":
        limits["allow_inf_nan"] = False
    kind: Any = _TYPES[column.type]
    if column.type != "time":
        kind = Annotated[kind, Field(strict=True, **limits)]
    examples = list(column.values[:20]) if column.values else [column.example]
    shown: dict[str, Any] = {"examples": examples} if examples != [None] else {}
    known = (
        f"Known: {', '.join(column.values[:20])}" + ("…" if len(column.values) > 20 else "") if column.values else None
    )
    if column.nulls > 0:
        return kind | None, Field(default=None, description=known, **shown)
    return kind, Field(description=known, **shown)


def _one_or_many(record: type[BaseModel]) -> Any:
    """Tell one from many before either is read: what is wrong is then said of what was meant."""
    many = Annotated[list[record], Field(min_length=1, max_length=MOST)]  # type: ignore[valid-type]
    return Annotated[
        Annotated[record, Tag("record")] | Annotated[many, Tag("records")],
        Discriminator(lambda content: "records" if isinstance(content, list) else "record"),
    ]
