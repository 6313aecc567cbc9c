"""A second version beside the champion: it answers its share of all entities, and the champion whatever it cannot."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from components.inference.engine.batcher import Batcher
from components.inference.engine.guard import Guard
from components.inference.engine.model import Model
from components.inference.engine.prediction import Prediction
from components.inference.engine.split import Split
from components.inference.engine.trial import Trial

if TYPE_CHECKING:
    from components.kinds.contract import Row

logger = logging.getLogger(__name__)

Ask = Callable[[Batcher, "Sequence[Row]", NDArray[Any], float], Awaitable[Prediction]]
"""(batcher, rows, their examples, deadline) -> the answers."""

_PATIENCE = 0.5  # of the time that is left: what a canary may take of it, before the champion answers


class Part(NamedTuple):
    """Rows of a request that one version answered."""

    rows: Sequence[int]
    found: Prediction


class Canary:
    """A canary in one worker. Lives in its event loop; one that has been stopped is made no longer use of."""

    def __init__(self, trial: Trial, model: Model, champion: Model, ran: Callable[[int], None]) -> None:
        """Begin the trial of `model`, which reads nothing: it takes the examples that the champion has read.

        It runs in a thread of its own, so that it holds nobody up. `ran` is told how many examples each run had.
        """
        codec, asked = champion.codec, champion.about.input
        key = codec.key(asked)
        self.trial = trial
        self.split = Split(trial.id, trial.share, (*codec.entities(asked), *((key,) if key else ())))
        self.batcher = Batcher(model, ran, inline=False)
        self.guard = Guard(champion.pace.single, trial.latency, trial.milliseconds, trial.harm)
        self.batcher.timed = self.guard.canary_ran
        self.told: Callable[[str, str], None] = _nothing
        """Is told version, and `answered` or `failed`, of each request (for metrics)."""

    async def parts(
        self, champion: Batcher, rows: "Sequence[Row]", chosen: Sequence[int], examples: NDArray[Any], how: Ask,
        deadline: float,
    ) -> list[Part]:  # fmt: skip
        """Return the answers to `rows`, those of `chosen` by the canary, if it can.

        Args:
            champion: what answers the others.
            rows: of a request.
            chosen: numbers of the rows that are the canary's.
            examples: `[N, ...]`, as the champion has read them.
            how: has a version answer.
            deadline: when nobody waits any more, on the clock of `time.monotonic`.

        Raises:
            Exception: what the champion raises.
        """
        mine = set(chosen)
        others = [number for number in range(len(rows)) if number not in mine]
        tried = self._tried(champion, [rows[n] for n in chosen], _taken(examples, chosen), how, deadline)
        if not others:
            return [Part(chosen, await tried)]
        rest = how(champion, [rows[n] for n in others], _taken(examples, others), deadline)
        found, of_champion = await asyncio.gather(tried, rest)
        return [Part(chosen, found), Part(others, of_champion)]

    async def _tried(
        self, champion: Batcher, rows: "Sequence[Row]", examples: NDArray[Any], how: Ask, deadline: float
    ) -> Prediction:
        left = deadline - time.monotonic()
        patience = _PATIENCE * left
        try:
            with self.batcher:
                asked = how(self.batcher, rows, examples, time.monotonic() + patience)
                found = await asyncio.wait_for(asked, patience)
            if not np.isfinite(found.outputs).all():
                raise ValueError("its outputs are no numbers")
        except Exception as error:  # whatever it is: the champion answers
            found = await how(champion, rows, examples, deadline)  # what it cannot do either is nobody's failure
            self._failed(error)
            return found
        self.told(self.trial.version, "answered")
        self.guard.answered()
        return found

    def _failed(self, error: Exception) -> None:
        why = f"{type(error).__name__}: {error}".rstrip(": ").partition("\n")[0]
        logger.warning("canary version %s failed, the champion has answered: %s", self.trial.version, why)
        self.told(self.trial.version, "failed")
        self.guard.failed(why)


def in_order(parts: Sequence[Part]) -> list[BaseModel]:
    """Return the answers of all parts in the order of the request's rows."""
    numbered = [(n, answer) for part in parts for n, answer in zip(part.rows, part.found.answers, strict=True)]
    return [answer for _, answer in sorted(numbered, key=lambda pair: pair[0])]


def _taken(examples: NDArray[Any], rows: Sequence[int]) -> NDArray[Any]:
    return examples if len(rows) == len(examples) else examples[list(rows)]


def _nothing(*_: object) -> None: ...
