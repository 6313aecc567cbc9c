"""The story: days of work at a real endpoint, nights in which the loop's own flows decide, and what became of it."""

import math
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.config.settings import STATE, artifacts
from components.system.processes import cores
from demo.clock import Clock
from demo.loop import Loop, loop
from demo.people import answer
from demo.project import Project, free_port
from demo.traffic import NIGHT, Asked, Traffic
from demo.work import Example, Work

Say = Callable[[str], None]
FIRST = STATE / "first-bundle"
BANK, FLOODED, TURNED = "bank", "mallory", "eve"
"""Sources of labels; the last two are not to be trusted."""
_EVENING = 0.99  # of a day, when it is over
_BACK = 2  # days whose answers are asked about
_ASKED = 0.03  # part of them; harm is judged by labels that are asked for with 0.02 at least (`watch.asked`)
_FEWEST = 40  # questions
_LEFT = 10  # questions that are left open for whoever looks at the page
_CANARY = re.compile(r"version (\d+) answers")


@dataclass
class Told:
    """What happened."""

    costs: list[float] = field(default_factory=list)
    """By day, what the answers cost."""
    verdicts: list[str] = field(default_factory=list)
    """By night, of `flows.watch`."""
    trainings: list[int] = field(default_factory=list)
    """Nights in which a version was trained."""
    changes: list[tuple[int, str, str]] = field(default_factory=list)
    """Night, what happened, and the version that is at work from then on."""
    refused: list[str] = field(default_factory=list)
    """Why labels were not learnt from."""
    asked: int = 0
    """Questions that somebody answered."""


@dataclass
class Story:
    """A model at work, and the loop around it."""

    work: Work
    project: Project
    loop: Loop
    traffic: Traffic
    clock: Clock
    say: Say
    patience: float
    """Seconds that a night takes at least while the loop is at work."""
    stack: ExitStack
    nights: ThreadPoolExecutor
    """One thread for all of them: what it starts ends with it."""
    told: Told = field(default_factory=Told)
    days: list[list[Asked]] = field(default_factory=list)
    """By day, what was asked and answered."""
    trying: bool = False
    """Whether a version is tried, or a promotion is watched, since `flows.shadow` ran last."""
    label_url: str = ""

    @property
    def first(self) -> Path:
        """The bundle of the first version."""
        return self.project.path / FIRST

    def day(self, examples: Sequence[Example]) -> None:
        """Have a day's examples asked about, while the loop thinks about the day before."""
        day = len(self.days)
        night: Future[None] | None = self.nights.submit(self.night, day - 1) if day else None
        try:
            asked = self.traffic.ask(
                examples,
                lambda: night is not None and not night.done(),
                self.patience,
                lambda part: self.clock.set(day + part * _EVENING),
            )
            if night:
                night.result()
        except BaseException:  # Ctrl-C: nobody waits for the night
            self.loop.process.terminate()
            raise
        self.days.append(asked)
        self.told.costs.append(sum(self.work.cost(each.example, each.said) for each in asked))

    def night(self, day: int) -> None:
        """Tell the labels that have come by the end of a day, and have the loop decide.

        What is tried is looked at before a training is thought of as well as behind it, for `prefect.yaml` has that
        happen each hour.
        """
        if day >= self.work.delay:
            self.tell(day - self.work.delay, BANK)
        before = self.told.verdicts[-1:]
        said = self.watched()
        if said in ("look", "harm") and [said] != before:
            self.asked_for()
        if self.trying:
            self.tried(day)
        self.learnt(day)
        self.tried(day)

    def tell(self, day: int, source: str, label: Callable[[str], str] = lambda truth: truth) -> None:
        """Tell the labels of a day's answers."""
        known = [each for each in self.days[day] if each.example.told]
        self.traffic.tell(
            [{"id": each.answer["id"], "label": label(each.example.truth), "source": source} for each in known]
        )

    def watched(self) -> str:
        """Have `flows.watch` look; return its verdict."""
        found = self.loop.run("watch")
        said = str(found.get("verdict", found.get("error")))
        if not self.told.verdicts or self.told.verdicts[-1] != said:
            self.say(f"watch says {said}: {found.get('rule', '')}")
        self.told.verdicts.append(said)
        return said

    def asked_for(self) -> None:
        """Have `flows.label` choose about which answers to ask, and somebody answer on its page."""
        count = max(_FEWEST, math.ceil(_ASKED * sum(map(len, self.days[-_BACK - 1 :]))))
        found = self.loop.run("label", count=count, days=_BACK)
        if "error" in found:
            self.say(f"label: {found['error']}")
            return
        if not self.label_url:
            port = free_port()
            command = ("python", "-m", "flows.label", self.work.workload, "--serve", "--port", str(port))
            server = self.project.served(f"http://127.0.0.1:{port}", "/label", *command)
            self.label_url = self.stack.enter_context(server)
        count = answer(self.label_url, dict(self.traffic.truths), _LEFT)
        self.told.asked += count
        self.say(f"label has chosen what to ask, and somebody has answered {count} questions at {self.label_url}/label")

    def learnt(self, day: int) -> None:
        """Have `flows.retrain` decide whether to train, and train."""
        found = self.loop.run("retrain")
        if "error" in found:
            self.told.refused.append(found["error"])
            self.say(f"retrain refuses: {found['error']}")
            return
        if found["trained"]:
            self.told.trainings.append(day)
            self.say(f"retrain has trained a new version, because {'; '.join(found['why'])}")
            self.say(f"the gate: {found['facts'].get('champion', '')}")
        elif found["refused"]:
            self.told.refused += found["refused"]
            self.say(f"retrain would not learn from it: {'; '.join(found['refused'])}")
        elif found["why"]:
            self.say(f"retrain would train ({'; '.join(found['why'])}), and does not: {'; '.join(found['against'])}")
        self._changes(day, found)

    def tried(self, day: int) -> None:
        """Have `flows.shadow` compare, and act on it."""
        found = self.loop.run("shadow")
        self.trying = bool(found.get("rows"))
        for name, said in found.get("rows", []):
            if name:
                self.say(f"shadow: {name}: {said}")
            if told := _CANARY.match(said if name == "endpoints were told" else ""):
                self._followed("journeyman_canary_workers", told[1])
        self._changes(day, found)

    def _changes(self, day: int, found: dict[str, Any]) -> None:
        for entry in found["history"]:
            self.told.changes.append((day, entry["what"], entry["to"]))
            self.say(f"version {entry['to']} is at work now, in the place of {entry['from']}: {entry['what']}")
        if found["history"]:
            self._followed("journeyman_model_workers", self.told.changes[-1][2])

    def _followed(self, metric: str, version: str) -> None:
        if not self.traffic.followed(metric, version):
            self.say(f"the endpoint has not followed to version {version} yet")


@contextmanager
def begun(work: Work, project: Project, say: Say, patience: float, night: float = NIGHT) -> Iterator[Story]:
    """Put a first model to work, and yield the story that begins with it.

    Args:
        work: what is asked.
        project: a copy of the project, in which nothing has been trained.
        say: is told what happens, a sentence at a time.
        patience: see `Story`.
        night: see `Traffic`.
    """
    clock = Clock(project.clock)
    project.run("python", "-m", "flows.train", work.workload)
    shutil.copytree(project.path / artifacts(work.workload, "bundle"), project.path / FIRST, dirs_exist_ok=True)
    port = free_port()
    serve = ("python", "-m", "bentoml", "serve", f"{work.workload}:latest", "--port", str(port))
    with ExitStack() as stack:
        url = stack.enter_context(project.served(f"http://127.0.0.1:{port}", "/readyz", *serve))
        say(f"version 1 is at work at {url}; {cores()} cores")
        flows = stack.enter_context(loop(project, work.workload))
        traffic = Traffic(url, work.at_once, night)
        stack.callback(traffic.close)
        nights = stack.enter_context(ThreadPoolExecutor(1))
        yield Story(work, project, flows, traffic, clock, say, patience, stack, nights)
