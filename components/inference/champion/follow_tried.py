"""Follow what is tried: a worker tries what is published for it until that is withdrawn, or stopped here or elsewhere.

Whatever goes wrong on the way is said in one line, and the champion answers everything.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from components.config.errors import JourneymanError, PublishedError
from components.inference.champion.cache import Champions
from components.inference.champion.published import Pointer
from components.inference.champion.tried import Role, note_stopped, read_tried, stopped
from components.inference.engine.engine import Engine
from components.inference.engine.model import Model
from components.inference.engine.trial import Trial

logger = logging.getLogger(__name__)

_SELDOM = 5  # looks at the champion for one at whether anything is tried; while something is, one for one


class Manner(NamedTuple):
    """How a version is tried, and what is said of it."""

    role: Role
    tried: Callable[[Engine], Trial | None]
    begin: Callable[[Engine, Trial, Model], bool]
    end: Callable[[Engine], None]
    begins: str
    """Of a version, its share in per cent, and the champion."""
    ends: str
    stopped: str
    none: str


def _canary(engine: Engine) -> Trial | None:
    return engine.canary.trial if engine.canary else None


def _shadow(engine: Engine) -> Trial | None:
    return engine.shadow.trial if engine.shadow else None


CANARY = Manner(
    role="canary",
    tried=_canary,
    begin=Engine.begin_canary,
    end=Engine.end_canary,
    begins="version %s answers %g %% of entities beside version %s, as a canary",
    ends="answers no longer",
    stopped="; the champion answers all",
    none="no canary is tried",
)
SHADOW = Manner(
    role="shadow",
    tried=_shadow,
    begin=Engine.begin_shadow,
    end=Engine.end_shadow,
    begins="version %s is measured on %g %% of what is answered, beside version %s",
    ends="is measured no longer",
    stopped="",
    none="no shadow is measured",
)


class TriedFollower:
    """One worker's watch on what is tried in one manner. Looks in the follower's thread, acts in the event loop."""

    def __init__(
        self, champions: Champions, opened: Callable[[Path, str], Model], engine: Engine, manner: Manner = CANARY
    ) -> None:
        """Follow what is tried beside `champions`; `opened` is as for `Follower`, but remembers nothing."""
        self.failed: Callable[[], object] = lambda: None
        """Is called in the follower's thread where one cannot be tried (for metrics)."""
        self._champions, self._opened, self._engine, self._manner = champions, opened, engine, manner
        self._loop: asyncio.AbstractEventLoop | None = None
        self._refused: set[str] = set()
        self._said = ""
        self._looks = 0

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have the engine, which lives in `loop`, say when it stops one."""
        self._loop = loop

    def look(self) -> None:
        """Look, or not yet; begin or end a trial where that is due."""
        at_work = self._manner.tried(self._engine)
        self._looks += 1
        if at_work is None and self._looks % _SELDOM != 1:
            return
        try:
            self._follow(at_work.id if at_work else None)
            self._said = ""
        except JourneymanError as error:
            self._say(str(error))
        except Exception as error:  # as in `Follower`: none may end what works
            self._say(f"{type(error).__name__}: {error}")

    def ended(self, trial: Trial, why: str) -> None:
        """Take down that the engine has ended a trial; of one that it has stopped, tell all who follow."""
        workload, manner = self._champions.workload, self._manner
        if not why:
            logger.info("%s: %s version %s %s", workload, manner.role, trial.version, manner.ends)
            return
        self._refused.add(trial.id)
        said = (workload, manner.role, trial.version, why, manner.stopped)
        logger.error("%s: %s version %s is stopped: %s%s", *said)
        threading.Thread(target=self._tell, args=(trial, why), name=f"{manner.role} stopped", daemon=True).start()

    def _follow(self, at_work: str | None) -> None:
        said = read_tried(self._champions.address, self._champions.workload, self._manner.role)
        trial = said.trial if said else None
        if trial and trial.id not in self._refused and (stop := self._stopped(trial)):
            self._refused.add(trial.id)
            role, workload = self._manner.role, self._champions.workload
            logger.warning("%s: %s version %s was stopped: %s", workload, role, trial.version, stop)
        if said is None or trial is None or said.pointer is None or trial.id in self._refused:
            if at_work:
                self._call(self._manner.end, self._engine)
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
        if self._manner.begin(self._engine, trial, model):
            said = (trial.version, 100 * trial.share, trial.against)
            logger.info(f"%s: {self._manner.begins}", self._champions.workload, *said)

    def _stopped(self, trial: Trial) -> str:
        found = stopped(self._champions.address, self._champions.workload, trial.id)
        return found.why if found else ""

    def _tell(self, trial: Trial, why: str) -> None:
        try:
            note_stopped(self._champions.address, self._champions.workload, trial, why)
        except PublishedError as error:
            role = self._manner.role
            self._say(f"{error}: each worker stops {role} version {trial.version} for itself")

    def _call(self, what: Callable[..., object], *arguments: object) -> None:
        if self._loop:
            self._loop.call_soon_threadsafe(what, *arguments)
        else:
            what(*arguments)

    def _say(self, what: str) -> None:
        self.failed()
        line = " ".join(f"{self._champions.workload}: {self._manner.none}: {what}".split())
        if line != self._said:
            logger.error("%s", line)
        self._said = line
