"""BentoML as its documentation begins, a typed API: `bentoml serve benchmarks.peers.typed:Typed`."""

from typing import Any

import bentoml
from PIL.Image import Image

from benchmarks.peers.answer import Answerer, array


@bentoml.service(workers=1)
class Typed:
    """Answers one picture at a time."""

    def __init__(self) -> None:
        self.answerer = Answerer()

    @bentoml.api
    def predict(self, picture: Image) -> dict[str, Any]:
        """Answer one picture."""
        return self.answerer.answers(array(picture, self.answerer.input)[None])[0]
