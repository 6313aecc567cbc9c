"""What callers send: types made from the schema, so that OpenAPI shows a workload's own fields."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model, model_validator
from pydantic_core import PydanticCustomError

from components.kinds.labels import Label, one_or_many, with_own_id
from components.kinds.table.codec.features import Definition, window_name, window_names
from components.kinds.table.codec.input import Input
from components.kinds.table.codec.meant import as_meant, lenient
from components.kinds.table.codec.schema import INDEX, Column, Schema
from components.kinds.times import reading

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TYPES: dict[str, Any] = {"integer": int, "number": float, "boolean": bool, "category": str, "text": str}
_TIMES = ("time", "date")


def request(input: Input) -> Any:
    """Return the type of what `POST /predict` takes: one record, or a list of them."""
    return one_or_many(_record("Record", input, complete=input["history"] == "caller"))


def labelled(input: Input) -> Any:
    """Return the type of what `POST /labels` takes: a record may be named by its own id too, where it has one."""
    if (id := key(input)) is None:
        return one_or_many(Label)
    columns = Schema.model_validate(input["schema"]).columns
    meant = BeforeValidator(partial(as_meant, column=columns[id], named=True))
    kind, field = _type(columns[id].model_copy(update={"nulls": 1.0}))
    own = with_own_id(id, Annotated[kind, meant], field)
    read: Any = model_validator(mode="before")(_without_index)
    return one_or_many(create_model("Label", __base__=own, __doc__=own.__doc__, __validators__={"read": read}))


def key(input: Input) -> str | None:
    """Return the column that is a record's own id; None: there is none."""
    id = Definition.model_validate(input["definition"]).id
    return id if id in input["schema"]["columns"] else None


def entities(input: Input) -> tuple[str, ...]:
    """Return the columns that name an entity."""
    return tuple(entity.name for entity in Definition.model_validate(input["definition"]).entities)


def remembers(input: Input) -> bool:
    """Return whether an endpoint keeps records, and their labels, for those that follow."""
    definition = Definition.model_validate(input["definition"])
    return input["history"] == "endpoint" and bool(definition.entities)


def rows(request: BaseModel | Sequence[BaseModel]) -> list[dict[str, Any]]:
    """Return the request as rows."""
    records = [request] if isinstance(request, BaseModel) else request
    names = [str(field.alias) for field in type(records[0]).model_fields.values()]
    return [dict(zip(names, vars(record).values(), strict=True)) for record in records]


def fields(input: Input) -> dict[str, tuple[str, bool]]:
    """Return the fields of a complete row: MLflow's types of them, and whether they may not be missing."""
    types = {"integer": "long", "number": "double", "boolean": "boolean"}
    columns = Schema.model_validate(input["schema"]).columns
    windows = window_names(Definition.model_validate(input["definition"]))
    own = {name: (types.get(column.type, "string"), column.nulls == 0.0) for name, column in columns.items()}
    return own | dict.fromkeys(windows, ("double", True))


_STRICT = ConfigDict(extra="forbid")


def _record(name: str, input: Input, complete: bool) -> type[BaseModel]:
    schema = Schema.model_validate(input["schema"])
    definition = Definition.model_validate(input["definition"]) if "definition" in input else None
    columns, fields = dict(schema.columns), {}
    if definition and definition.id in columns and not definition.entities:  # nothing is remembered by it
        columns[definition.id] = columns[definition.id].model_copy(update={"nulls": 1.0})
    for key, column in list(columns.items()):
        strict = bool(schema.strict or column.strict)
        fields[key] = _type(column, strict, _limits(column, strict))
    if complete and definition:
        fields |= _windows(definition)
        columns |= dict.fromkeys(window_names(definition), Column(type="number"))
    named = [entity.name for entity in definition.entities] + [definition.id or ""] if definition else []
    return _model(name, fields, lenient(columns, named, input.get("passed_over", ()), schema.nulls or ()))


def _model(name: str, fields: Mapping[str, tuple[Any, Any]], read: Any) -> type[BaseModel]:
    """Return a model of `fields`. Inside it they are numbered, and named outside: a column may have any name."""
    own = {f"field_{index}": field for index, field in enumerate(_named(fields))}
    made: type[BaseModel] = create_model(name, __config__=_STRICT, __validators__={"read": read}, **cast("Any", own))
    return made


def _named(fields: Mapping[str, tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    for name, (kind, field) in fields.items():
        yield Annotated[kind, Field(alias=name)], field


def _limits(column: Column, strict: bool) -> dict[str, Any]:
    """Return which numbers are taken: those of a strict range, and else every one."""
    if not strict or column.type not in ("integer", "number"):
        return {}
    return {"ge": column.minimum, "le": column.maximum}


def _windows(definition: Definition) -> dict[str, tuple[Any, Any]]:
    """Return the fields of the windows; a mean is below 0 where more is paid back than paid."""
    signed = Annotated[float, Field(allow_inf_nan=False, strict=True)]
    counted = Annotated[float, Field(ge=0.0, allow_inf_nan=False, strict=True)]
    means = {window_name(entity, "mean", days, definition) for entity in definition.entities for days in entity.days}
    return {name: (signed if name in means else counted, Field(examples=[1.0])) for name in window_names(definition)}


def _type(column: Column, strict: bool = False, limits: Mapping[str, Any] = MappingProxyType({})) -> tuple[Any, Any]:
    """Return a field's type and default. A time is in its column's format, ISO 8601, or seconds since 1970."""
    kind: Any = _TYPES.get(column.type, datetime)
    if column.type in _TIMES and column.format is not None:
        kind = Annotated[kind, BeforeValidator(partial(_moment, format=column.format))]
    if strict and column.values:
        kind = Literal[*column.values]
    elif column.type == "number":
        kind = Annotated[kind, Field(strict=True, allow_inf_nan=False, **limits)]
    elif column.type not in _TIMES:
        kind = Annotated[kind, Field(strict=True, **limits)]
    examples = list(column.values[:20]) if column.values else [column.example]
    shown: dict[str, Any] = {"examples": examples} if examples != [None] else {}
    if column.nulls > 0:
        return kind | None, Field(default=None, description=_expected(column), **shown)
    return kind, Field(description=_expected(column), **shown)


def _moment(value: Any, format: str) -> Any:
    """Return the moment that a text or a number says by the format of its column."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return value
    time = reading.of_text(value, format) if isinstance(value, str) else reading.of_number(value, format)
    if time is None:
        raise PydanticCustomError("time", "expected a time as {format}, or ISO 8601", {"format": format})
    return _EPOCH + timedelta(milliseconds=time)


def _expected(column: Column) -> str | None:
    """Return for people what the column is expected to hold."""
    if column.values:
        return f"Known: {', '.join(column.values[:20])}" + ("…" if len(column.values) > 20 else "")
    if column.format is not None:
        return f"A time as {column.format}, or ISO 8601"
    if column.minimum is None or column.maximum is None:
        return None
    return f"Expected: {column.minimum:.12g} to {column.maximum:.12g}"


def _without_index(content: Any) -> Any:
    """Return a label without what pandas writes beside: the number of a row."""
    if not isinstance(content, dict):
        return content
    return {name: value for name, value in content.items() if not INDEX.fullmatch(str(name))}
