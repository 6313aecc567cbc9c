"""A version beside the champion that answers nobody: what its answers would cost is measured, of a share of requests.

When the answer to one has gone out and nothing waits, the version and the champion run on its examples once more, one
after the other, in a thread beside the event loop. What they say is thrown away.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from components.inference.engine.batcher import Batcher
from components.inference.engine.guard import Guard
from components.inference.engine.model import Model
from components.inference.engine.trial import Trial

if TYPE_CHECKING:
    import onnxruntime

logger = logging.getLogger(__name__)

_MOST = 64  # examples of one request, so that no measurement takes long
_SETTLING = 0.002  # seconds from an answer to the look whether anything waits: what has come by then has been read
_PATIENCE = 10.0  # seconds that one measurement may take


class Measured(NamedTuple):
    """What has been measured so far. Seconds are those of a processor."""

    runs: int = 0
    slow: int = 0
    """Runs in which the version took longer than the trial allows."""
    examples: int = 0
    seconds: float = 0.0
    """Of the version, for all examples."""
    champion_seconds: float = 0.0
    """Of the champion, for the same."""

    def plus(self, other: "Measured") -> "Measured":
        """Return both together."""
        return Measured(
            self.runs + other.runs,
            self.slow + other.slow,
            self.examples + other.examples,
            self.seconds + other.seconds,
            self.champion_seconds + other.champion_seconds,
        )


class Shadow:
    """A version that is measured in one worker. Lives in its event loop."""

    def __init__(self, trial: Trial, model: Model, idle: Callable[[], Batcher | None]) -> None:
        """Begin the trial of `model`; `idle` returns the champion's batcher, None while anybody waits for an answer."""
        self.trial = trial
        self.model = model
        self.measured = Measured()
        """Is replaced, not changed: another thread may read it."""
        self.told: Callable[[str, float, float], None] = _nothing
        """Is told seconds of a processor that an example took: version, the version's, the champion's (for metrics)."""
        self.failed: Callable[[str], None] = _nothing
        """Is told the version of a run that failed (for metrics)."""
        self.stopped: Callable[[str], None] = _nothing
        """Is told why the trial is to stop."""
        self._guard = Guard(0.0, trial.latency, trial.milliseconds)
        self._idle = idle
        self._examples: NDArray[Any] | None = None
        self._busy = self._closed = False
        self._run: onnxruntime.RunOptions | None = None
        self._thread = ThreadPoolExecutor(1, "shadow")  # of ordinary priority: what it holds the loop may wait for

    def answered(self, examples: NDArray[Any]) -> None:
        """Take note that the champion's answer to these examples `[N, ...]` has gone out; by chance they are measured.

        What is chosen waits until nobody else does; meanwhile no other is.
        """
        if self._examples is None and random.random() < self.trial.share:  # noqa: S311 - no secret
            self._examples = examples[:_MOST]
        if self._examples is not None and not self._busy:
            self._busy = True
            asyncio.get_running_loop().call_later(_SETTLING, self._look)

    def close(self) -> None:
        """Measure no more, and let go of the model."""
        self._closed = True
        if self._run:
            self._run.terminate = True
        self._thread.submit(self.model.close)
        self._thread.shutdown(wait=False)

    def _look(self) -> None:
        if self._closed or self._examples is None or (batcher := self._idle()) is None:
            self._busy = False
            return
        import onnxruntime

        loop, run = asyncio.get_running_loop(), onnxruntime.RunOptions()
        examples, self._examples, self._run = self._examples, None, run
        done = self._thread.submit(_seconds, batcher.model, self.model, examples, run)
        batcher.hold_until(done)
        late = loop.call_later(_PATIENCE, setattr, run, "terminate", True)
        count = len(examples)

        def ended(done: "Future[tuple[float, float] | None]") -> None:
            late.cancel()
            self._take(count, done)

        done.add_done_callback(lambda done: loop.is_closed() or loop.call_soon_threadsafe(ended, done))

    def _take(self, count: int, done: "Future[tuple[float, float] | None]") -> None:
        self._busy, self._run = False, None
        if self._closed:
            return
        try:
            found = done.result()
        except Exception as error:  # whatever it is: no caller is to know of it
            self._fail(error)
            return
        if found is None:
            return
        own, champion = (seconds / count for seconds in found)
        slow = self._guard.measured(own, champion)
        self.measured = self.measured.plus(Measured(1, int(slow), count, *found))
        self.told(self.trial.version, own, champion)
        self._stop_if_due()

    def _fail(self, error: Exception) -> None:
        why = f"{type(error).__name__}: {error}".rstrip(": ").partition("\n")[0]
        logger.warning("shadow version %s could not be measured: %s", self.trial.version, why)
        self.failed(self.trial.version)
        self._guard.failed(why)
        self._stop_if_due()

    def _stop_if_due(self) -> None:
        if self._guard.stopped:
            self.stopped(self._guard.stopped)


def _seconds(
    champion: Model, model: Model, examples: NDArray[Any], run: "onnxruntime.RunOptions"
) -> tuple[float, float] | None:
    """Return the seconds of a processor that `model` and the champion take for the examples; None: the champion fails.

    The model, which has rested, runs once before: its second run then finds the caches as the champion's finds them.

    Raises:
        Exception: what the model raises.
        ValueError: its outputs are no numbers.
    """
    _timed(model, examples, run)
    try:
        its = _timed(champion, examples, run)
    except Exception:  # it has answered them before: nothing is wrong with the model
        return None
    return _timed(model, examples, run), its


def _timed(model: Model, examples: NDArray[Any], run: "onnxruntime.RunOptions") -> float:
    began = time.thread_time()
    outputs = model.scored(examples, run).outputs
    took = time.thread_time() - began
    if not np.isfinite(outputs).all():
        raise ValueError("its outputs are no numbers")
    return took


def _nothing(*_: object) -> None: ...
