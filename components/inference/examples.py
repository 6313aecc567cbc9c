"""Held-out examples that go with a bundle, for people to click: `examples.json` beside it, no part of its hash.

`[{"name": the class it is, "row": {field: value}}]`; bytes are `{"base64": …}`.
"""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components import catalogue
from components.config.errors import BundleError
from components.kinds.prepared import PreparedData, known, label_name
from components.system.files import read_json

EXAMPLES = "examples.json"
MOST = 10


def examples(data: PreparedData, count: int = MOST) -> list[dict[str, Any]]:
    """Return some `count` examples of the test split as callers send them, as many of each class, as JSON."""
    labels = np.asarray(data.labels("test"))
    indices = spread(labels, count)
    rows = catalogue.sample(data.kind).requests(data, indices, False)
    return [
        {"name": label_name(data, labels[index]), "row": {name: _packed(value) for name, value in row.items()}}
        for index, row in zip(indices, rows, strict=True)
    ]


def read_examples(path: Path) -> list[dict[str, Any]]:
    """Return the examples in the directory `path`, their bytes as bytes; none if it has none.

    Raises:
        BundleError: they cannot be read.
    """
    try:
        content = read_json(path / EXAMPLES)
        return [{**kept, "row": {key: _unpacked(value) for key, value in kept["row"].items()}} for kept in content]
    except FileNotFoundError:
        return []
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BundleError(f"{path / EXAMPLES}: not what it should be ({error!r})") from error


def spread(labels: NDArray[Any], count: int) -> list[int]:
    """Return indices spread over the examples of each class, in their order; of numbers evenly from low to high.

    Examples whose label is not known are chosen where no other is there.
    """
    there = np.flatnonzero(known(labels))
    if not len(there) or labels.dtype.kind == "f":
        ordered = there[np.argsort(labels[there], kind="stable")] if len(there) else np.arange(len(labels))
        return sorted(ordered[np.linspace(0, len(ordered) - 1, num=min(count, len(ordered)), dtype=int)].tolist())
    classes = np.unique(labels[there])
    each = [np.flatnonzero(labels == label) for label in classes]
    share = max(1, count // len(classes))
    picked = [indices[np.linspace(0, len(indices) - 1, num=min(share, len(indices)), dtype=int)] for indices in each]
    return [int(index) for index in np.sort(np.concatenate(picked))[:count]]


def _packed(value: Any) -> Any:
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _unpacked(value: Any) -> Any:
    return base64.b64decode(value["base64"]) if isinstance(value, Mapping) else value
