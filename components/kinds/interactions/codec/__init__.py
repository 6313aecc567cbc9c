"""Lists of recent items as callers send them -> the arrays that the model takes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from components.config.errors import BadRequest
from components.kinds.interactions.codec.input import Input
from components.kinds.labels import one_or_many
from components.kinds.plain import PlainReader
from components.kinds.plain import entities as entities
from components.kinds.plain import key as key
from components.kinds.plain import labelled as labelled
from components.kinds.plain import remembers as remembers

WARNS = True
Effect = None
explain = None
ITEMS = "items.json"
"""File of the bundle's `serving/` that names the items, in the order of their numbers."""

_MOST = 10_000  # items of one list that are read
_NAMED = 3  # unknown items that a warning names
_LONGEST = 200  # characters of an item's name

Item = Annotated[str, Field(min_length=1, max_length=_LONGEST)]


def _from_table(said: Any) -> Any:
    """Return a text, as a column of a table has it, as the list that it stands for."""
    try:
        return names(said, "it") if said is None or isinstance(said, str) else said
    except BadRequest as error:
        raise PydanticCustomError("list", "{said}", {"said": str(error)}) from error


Items = Annotated[list[Item], BeforeValidator(_from_table)]


class Recent(BaseModel):
    """What `POST /predict` takes of one list."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    recent: Items = Field(
        default=[],
        max_length=_MOST,
        description="What somebody took, the latest last; of nothing the popular is suggested.",
        json_schema_extra={"x-items": True},
    )
    exclude: Items = Field(default=[], max_length=_MOST, description="What is left out besides, as what is sold out.")


class Reader(PlainReader):
    """Rows -> numbers of items."""

    batched_reads = False

    def __init__(self, workload: str, input: Input, serve: Mapping[str, Any], files: Path, memory: str | None) -> None:
        self._input = input
        path = files / ITEMS
        self._numbers = _numbers(path, path.stat().st_mtime_ns)

    def is_cheap(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Whether the lists are few and short."""
        return len(rows) <= 20 and sum(len(row.get(name) or ()) for row in rows for name in _LISTS) <= 1_000

    def read(self, rows: Sequence[Mapping[str, Any]]) -> NDArray[np.int32]:
        """Return the lists of `rows` as `[N, length + exclude]`; an item that is not known keeps its place, as none.

        Raises:
            BadRequest: a list is none, or more is to be left out than there is room for.
        """
        length, room = self._input["length"], self._input["exclude"]
        examples = np.zeros((len(rows), length + room), dtype=np.int32)
        for index, row in enumerate(rows):
            recent, exclude = (self._read(names(row.get(name), name)) for name in _LISTS)
            latest, older = recent[::-1][:length], recent[::-1][length:]
            if len(exclude) > room:
                raise BadRequest(f"exclude: {len(exclude):,} items, at most {room:,} are taken; see prepare.exclude")
            examples[index, : len(latest)] = latest
            besides = [*exclude, *([] if self._input["repeats"] else older)][:room]
            examples[index, length : length + len(besides)] = besides
        return examples

    def warnings(self, rows: Sequence[Mapping[str, Any]]) -> Mapping[int, Sequence[str]]:
        """Return of lists with items that the version does not know, which these are."""
        found = {}
        for index, row in enumerate(rows):
            unknown = [name for name in names(row.get("recent"), "recent") if name not in self._numbers]
            if unknown:
                shown = ", ".join(map(repr, unknown[:_NAMED]))
                more = f" and {len(unknown) - _NAMED:,} more" if len(unknown) > _NAMED else ""
                found[index] = [f"not known to this version, and passed over: {shown}{more}"]
        return found

    def _read(self, said: Sequence[str]) -> list[int]:
        return [self._numbers.get(name, 0) for name in said]


_LISTS = ("recent", "exclude")


def names(said: Any, field: str) -> list[str]:
    """Return a list of items as texts: a list, or the text of a JSON list, or texts parted by `|`, as tables have them.

    Raises:
        BadRequest: it is none of these.
    """
    if said is None or (isinstance(said, str) and not said):
        return []
    if isinstance(said, str):
        said = _listed(said, field)
    if not isinstance(said, Iterable):
        raise BadRequest(f"{field}: expected a list of items, not {said!r:.60}")
    return [str(name).strip() for name in said]


def request(input: Input) -> Any:
    """Return the type of what `POST /predict` takes: one list, or several."""
    return one_or_many(Recent)


def fields(input: Input) -> dict[str, tuple[str, bool]]:
    """Return the fields of a row: MLflow's types of them, and whether they may not be missing."""
    return {"recent": ("string", False), "exclude": ("string", False)}


def rows(request: Recent | Sequence[Recent]) -> list[dict[str, Any]]:
    """Return the request as rows."""
    every = [request] if isinstance(request, Recent) else request
    return [{"recent": one.recent, "exclude": one.exclude} for one in every]


def described(examples: NDArray[np.int32], input: Input) -> dict[str, NDArray[Any]]:
    """Return what lists `[N, length + exclude]` look like, `[N]` each: how long, and how new their items are."""
    recent = examples[:, : input["length"]]
    there = (recent > 0).sum(axis=1)
    share = recent.sum(axis=1) / np.maximum(there, 1) / max(input["items"], 1)
    return {
        "recent items": there.astype(np.float32),
        "left out besides": (examples[:, input["length"] :] > 0).sum(axis=1).astype(np.float32),
        "newness of the recent items": share.astype(np.float32),
        "newness of the latest item": (recent[:, 0] / max(input["items"], 1)).astype(np.float32),
    }


def _listed(said: str, field: str) -> list[Any]:
    if not said.lstrip().startswith("["):
        return [part for part in said.split("|") if part.strip()]
    try:
        found = json.loads(said)
    except ValueError as error:
        raise BadRequest(f"{field}: begins as a list, and is none ({error})") from error
    if not all(isinstance(name, str | int) for name in found):
        raise BadRequest(f"{field}: expected a list of items, which are texts or whole numbers")
    return list(found)


@lru_cache(maxsize=4)
def _numbers(path: Path, changed: int) -> dict[str, int]:
    """Return the number of each item, from 1."""
    found = json.loads(path.read_bytes())
    return {name: number for number, name in enumerate(found, 1)}
