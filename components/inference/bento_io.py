"""What BentoML's routes take and answer, as its OpenAPI document and its clients show it; the gateway answers them."""

import operator
from collections.abc import Sequence
from functools import reduce
from typing import Any, cast

from bentoml import IODescriptor
from pydantic import BaseModel, Field, create_model

from components.inference.gateway.request.parser import RequestParser, is_model
from components.internals.bentoml import IORootModel

_ID = Field(
    default="",
    exclude_if=operator.not_,
    description="Names this answer for `POST /labels`; left out where nothing is logged.",
)


def input_type(parser: RequestParser) -> Any:
    """Return the type of what `parser` reads as BentoML shows it."""
    if not is_model(parser.type):
        return create_model("Records", __base__=(cast("Any", IORootModel)[parser.type],))
    bases: Any = (IODescriptor, parser.type)
    shown = cast("Any", create_model(parser.type.__name__, __base__=bases))
    shown.multipart_fields = parser.uploads
    return shown


def output_type(answers: Sequence[type[BaseModel]], request: Any) -> Any:
    """Return the type of what answers a `request`, as BentoML shows it.

    It is one of the `answers`, or a list of them where many may be asked for.
    """
    shown = [create_model(each.__name__, __base__=each, __doc__=each.__doc__, id=(str, _ID)) for each in answers]
    answer: Any = reduce(operator.or_, cast("Any", shown))
    if is_model(request):
        return answer if len(shown) == 1 else create_model("Answers", __base__=(_Alternatives, IORootModel[answer]))
    return create_model("Answers", __base__=(_Alternatives, IORootModel[answer | list[answer]]))


class _Alternatives:
    """BentoML shows only the first of `anyOf`."""

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the schema with every alternative."""
        schema: dict[str, Any] = super().model_json_schema(*args, **kwargs)  # type: ignore[misc]
        schema["oneOf"] = schema.pop("anyOf")
        return schema
