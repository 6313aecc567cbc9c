"""What BentoML's routes take and answer, as its OpenAPI document and its clients show it; the gateway answers them."""

import operator
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


def output_type(answer: type[BaseModel], request: Any) -> Any:
    """Return the type of what answers a `request`, as BentoML shows it.

    It is `answer`, or a list of them where many may be asked for.
    """
    answer = create_model(answer.__name__, __base__=answer, __doc__=answer.__doc__, id=(str, _ID))
    if is_model(request):
        return answer
    return create_model("Answers", __base__=(_Alternatives, IORootModel[answer | list[answer]]))


class _Alternatives:
    """BentoML shows only the first of `anyOf`."""

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the schema with every alternative."""
        schema: dict[str, Any] = super().model_json_schema(*args, **kwargs)  # type: ignore[misc]
        schema["oneOf"] = schema.pop("anyOf")
        return schema
