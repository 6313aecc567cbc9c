"""Pretrained networks for tests: as small as they can be, their weights drawn by chance."""

from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors.torch import save_file

from components.config.backbone import Backbone
from components.data.tensors import canonical, tensors_sha256
from components.kinds.image.learner.pretrained.network import ARCHITECTURES

LITE = "efficientnet-lite"
SHAPES: dict[str, dict[str, Any]] = {
    LITE: {
        "stem": 8,
        "stages": [
            {"repeats": 1, "kernel": 3, "stride": 1, "expand": 1, "width": 8},
            {"repeats": 2, "kernel": 5, "stride": 2, "expand": 2, "width": 16},
            {"repeats": 1, "kernel": 3, "stride": 1, "expand": 2, "width": 24},
        ],
        "head": 72,
    },
    "convnext": {"stages": [{"repeats": 1, "width": 16}, {"repeats": 2, "width": 24}, {"repeats": 1, "width": 72}]},
}


def tensors(seed: int = 0, architecture: str = LITE) -> dict[str, torch.Tensor]:
    """Return the tensors by this project's names."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = ARCHITECTURES[architecture](SHAPES[architecture]).network
    found = {name: value for name, value in network.state_dict().items() if value.ndim}
    return {name: torch.full_like(value, 0.5) if name.endswith("scale") else value for name, value in found.items()}


def description(path: Path, seed: int = 0, architecture: str = LITE) -> Backbone:
    """Return the description of the tensors of that seed, which are in the file `path`."""
    return Backbone.model_validate(
        {
            "title": "Tiny",
            "licence": "MIT",
            "learned_from": "nothing",
            "architecture": architecture,
            "network": SHAPES[architecture],
            "mean": [0.5, 0.5, 0.5],
            "std": [0.5, 0.5, 0.5],
            "sizes": [32, 64],
            "sha256": tensors_sha256(tensors(seed, architecture)),
            "sources": [{"path": str(path)}],
        }
    )


def describe(project: Path, name: str = "tiny", architecture: str = LITE) -> None:
    """Write the description and the file of a backbone of that name into a project."""
    save_file(tensors(0, architecture), project / f"{name}.safetensors")
    said = description(Path(f"{name}.safetensors"), 0, architecture).model_dump()
    (project / "backbones").mkdir(exist_ok=True)
    (project / "backbones" / f"{name}.yaml").write_text(yaml.safe_dump(said, sort_keys=False))


def write_artifact(folder: Path, architecture: str = LITE) -> Path:
    """Write what the stage `backbone` leaves of it, and return the folder."""
    folder.mkdir()
    said = description(Path("tiny.safetensors"), 0, architecture)
    save_file(canonical(tensors(0, architecture), said.network), folder / "model.safetensors")
    (folder / "backbone.json").write_text(said.model_dump_json(exclude={"sources"}))
    return folder
