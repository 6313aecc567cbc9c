"""Answers -> the outputs of an inference response."""

from collections.abc import Collection, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic_core import from_json, to_json

from components.inference.gateway.call import JSON, Header, Reply
from components.inference.gateway.protocols.open_inference.request import JSON_LENGTH, InferenceRequest
from components.inference.gateway.protocols.open_inference.tensors import (
    BOOL,
    BYTES,
    FLOAT,
    INTEGER,
    Element,
    Tensor,
    to_bytes,
)
from components.inference.gateway.request.body import refused

ANSWER = "answer"
"""The output that every model has: each row's whole answer, as `POST /predict` gives it."""
DATATYPES: dict[Any, str] = {str: BYTES, bool: BOOL, int: INTEGER, float: FLOAT}
"""What a field of an answer is as an output. A field of another type is in `ANSWER` alone."""
_BINARY: Header = (b"content-type", b"application/octet-stream")


def refuse_unknown(asked: InferenceRequest, fields: Collection[str]) -> None:
    """Raise `Refused` where an output is wanted that no answer with these fields has."""
    known = list(dict.fromkeys((ANSWER, *fields)))
    if missing := [name for name in asked.outputs or () if name not in known]:
        raise refused(400, f"there is no output {missing[0]!r:.100}; there are {', '.join(known)}")


def reply(asked: InferenceRequest, name: str, version: str, answers: Sequence[BaseModel], said: Reply) -> Reply:
    """Return the response.

    Args:
        asked: what was asked.
        name: the model's.
        version: which one answered.
        answers: `[N]`, the model's.
        said: the reply of `POST /predict` to the same rows: a list.

    Raises:
        Refused: an output is wanted that these answers have none of.
    """
    found = {each.name: each for each in _outputs(answers, from_json(said.body))}
    wanted = list(found) if asked.outputs is None else list(asked.outputs)
    refuse_unknown(asked, found)
    described, data = [], []
    for tensor in map(found.__getitem__, wanted):
        description: dict[str, Any] = {"name": tensor.name, "datatype": tensor.datatype, "shape": tensor.shape}
        if asked.wants_binary(tensor.name):
            data.append(to_bytes(tensor))
            description["parameters"] = {"binary_data_size": len(data[-1])}
        else:
            description["data"] = tensor.elements
        described.append(description)
    response = {"model_name": name, "model_version": version, "outputs": described}
    body = to_json({"id": asked.id, **response} if asked.id else response)
    headers = tuple(header for header in said.headers if header != JSON)
    if not data:
        return Reply(said.status, body, (JSON, *headers))
    length = (JSON_LENGTH, str(len(body)).encode())
    return Reply(said.status, b"".join((body, *data)), (_BINARY, length, *headers))


def _outputs(answers: Sequence[BaseModel], said: Sequence[dict[str, Any]]) -> list[Tensor]:
    """Return the whole answers, and each field that all of them have."""
    texts = [to_json(each).decode() for each in said]
    outputs = [Tensor(ANSWER, BYTES, (len(texts),), texts)]
    for field in type(answers[0]).model_fields:
        values: list[Any] = [getattr(answer, field, None) for answer in answers]
        datatype = DATATYPES.get(type(values[0]))
        if datatype and all(type(value) is type(values[0]) for value in values):
            outputs.append(Tensor(field, datatype, (len(values),), values))
        elif isinstance(values[0], dict) and _numbers(values):
            outputs.append(_table(field, values))
    return outputs


def _numbers(values: Sequence[Any]) -> bool:
    """Whether all are numbers under the same names."""
    return all(
        isinstance(value, dict)
        and value.keys() == values[0].keys()
        and all(isinstance(each, float) for each in value.values())
        for value in values
    )


def _table(field: str, values: Sequence[dict[str, float]]) -> Tensor:
    """Return `[N, K]`, a column for each name in the order of the first answer."""
    names = list(values[0])
    elements: list[Element] = [value[name] for value in values for name in names]
    return Tensor(field, FLOAT, (len(values), len(names)), elements)
