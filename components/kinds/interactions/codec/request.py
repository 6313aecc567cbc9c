"""What callers send: what somebody took, what is left out besides, and who it is."""

import math
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model, model_validator
from pydantic_core import PydanticCustomError

from components.config.errors import BadRequest
from components.kinds.interactions.codec.input import Input
from components.kinds.interactions.codec.lists import LONGEST, as_id, names
from components.kinds.labels import one_or_many, with_known_names

LISTS = ("recent", "exclude")

_MOST = 10_000  # items of one list that are read


def _plain(said: Any) -> Any:
    """Return a text or a number as an id; what else was sent as it is."""
    if isinstance(said, float) and not math.isfinite(said):
        raise PydanticCustomError("id", "an id is a text or a whole number")
    return as_id(said) if isinstance(said, str | float) else said


Name = Annotated[str, Field(min_length=1, max_length=LONGEST), BeforeValidator(_plain)]


def _from_table(said: Any) -> Any:
    """Return a text, as a column of a table has it, as the list that it stands for."""
    try:
        return names(said, "it") if said is None or isinstance(said, str) else said
    except BadRequest as error:
        raise PydanticCustomError("list", "{said}", {"said": str(error)}) from error


Items = Annotated[list[Name], BeforeValidator(_from_table)]


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

    @model_validator(mode="before")
    @classmethod
    def _has_known_names(cls, content: Any) -> Any:
        return with_known_names(cls, content, "a list")


def request(input: Input) -> Any:
    """Return the type of what `POST /predict` takes: one list, or several."""
    if (name := input.get("user")) is None:
        return one_or_many(Recent)
    said = "What this user took before is remembered, and what is sent as recent is added to it."
    asks: Any = (Name | None, Field(default=None, alias=name, description=said, examples=["17"]))
    return one_or_many(create_model("Recent", __base__=Recent, __doc__=Recent.__doc__, user_=asks))


def rows(request: Recent | Sequence[Recent]) -> list[dict[str, Any]]:
    """Return the request as rows; whoever does not say who asks has no such field."""
    every = [request] if isinstance(request, Recent) else request
    return [{**_user(one), **{name: getattr(one, name) for name in LISTS}} for one in every]


def fields(input: Input) -> dict[str, tuple[str, bool]]:
    """Return the fields of a complete row: MLflow's types of them, and whether they may not be missing."""
    return dict.fromkeys((*entities(input), *LISTS), ("string", False))


def entities(input: Input) -> tuple[str, ...]:
    """Return the field that says who asks, where there is one."""
    return (input["user"],) if "user" in input else ()


def remembers(input: Input) -> bool:
    """Return whether an endpoint keeps what users took."""
    return "user" in input


def _user(one: Recent) -> dict[str, str]:
    field = type(one).model_fields.get("user_")
    said = getattr(one, "user_", None)
    return {str(field.alias): said} if field and said is not None else {}
