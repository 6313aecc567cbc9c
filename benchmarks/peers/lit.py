"""LitServe: `python -m benchmarks.peers.lit PORT WORKERS`, as many servers of HTTP as workers that run the model.

Its requests are JSON or forms; a picture comes as base64 in JSON, which is read without being validated.
"""

import base64
import sys
from typing import Any

import litserve
from fastapi import Request
from numpy.typing import NDArray

from benchmarks.peers.answer import Answerer


class Pictures(litserve.LitAPI):
    """Answers one picture at a time."""

    def setup(self, device: str) -> None:
        """Open the bundle, in the worker."""
        self.answerer = Answerer()

    def decode_request(self, request: Request) -> NDArray[Any]:
        """Return the picture as the model takes it; what comes is the JSON, whose type LitServe would validate."""
        content: Any = request
        return self.answerer.decoded(base64.b64decode(content["picture"]))

    def predict(self, examples: NDArray[Any]) -> dict[str, Any]:
        """Return the answer."""
        return self.answerer.answers(examples)[0]

    def encode_response(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Return the answer as it is."""
        return answer


if __name__ == "__main__":
    port, workers = map(int, sys.argv[1:])
    server = litserve.LitServer(Pictures(), accelerator="cpu", workers_per_device=workers, fast_queue=True)
    server.run(
        host="127.0.0.1",
        port=port,
        num_api_servers=workers,
        log_level="warning",
        generate_client_file=False,
        loop="uvloop",
        http="httptools",
        access_log=False,
    )
