"""Is the table as a whole what its schema says? What is not is one line: found, allowed, and what to do."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from components.config.errors import DataError
from components.kinds.table.codec.schema import Column, Schema, Type
from components.kinds.table.prepare.findings import EXAMPLES, Finding, Findings
from components.kinds.table.prepare.infer import Profile
from components.kinds.table.prepare.placeholders import placeholders
from components.kinds.table.prepare.table import TIME, Table, nearest, roles

if TYPE_CHECKING:
    from components.kinds.table.params import Prepare

_NAMES: tuple[Type, ...] = ("integer", "category")


def validate(
    table: Table, profiles: Mapping[str, Profile], schema: Schema, path: Path, config: "Prepare", findings: Findings
) -> None:
    """Hold the table to the schema that stands, or will stand, at `path`.

    Raises:
        DataError: the first thing that is wrong, and in how many places there is more.
    """
    wrong = [
        *_roles_unfit(table, profiles, schema, path, config),
        *_columns_unfit(table, profiles, schema, path, config),
    ]
    if wrong:
        more = f" (and {len(wrong) - 1} more of this sort)" if len(wrong) > 1 else ""
        raise DataError(f"{wrong[0]}{more}")
    extra = [name for name in table.types if name not in schema.columns]
    findings["extra"] = Finding(len(extra), extra[:EXAMPLES])
    unused = [name for name, column in schema.columns.items() if column.type == "time" and name != config.columns.time]
    findings["unused"] = Finding(len(unused), unused[:EXAMPLES])
    named = roles(config).values()
    constant = [name for name in schema.columns if name not in named and name in profiles and profiles[name].constant]
    findings["constant"] = Finding(len(constant), constant[:EXAMPLES])
    numbers = [name for name, column in schema.columns.items() if column.type in ("integer", "number")]
    findings["placeholders"] = placeholders(table, [name for name in numbers if name in profiles and name not in named])


def _roles_unfit(
    table: Table, profiles: Mapping[str, Profile], schema: Schema, path: Path, config: "Prepare"
) -> Iterator[str]:
    for role, name in roles(config).items():
        if name not in schema.columns and name not in config.columns.drop:
            yield f"column {name!r} ({role}) is not in {path}: add it there, or delete that file"
    for name in filter(None, [config.columns.id, config.columns.group, *config.entities]):
        if (found := table.types[name]) not in _NAMES:
            yield f"column {name!r}: an id, group or entity is text or a whole number, found {found}; mend the data"
    amount = config.columns.amount
    if amount is not None and table.types[amount] not in ("integer", "number"):
        yield f"column {amount!r}: an amount is a number, found {table.types[amount]}; mend the data"
    if table.time is not None and profiles[TIME].nulls == table.rows:
        yield (
            f"column {config.columns.time!r} (prepare.columns.time) holds no time: found "
            f"neither dates with times nor seconds since 1970"
        )


def _columns_unfit(
    table: Table, profiles: Mapping[str, Profile], schema: Schema, path: Path, config: "Prepare"
) -> Iterator[str]:
    for name, column in schema.columns.items():
        if name in config.columns.drop:
            continue
        if name not in table.types:
            extra = [other for other in table.types if other not in schema.columns]
            yield f"column {name!r} is missing, {path} asks for it; {nearest(name, extra or list(table.types))}"
            continue
        if name == config.columns.label:  # what it holds is looked at value by value
            continue
        missing = 0.0 if name == config.columns.time or name not in profiles else profiles[name].nulls / table.rows
        yield from _column_unfit(name, column, table.types[name], missing, path)
        if column.type == "category" and column.values is None and name not in roles(config).values():
            yield f"column {name!r}: {path} lists no values; add them, or delete that file"


def _column_unfit(name: str, column: Column, found: Type | None, missing: float, path: Path) -> Iterator[str]:
    if missing == 1.0:
        yield f"column {name!r}: every value is missing; mend the data, or name it in prepare.columns.drop"
    elif (found, column.type) not in _READ_AS and found != column.type:
        yield f"column {name!r} holds {_named(found)}, {path} asks for {_named(column.type)}; mend either"
    elif missing > column.nulls:
        allowed = f"{path} allows {column.nulls:.2%} (nulls: {column.nulls})"
        yield f"column {name!r}: {missing:.2%} of the values are missing, {allowed}; mend either"


_READ_AS = {("integer", "number"), ("time", "date"), ("category", "text")}
"""What is found, and what the schema may make of it."""


def _named(type: Type | None) -> str:
    plural = {
        "integer": "whole numbers",
        "number": "numbers",
        "boolean": "truth values",
        "category": "text",
        "time": "times",
        "date": "dates",
        "text": "text",
    }
    return plural[type] if type else "something else"
