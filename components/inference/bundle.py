"""The bundle, which crosses from training to inference: `model.onnx`, `bundle.json` and nothing of training.

`bundle.json` holds the format's number, workload, kind, classes, the kind's description of one input, and the
SHA-256 of `model.onnx`; its own SHA-256 is therefore the hash of the bundle.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from components.config.errors import BundleError
from components.config.files import sha256, whole_directory, write_json

if TYPE_CHECKING:
    import onnxruntime

MODEL = "model.onnx"
ABOUT = "bundle.json"
FORMAT = 1
_EXAMPLES = 500  # examples a run when many are asked for at once: small enough for the processor's cache


class About(BaseModel):
    """What `bundle.json` says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1]
    workload: str
    kind: str
    classes: tuple[str, ...]
    input: dict[str, Any]
    model_sha256: str


class Bundle:
    """A bundle that is ready to answer: verified, its graph loaded for one thread."""

    def __init__(self, path: Path) -> None:
        """Open the bundle at `path`.

        Raises:
            BundleError: a file is missing, or is not what its hash says.
        """
        self.path = path
        self.about = read_about(path)
        if (found := sha256(path / MODEL)) != self.about.model_sha256:
            raise BundleError(f"{path / MODEL}: SHA-256 is {found}, {ABOUT} says {self.about.model_sha256}")
        self._session = _session(path / MODEL)
        self._input = self._session.get_inputs()[0].name

    def probabilities(self, inputs: NDArray[Any]) -> NDArray[np.float32]:
        """Return `[N, classes]` for `inputs`, `[N, ...]` as the kind's codec decodes them."""
        starts = range(0, len(inputs), _EXAMPLES)
        parts = [self._session.run(None, {self._input: inputs[i : i + _EXAMPLES]})[0] for i in starts]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


@contextmanager
def new_bundle(
    path: Path, *, workload: str, kind: str, classes: tuple[str, ...], input: dict[str, Any]
) -> Iterator[Path]:
    """Yield a directory to write `model.onnx` into; it becomes the bundle at `path` when the block ends well."""
    with whole_directory(path) as draft:
        yield draft
        about = About(
            format=FORMAT,
            workload=workload,
            kind=kind,
            classes=classes,
            input=input,
            model_sha256=sha256(draft / MODEL),
        )
        write_json(draft / ABOUT, about.model_dump(mode="json"))


def read_about(path: Path) -> About:
    """Read what the bundle at `path` says of itself.

    Raises:
        BundleError: there is no bundle there, or one of another format.
    """
    try:
        return About.model_validate_json((path / ABOUT).read_bytes())
    except (OSError, ValidationError) as error:
        raise BundleError(f"{path / ABOUT}: not a bundle of format {FORMAT}") from error


def bundle_hash(path: Path) -> str:
    """Hash of the whole bundle: SHA-256 of its `bundle.json`, which names that of the model."""
    read_about(path)
    return sha256(path / ABOUT)


def _session(model: Path) -> "onnxruntime.InferenceSession":
    import onnxruntime  # here, because the endpoint's supervisor reads bundles too and never runs one

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
