"""Golden rows of a bundle, `serving/golden.json`: examples with the answers that are right, requests as they are read.

    tolerance    largest difference of an output from what is kept, of a number above 1 a part of it
    inputs       the examples, as the graph takes them
    outputs      what the graph says of them, by the name of the output
    requests     rows as a caller sends them, each with what the codec reads of it and how far that may differ

An array is `{type, shape, zlib}`, its bytes (little endian) compressed and in base64, so that any language reads it.
Whatever runs a bundle checks them first, and answers nothing where they do not hold: an engine that computes wrongly
says nothing of it.
"""

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from components.config.errors import BadRequest, BundleError
from components.inference.bundle import Bundle
from components.kinds.golden import GoldenRequest
from components.system.files import read_json, write_json

if TYPE_CHECKING:
    from components.kinds.contract import Reader

GOLDEN = "golden.json"
TOLERANCES = {"float32": 1e-4, "float16": 1e-2, "int8": 1e-3}
"""By the numbers that a graph computes in. In float16 a CPU rounds less than a GPU does: weights alone."""


@dataclass(frozen=True)
class GoldenRead:
    """A request, and what is read of it."""

    request: GoldenRequest
    array: NDArray[Any]


@dataclass(frozen=True)
class GoldenRows:
    """What the file holds; see the module."""

    tolerance: float
    inputs: NDArray[Any]
    outputs: Mapping[str, NDArray[np.float32]]
    requests: Sequence[GoldenRead]


def write_golden(folder: Path, golden: GoldenRows) -> None:
    """Write them into `folder`, a bundle's `serving/`; the same rows give the same bytes."""
    folder.mkdir(exist_ok=True)
    requests = [
        {
            "name": one.request.name,
            "row": {name: _sent(value) for name, value in one.request.row.items()},
            "tolerance": one.request.tolerance,
            "array": _packed(one.array),
        }
        for one in golden.requests
    ]
    outputs = {name: _packed(array) for name, array in golden.outputs.items()}
    said = {"tolerance": golden.tolerance, "inputs": _packed(golden.inputs), "outputs": outputs, "requests": requests}
    write_json(folder / GOLDEN, said)


def read_golden(folder: Path) -> GoldenRows | None:
    """Return the rows in `folder`, a bundle's `serving/`; None: it was made before bundles had them.

    Raises:
        BundleError: they cannot be read.
    """
    path = folder / GOLDEN
    try:
        said = read_json(path)
        requests = [
            GoldenRead(
                GoldenRequest(
                    one["name"], {name: _received(value) for name, value in one["row"].items()}, one["tolerance"]
                ),
                _array(one["array"]),
            )
            for one in said["requests"]
        ]
        outputs = {name: _array(packed) for name, packed in said["outputs"].items()}
        return GoldenRows(said["tolerance"], _array(said["inputs"]), outputs, requests)
    except FileNotFoundError:
        return None
    except (AttributeError, KeyError, TypeError, ValueError, zlib.error) as error:
        raise BundleError(f"{path}: not what it should be ({error!r})") from error


def check_golden(bundle: Bundle, reader: "Reader | None" = None) -> bool:
    """Hold this machine to the golden rows of the bundle; return whether it has any.

    Args:
        bundle: which.
        reader: that remembers nothing, to read the requests; None: they are left out.

    Raises:
        BundleError: an answer, or what is read of a request, is another one here.
    """
    golden = read_golden(bundle.files)
    if golden is None:
        return False
    found = bundle.named_outputs(list(golden.outputs), golden.inputs)
    for name, expected in golden.outputs.items():
        worst = difference(found[name], expected)
        if not worst <= golden.tolerance:  # not a number is no parity either
            raise BundleError(
                f"{bundle.path}: this machine answers otherwise than the one that made it: {name} of its golden rows "
                f"differs by {worst:.2g}, at most {golden.tolerance:.2g} is right; try another version of onnxruntime"
            )
    for one in golden.requests if reader else ():
        assert reader
        _check_request(bundle.path, one, reader)
    return True


def difference(found: NDArray[Any], expected: NDArray[Any]) -> float:
    """Return the largest difference, of a number above 1 as a part of it; what is missing in both does not differ."""
    if found.shape != expected.shape:
        return float("inf")
    parts = np.abs(found.astype(np.float64) - expected) / np.maximum(np.abs(expected.astype(np.float64)), 1.0)
    return float(np.where(np.isnan(found) & np.isnan(expected), 0.0, parts).max(initial=0.0))


def _check_request(bundle: Path, one: GoldenRead, reader: "Reader") -> None:
    try:
        read = reader.read([one.request.row])[0]
    except BadRequest as error:
        raise BundleError(f"{bundle}: golden request {one.request.name} cannot be read here: {error}") from error
    same = read.shape == one.array.shape
    away = np.abs(read.astype(np.float64) - one.array) if same else np.array([np.inf])
    worst = float(np.where(np.isnan(read) & np.isnan(one.array), 0.0, away).max()) if same else float("inf")
    if not worst <= one.request.tolerance:
        raise BundleError(
            f"{bundle}: this machine reads its golden request {one.request.name} otherwise, by {worst:.3g}, at most "
            f"{one.request.tolerance:g} is right; install the packages of constraints.txt"
        )


def _packed(array: NDArray[Any]) -> dict[str, Any]:
    plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    content = base64.b64encode(zlib.compress(plain.tobytes(), 9)).decode()
    return {"type": str(array.dtype), "shape": list(array.shape), "zlib": content}


def _array(packed: Mapping[str, Any]) -> NDArray[Any]:
    kind = np.dtype(packed["type"]).newbyteorder("<")
    return np.frombuffer(zlib.decompress(base64.b64decode(packed["zlib"])), kind).reshape(packed["shape"])


def _sent(value: Any) -> Any:
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _received(value: Any) -> Any:
    return base64.b64decode(value["base64"]) if isinstance(value, Mapping) else value
