"""What a row of the table looks like: inferred once from the first data, written down, held to ever after."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from components.config.errors import ConfigError
from components.config.params import read_yaml
from components.kinds.table.codec.dates import Part
from components.kinds.times import formats
from components.system.files import whole_file

INDEX = re.compile(r"\s*|Unnamed: \d+(_level_\d+)?(\.\d+)*|__index_level_\d+__")
"""The names under which pandas and Arrow write the numbers of the rows."""

Type = Literal["integer", "number", "boolean", "category", "time", "date", "text"]
"""`time` is the time of the record, or times of which no feature is made; of a `date` features are made; of `text`,
which is free text, none are."""

_HEAD = """\
# The columns of this table: what `prepare` found in the first data it saw, and holds later data to.
# Edit it where the data may be otherwise (ranges, known values, the part `nulls` that may be missing), and commit it.
# Without this file it is written anew, from the data of that day.
"""


class Column(BaseModel):
    """One column."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Type
    minimum: float | None = None
    """Of a number: the least that is taken."""
    maximum: float | None = None
    """Of a number: the most that is taken."""
    values: tuple[str, ...] | None = None
    """Of a category: those that are known."""
    parts: tuple[Part, ...] | None = None
    """Of a date: what features are made of: `days` since 1970, and its place in the `year`, the `week`, the `day`."""
    format: str | None = None
    """Of a time or a date: how texts and numbers are read that are neither ISO 8601 nor seconds since 1970."""
    decimal: Literal[".", ","] | None = None
    """Of a number that is written as text: the decimal sign; the other one, blanks and apostrophes part thousands."""
    units: tuple[str, ...] | None = None
    """What is written before or behind such a number (`€`, `%`, `kg`)."""
    others: float | None = Field(default=None, ge=0.0, le=1.0)
    """Of a category: part of the records that may have a value which is none of `values`, for those are too many."""
    nulls: float = Field(default=0.0, ge=0.0, le=1.0)
    """Part of the values that may be missing; 0: none may."""
    strict: bool | None = None
    """Refuse a caller's value that is out of range or not known. Left out: it is answered, with a warning."""
    example: str | int | float | bool | None = None
    """One value, for people."""

    @field_validator("format")
    @classmethod
    def _is_format(cls, format: str | None) -> str | None:
        try:
            return format if format is None else formats.check(format)
        except ConfigError as error:
            raise ValueError(str(error)) from error

    @field_validator("values")
    @classmethod
    def _once_each(cls, values: tuple[str, ...] | None) -> tuple[str, ...] | None:
        twice = sorted({value for value in values or () if (values or ()).count(value) > 1})
        if twice:
            raise ValueError(f"listed twice: {', '.join(twice)}")
        return values


class Dialect(BaseModel):
    """How the CSV files are written that the table comes from; each later file is looked at by itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    separator: str = ","
    quote: str | None = None
    escape: str | None = None
    encoding: str | None = None

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> "Dialect":
        """Return what the raw table says of its files."""
        return cls(**{key: said[key] for key in cls.model_fields if key in said})


class Schema(BaseModel):
    """Every column by its name, in the table's order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: dict[str, Column]
    nulls: tuple[str, ...] | None = None
    """Words of the texts that mean that a number or a time is missing, beside the usual ones."""
    csv: Dialect | None = None
    """How the CSV files are written, if it comes from such."""
    strict: bool | None = None
    """Whether every column is."""
    task: str | None = None
    """What is asked of the table, as its labels said on the first day; `task` in `params.yaml` says otherwise."""

    def without(self, names: Collection[str]) -> "Schema":
        """Return the schema less the columns of those names."""
        columns = {name: column for name, column in self.columns.items() if name not in names}
        return self.model_copy(update={"columns": columns})


def read(path: Path) -> Schema:
    """Return the schema that is written at `path`.

    Raises:
        ConfigError: one line for the first thing wrong with it.
    """
    try:
        return Schema.model_validate(read_yaml(path))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigError(f"{path}: {place}: {first['msg'][:1].lower()}{first['msg'][1:]}") from error


def write(path: Path, schema: Schema) -> None:
    """Write the schema to `path`, for people and for `read`."""
    columns: dict[str, Any] = {
        name: column.model_dump(mode="json", exclude_none=True) for name, column in schema.columns.items()
    }
    content: dict[str, Any] = {"task": schema.task} if schema.task else {}
    content |= {"csv": schema.csv.model_dump(exclude_none=True)} if schema.csv else {}
    content |= {"nulls": list(schema.nulls)} if schema.nulls else {}
    content |= {"columns": columns}
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120)
    with whole_file(path) as draft:
        draft.write_text(_HEAD + text, encoding="utf-8")
