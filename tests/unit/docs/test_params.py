"""The reference of `params.yaml` is what the models say, and what a user gets who leaves a key out."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Annotated, Literal, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel, Field

from components import catalogue
from components.config.params import Section, parse
from components.kinds.image.params.recipes import RECIPES
from components.kinds.prepared import SPLITS
from docs import params

TEXT = params.PAGE.read_text()
LEAST = {
    "audio": "{kind: audio, source: here, prepare: {}, train: {}}",
    "image": "{kind: image, source: here, prepare: {}, train: {}}",
    "interactions": "{kind: interactions, source: here, prepare: {}, train: {}}",
    "table": """{kind: table, source: here, train: {}, prepare: {
        columns: {time: t}, split: {train: 1, validation: 1, test: 1},
        entities: {<name>: {measures: [count]}}}}""",
    "text": "{kind: text, source: here, prepare: {}, train: {}}",
}
"""What has to be said of a workload of each kind that has all sections: with entities a table needs a time and days."""
SAID = {"prepare.columns.time", *(f"prepare.split.{split}" for split in SPLITS), "prepare.entities.<name>.measures"}
"""Keys that are said there though they may be left out; the measures would ask for an amount."""


def test_the_page_is_what_the_models_say() -> None:
    assert params.page(TEXT) == TEXT, "make docs"
    for name in params.tables():
        assert TEXT.count(f"<!-- {name} -->\n") == 1


def test_a_table_that_was_changed_by_hand_is_made_anew() -> None:
    corrupted = re.sub(r"^\| `gate.*\n", "", TEXT.replace("required", "optional"), flags=re.MULTILINE)
    assert corrupted != TEXT
    assert params.page(corrupted) == TEXT


@pytest.mark.parametrize("kind", catalogue.names())
def test_every_key_has_a_row_with_the_default_that_a_user_gets(kind: str) -> None:
    rows = _rows("every kind") | _rows(f"kind {kind}")
    model = import_module(f"components.kinds.{kind}.params").Workload
    assert set(rows) == set(_keys(model))
    least = yaml.safe_load(LEAST[kind])
    workload = parse(model, least, "").model_dump()
    for key, (_, default, does) in rows.items():
        assert does.endswith("."), key
        if default == "required":
            assert _value(least, key) is not None, key
        elif key not in SAID:
            assert yaml.safe_load(default or "''") == _value(workload, key), key


def test_the_recipes_are_shown() -> None:
    head, _, *rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in _lines("recipes")]
    assert head[1:] == list(RECIPES)
    assert {key: [yaml.safe_load(value) for value in values] for key, *values in rows} == {
        key: [other.get(key) for other in RECIPES.values()] for recipe in RECIPES.values() for key in recipe
    }


class Example(Section):
    side: Annotated[int, Field(ge=8, le=1024)]
    """A side,
    in pixels; see docs/tables.md#time."""
    share: Annotated[float, Field(gt=0.0, lt=0.5)] | None = None
    """A share."""
    names: list[Literal["a", "b"]] = Field([])
    """Names."""
    either: Literal["auto"] | bool = "auto"
    """Either."""


def test_a_key_is_told_in_words() -> None:
    assert list(params.keys(Example, "x.")) == [
        ("x.side", "whole number, 8 to 1,024", "required", "A side, in pixels; see [tables.md](tables.md#time)."),
        ("x.share", "number, above 0, below 0.5; or `null`", "null", "A share."),
        ("x.names", "list of `a`, `b`", "[]", "Names."),
        ("x.either", "`auto`; or `true` or `false`", "auto", "Either."),
    ]


def test_a_key_of_which_nothing_is_said_is_refused() -> None:
    class Silent(Section):
        said: int = 1
        """Something."""
        unsaid: int = 2

    with pytest.raises(ValueError, match=r"Silent\.unsaid has no docstring: say there what it does"):
        list(params.keys(Silent))


@pytest.mark.parametrize("link", re.findall(r"\]\(([\w.]+)#([\w-]+)\)", TEXT))
def test_a_link_leads_to_a_heading(link: tuple[str, str]) -> None:
    page, anchor = link
    headings = re.findall(r"^#+ (.*)$", (Path(params.PAGE).parent / page).read_text(), re.MULTILINE)
    assert anchor in [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings]


def _rows(table: str) -> dict[str, list[str]]:
    """Return the rows of a table of the page, by key."""
    cells = [[cell.strip() for cell in line.split(" | ")] for line in _lines(table)[2:]]
    return {key.strip("| `"): [*rest[:-1], rest[-1].removesuffix(" |")] for key, *rest in cells}


def _lines(table: str) -> list[str]:
    return TEXT.partition(f"<!-- {table} -->")[2].partition("<!-- end -->")[0].strip().splitlines()


def _keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        section = field.annotation
        if get_origin(section) is dict:
            section, name = get_args(section)[1], f"{name}.<name>"
        if isinstance(section, type) and issubclass(section, BaseModel):
            yield from _keys(section, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _value(section: object, key: str) -> object:
    for name in key.split("."):
        section = section[name]  # type: ignore[index]
    return section
