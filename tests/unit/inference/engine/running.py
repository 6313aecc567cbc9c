"""An engine in an event loop of its own, for as long as a test asks it."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

from components.inference.engine.engine import Engine
from components.inference.engine.model import Model, Pace


def with_engine(model: Model, what: Callable[[Engine], Coroutine[Any, Any, Any]]) -> Any:
    """Return what comes of `what`, asked of an engine whose champion is `model`."""

    async def run() -> Any:
        engine = Engine()
        engine.swap(model)
        try:
            return await what(engine)
        finally:
            engine.close()

    model.pace = Pace(single=1e-4, batch=model.pace.batch, batched=model.pace.batched)
    return asyncio.run(run())


def soon() -> float:
    """Return a deadline that no request of a test comes near."""
    return time.monotonic() + 60
