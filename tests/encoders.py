"""Encoders of texts for tests: as small as they can be, their weights drawn by chance."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from components.config.backbone import Bert, Encoder, Pretrained
from components.data.tensors import known_names, tensors_sha256
from components.data.tensors.bert import pieces_tensor
from components.kinds.vocabulary import VOCABULARY

SHAPE = {"layers": 2, "heads": 2, "width": 16, "inner": 24, "positions": 32}
PIECES = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "play", "mo", "##zart", "##z", "##art", "the", "song", "##s", "a", "b", "##a",
    "##b", "ab", "abab", "##ba", "cafe", "!", ",", "weather", "##ing", "##ed", "book", "table", "?",
]  # fmt: skip


def tensors(seed: int = 0) -> dict[str, torch.Tensor]:
    """Return the tensors by this project's names, the vocabulary among them."""
    random = torch.Generator().manual_seed(seed)
    width, inner = SHAPE["width"], SHAPE["inner"]
    sizes = {"word": len(PIECES), "position": SHAPE["positions"], "token_type": 2}

    def drawn(name: str) -> torch.Tensor:
        if name == VOCABULARY:
            return pieces_tensor("\n".join(PIECES).encode())
        if "_embeddings" in name:
            rows = next(count for of, count in sizes.items() if f".{of}_embeddings" in name)
            return torch.randn(rows, width, generator=random)
        wide = inner if "intermediate" in name else width
        if "LayerNorm" in name or name.endswith("bias"):
            return torch.rand(wide, generator=random) + 0.5
        seen = inner if ".output.dense" in name and "attention" not in name else width
        return torch.randn(wide, seen, generator=random) * 0.3

    return {name: drawn(name) for name in next(known_names(Bert.model_validate(SHAPE)))}


def description(sources: list[dict[str, Any]]) -> Encoder:
    """Return the description of the tensors, which come from these sources."""
    return Encoder.model_validate(
        {
            "title": "Tiny",
            "licence": "MIT",
            "learned_from": "nothing",
            "architecture": "bert",
            "network": SHAPE,
            "pieces": 24,
            "sha256": tensors_sha256(tensors()),
            "sources": sources,
        }
    )


def write_artifact(folder: Path) -> Path:
    """Write what the stage `backbone` leaves of it, and return the folder."""
    return left(folder, tensors(), description([{"path": "tiny.safetensors"}]))


def left(folder: Path, tensors: dict[str, torch.Tensor], described: Pretrained) -> Path:
    """Write what the stage `backbone` leaves of a pretrained network, and return the folder."""
    folder.mkdir()
    save_file(tensors, folder / "model.safetensors")
    (folder / "backbone.json").write_text(json.dumps(described.model_dump(exclude={"sources"})))
    return folder
