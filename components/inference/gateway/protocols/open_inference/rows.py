"""Tensors -> what `POST /predict` would have been sent: records, an input a column, or files."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.inference.gateway.protocols.open_inference.tensors import BYTES, Element, Tensor
from components.inference.gateway.request.body import refused
from components.inference.gateway.request.other_formats import file_of_text
from components.inference.gateway.request.parser import Question, RequestParser

Encode = Callable[[NDArray[Any]], dict[str, Any]]
"""An example as the model takes it, or larger -> the row that decodes to it."""

_PIXELS = "UINT8"
_RANK = 4
_CHANNELS = (1, 3)


def question(parser: RequestParser, inputs: Sequence[Tensor], encode: Encode | None) -> Question:
    """Return the question that the inputs ask: a row for each step of their first axis.

    Raises:
        Refused: they make no rows.
    """
    contents = _files(parser, inputs, encode) if parser.uploads else _records(inputs)
    if not contents:
        raise refused(400, "the inputs have no rows")
    if parser.uploads:
        return Question([row for each in contents for row in parser.asked(parser.checked(each)).rows], many=True)
    return parser.asked(parser.checked(contents))


def _files(parser: RequestParser, inputs: Sequence[Tensor], encode: Encode | None) -> list[dict[str, Any]]:
    field = parser.uploads[0]
    if len(inputs) != 1 or len(parser.uploads) != 1:
        raise refused(400, f"one input is asked for, {field!r}, and there are {len(inputs)}")
    tensor = inputs[0]
    if tensor.datatype == _PIXELS and encode:
        return [encode(picture) for picture in _pictures(tensor)]
    if tensor.datatype != BYTES:
        pixels = f", or pixels as {_PIXELS} [N, height, width, 1 or 3]" if encode else ""
        raise refused(
            400,
            f"input {tensor.name!r}: send files as {BYTES} [N]{pixels}, not {tensor.datatype} {list(tensor.shape)}",
        )
    _column(tensor)
    return [{field: _file(tensor.name, element)} for element in tensor.elements]


def _pictures(tensor: Tensor) -> NDArray[np.uint8]:
    if len(tensor.shape) != _RANK or tensor.shape[-1] not in _CHANNELS or 0 in tensor.shape:
        wanted = f"{_PIXELS} pixels have the shape [N, height, width, 1 or 3]"
        raise refused(400, f"input {tensor.name!r}: {wanted}, not {list(tensor.shape)}")
    return tensor.array()


def _file(name: str, element: Element) -> bytes:
    if isinstance(element, bytes):
        return element
    file = file_of_text(element) if isinstance(element, str) else None
    if file is None:
        raise refused(400, f"input {name!r}: in JSON a file is base64, or a data URL; or send it as binary data")
    return file


def _records(inputs: Sequence[Tensor]) -> list[dict[str, Any]]:
    rows = _column(inputs[0])
    records: list[dict[str, Any]] = [{} for _ in range(rows)]
    for tensor in inputs:
        if _column(tensor) != rows:
            names = f"{inputs[0].name!r} has {rows} rows, {tensor.name!r} {_column(tensor)}"
            raise refused(400, f"the inputs are not equally long: {names}")
        for record, element in zip(records, tensor.elements, strict=True):
            if element is not None:
                record[tensor.name] = _text(tensor.name, element) if isinstance(element, bytes) else element
    return records


def _column(tensor: Tensor) -> int:
    """Return the rows of a tensor that has one element for each.

    Raises:
        Refused: it has more.
    """
    if not tensor.shape or any(size != 1 for size in tensor.shape[1:]):
        raise refused(400, f"input {tensor.name!r}: its shape is [N] or [N, 1], not {list(tensor.shape)}")
    return tensor.shape[0]


def _text(name: str, element: bytes) -> str:
    try:
        return element.decode()
    except UnicodeDecodeError as error:
        raise refused(400, f"input {name!r}: an element is not UTF-8 (byte {error.start + 1})") from error
