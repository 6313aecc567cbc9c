"""Bare Starlette with onnxruntime, as good as one would write it by hand.

    python -m benchmarks.peers.bare PORT WORKERS

No limit, no queue, no policy, no metric: it answers, in the event loop, and that is all.
"""

import gc
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.peers.answer import Answerer


@asynccontextmanager
async def ready(app: Starlette) -> AsyncIterator[None]:
    """Open the bundle before the first request; what is there by then the collector need not look through."""
    app.state.answer = Answerer().answer
    gc.collect()
    gc.freeze()
    yield


async def predict(request: Request) -> Response:
    """Answer one picture."""
    answer = request.app.state.answer(await request.body())
    return Response(json.dumps(answer), media_type="application/json")


app = Starlette(routes=[Route("/predict", predict, methods=["POST"])], lifespan=ready)

if __name__ == "__main__":
    uvicorn.run(
        "benchmarks.peers.bare:app",
        port=int(sys.argv[1]),
        workers=int(sys.argv[2]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
