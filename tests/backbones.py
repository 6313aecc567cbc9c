"""A pretrained network for tests: as small as one can be, its weights drawn by chance."""

from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors.torch import save_file

from components.config.backbone import Backbone
from components.data.tensors import canonical, tensors_sha256
from components.kinds.image.learner.pretrained.efficientnet import efficientnet_lite

NETWORK: dict[str, Any] = {
    "stem": 8,
    "stages": [
        {"repeats": 1, "kernel": 3, "stride": 1, "expand": 1, "width": 8},
        {"repeats": 2, "kernel": 5, "stride": 2, "expand": 2, "width": 16},
        {"repeats": 1, "kernel": 3, "stride": 1, "expand": 2, "width": 24},
    ],
    "head": 72,
}


def tensors(seed: int = 0) -> dict[str, torch.Tensor]:
    """Return the tensors by this project's names."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return {name: value for name, value in efficientnet_lite(NETWORK).state_dict().items() if value.ndim}


def description(path: Path, seed: int = 0) -> Backbone:
    """Return the description of the tensors of that seed, which are in the file `path`."""
    return Backbone.model_validate(
        {
            "title": "Tiny",
            "licence": "MIT",
            "learned_from": "nothing",
            "architecture": "efficientnet-lite",
            "network": NETWORK,
            "mean": [0.5, 0.5, 0.5],
            "std": [0.5, 0.5, 0.5],
            "sizes": [32, 64],
            "sha256": tensors_sha256(tensors(seed)),
            "sources": [{"path": str(path)}],
        }
    )


def describe(project: Path, name: str = "tiny") -> None:
    """Write the description and the file of a backbone of that name into a project."""
    save_file(tensors(), project / "tiny.safetensors")
    said = description(Path("tiny.safetensors")).model_dump()
    (project / "backbones").mkdir(exist_ok=True)
    (project / "backbones" / f"{name}.yaml").write_text(yaml.safe_dump(said, sort_keys=False))


def write_artifact(folder: Path) -> Path:
    """Write what the stage `backbone` leaves of it, and return the folder."""
    folder.mkdir()
    said = description(Path("tiny.safetensors"))
    save_file(canonical(tensors(), said.network), folder / "model.safetensors")
    (folder / "backbone.json").write_text(said.model_dump_json(exclude={"sources"}))
    return folder
