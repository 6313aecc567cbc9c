"""The same model in BentoML with torch: `bentoml serve benchmarks.peers.pytorch:PyTorch`."""

import os
from pathlib import Path
from typing import Any

import bentoml
import torch
from PIL.Image import Image

from benchmarks.peers.answer import BUNDLE, array
from components.inference.bundle import read_about

MODULE = "PEER_MODULE"
"""The variable with the file of the traced module."""


@bentoml.service(workers=1)
class PyTorch:
    """Answers one picture at a time."""

    def __init__(self) -> None:
        self.about = read_about(Path(os.environ[BUNDLE]))
        self.module = torch.jit.load(os.environ[MODULE])
        torch.set_num_threads(1)

    @bentoml.api
    def predict(self, picture: Image) -> dict[str, Any]:
        """Answer one picture."""
        examples = torch.tensor(array(picture, dict(self.about.input)))[None]
        with torch.inference_mode():
            probabilities, _ = self.module(examples)
        row = probabilities[0].tolist()
        named = dict(zip(self.about.classes, row, strict=True))
        best = max(named, key=named.__getitem__)
        return {"label": best, "probability": named[best], "probabilities": named, "model_version": "1"}
