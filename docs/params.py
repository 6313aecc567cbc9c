"""The tables of `docs/params.md`, made from the models that read `params.yaml`: `make docs` writes them into the page.

A table stands between two comments of the page, `<!-- NAME -->` and `<!-- end -->`; what stands around it is the
page's own. What a key does is what its attribute's docstring says.
"""

import ast
import inspect
import json
import re
import textwrap
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from components import catalogue
from components.config import params
from components.config.prices import Prices
from components.kinds.image.params.recipes import RECIPES
from flows.tables import markdown

PAGE = Path(__file__).parent / "params.md"

_NAMES = {bool: "`true` or `false`", int: "whole number", float: "number", str: "text", NoneType: "`null`"}
_LIMITS = (annotated_types.Ge, annotated_types.Gt, annotated_types.Le, annotated_types.Lt)
_BOUNDS = ("{ge} to {le}", "at least {ge}", "above {gt}", "at most {le}", "below {lt}")


class Key(NamedTuple):
    """A row of a table."""

    key: str
    type: str
    default: str
    does: str


def page(text: str) -> str:
    """Return the page with each of its tables as the models are now.

    Raises:
        KeyError: a comment names a table that is not known.
    """
    made = tables()
    return re.sub(
        r"(<!-- (?!end)([a-z ]+) -->\n).*?(<!-- end -->)",
        lambda found: f"{found[1]}\n{made[found[2]]}\n\n{found[3]}",
        text,
        flags=re.DOTALL,
    )


def tables() -> dict[str, str]:
    """Return every table by its name, as Markdown."""
    common = [
        row._replace(type=_choice(catalogue.names())) if row.key == "kind" else row for row in keys(params.Workload)
    ]
    own = {kind: _own(kind, common) for kind in catalogue.names()}
    shared = [row for row in common if not all(row.key in map(attrgetter("key"), rows) for rows in own.values())]
    said = dict.fromkeys(key for recipe in RECIPES.values() for key in recipe)
    recipes = [[key, *(_value(recipe.get(key, "")) for recipe in RECIPES.values())] for key in said]
    return {
        "every kind": _table(shared),
        **{f"kind {kind}": _table(rows) for kind, rows in own.items()},
        "recipes": markdown(["", *RECIPES], recipes),
        "prices": _table(list(keys(Prices, "prices."))),
    }


def _own(kind: str, common: Collection[Key]) -> list[Key]:
    """Return the keys that the kind adds to the common ones, or has otherwise."""
    rows = keys(import_module(f"components.kinds.{kind}.params").Workload)
    return [row for row in rows if row not in common and row.key != "kind"]


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[Key]:
    """Yield every key of a section and of those within it, in their order."""
    filled = _filled(model)
    for name, field in model.model_fields.items():
        section = field.annotation
        if get_origin(section) is dict and _is_section(get_args(section)[1]):
            yield from keys(get_args(section)[1], f"{prefix}{name}.<name>.")
        elif _is_section(section):
            yield from keys(section, f"{prefix}{name}.")  # type: ignore[arg-type]
        else:
            yield Key(
                f"{prefix}{name}", _type(section, field.metadata), _default(name, field, filled), does(model, name)
            )


def does(model: type[BaseModel], name: str) -> str:
    """Return what the docstring of a key says, in one line."""
    for owner in model.__mro__:
        if name in (found := _docstrings(owner)):
            return re.sub(r"docs/((\w+\.md)[#\w-]*)", r"[\2](\1)", " ".join(found[name].split()))
    raise ValueError(f"{model.__module__}.{model.__qualname__}.{name} has no docstring: say there what it does")


@cache
def _docstrings(model: type) -> dict[str, str]:
    """Return the strings that stand below the attributes of a class, by the attribute."""
    if not issubclass(model, params.Section):
        return {}
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(definition, ast.ClassDef)
    return {
        attribute.target.id: string.value.value
        for attribute, string in zip(definition.body, definition.body[1:], strict=False)
        if isinstance(attribute, ast.AnnAssign)
        and isinstance(attribute.target, ast.Name)
        and isinstance(string, ast.Expr)
        and isinstance(string.value, ast.Constant)
        and isinstance(string.value.value, str)
    }


def _filled(model: type[BaseModel]) -> dict[str, Any]:
    """Return what an empty section says; nothing, where it has to say something."""
    try:
        empty = model.model_validate({})
    except ValidationError:
        return {}
    return {name: getattr(empty, name) for name in model.model_fields}


def _default(name: str, field: FieldInfo, filled: dict[str, Any]) -> str:
    if name not in filled and field.is_required():
        return "required"
    return _value(filled.get(name, field.default))


def _value(value: object) -> str:
    return "" if value == "" else json.dumps(value).strip('"')


def _type(annotation: Any, metadata: list[Any]) -> str:
    """Return what a key takes, in words."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(parts[0], [*parts[1:], *metadata])
    if origin is Literal:
        return _choice(parts)
    if origin in (Union, UnionType):
        return "; or ".join(_type(part, []) for part in parts)
    if origin is list:
        return f"list of {_type(parts[0], [])}"
    if origin is dict:
        return f"names, each with a value: {_type(parts[1], [])}"
    return ", ".join([_NAMES[annotation], *_bounds(metadata)])


def _bounds(metadata: list[Any]) -> list[str]:
    """Return in words between what a number has to lie."""
    parts = [part for given in metadata for part in (given.metadata if isinstance(given, FieldInfo) else [given])]
    limits = {type(part).__name__.lower(): part for part in parts if isinstance(part, _LIMITS)}
    said = list[str]()
    for words in _BOUNDS:
        named = re.findall(r"{(\w+)}", words)
        if set(named) <= set(limits):
            said.append(words.format(**{name: f"{getattr(limits.pop(name), name):,.15g}" for name in named}))
    return said


def _choice(values: Any) -> str:
    return ", ".join(f"`{_value(value)}`" for value in values)


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, params.Section)


def _table(rows: Iterable[Key]) -> str:
    return markdown(["key", "type", "default", "what it does"], [[f"`{row.key}`", *row[1:]] for row in rows])


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
