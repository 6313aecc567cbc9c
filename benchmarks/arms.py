"""The servers that are compared: how each is started, and what it is asked."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks import harness
from benchmarks.peers.answer import BUNDLE
from benchmarks.server import clean_environment
from benchmarks.wire import post, post_form
from components import catalogue
from components.inference.bundle import Bundle, read_about
from components.kinds.prepared import PreparedData

PICTURES = 500
"""Pictures of the test split that are asked about in turn."""

_PACKAGE = "import sys; from components.inference.package import *; print(package(Path(sys.argv[1]), sys.argv[2], '1'))"
_PYTHON = sys.executable


@dataclass(frozen=True)
class Arm:
    """One server."""

    command: Callable[[int], list[str]]
    """Port -> command."""
    variables: dict[str, str]
    requests: list[bytes]
    labels: list[str]


class Arms:
    """Makes arms by name; what several of them need is made once, in a temporary folder."""

    def __init__(self, bundle: Path, data: PreparedData, folder: Path) -> None:
        self.bundle, self.folder = bundle.resolve(), folder
        self.name = read_about(bundle).workload
        self._examples = data.inputs("test")[:PICTURES]
        rows = catalogue.sample(data.kind).requests(data, range(len(self._examples)), False)
        self.pictures: list[bytes] = [row["picture"] for row in rows]
        self.makers: dict[str, Callable[[], Arm]] = {
            "bare-1": lambda: self._peer("bare", self._raw(), "1"),
            "bare-2": lambda: self._peer("bare", self._raw(), "2"),
            "typed": lambda: self._bentoml("typed:Typed", self._forms("picture")),
            "batchable": lambda: self._bentoml("batchable:Batchable", self._forms("pictures")),
            "ours-1": lambda: self.ours(self.name, self.bundle, 1),
            "ours-2": lambda: self.ours(self.name, self.bundle, 2),
            "int8-2": lambda: self.ours(f"{self.name}_int8", self._int8, 2),
            "litserve-1": lambda: self._peer("lit", self._json(), "1"),
            "litserve-2": lambda: self._peer("lit", self._json(), "2"),
            "mlflow": self._mlflow,
            "heavy": lambda: self.ours("heavy", self._heavy("heavy", True), 1),
            "heavy-alone": lambda: self.ours("heavy_alone", self._heavy("heavy_alone", False), 1),
        }
        if not self._int8.is_dir():
            del self.makers["int8-2"]

    def ours(self, name: str, bundle: Path, workers: int) -> Arm:
        """Return the project's endpoint with a bundle, in a Bento of that name."""
        home = str(self.folder / "bentoml")
        tag = packaged(bundle, name, home)
        settings = {"BENTOML_HOME": home, "BENTOML_CONFIG_OPTIONS": f"services.{name}.workers={workers}"}
        return Arm(partial(serve, tag), settings, self._raw(), self._labels(bundle))

    def _peer(self, module: str, requests: list[bytes], workers: str) -> Arm:
        command = [_PYTHON, "-m", f"benchmarks.peers.{module}"]
        return Arm(lambda port: [*command, str(port), workers], self._variables(), requests, self._labels(self.bundle))

    def _bentoml(self, service: str, requests: list[bytes]) -> Arm:
        variables = self._variables() | {"BENTOML_HOME": str(self.folder / "bentoml-of-peers")}
        return Arm(partial(serve, f"benchmarks.peers.{service}"), variables, requests, self._labels(self.bundle))

    def _mlflow(self) -> Arm:
        folder = self.folder / "mlflow"
        if not folder.is_dir():
            _run("-m", "benchmarks.peers.logged", str(self.bundle), str(folder))
        command = [_PYTHON, "-m", "mlflow", "models", "serve", "-m", str(folder), "--env-manager", "local"]
        bodies = [json.dumps({"dataframe_records": [{"picture": text}]}).encode() for text in self._base64()]
        requests = [post(body, "application/json", "/invocations") for body in bodies]
        return Arm(
            lambda port: [*command, "--host", "127.0.0.1", "--port", str(port)],
            self._variables(),
            requests,
            self._labels(self.bundle),
        )

    @property
    def _int8(self) -> Path:
        return self.bundle.with_name("bundle-int8")

    def _heavy(self, name: str, batches: bool) -> Path:
        from benchmarks.heavy import heavy_bundle  # here: the other arms need no torch

        path = self.folder / name
        return path if path.is_dir() else heavy_bundle(self.bundle, path, batches)

    def _variables(self) -> dict[str, str]:
        return {BUNDLE: str(self.bundle), "PYTHONPATH": str(harness.ROOT)}

    def _labels(self, bundle: Path) -> list[str]:
        """Return what the bundle itself says, one example at a time as a server asks it."""
        opened = Bundle(bundle)
        best = [int(opened.outputs(example[None])[0].argmax()) for example in self._examples]
        return [opened.about.classes[index] for index in best]

    def _raw(self) -> list[bytes]:
        return [post(picture, "image/png") for picture in self.pictures]

    def _forms(self, field: str) -> list[bytes]:
        return [post_form(picture, field) for picture in self.pictures]

    def _base64(self) -> list[str]:
        return [base64.b64encode(picture).decode() for picture in self.pictures]

    def _json(self) -> list[bytes]:
        return [post(json.dumps({"picture": text}).encode(), "application/json") for text in self._base64()]


def packaged(bundle: Path, name: str, home: str) -> str:
    """Return the tag of the project's Bento of that name with a bundle, in the BentoML store at `home`."""
    return _run("-c", _PACKAGE, str(bundle.resolve()), name, BENTOML_HOME=home).split()[-1]


def serve(tag: str, port: int) -> list[str]:
    """Return the command that serves a Bento, or a service by its place in the code."""
    return [_PYTHON, "-m", "bentoml", "serve", tag, "--host", "127.0.0.1", "--port", str(port)]


def _run(*arguments: str, **variables: str) -> str:
    environment = {**clean_environment(), **variables}
    done = subprocess.run([_PYTHON, *arguments], cwd=harness.ROOT, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout
