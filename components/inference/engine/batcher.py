"""The way through one model: a queue, from which as many examples are run at once as the model's pace allows.

Nobody waits for company: what has come in one turn of the event loop, or while the model was busy, goes together. Not
BentoML's `batchable`, which waits for company and answers a third as many (docs/figures.md).
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from components.inference.bundle import Scored
from components.inference.engine.batched_reader import BatchedReader
from components.inference.engine.model import Model
from components.inference.engine.prediction import Prediction

if TYPE_CHECKING:
    from components.kinds.contract import Row

Value = TypeVar("Value")

INLINE = 0.002
"""Seconds of a run up to which it is done in the event loop: a thread would cost more than it frees."""
_TURN = 0.002  # seconds of work between two looks at who else has come, at least
_LONGEST = 0.1  # and at most
_SHARE = 9  # times what the looks cost: under overload that is the refusing, which must not eat up the answering


class Late(Exception):  # noqa: N818 - nobody's error
    """The deadline has passed."""


class Job(Generic[Value]):
    """A few rows that wait for their answers."""

    __slots__ = ("deadline", "examples", "finish", "future", "rows")

    def __init__(
        self,
        rows: "Sequence[Row]",
        finish: Callable[[Prediction], Value],
        deadline: float,
        examples: NDArray[Any] | None = None,
    ) -> None:
        self.rows = rows
        self.finish = finish
        """Makes what is returned of the answers."""
        self.deadline = deadline
        self.examples = examples
        """The rows as the model takes them; None: they have still to be read."""
        self.future: asyncio.Future[Value] = asyncio.get_running_loop().create_future()


class Batcher:
    """The queue before one model. Lives in one event loop."""

    def __init__(self, model: Model, ran: Callable[[int], None], inline: bool = True) -> None:
        """Make the batcher of `model`; `ran` is told how many examples each run had.

        Unless it is `inline`, the model runs in a thread of its own, however fast it is. So does one on a GPU: the loop
        would wait for the device.
        """
        self.model = model
        self.reader = BatchedReader(model.read, self.hold_until) if model.batched_reads else None
        """Reads what is not cheap, if that goes better for many."""
        self.inline = inline and model.provider == "cpu" and model.pace.single <= INLINE
        self.timed: Callable[[int, float], None] | None = None
        """Is told how many examples a run had and the seconds of a processor that it took; from the model's thread."""
        self._clock = time.thread_time if model.provider == "cpu" else time.perf_counter
        self._ran = ran
        self._users = 0
        self._retired = False
        self._queue: deque[Job[Any]] = deque()
        self._due = False
        self._left = float("inf")
        self._running: list[Job[Any]] = []
        self._scored: list[tuple[Job[Any], Prediction]] = []
        self._thread = None if self.inline else ThreadPoolExecutor(1, "model")
        self._run: Any = None

    def __enter__(self) -> None:
        """Use the model: as long as anybody does, it is not closed."""
        self._users += 1

    def __exit__(self, *_: object) -> None:
        """Use it no more."""
        self._users -= 1
        self._close_if_unused()

    @property
    def used(self) -> bool:
        """Whether anybody uses the model."""
        return self._users > 0

    def hold_until(self, done: "Future[Any]") -> None:
        """Use the model until what a thread does is done."""
        loop = asyncio.get_running_loop()
        self.__enter__()
        done.add_done_callback(lambda _: loop.is_closed() or loop.call_soon_threadsafe(self.__exit__))

    def retire(self) -> None:
        """Take no more; let go of the model when nobody uses it."""
        self._retired = True
        self._close_if_unused()

    def submit(self, job: Job[Value]) -> "asyncio.Future[Value]":
        """Queue a job; return what will have what it makes of its answers, or what went wrong.

        Cancelled, it leaves the queue.
        """
        self._queue.append(job)
        if not self.inline:
            job.future.add_done_callback(self._no_longer_wanted)
        self._look_soon()
        return job.future

    def _close_if_unused(self) -> None:
        if not self._retired or self._users:
            return
        for threads in (self._thread, self.reader):
            if threads:
                threads.shutdown(wait=False)
        self.model.close()

    def _look_soon(self) -> None:
        if not self._due and not self._running:
            self._due = True
            asyncio.get_running_loop().call_soon(self._look)

    def _look(self) -> None:
        self._due = False
        now = time.thread_time()  # not the clock's: others may have the processor in between
        until = now + min(max(_TURN, _SHARE * (now - self._left)), _LONGEST)
        while self._queue and not self._running and time.thread_time() < until:
            if not (jobs := self._take()):
                continue
            self._ran(sum(len(job.rows) for job in jobs))
            if self.inline:
                self._answer(jobs, self._score(jobs, None))
            else:
                self._start(jobs)
        self._finish()
        self._left = float("inf")
        if self._queue:
            self._left = time.thread_time()
            self._look_soon()

    def _take(self) -> list[Job[Any]]:
        """Take the jobs of the next run, all of them read; whoever is late or gone is left out."""
        now, room, taken = time.monotonic(), self.model.pace.batch, list[Job[Any]]()
        while self._queue and (not taken or len(self._queue[0].rows) <= room):
            job = self._queue.popleft()
            if job.deadline <= now:
                fail(job.future, Late())
            if not job.future.done() and self._read(job):
                taken.append(job)
                room -= len(job.rows)
        return taken

    def _read(self, job: Job[Any]) -> bool:
        try:
            if job.examples is None:
                job.examples = self.model.read(job.rows)
        except Exception as error:  # whatever it is, it is its owner's alone
            fail(job.future, error)
        return job.examples is not None

    def _score(self, jobs: list[Job[Any]], run: Any) -> Scored | Exception:
        parts = [job.examples for job in jobs if job.examples is not None]
        examples = parts[0] if len(parts) == 1 else np.concatenate(parts)
        began = self._clock() if self.timed else 0.0
        try:
            scored = self.model.scored(examples, run)
        except Exception as error:  # handed on to those who wait
            return error
        if self.timed:
            self.timed(len(examples), self._clock() - began)
        return scored

    def _start(self, jobs: list[Job[Any]]) -> None:
        import onnxruntime

        assert self._thread
        loop = asyncio.get_running_loop()
        self._running, self._run = jobs, onnxruntime.RunOptions()
        done = self._thread.submit(self._score, jobs, self._run)
        self.hold_until(done)
        done.add_done_callback(lambda scored: loop.is_closed() or loop.call_soon_threadsafe(self._ended, scored))

    def _ended(self, scored: "Future[Scored | Exception]") -> None:
        jobs, self._running, self._run = self._running, [], None
        self._answer(jobs, scored.result())
        self._finish()
        if self._queue:
            self._look_soon()

    def _no_longer_wanted(self, _: object) -> None:
        """End the run if all whom it is for are late or gone; what a GPU has begun it ends by itself, soon."""
        if self._running and all(job.future.done() for job in self._running):
            self._run.terminate = True

    def _answer(self, jobs: list[Job[Any]], scored: Scored | Exception) -> None:
        if isinstance(scored, Exception):
            for job in jobs:
                fail(job.future, scored)
            return
        try:
            answers, start = self.model.answers(scored), 0
        except Exception as error:  # outputs that are no answers: nobody is to wait for them
            self._answer(jobs, error)
            return
        for job in jobs:
            end = start + len(job.rows)
            if not job.future.done():
                assert job.examples is not None  # it was run
                found = Prediction(answers[start:end], self.model.version, job.examples, scored.outputs[start:end])
                self._scored.append((job, found))
            start = end

    def _finish(self) -> None:
        """Finish what has been scored, one after the other: between runs of the model each would find cold caches."""
        scored, self._scored = self._scored, []
        for job, found in scored:
            if job.future.done():
                continue
            try:
                self.model.warn(job.rows, found.answers)
                job.future.set_result(job.finish(found))
            except Exception as error:  # whatever it is, it is its owner's alone
                fail(job.future, error)


def fail(future: "asyncio.Future[Any]", error: Exception) -> None:
    """Give `future` the error, unless it is done."""
    if not future.done():
        future.set_exception(error)
