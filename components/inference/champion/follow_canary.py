"""Follow the canary: have a worker try what is published for it, until it is withdrawn, or stopped here or elsewhere.

Whatever goes wrong on the way is said in one line, and the champion answers everything.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from pathlib import Path

from components.config.errors import JourneymanError, PublishedError
from components.inference.champion.cache import Champions
from components.inference.champion.canary import note_stopped, read_canary, stopped
from components.inference.champion.published import Pointer
from components.inference.engine.canary import Canary
from components.inference.engine.engine import Engine
from components.inference.engine.model import Model
from components.inference.engine.trial import Trial

logger = logging.getLogger(__name__)

_SELDOM = 5  # looks at the champion for one at whether there is a canary; while there is one, one for one


class CanaryFollower:
    """One worker's watch on the canary. Looks in the follower's thread, acts in the event loop."""

    def __init__(self, champions: Champions, opened: Callable[[Path, str], Model], engine: Engine) -> None:
        """Follow the canary of `champions`; `opened` is as for `Follower`, but remembers nothing."""
        self.failed: Callable[[], object] = lambda: None
        """Is called in the follower's thread where one cannot be tried (for metrics)."""
        self._champions, self._opened, self._engine = champions, opened, engine
        self._loop: asyncio.AbstractEventLoop | None = None
        self._refused: set[str] = set()
        self._said = ""
        self._looks = 0

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have the engine, which lives in `loop`, say when it stops one."""
        self._loop = loop

    def look(self) -> None:
        """Look, or not yet; begin or end a trial where that is due."""
        at_work = self._engine.canary
        self._looks += 1
        if at_work is None and self._looks % _SELDOM != 1:
            return
        try:
            self._follow(at_work.trial.id if at_work else None)
            self._said = ""
        except JourneymanError as error:
            self._say(str(error))
        except Exception as error:  # as in `Follower`: none may end what works
            self._say(f"{type(error).__name__}: {error}")

    def ended(self, canary: Canary, why: str) -> None:
        """Take down that the engine has ended a canary; of one that it has stopped, tell all who follow."""
        trial, workload = canary.trial, self._champions.workload
        if not why:
            logger.info("%s: canary version %s answers no longer", workload, trial.version)
            return
        self._refused.add(trial.id)
        logger.error("%s: canary version %s is stopped: %s; the champion answers all", workload, trial.version, why)
        threading.Thread(target=self._tell, args=(trial, why), name="canary stopped", daemon=True).start()

    def _follow(self, at_work: str | None) -> None:
        said = read_canary(self._champions.address, self._champions.workload)
        trial = said.trial if said else None
        if trial and trial.id not in self._refused and (stop := self._stopped(trial)):
            self._refused.add(trial.id)
            logger.warning("%s: canary version %s was stopped: %s", self._champions.workload, trial.version, stop)
        if said is None or trial is None or said.pointer is None or trial.id in self._refused:
            if at_work:
                self._call(self._engine.end_canary)
            return
        if trial.id != at_work and self._engine.model.version == trial.against:
            self._begin(trial, said.pointer)

    def _begin(self, trial: Trial, pointer: Pointer) -> None:
        try:
            model = self._opened(self._champions.bundle(pointer), trial.version)
        except PublishedError:
            raise  # the address may be down: again at the next look
        except JourneymanError:
            self._refused.add(trial.id)
            raise
        self._call(self._take, trial, model)

    def _take(self, trial: Trial, model: Model) -> None:
        if self._engine.begin_canary(trial, model):
            said = (self._champions.workload, trial.version, 100 * trial.share, trial.against)
            logger.info("%s: version %s answers %g %% of entities beside version %s, as a canary", *said)

    def _stopped(self, trial: Trial) -> str:
        found = stopped(self._champions.address, self._champions.workload, trial.id)
        return found.why if found else ""

    def _tell(self, trial: Trial, why: str) -> None:
        try:
            note_stopped(self._champions.address, self._champions.workload, trial, why)
        except PublishedError as error:
            self._say(f"{error}: each worker stops canary version {trial.version} for itself")

    def _call(self, what: Callable[..., object], *arguments: object) -> None:
        if self._loop:
            self._loop.call_soon_threadsafe(what, *arguments)
        else:
            what(*arguments)

    def _say(self, what: str) -> None:
        self.failed()
        line = " ".join(f"{self._champions.workload}: no canary is tried: {what}".split())
        if line != self._said:
            logger.error("%s", line)
        self._said = line
