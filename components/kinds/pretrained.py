"""What the stage `backbone` left: a description, and tensors. Read without safetensors, which training does without."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from components.config.errors import DataError

_TYPES: dict[str, np.dtype[Any]] = {
    "U8": np.dtype("u1"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "I64": np.dtype("<i8"),
}


def read_artifact(path: Path | None) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return the description of the backbone in the folder `path`, and its tensors.

    Raises:
        DataError: there is none.
    """
    try:
        if path is None:
            raise FileNotFoundError("no folder of a backbone")
        described: dict[str, Any] = json.loads((path / "backbone.json").read_text())
        return described, _tensors((path / "model.safetensors").read_bytes())
    except (OSError, ValueError) as error:
        raise DataError(f"{path or 'the backbone'}: not readable ({error}); run `dvc repro`") from error


def _tensors(content: bytes) -> dict[str, Tensor]:
    """Return the tensors of a file of safetensors: the length of its head, the head in JSON, then the numbers."""
    start = 8 + int.from_bytes(content[:8], "little")
    head = json.loads(content[8:start])
    return {name: _tensor(content, start, said) for name, said in head.items() if name != "__metadata__"}


def _tensor(content: bytes, start: int, said: dict[str, Any]) -> Tensor:
    count, offset = math.prod(said["shape"]), start + said["data_offsets"][0]
    array = np.frombuffer(content, dtype=_TYPES[said["dtype"]], count=count, offset=offset)
    return torch.from_numpy(array.reshape(said["shape"]).copy())
