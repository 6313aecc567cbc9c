"""The bundle, which crosses from training to inference: `model.onnx`, `bundle.json`, `serving/`, no training in it.

`bundle.json` holds the format's number, workload, kind, task, classes, the kind's description of one input, what was
found best to decide by, the temperature of its probabilities, the workload's section `serve`, and the SHA-256 of every
other file; its own SHA-256 is therefore the hash of the bundle. `serving/` holds what the kind's codec needs beside the
model, if anything; a file there that was rewritten without somebody's records is named in `erased.json` beside it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from components.config.errors import BundleError
from components.config.params import Serve
from components.inference.device import Device, Provider, open_session, provider_of
from components.inference.runner import CpuRunner, GpuRunner
from components.inference.unfamiliar import UNFAMILIAR, UnfamiliarTest
from components.kinds.replaced import read_replaced
from components.system.files import sha256, whole_directory, write_json

if TYPE_CHECKING:
    import onnxruntime

MODEL = "model.onnx"
ABOUT = "bundle.json"
SERVING = "serving"
EMBEDDING = "embedding"
"""Name of the graph's output beside what is decided on; a bundle from before it was kept has none."""
HEAT = "heat"
"""Name of the output that says which places of a picture are unusual; few graphs have it."""
FORMAT = 1
_SERVE = Serve().in_bundle()  # what every kind takes where nothing is said


class About(BaseModel):
    """What `bundle.json` says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1]
    workload: str
    kind: str
    task: str = ""
    """What is asked; empty: the bundle was made before tasks had names."""
    classes: tuple[str, ...]
    """None where the answer is a number."""
    input: dict[str, Any]
    decision: dict[str, Any] = {}
    temperature: float = 1.0
    """By which the graph divides its logits; 1: as they were trained."""
    serve: dict[str, Any] = _SERVE
    """What of the workload's section `serve` its answers depend on, with its defaults filled in."""
    model_sha256: str
    files: dict[str, str] = {}
    """SHA-256 of each file under `serving/`, by its name."""
    requires: tuple[str, ...] = ()
    """The installed packages that kind and task are of, as pip names them; none: both are built in."""

    @cached_property
    def places(self) -> dict[str, int]:
        """The index of each class: there may be a hundred thousand."""
        return {name: place for place, name in enumerate(self.classes)}


class Scored(NamedTuple):
    """What a graph says of N examples."""

    outputs: NDArray[np.float32]
    """`[N, K]`, what the task decides on."""
    unfamiliar: NDArray[np.float32] | None
    """`[N]`, how unlike training each is; None: the graph does not tell."""


class Bundle:
    """A bundle that is ready to answer: verified, its graph loaded for one thread, or for a GPU."""

    def __init__(self, path: Path, device: Device = "cpu") -> None:
        """Open the bundle at `path`.

        Raises:
            BundleError: a file is missing, or is not what its hash says.
            EndpointError: the device is not there.
        """
        self.path = path
        self.about = verified(path)
        self.unfamiliar_test = UnfamiliarTest.of(self.about.decision)
        """What says which examples are unfamiliar; None: nothing does."""
        session = open_session(path / MODEL, device)
        self.provider: Provider = provider_of(session)
        """By what its graph is run."""
        self.runner: CpuRunner | GpuRunner = CpuRunner(session) if self.provider == "cpu" else GpuRunner(session)
        self._graph_input = session.get_inputs()[0]
        self._outputs = [output.name for output in session.get_outputs()]
        self._asked = [self._outputs[0], *([UNFAMILIAR] if UNFAMILIAR in self._outputs else [])]

    def outputs(self, inputs: NDArray[Any], run: "onnxruntime.RunOptions | None" = None) -> NDArray[np.float32]:
        """Return what the task decides on, `[N, K]`, of `inputs`, `[N, ...]` as the kind's codec decodes them.

        `run` can end it early.
        """
        return self._run(self._asked[:1], inputs, run)[0]

    def scored(self, inputs: NDArray[Any], run: "onnxruntime.RunOptions | None" = None) -> Scored:
        """Return what the task decides on, and how unlike training each input is; as `outputs`."""
        outputs, *unfamiliar = self._run(self._asked, inputs, run)
        return Scored(outputs, unfamiliar[0] if unfamiliar else None)

    def flags(self, found: Scored) -> NDArray[np.bool_] | None:
        """Return which examples are unfamiliar, `[N]`; None: the bundle cannot tell."""
        test = self.unfamiliar_test
        return None if test is None or found.unfamiliar is None else test.flags(found.unfamiliar)

    def embedding(self, inputs: NDArray[Any]) -> NDArray[np.float32] | None:
        """Return what the network makes of `inputs`, `[N, at most 64]`; None: its graph does not tell."""
        return self._run([EMBEDDING], inputs, None)[0] if EMBEDDING in self._outputs else None

    def heat(self, inputs: NDArray[Any]) -> NDArray[np.float32] | None:
        """Return how unusual each place of `inputs` is, `[N, h, w]`; None: its graph does not tell."""
        return self._run([HEAT], inputs, None)[0] if HEAT in self._outputs else None

    def _run(
        self, outputs: list[str], inputs: NDArray[Any], run: "onnxruntime.RunOptions | None"
    ) -> list[NDArray[np.float32]]:
        most = self.runner.largest
        parts = [self.runner(outputs, inputs[start : start + most], run) for start in range(0, len(inputs), most)]
        return parts[0] if len(parts) == 1 else [np.concatenate(part) for part in zip(*parts, strict=True)]

    def named_outputs(self, names: list[str], inputs: NDArray[Any]) -> dict[str, NDArray[np.float32]]:
        """Return the graph's outputs of those names, `[N, ...]` each.

        Raises:
            BundleError: it has none of a name.
        """
        if missing := [name for name in names if name not in self._outputs]:
            raise BundleError(f"{self.path / MODEL}: no output {missing[0]!r}, which the bundle tells of")
        return dict(zip(names, self._run(names, inputs, None), strict=True))

    @property
    def takes_many(self) -> bool:
        """Whether the graph takes any number of examples at once."""
        return not isinstance(self._graph_input.shape[0], int)

    def choose_way(self) -> None:
        """Have a GPU run the graph the faster way; on the CPU there is one."""
        if isinstance(self.runner, GpuRunner):
            self.runner.choose(self._asked, self.nothing(self.runner.sizes[0] if self.takes_many else 1))

    def nothing(self, count: int) -> NDArray[Any]:
        """Return `count` examples of zeros, to warm up with."""
        kind = self._graph_input.type.removeprefix("tensor(").removesuffix(")")
        return np.zeros((count, *self._graph_input.shape[1:]), {"float": "float32"}.get(kind, kind))

    @property
    def files(self) -> Path:
        """The directory of what the codec needs beside the model; it may not be there."""
        return self.path / SERVING


@contextmanager
def new_bundle(
    path: Path,
    *,
    workload: str,
    kind: str,
    classes: tuple[str, ...],
    input: dict[str, Any],
    decision: dict[str, Any],
    task: str = "",
    temperature: float = 1.0,
    serve: dict[str, Any] | None = None,
    requires: tuple[str, ...] = (),
) -> Iterator[Path]:
    """Yield a directory to write `model.onnx` and `serving/` into.

    It becomes the bundle at `path` when the block ends well.
    """
    with whole_directory(path) as draft:
        yield draft
        about = About(
            format=FORMAT,
            workload=workload,
            kind=kind,
            task=task,
            classes=classes,
            input=input,
            decision=decision,
            temperature=temperature,
            serve=serve or _SERVE,
            model_sha256=sha256(draft / MODEL),
            files={file.name: sha256(file) for file in sorted((draft / SERVING).glob("*"))},
            requires=requires,
        )
        left_out = set() if requires else {"requires"}  # an endpoint of before knows no such key
        write_json(draft / ABOUT, about.model_dump(mode="json", exclude=left_out))


def read_about(path: Path) -> About:
    """Read what the bundle at `path` says of itself.

    Raises:
        BundleError: there is no bundle there, or one of another format.
    """
    try:
        return About.model_validate_json((path / ABOUT).read_bytes())
    except (OSError, ValidationError) as error:
        raise BundleError(f"{path / ABOUT}: not a bundle of format {FORMAT}") from error


def verified(path: Path) -> About:
    """Read what the bundle at `path` says of itself, and hold every file to it, or to what an erasure has left of it.

    Raises:
        BundleError: a file is missing, or is not what its hash says.
    """
    about = read_about(path)
    _verify(path / MODEL, about.model_sha256)
    replaced = read_replaced(path / SERVING)
    for name, expected in about.files.items():
        left = replaced[name].now if name in replaced and replaced[name].was == expected else ()
        _verify(path / SERVING / name, expected, *left)
    return about


def examples_of(about: About) -> object:
    """Return what examples of a bundle are: the size of pictures, or the features of records, in their order."""
    asked = about.input
    return {name: asked[name] for name in ("height", "width", "channels", "features", "definition") if name in asked}


def label_value(value: Any, about: About) -> float | None:
    """Return the label as an index of a class, or as a number; None: it is none of the version's."""
    if not about.classes:
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    if isinstance(value, bool) and len(about.classes) == 2:
        return float(value)
    place = about.places.get(str(value))
    return None if place is None else float(place)


def bundle_hash(path: Path) -> str:
    """Hash of the whole bundle: SHA-256 of its `bundle.json`, which names that of the model."""
    read_about(path)
    return sha256(path / ABOUT)


def _verify(path: Path, expected: str, *others: str) -> None:
    try:
        found = sha256(path)
    except OSError as error:
        raise BundleError(f"{path}: missing, though {ABOUT} names it") from error
    if found not in (expected, *others):
        raise BundleError(f"{path}: SHA-256 is {found}, {ABOUT} says {expected}")
