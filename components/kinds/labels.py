"""What `POST /labels` takes of every kind: what became of a row that was answered, and which row that was.

A row is named by the id in its answer, by the request's id, or by the column of its table that is the caller's own id.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AliasChoices, BaseModel, ConfigDict, Discriminator, Field, Tag, create_model, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

MOST = 10_000
"""Rows, or labels, that one request may hold."""

_SKEW = timedelta(minutes=1)  # by which a caller's clock may be ahead
_OF_THE_EVENT = "The `id` of the row's answer."


class Label(BaseModel):
    """What became of one answered row."""

    model_config = ConfigDict(extra="forbid")

    event_id: UUID | None = Field(
        default=None, validation_alias=AliasChoices("id", "event_id"), description=_OF_THE_EVENT
    )
    request_id: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9._-]{1,128}$", description="Instead: the `x-request-id` of its answer."
    )
    row: int = Field(default=0, ge=0, le=MOST - 1, description="Which row of that request, from 0.")
    label: bool | int | float | str = Field(
        description="The name of its class; true or false where one of two classes is looked for; or its number."
    )
    time: datetime | None = Field(default=None, description="When it became so; without an offset it is UTC.")
    source: str = Field(default="caller", pattern=r"^[A-Za-z0-9_.-]{1,64}$", description="Whom the label is from.")
    share: float | None = Field(
        default=None, ge=1e-6, le=1.0, description="The probability with which the row was chosen to be labelled."
    )

    @property
    def own(self) -> str | None:
        """The caller's own id of the row as text; None: it is not named by one."""
        key = getattr(self, "key", None)
        return None if key is None or key == "" else str(key)

    @model_validator(mode="before")
    @classmethod
    def _has_known_names(cls, content: Any) -> Any:
        return with_known_names(cls, content, "a label", hidden="event_id")

    @model_validator(mode="after")
    def _is_of_a_row(self) -> Self:
        if self.event_id is None and self.request_id is None and self.own is None:
            own = own_name(type(self))
            said = {"names": ", ".join(filter(None, ("id", own if own != "id" else "event_id", "request_id")))}
            raise PydanticCustomError("missing", "say which row it is of, by one of {names}", said)
        return self

    @model_validator(mode="after")
    def _has_come(self) -> Self:
        if self.time is not None:
            self.time = self.time if self.time.tzinfo else self.time.replace(tzinfo=UTC)
            if self.time > datetime.now(UTC) + _SKEW:
                said = {"time": self.time.isoformat(timespec="seconds")}
                raise PydanticCustomError("future", "the time {time} has not come yet", said)
        return self


def with_own_id(name: str, kind: Any, field: Any) -> type[Label]:
    """Return the type of a label whose row may also be named by the column `name`, of the type `kind`.

    The column's name wins over the same one of `Label`, which then has an underscore behind it (`event_id` for `id`).
    """
    event: Any = Field(default=None, alias="event_id" if name == "id" else "id", description=_OF_THE_EVENT)
    changed: dict[str, Any] = {"event_id": (UUID | None, event)} if name in ("id", "event_id") else {}
    if name in set(Label.model_fields) - {"event_id", "label"}:
        info = FieldInfo.merge_field_infos(Label.model_fields[name], alias=f"{name}_", validation_alias=f"{name}_")
        changed = {name: (info.annotation, info)}
    own: Any = (Annotated[kind | None, Field(alias=name)], field)
    return create_model("Label", __base__=Label, __doc__=Label.__doc__, key=own, **changed)


def own_name(label: type[Label]) -> str | None:
    """Return the name of the column that is the caller's own id of a row; None: there is none."""
    return label.model_fields["key"].alias if "key" in label.model_fields else None


def one_or_many(record: type[BaseModel]) -> Any:
    """Tell one from many before either is read: what is wrong is then said of what was meant."""
    many = Annotated[list[record], Field(min_length=1, max_length=MOST, fail_fast=True)]  # type: ignore[valid-type]
    return Annotated[
        Annotated[record, Tag("record")] | Annotated[many, Tag("records")],
        Discriminator(lambda content: "records" if isinstance(content, list) else "record"),
    ]


def with_known_names(record: type[BaseModel], content: Any, of: str, hidden: str = "") -> Any:
    """Return what was sent for a record, whose fields are all known; `hidden` is a name that is taken and not said.

    Raises:
        PydanticCustomError: one is not; the line says which there are.
    """
    names = _names(record)
    unknown = [str(name) for name in content if name not in names] if isinstance(content, dict) else []
    if unknown:
        said = {"name": repr(unknown[0][:100]), "of": of, "names": ", ".join(name for name in names if name != hidden)}
        raise PydanticCustomError("extra_forbidden", "{name} is no field of {of}; the fields are {names}", said)
    return content


def _names(record: type[BaseModel]) -> Collection[str]:
    """Return the names by which the fields of a record are sent."""
    named: list[str] = []
    for name, field in record.model_fields.items():
        choices = field.validation_alias
        named += choices.choices if isinstance(choices, AliasChoices) else [field.alias or name]  # type: ignore[arg-type]
    return named
