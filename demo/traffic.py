"""Callers of an endpoint: they ask without a pause, tell what became of it, and count what they get no answer to."""

import re
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx

from demo.work import Answer, Example

CALLERS = 2
"""That ask at the same time."""
_LIMIT = 30.0  # seconds for an answer
NIGHT = 1 / 8
"""Part of a day, its first three hours, in which the loop is done."""
_LABELS = 500  # in a request
_LOOK = 0.02  # seconds
_AGAIN = (429, 503, 504)
"""What a busy endpoint says."""
_TRIES, _PAUSE = 10, 1.0  # times to tell a label, seconds between them


@dataclass(frozen=True)
class Asked:
    """An example and its answer."""

    example: Example
    answer: Answer

    @property
    def said(self) -> str:
        """The label that it was answered by."""
        return str(self.answer["label"])


@dataclass
class Traffic:
    """What an endpoint has been asked so far."""

    url: str
    at_once: int
    """Examples in a request."""
    night: float = NIGHT
    """Part of a day's examples that callers ask about while the loop is at work."""
    requests: int = 0
    beside: int = 0
    """Of them those that were asked while the loop was at work."""
    dropped: list[str] = field(default_factory=list)
    """Of each request without a good answer, what came instead."""
    truths: dict[str, str] = field(default_factory=dict)
    """By event id of each answer the label that is right."""

    def __post_init__(self) -> None:
        self._client = httpx.Client(base_url=self.url, timeout=_LIMIT, trust_env=False)
        self._lock, self._ended = threading.Lock(), threading.Event()

    def ask(
        self, examples: Sequence[Example], busy: Callable[[], bool], patience: float, passed: Callable[[float], None]
    ) -> list[Asked]:
        """Ask about a day's examples in their order; return those that were answered.

        Args:
            examples: of the day.
            busy: whether the loop is at work: so long the callers take their time, and it is night.
            patience: seconds that they take for a night's examples; if the loop takes longer, they wait for it.
            passed: is told which part of the day has gone by.
        """
        groups = [examples[start : start + self.at_once] for start in range(0, len(examples), self.at_once)]
        night = max(CALLERS, round(self.night * len(groups)))
        pause = patience * CALLERS / night

        def asked(index: int) -> list[Asked]:
            if self._ended.is_set():
                return []
            passed(index / len(groups))
            beside = busy()
            found = self._post(groups[index], beside)
            until = time.monotonic() + pause
            while busy() and not self._ended.wait(_LOOK) and (time.monotonic() < until or index >= night - CALLERS):
                pass
            return found

        with ThreadPoolExecutor(CALLERS) as callers:
            try:
                return [each for found in callers.map(asked, range(len(groups))) for each in found]
            except BaseException:  # Ctrl-C: whoever waits for the night waits no longer
                self._ended.set()
                raise

    def tell(self, labels: Sequence[dict[str, Any]]) -> None:
        """Tell what became of answers; a busy endpoint is told again, for a label that is told twice counts once."""
        for start in range(0, len(labels), _LABELS):
            some = list(labels[start : start + _LABELS])
            for _ in range(_TRIES):
                reply = self._client.post("/labels", json=some)
                if reply.status_code not in _AGAIN:
                    break
                time.sleep(_PAUSE)
            reply.raise_for_status()

    def followed(self, metric: str, version: str) -> bool:
        """Return whether the endpoint says, before long, that the version is counted by the metric.

        It looks for a canary every few seconds, which are nothing of a day, and much of one that is played.
        """
        counted = re.compile(rf'^{metric}\{{[^}}]*version="{version}"[^}}]*\}} [1-9]', re.MULTILINE)
        until = time.monotonic() + _LIMIT
        while not self._ended.wait(_LOOK) and time.monotonic() < until:
            if counted.search(self._client.get("/metrics").text):
                return True
        return False

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _post(self, group: Sequence[Example], beside: bool) -> list[Asked]:
        contents = [example.content for example in group]
        body: dict[str, Any] = {"content": contents[0]} if isinstance(contents[0], bytes) else {"json": contents}
        lost, answers = "", list[Answer]()
        try:
            reply = self._client.post("/predict", **body)
            if reply.is_success:
                answers = reply.json() if isinstance(reply.json(), list) else [reply.json()]
            else:
                lost = f"{reply.status_code} {reply.text[:200]}"
        except httpx.HTTPError as error:
            lost = f"{type(error).__name__}: {error}"
        with self._lock:
            self.requests += 1
            self.beside += beside
            if lost:
                self.dropped.append(lost)
            self.truths.update({answer["id"]: example.truth for example, answer in zip(group, answers, strict=False)})
        return [Asked(example, answer) for example, answer in zip(group, answers, strict=True)] if answers else []
