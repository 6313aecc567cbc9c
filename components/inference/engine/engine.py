"""The engine: the current model, and who of those that ask waits where. Everything that is answered goes through it.

A few small examples are read and run in the event loop, in turn (`batcher.py`). What takes longer to read, or is much,
is worked on in two threads beside it, so that it does not hold up the others.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from components.inference.engine.batcher import Batcher, Job, Late
from components.inference.engine.canary import Canary, Part
from components.inference.engine.model import Model
from components.inference.engine.prediction import Prediction
from components.inference.engine.shadow import Shadow
from components.inference.engine.trial import Trial

if TYPE_CHECKING:
    from components.kinds.contract import Row
    from components.kinds.labels import Label

__all__ = ["Engine", "Late"]

_BESIDE = 2  # threads for what takes long; what they do lets go of the interpreter most of the time
_MANY = 32  # rows of one request from which it is answered beside the others, where no larger batch pays

Value = TypeVar("Value")


class Engine:
    """Answers with the current model. Lives in one event loop; `swap` may be called before it runs."""

    def __init__(self) -> None:
        self.ran: Callable[[int], None] = _nothing
        """Is told how many examples each run of the model had (for metrics)."""
        self.swapped: Callable[[str, str], None] = _nothing
        """Is told which version answers from now on, and by which provider (for metrics)."""
        self.canary: Canary | None = None
        """What answers a share of all entities beside the current model; None: nothing does."""
        self.canary_begun: Callable[[Canary], None] = _nothing
        """Is told of a canary that begins."""
        self.canary_ended: Callable[[Canary, str], None] = _nothing
        """Is told that a canary answers no longer, and why if it was stopped here."""
        self.shadow: Shadow | None = None
        """What is measured beside the current model, and answers nobody; None: nothing is."""
        self.shadow_begun: Callable[[Shadow], None] = _nothing
        """Is told of a shadow that begins."""
        self.shadow_ended: Callable[[Shadow, str], None] = _nothing
        """Is told that a shadow is measured no longer, and why if it was stopped here."""
        self._batcher: Batcher | None = None
        self._beside: ThreadPoolExecutor | None = None

    @property
    def ready(self) -> bool:
        """Whether there is a model, warmed up."""
        return self._batcher is not None

    @property
    def model(self) -> Model:
        """The current model."""
        return self._current.model

    def swap(self, model: Model) -> None:
        """Answer with `model` from here on, all at once.

        What has begun ends with the model that it began with, which is closed when the last of that is done.
        """
        if self.canary and self.canary.trial.against != model.version:
            self.end_canary()
        if self.shadow and self.shadow.trial.against != model.version:
            self.end_shadow()
        before, self._batcher = self._batcher, Batcher(model, self._tell)
        if self.canary:
            self._batcher.timed = self.canary.guard.champion_ran
        self.swapped(model.version, model.provider)
        if before:
            before.retire()

    async def answer(self, rows: "Sequence[Row]", *, deadline: float, explained: bool = False) -> Prediction:
        """Return the answers to `rows`; see `finished`."""
        return await self.finished(rows, _as_it_is, deadline=deadline, explained=explained)

    async def finished(
        self,
        rows: "Sequence[Row]",
        finish: Callable[[Prediction], Value],
        *,
        deadline: float,
        explained: bool = False,
    ) -> Value:
        """Return what `finish` makes of the answers to `rows`, all by one model.

        Args:
            rows: what somebody sent.
            finish: is called in the event loop, of several requests at once one after the other: it is quick.
            deadline: when nobody waits for it any more, on the clock of `time.monotonic`.
            explained: with what moved each answer, where the kind explains.

        Cancelled, it gives up what it can: its place in the queue, and the model's run if that is for nobody else.

        Raises:
            Late: its turn came after the deadline.
            BadRequest: a row cannot be read.
            EndpointError: the memory does not answer.
            Exception: what `finish` raises.
        """
        batcher = self._current
        with batcher:
            if explained or len(rows) > _many(batcher.model):
                return finish(await self._much(batcher, rows, explained))
            return await batcher.submit(Job(rows, finish, deadline, await self._read(batcher, rows)))

    def begin_canary(self, trial: Trial, model: Model) -> bool:
        """Have `model` answer its share from here on; False, and it is closed: another champion is at work by now."""
        if self.model.version != trial.against:
            model.close()
            return False
        self.end_canary()
        self.canary = Canary(trial, model, self.model, self._tell)
        self._current.timed = self.canary.guard.champion_ran
        self.canary_begun(self.canary)
        return True

    def end_canary(self, why: str = "") -> None:
        """Have the current model answer everything again; what the canary has begun, it ends."""
        canary, self.canary = self.canary, None
        if canary is None:
            return
        if self._batcher:
            self._batcher.timed = None
        canary.batcher.retire()
        self.canary_ended(canary, why)

    def begin_shadow(self, trial: Trial, model: Model) -> bool:
        """Have `model` measured from here on; False, and it is closed: another champion is at work by now."""
        if self.model.version != trial.against:
            model.close()
            return False
        self.end_shadow()
        self.shadow = Shadow(trial, model, self._idle)
        self.shadow.stopped = self.end_shadow
        self.shadow_begun(self.shadow)
        return True

    def end_shadow(self, why: str = "") -> None:
        """Have nothing measured any more."""
        shadow, self.shadow = self.shadow, None
        if shadow:
            shadow.close()
            self.shadow_ended(shadow, why)

    async def split(
        self, canary: Canary, rows: "Sequence[Row]", chosen: Sequence[int], *, deadline: float, explained: bool = False
    ) -> list[Part]:
        """Return the answers to `rows`, those of the numbers `chosen` by the canary; otherwise as `answer`.

        The champion reads them all, once: what is remembered of a row is remembered as if there were no canary.
        """
        beside = explained or len(rows) > _many(self.model)

        async def how(batcher: Batcher, rows: "Sequence[Row]", examples: NDArray[Any], deadline: float) -> Prediction:
            if beside:
                return await self._much(batcher, rows, explained, examples)
            return await batcher.submit(Job(rows, _as_it_is, deadline, examples))

        batcher = self._current
        with batcher:
            if beside:
                examples = await self.beside(partial(batcher.model.read, rows), batcher)
            elif (read := await self._read(batcher, rows)) is not None:
                examples = read
            else:
                examples = batcher.model.read(rows)
            try:
                return await canary.parts(batcher, rows, chosen, examples, how, deadline)
            finally:
                if canary.guard.stopped and canary is self.canary:
                    self.end_canary(canary.guard.stopped)

    async def record_labels(self, labels: "Sequence[Label]", values: Sequence[str | float]) -> int:
        """Have the memory take what became of rows, `values` as the task has them; return how many it knows."""
        if not self.model.remembers:
            return 0
        return await self.beside(partial(self.model.record_labels, labels, values), self._current)

    async def beside(self, work: Callable[[], Value], batcher: Batcher | None = None) -> Value:
        """Return what `work` returns, done in a thread; `batcher` is what it uses.

        Cancelled, it is not begun; if it had begun, it goes on to its end unheard.
        """
        if self._beside is None:
            self._beside = ThreadPoolExecutor(_BESIDE, "beside")
        done = self._beside.submit(work)
        if batcher:
            batcher.hold_until(done)
        return await asyncio.wrap_future(done)

    def close(self) -> None:
        """Let go of the model, and of the threads when they are done."""
        if self._beside:
            self._beside.shutdown(wait=False, cancel_futures=True)
        self.end_canary()
        self.end_shadow()
        batcher, self._batcher = self._batcher, None
        if batcher:
            batcher.retire()

    async def _read(self, batcher: Batcher, rows: "Sequence[Row]") -> NDArray[Any] | None:
        """Return the examples of `rows`; None: they are read so quickly that their turn in the batcher will do."""
        if batcher.model.is_cheap(rows):
            return None
        if batcher.reader:
            return await batcher.reader.read(rows)
        return await self.beside(partial(batcher.model.read, rows), batcher)

    async def _much(
        self, batcher: Batcher, rows: "Sequence[Row]", explained: bool, read: NDArray[Any] | None = None
    ) -> Prediction:
        """Read, unless it is done, and answer in a thread; cancelled, the model's run there is ended."""
        import onnxruntime

        model, run = batcher.model, onnxruntime.RunOptions()

        def score(examples: NDArray[Any]) -> NDArray[np.float32]:
            return model.outputs(examples, run)

        def work() -> Prediction:
            examples = model.read(rows) if read is None else read
            found = model.scored(examples, run)
            answers = model.explained(examples, found, score) if explained else model.answers(found)
            model.warn(rows, answers)
            return Prediction(answers, model.version, examples, found.outputs)

        try:
            return await self.beside(work, batcher)
        except asyncio.CancelledError:
            run.terminate = True
            raise

    @property
    def _current(self) -> Batcher:
        if self._batcher is None:
            raise RuntimeError("the engine has no model yet")
        return self._batcher

    def _idle(self) -> Batcher | None:
        """Return the current model's batcher; None: somebody waits for an answer, or is being answered."""
        canary = self.canary and self.canary.batcher.used
        return None if canary or self._current.used else self._current

    def _tell(self, examples: int) -> None:
        self.ran(examples)


def _many(model: Model) -> int:
    return max(_MANY, model.pace.batch)


def _nothing(*_: object) -> None: ...


def _as_it_is(found: Prediction) -> Prediction:
    return found
