"""What the runtime of an edge folder says of examples, by Node, whose engine is that of Chromium."""

import gzip
import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.config.errors import BundleError
from components.system.processes import die_with_parent

_SCRIPT = Path(__file__).parent / "examine.mjs"
_TIMEOUT = 3_600.0  # seconds
_LEVEL = 6  # of gzip, as servers compress by default


@dataclass(frozen=True)
class Examined:
    """What came of it."""

    outputs: NDArray[np.float32]
    """`[N, K]`."""
    opened: float
    """Milliseconds until the model was open: compiled, and its graph optimized."""
    milliseconds: float
    """Of one example by itself, the median."""


def examine(folder: Path, inputs: NDArray[Any], output: str) -> Examined | None:
    """Return what the folder's model says of `inputs`, `[N, ...]`; None: Node is not installed.

    Raises:
        BundleError: the runtime does not take the model, or fails on an example.
    """
    node = shutil.which("node")
    if node is None:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        asked, given, found = (Path(scratch, name) for name in ("asked.json", "inputs", "outputs"))
        asked.write_text(json.dumps({"type": str(inputs.dtype), "shape": inputs.shape, "output": output}))
        given.write_bytes(np.ascontiguousarray(inputs).tobytes())
        command = [node, str(_SCRIPT), str(folder.resolve()), *map(str, (asked, given, found))]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT, preexec_fn=die_with_parent)
        if done.returncode != 0:
            said = [line for line in done.stderr.splitlines() if "Error" in line] or done.stderr.splitlines()
            raise BundleError(f"{folder}: the runtime of browsers does not run its model: {said[0] if said else ''}")
        outputs = np.frombuffer(found.read_bytes(), np.float32).reshape(len(inputs), -1)
        return Examined(outputs, **json.loads(done.stdout.splitlines()[-1]))


def compressed(folder: Path) -> int:
    """Return how many bytes the folder's files have, each compressed as servers do."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return sum(len(gzip.compress(path.read_bytes(), _LEVEL)) for path in files)
