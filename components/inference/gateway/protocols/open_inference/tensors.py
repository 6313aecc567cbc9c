"""Tensors of the Open Inference Protocol on the wire: JSON lists, or bytes behind the JSON."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.inference.gateway.request.body import refused

BYTES, BOOL, FLOAT, INTEGER = "BYTES", "BOOL", "FP64", "INT64"
_NUMBERS = {
    BOOL: "?",
    **{f"UINT{bits}": f"<u{bits // 8}" for bits in (8, 16, 32, 64)},
    **{f"INT{bits}": f"<i{bits // 8}" for bits in (8, 16, 32, 64)},
    **{f"FP{bits}": f"<f{bits // 8}" for bits in (16, 32, 64)},
}
"""numpy's type of each datatype of fixed size; the bytes are little-endian."""
_LENGTH = struct.Struct("<I")  # before each element of BYTES

Element = str | bytes | bool | int | float | None


@dataclass(frozen=True)
class Tensor:
    """One input, or one output."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    elements: Sequence[Element]
    """Its elements in row-major order: bytes or texts of BYTES. None, in JSON: a missing value."""

    def array(self) -> NDArray[Any]:
        """Return it as an array of its shape.

        Raises:
            Refused: an element is none of its datatype.
        """
        try:
            return np.array(self.elements, dtype=_NUMBERS[self.datatype]).reshape(self.shape)
        except (OverflowError, TypeError, ValueError) as error:
            raise refused(400, f"input {self.name!r}: not every element is {self.datatype}") from error


def known(name: str, datatype: str, shape: tuple[int, ...]) -> int:
    """Return how many elements a tensor has.

    Raises:
        Refused: there is no such datatype, or the shape is none.
    """
    if datatype != BYTES and datatype not in _NUMBERS:
        raise refused(400, f"input {name!r}: datatype {datatype!r} is not read; {BYTES}, {', '.join(_NUMBERS)} are")
    if any(size < 0 for size in shape):
        raise refused(400, f"input {name!r}: the shape {list(shape)} is none")
    return prod(shape)


def from_json(name: str, datatype: str, shape: tuple[int, ...], data: Any) -> Tensor:
    """Return the tensor whose elements JSON has, flat or nested.

    Raises:
        Refused: they are not as many as its shape says, or of another type.
    """
    count, elements = known(name, datatype, shape), list(_flat(data))
    if len(elements) != count:
        raise refused(400, f"input {name!r}: {len(elements)} elements, and the shape {list(shape)} has {count}")
    types: tuple[type, ...] = (str,) if datatype == BYTES else (bool,) if datatype == BOOL else (int,)
    if datatype.startswith("FP"):
        types = (int, float)
    for element in elements:
        if element is not None and (not isinstance(element, types) or (isinstance(element, bool) and datatype != BOOL)):
            raise refused(400, f"input {name!r}: {element!r:.60} is not {datatype}")
    return Tensor(name, datatype, shape, elements)


def from_bytes(name: str, datatype: str, shape: tuple[int, ...], data: memoryview) -> Tensor:
    """Return the tensor whose elements are these bytes.

    Raises:
        Refused: they are not as many as its shape says.
    """
    count = known(name, datatype, shape)
    if datatype == BYTES:
        elements: Sequence[Element] = _strings(name, data)
        found = len(elements)
    else:
        type = np.dtype(_NUMBERS[datatype])
        found, rest = divmod(len(data), type.itemsize)
        if rest:
            raise refused(400, f"input {name!r}: {len(data)} bytes are no whole number of {datatype}")
        elements = np.frombuffer(data, dtype=type).tolist()
    if found != count:
        raise refused(400, f"input {name!r}: {found} elements, and the shape {list(shape)} has {count}")
    return Tensor(name, datatype, shape, elements)


def to_bytes(tensor: Tensor) -> bytes:
    """Return the elements of a tensor as the binary extension has them."""
    if tensor.datatype != BYTES:
        return np.array(tensor.elements, dtype=_NUMBERS[tensor.datatype]).tobytes()
    texts = [text.encode() if isinstance(text, str) else text for text in tensor.elements]
    return b"".join(_LENGTH.pack(len(text)) + text for text in texts if isinstance(text, bytes))


def _strings(name: str, data: memoryview) -> list[bytes]:
    found: list[bytes] = []
    at = 0
    while at < len(data):
        end = at + _LENGTH.size
        if end > len(data) or (end := end + _LENGTH.unpack(data[at:end])[0]) > len(data):
            raise refused(400, f"input {name!r}: its bytes end in the middle of element {len(found) + 1}")
        found.append(bytes(data[at + _LENGTH.size : end]))
        at = end
    return found


def _flat(data: Any) -> list[Any]:
    """Return the elements of nested lists, in their order; not recursive, for a caller chooses the depth."""
    found: list[Any] = []
    left = [data]
    while left:
        element = left.pop()
        if isinstance(element, list):
            left.extend(reversed(element))
        else:
            found.append(element)
    return found
