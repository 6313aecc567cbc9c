"""The body of an inference request -> its tensors, and in which form the answer is wanted."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, ValidationError

from components.inference.gateway.protocols.open_inference.tensors import Tensor, from_bytes, from_json
from components.inference.gateway.request.body import refused
from components.inference.gateway.request.parser import sentence

JSON_LENGTH = b"inference-header-content-length"
"""The header with the bytes of JSON, behind which come those of the tensors."""


class _Parameters(BaseModel):
    model_config = ConfigDict(extra="allow")

    binary_data_size: Annotated[StrictInt, Field(ge=0)] | None = None
    binary_data: StrictBool | None = None
    binary_data_output: StrictBool | None = None


class _Input(BaseModel):
    name: str
    datatype: str
    shape: tuple[StrictInt, ...]
    parameters: _Parameters = _Parameters()
    data: Any = None


class _Output(BaseModel):
    name: str
    parameters: _Parameters = _Parameters()


class _Body(BaseModel):
    id: str = ""
    inputs: Annotated[list[_Input], Field(min_length=1)]
    outputs: list[_Output] | None = None
    parameters: _Parameters = _Parameters()


@dataclass(frozen=True)
class InferenceRequest:
    """What is asked."""

    id: str
    """The caller's own; "": none."""
    inputs: Sequence[Tensor]
    outputs: Sequence[str] | None
    """The names of the outputs that are wanted; None: all."""
    binary: frozenset[str] | None
    """Those that are wanted as bytes; None: all."""

    def wants_binary(self, name: str) -> bool:
        """Whether an output is wanted as bytes."""
        return self.binary is None or name in self.binary


def read(body: bytes, json_length: bytes | None) -> InferenceRequest:
    """Return the request that a body is; `json_length` is its header of that name.

    Raises:
        Refused: it is none.
    """
    length = _length(json_length, len(body))
    try:
        asked = _Body.model_validate(json.loads(body[:length]))
    except ValidationError as error:
        raise refused(400, sentence(error, behind=0)) from error
    except (ValueError, RecursionError) as error:
        raise refused(400, f"the body is not valid JSON: {error!s:.100}") from error
    names = [each.name for each in asked.inputs]
    if twice := {name for name in names if names.count(name) > 1}:
        raise refused(400, f"input {min(twice)!r} is there twice")
    return InferenceRequest(asked.id, _tensors(asked.inputs, memoryview(body)[length:]), *_wanted(asked))


def _length(header: bytes | None, whole: int) -> int:
    if header is None:
        return whole
    if not header.isdigit() or int(header) > whole:
        said = header.decode("latin-1")
        raise refused(400, f"Inference-Header-Content-Length {said!r:.60} is no number of bytes of this body ({whole})")
    return int(header)


def _tensors(inputs: Sequence[_Input], data: memoryview) -> list[Tensor]:
    tensors, at = [], 0
    for each in inputs:
        size = each.parameters.binary_data_size
        if size is None:
            if each.data is None:
                raise refused(400, f"input {each.name!r} has no data")
            tensors.append(from_json(each.name, each.datatype, each.shape, each.data))
            continue
        if at + size > len(data):
            raise refused(400, f"input {each.name!r}: {size} bytes are announced, and {len(data) - at} are left")
        tensors.append(from_bytes(each.name, each.datatype, each.shape, data[at : at + size]))
        at += size
    if at != len(data):
        raise refused(400, f"{len(data) - at} bytes belong to no input: say binary_data_size")
    return tensors


def _wanted(asked: _Body) -> tuple[list[str] | None, frozenset[str] | None]:
    everything = bool(asked.parameters.binary_data_output)
    if not asked.outputs:
        return None, None if everything else frozenset()
    names = [each.name for each in asked.outputs]
    binary = {
        each.name
        for each in asked.outputs
        if (everything if each.parameters.binary_data is None else each.parameters.binary_data)
    }
    return names, frozenset(binary)
