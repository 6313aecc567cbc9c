"""What the page, or anybody, may ask an endpoint about itself: its interface, its classes, its card, its examples."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from components import catalogue

if TYPE_CHECKING:
    from components.inference.engine.model import Model

MEDIA_TYPES = "x-media-types"
"""Key in the JSON schema of an upload: which files it takes, a list of media types."""


def describe(model: "Model") -> dict[str, Any]:
    """Return what `GET /about` answers of `model`.

    `form` is `{"upload": {field, types, description}}` or `{"fields": the JSON schema of one record}`. An example has a
    `name`, and `href`, where the file is, or `record`, texts by field as a person would type them.
    """
    about, codec = model.about, catalogue.codec(model.about.kind, model.about.task)
    schema = schema_of_one(TypeAdapter(codec.request(about.input)).json_schema())
    file = upload(schema)
    return {
        "workload": about.workload,
        "task": catalogue.task(about.kind, about.task),
        "version": model.version,
        "provider": model.provider,
        "classes": list(about.classes),
        "form": {"upload": file} if file else {"fields": schema},
        "explains": codec.explains,
        "remembers": codec.remembers(about.input),
        "card": model.card,
        "card_page": None if model.card_page is None else "card",
        "examples": [_shown(held_out, index) for index, held_out in enumerate(model.examples)],
    }


def example(model: "Model", index: int) -> bytes | None:
    """Return the file of the example at `index`; None where there is none."""
    return _file(model.examples[index]["row"]) if index < len(model.examples) else None


def schema_of_one(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of one request where `schema` takes one or many."""
    alternatives = schema.get("anyOf") or schema.get("oneOf") or [schema]
    chosen = next(alternative for alternative in alternatives if alternative.get("type") != "array")
    definitions = schema.get("$defs", {})
    meant = definitions[chosen["$ref"].rpartition("/")[2]] if "$ref" in chosen else chosen
    return {**meant, "$defs": definitions} if definitions else meant


def upload(schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the field of a request that is a file, with the media types that it takes; None: there is none."""
    for name, field in schema["properties"].items():
        if field.get("format") == "binary":
            types = field.get(MEDIA_TYPES, [])
            return {"field": name, "types": types, "description": field.get("description", "")}
    return None


def _shown(held_out: Mapping[str, Any], index: int) -> dict[str, Any]:
    if _file(held_out["row"]) is not None:
        return {"name": held_out["name"], "href": f"examples/{index}"}
    typed = {name: _typed(value) for name, value in held_out["row"].items() if value is not None}
    return {"name": held_out["name"], "record": typed}


def _file(row: Mapping[str, Any]) -> bytes | None:
    return next((value for value in row.values() if isinstance(value, bytes)), None)


def _typed(value: Any) -> str:
    if isinstance(value, list):
        return json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
