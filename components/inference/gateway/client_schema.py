"""`GET /schema.json`: what BentoML's own clients read first, made so that they can ask.

As BentoML writes it, a picture is a text, and a record has to be one argument without a name. Here the picture is a
file, `predict(picture=Path("x.png"))`; a record may come by its fields, `predict(amount=5.0)`, or as one argument, as
may a list of records: the client then sends them under the name `records`.
"""

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

from pydantic_core import to_json

from components.inference.gateway.call import Call, Reply
from components.inference.gateway.request.other_formats import RECORDS

SCHEMA = "/schema.json"


def client_schema(specification: Callable[[], dict[str, Any]]) -> Callable[[Call], Reply]:
    """Return the route that shows the corrected `specification`, which is asked for once, when somebody looks."""

    @cache
    def body() -> bytes:
        return to_json(corrected(specification()))

    return lambda _: Reply(200, body())


def corrected(specification: dict[str, Any]) -> dict[str, Any]:
    """Return BentoML's description of the routes, with inputs that its clients can send."""
    made = deepcopy(specification)
    for route in made["routes"]:
        route["input"] = _input(route["input"])
    return made


def _input(schema: dict[str, Any]) -> dict[str, Any]:
    if "properties" in schema:
        fields = {name: _field(field) for name, field in schema["properties"].items()}
        return {**{key: value for key, value in schema.items() if key != "root_input"}, "properties": fields}
    shapes: list[dict[str, Any]] = list(schema.get("$defs", {}).values())
    record = shapes[0].get("properties", {}) if shapes else {}
    if "oneOf" not in schema or RECORDS in record:
        return schema
    one_or_many = {"oneOf": schema["oneOf"], "description": "One record, or a list of them."}
    return {"type": "object", "properties": {RECORDS: one_or_many, **record}, "$defs": schema["$defs"]}


def _field(field: dict[str, Any]) -> dict[str, Any]:
    return {**field, "type": "file"} if field.get("format") == "binary" else field
