"""A model for which batching pays: more than ten times the operations of the workload's, and 75 MB of weights.

A convolution goes over its weights many times for one picture, so that a batch saves it next to nothing. Here each
weight is needed nine times a picture, once for each part of it, and all of them are fetched from memory anew for every
run: a batch fetches them once.
"""

import contextlib
import io
import shutil
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from components.inference.bundle import ABOUT, MODEL, SERVING, read_about
from components.inference.golden import GOLDEN
from components.system.files import sha256, write_json

WIDTH = 768
BLOCKS = 4
PARTS = 3
"""Parts a side that a picture is cut into."""


class Heavy(nn.Module):
    """uint8 `[N, H, W, C]` -> probabilities `[N, classes]`: the parts by themselves, then their mean. Untrained."""

    def __init__(self, height: int, width: int, channels: int, classes: int) -> None:
        super().__init__()
        self.size = (height // PARTS, width // PARTS)
        self.entry = nn.Linear(self.size[0] * self.size[1] * channels, WIDTH)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.ReLU(), nn.Linear(4 * WIDTH, WIDTH)) for _ in range(BLOCKS)
        )
        self.head = nn.Linear(WIDTH, classes)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the probabilities."""
        parts = pictures.to(torch.float32).div(255).unfold(1, self.size[0], self.size[0])
        parts = parts.unfold(2, self.size[1], self.size[1]).flatten(3).flatten(1, 2)
        features: Tensor = self.entry(parts)
        for block in self.blocks:
            features = features + block(features)
        probabilities: Tensor = self.head(features.mean(dim=1)).softmax(dim=1)
        return probabilities


def heavy_bundle(like: Path, path: Path, batches: bool) -> Path:
    """Write a bundle that takes and answers what the one at `like` does, without golden rows; return its directory.

    Without `batches` the graph takes one example a run, so that the endpoint has nothing to collect.
    """
    about = read_about(like)
    shutil.copytree(like, path)
    torch.manual_seed(0)
    size = (about.input["height"], about.input["width"], about.input["channels"])
    _write_onnx(Heavy(*size, len(about.classes)).eval(), size, path / MODEL, batches)
    return without_golden_rows(path)


def without_golden_rows(path: Path) -> Path:
    """Take the golden rows out of the bundle at `path`, which is a copy, and believe what else is there; return it."""
    about = read_about(path)
    (path / SERVING / GOLDEN).unlink(missing_ok=True)
    files = {name: hash for name, hash in about.files.items() if name != GOLDEN}
    changed = about.model_copy(update={"model_sha256": sha256(path / MODEL), "files": files})
    write_json(path / ABOUT, changed.model_dump(mode="json"))
    return path


def _write_onnx(module: nn.Module, size: tuple[int, int, int], path: Path, batches: bool) -> None:
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            (torch.zeros((2 if batches else 1, *size), dtype=torch.uint8),),
            str(path),
            input_names=["inputs"],
            output_names=["probabilities"],
            dynamic_axes={"inputs": {0: "count"}, "probabilities": {0: "count"}} if batches else None,
            opset_version=18,
            dynamo=False,
        )
