"""What every peer does with a picture: decoded by the project's codec, run by its session, answered by hand."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from components.inference.engine.model import Model

BUNDLE = "PEER_BUNDLE"
"""The variable with the bundle's directory."""


class Answerer:
    """A bundle that is ready, and nothing that a service would need beside it."""

    def __init__(self, bundle: Path | None = None) -> None:
        self.model = Model.open(bundle or Path(os.environ[BUNDLE]), "1", None)
        self.input = dict(self.model.about.input)

    def answer(self, picture: bytes) -> dict[str, Any]:
        """Return the answer to the bytes of one picture."""
        return self.answers(self.decoded(picture))[0]

    def decoded(self, picture: bytes) -> NDArray[Any]:
        """Return the picture as the model takes it, `[1, ...]`."""
        return self.model.read([{"picture": picture}])

    def answers(self, examples: NDArray[Any]) -> list[dict[str, Any]]:
        """Return the answers to `[N, ...]`."""
        classes = self.model.about.classes
        answers = []
        for row in self.model.outputs(examples).tolist():
            named = dict(zip(classes, row, strict=True))
            best = max(named, key=named.__getitem__)
            answers.append({"label": best, "probability": named[best], "probabilities": named, "model_version": "1"})
        return answers


def array(picture: Image.Image, about: dict[str, Any]) -> NDArray[np.uint8]:
    """Return a picture that a framework has opened as the model takes it, `[height, width, channels]`."""
    size, mode = (about["width"], about["height"]), "L" if about["channels"] == 1 else "RGB"
    fitted = picture if (picture.size, picture.mode) == (size, mode) else picture.convert(mode).resize(size)
    return np.asarray(fitted).reshape(about["height"], about["width"], about["channels"])
