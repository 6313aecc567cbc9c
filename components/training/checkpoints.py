"""Where the state of a training lives between two tries at it: under state/, for DVC empties a stage's outputs first.

    state/checkpoints/<workload>/<key>/run.json       the MLflow run, which goes on too
                                       last.ckpt      the state at the last checkpoint
                                       finished.pt    what a training that came to its end has left
                                       outputs.json   the hash of the weights that the stage wrote

The key is the hash of all that the training depends on, so that a changed parameter, data set or code never goes on
from a stale checkpoint. A training that ended is kept until DVC has recorded its stage: killed before that, it need not
be trained again.
"""

import ast
import hashlib
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from components import catalogue
from components.config.settings import STATE
from components.kinds.prepared import PreparedData
from components.system.files import read_json, whole_file, write_json
from components.system.locks import locked
from components.versioning import lock

WEIGHTS = "model.safetensors"
_FOLDER = STATE / "checkpoints"
_NO_PART = frozenset(f"components.config.{name}" for name in ("errors", "gate", "card", "watch"))
"""Modules that decide nothing of a training; `dvc.yaml` leaves them out, too."""


_STARTS = ("components.training.launch.", "components.training.train.")
"""What starts a training: the same one goes on, whoever starts it."""


@dataclass(frozen=True)
class Kept:
    """What is kept of one training."""

    folder: Path

    @property
    def checkpoint(self) -> Path:
        """The file of the state at the last checkpoint; it may not be there."""
        return self.folder / "last.ckpt"

    def run_id(self) -> str | None:
        """Return the id of the MLflow run that this training opened; None: it is new."""
        path = self.folder / "run.json"
        return str(read_json(path)["run_id"]) if path.exists() else None

    def keep_run(self, run_id: str) -> None:
        """Keep the id of the MLflow run."""
        write_json(self.folder / "run.json", {"run_id": run_id})

    def finished(self) -> dict[str, Any] | None:
        """Return what the training has left, if it came to its end."""
        path = self.folder / "finished.pt"
        return torch.load(path, weights_only=True) if path.exists() else None

    def finish(self, left: Mapping[str, Any]) -> None:
        """Keep what the training has left: tensors, numbers, and lists and mappings of them."""
        with whole_file(self.folder / "finished.pt") as draft:
            torch.save(dict(left), draft)

    def written(self, weights: Path) -> None:
        """Note what the stage wrote, so that it can be told whether DVC has recorded it."""
        write_json(self.folder / "outputs.json", {"md5": _md5(weights)})

    def recorded(self, workload: str) -> bool:
        """Whether DVC has recorded the stage with this training's weights."""
        path = self.folder / "outputs.json"
        return path.exists() and read_json(path)["md5"] in lock.hashes(f"train@{workload}").values()


@contextmanager
def kept(workload: str, key: str) -> Iterator[Kept]:
    """Yield what is kept of the training `key`, to this process alone; what is kept of others is cleared away.

    A training whose stage DVC has recorded is over: it begins anew.
    """
    folder = _FOLDER / workload
    with locked(_FOLDER / f".{workload}.lock"):
        mine = Kept(folder / key)
        for path in folder.glob("*"):
            if path != mine.folder or mine.recorded(workload):
                shutil.rmtree(path)
        mine.folder.mkdir(parents=True, exist_ok=True)
        yield mine


def seen(workload: str, key: str) -> Kept:
    """Return what is kept of the training `key`, for a process beside the one that keeps it."""
    return Kept(_FOLDER / workload / key)


def clear_recorded(workload: str) -> None:
    """Clear away the trainings of `workload` whose stage DVC has recorded."""
    for path in (_FOLDER / workload).glob("*"):
        if Kept(path).recorded(workload):
            shutil.rmtree(path)


def key_of(workload: str, data: PreparedData, params: Mapping[str, Any]) -> str:
    """Return the hash of all that a training depends on: parameters, data, the code that is loaded, libraries.

    Comments and docstrings are no code, nor is what decides nothing of a training: the words of errors, the sections
    `gate`, `card` and `watch`, and the other kinds, whose parameters are loaded to read `params.yaml`.
    """
    about = {
        "params": params,
        "data": _data(workload, data),
        "code": {name: code_hash(path.read_bytes()) for name, path in sorted(_code(str(params["kind"])).items())},
        "libraries": {"torch": torch.__version__, "lightning": version("lightning")},
    }
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]


@cache
def code_hash(source: bytes) -> str:
    """Return a hash of what a module does, which no comment, docstring or layout is part of."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [line for line in node.body if not _is_text(line)]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def _is_text(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)


def _data(workload: str, data: PreparedData) -> dict[str, Any]:
    """Return what tells this data set from others: DVC's hash and the sizes; where DVC has none, the content's hash."""
    files = sorted(path for path in data.path.rglob("*") if path.is_file())
    known = lock.hashes(f"prepare@{workload}").get(str(data.path))
    if known is None:
        return {str(path): _md5(path) for path in files}
    return {"md5": known, **{str(path): path.stat().st_size for path in files}}


def _code(kind: str) -> dict[str, Path]:
    """Return the files of this project's modules that this process has loaded and a training of the kind depends on."""
    kinds = tuple(f"components.kinds.{name}." for name in catalogue.names() if name != kind)
    others = (*kinds, *_STARTS)
    modules = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "components"}
    files = {
        name: getattr(module, "__file__", None)
        for name, module in modules.items()
        if name not in _NO_PART and not f"{name}.".startswith(others)
    }
    return {name: Path(file) for name, file in files.items() if file}


def _md5(path: Path) -> str:
    """Return the hash that DVC knows a file by."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
