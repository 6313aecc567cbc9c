"""BentoML's adaptive batching, at its defaults: `bentoml serve benchmarks.peers.batchable:Batchable`."""

from typing import Any

import bentoml
import numpy as np
from PIL.Image import Image

from benchmarks.peers.answer import Answerer, array


@bentoml.service(workers=1)
class Batchable:
    """Answers pictures that BentoML has collected."""

    def __init__(self) -> None:
        self.answerer = Answerer()

    @bentoml.api(batchable=True)
    def predict(self, pictures: list[Image]) -> list[dict[str, Any]]:
        """Answer a batch of pictures."""
        return self.answerer.answers(np.stack([array(picture, self.answerer.input) for picture in pictures]))
