"""A network of speech for tests: as small as it can be, its weights drawn by chance."""

from pathlib import Path
from typing import Any

import torch

from components.config.backbone import SpeechEmbedding, SpeechEncoder
from components.data.tensors import known_names, tensors_sha256
from tests.encoders import left

SHAPE: dict[str, Any] = {
    "blocks": [{"width": 4, "pairs": 1, "pool": [2, 2]}, {"width": 6, "pairs": 2, "pool": [1, 2]}],
    "width": 5,
}
BANDS = 4


def tensors(seed: int = 0) -> dict[str, torch.Tensor]:
    """Return the tensors by this project's names."""
    random, before, found = torch.Generator().manual_seed(seed), 1, {}
    sizes = {"both": (3, 3), "bands": (1, 3), "frames": (3, 1)}
    for number, block in enumerate(SHAPE["blocks"], start=1):
        pairs = [f"{pair}.{sees}" for pair in range(block["pairs"]) for sees in ("bands", "frames")]
        for name in ["0.both", *pairs] if number == 1 else pairs:
            size = (block["width"], before, *sizes[name.split(".")[1]])
            found[f"block{number}.{name}.weight"] = torch.randn(size, generator=random) * 0.3
            found[f"block{number}.{name}.bias"] = torch.randn(block["width"], generator=random) * 0.1
            before = block["width"]
    found["embedding.weight"] = torch.randn(SHAPE["width"], before, 3, 1, generator=random) * 0.3
    assert sorted(found) == sorted(next(known_names(SpeechEmbedding.model_validate(SHAPE))))
    return found


def description(sources: list[dict[str, Any]]) -> SpeechEncoder:
    """Return the description of the tensors, which come from these sources."""
    return SpeechEncoder.model_validate(
        {
            "title": "Tiny",
            "licence": "MIT",
            "learned_from": "nothing",
            "architecture": "speech-embedding",
            "network": SHAPE,
            "bands": BANDS,
            "lowest": 60.0,
            "highest": 3_800.0,
            "window": 0.025,
            "transform": 0.032,
            "hop": 0.01,
            "loudest": 8.0,
            "span": 8.0,
            "sha256": tensors_sha256(tensors()),
            "sources": sources,
        }
    )


def write_artifact(folder: Path) -> Path:
    """Write what the stage `backbone` leaves of it, and return the folder."""
    return left(folder, tensors(), description([{"path": "tiny.safetensors"}]))
