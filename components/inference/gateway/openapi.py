"""`GET /docs.json`: BentoML's OpenAPI, made true. BentoML knows neither the gateway's refusals nor the bare body."""

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

from pydantic_core import to_json

from components.inference.gateway.access import HEALTH
from components.inference.gateway.call import Call, Reply
from components.inference.gateway.request.form import FORM

DOCUMENT = "/docs.json"

_REFUSALS = {
    400: "The request cannot be answered; the sentence says why.",
    401: "A key is asked for, and this is none.",
    403: "Pages of this origin may not ask.",
    408: "The body did not come in time.",
    413: "The request is too large.",
    415: "The body is of another sort than what is taken.",
    429: "Too many requests at once, or of one key; `Retry-After` says when to come again.",
    500: "The endpoint failed; its log says why, under `x-request-id`.",
    503: "The endpoint, or the memory that it reads from, is not ready.",
    504: "There was no answer within the time that a request may take.",
}
_OF_PROBES = (401, 403, 404, 429, 503)
_ERROR = {
    "type": "object",
    "title": "Error",
    "required": ["error"],
    "properties": {"error": {"type": "string", "description": "One clear sentence."}},
    "additionalProperties": False,
}
_BENTOML_ERRORS = ("InvalidArgument", "NotFound", "InternalServerError")


def document(specification: Callable[[], dict[str, Any]]) -> Callable[[Call], Reply]:
    """Return the route that shows the corrected `specification`, which is asked for once, when somebody looks."""

    @cache
    def body() -> bytes:
        return to_json(corrected(specification()))

    return lambda _: Reply(200, body())


def corrected(specification: dict[str, Any]) -> dict[str, Any]:
    """Return BentoML's specification with our refusals, and with the bare body where a file is uploaded."""
    made = deepcopy(specification)
    made["info"].pop("contact", None)
    schemas = made["components"]["schemas"]
    for name in _BENTOML_ERRORS:
        schemas.pop(name, None)
    schemas["Error"] = _ERROR
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            _correct(operation, _refusals(path, method))
    return made


def _refusals(path: str, method: str) -> dict[int, str]:
    if method == "post":
        return _REFUSALS
    return {
        status: _REFUSALS.get(status, "There is none.") for status in _OF_PROBES if status != 401 or path not in HEALTH
    }


def _correct(operation: dict[str, Any], refusals: dict[int, str]) -> None:
    answered = {"description": "The answer.", **operation["responses"].get("200", operation["responses"].get(200))}
    operation["responses"] = {"200": answered, **{str(status): _refusal(said) for status, said in refusals.items()}}
    if body := operation.get("requestBody"):
        body["required"] = True
        if FORM in body["content"]:
            body["content"]["application/octet-stream"] = {"schema": {"type": "string", "format": "binary"}}


def _refusal(said: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {"description": said, "content": content}
