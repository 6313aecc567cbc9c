"""The endpoint's way into the prediction log: what is answered is there before the answer is sent."""

import asyncio
import json
import logging
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from uuid import UUID

from components.config.errors import EndpointError, JourneymanError
from components.inference.engine.prediction import Prediction
from components.inference.gateway.call import Call
from components.inference.gateway.group_commit import GroupCommit
from components.inference.gateway.metrics import Metrics
from components.inference.gateway.protocols.open_inference.paths import INFER
from components.inference.gateway.protocols.sagemaker import INVOCATIONS
from components.inference.gateway.sampling import Sampling
from components.inference.options import Options
from components.prediction_log.description import Description, describe
from components.prediction_log.event_id import EventIds
from components.prediction_log.identities import Identities
from components.prediction_log.lookup import AnsweredRow, answers_of, records_of
from components.prediction_log.record import Answered, Label, Origin, Route, encode, encode_answered
from components.prediction_log.retention import retain
from components.prediction_log.writer import LogError, Writer
from components.system.clock import now_us

ORIGIN = "x-journeyman-origin"
"""The header by which the page, and the flow's questions, say that no customer asks: `page`, `smoke`."""

_ORIGIN = ORIGIN.encode()
_ORIGINS: dict[bytes | None, Origin] = {b"page": "page", b"smoke": "smoke"}
_ROUTES: dict[str, Route] = {"/predict": "predict", "/explain": "explain", INVOCATIONS: "predict", INFER: "predict"}
_TICK = 1.0  # seconds
_RETAIN = 600.0  # seconds between two looks at what is too old, or too much
_PAUSE = 10.0  # seconds from a log that could not be opened to the next try

logger = logging.getLogger(__name__)


class AnswerLog:
    """One worker's log. Lives in the event loop; `open` may be called before that runs."""

    def __init__(self, options: Options, metrics: Metrics) -> None:
        self._required = options.log == "required"
        self.always = options.log_sync == "always"
        """Whether answers wait for the disk, `on_disk`."""
        self._share = options.log_share
        self._metrics = metrics
        self._ids = EventIds()
        self._writer: Writer | None = None
        self._sampling: Sampling | None = None
        self._folder, self._description = Path(), Description(workload="", kind="", task="")
        self._commit = GroupCommit(self._flush)
        self._written = self._told = False
        self._again = self._retained = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def open(self, folder: Path, description: Description) -> None:
        """Open the log in `folder`; where it cannot be written, say so, and try again later.

        Raises:
            EndpointError: it cannot be written, and is required.
        """
        self._folder, self._description = folder, description
        self._try()

    def begin(self) -> None:
        """Look after the log every second from now on, in the running event loop."""
        self._timer = asyncio.get_running_loop().call_later(_TICK, self._tick)

    def close(self) -> None:
        """Let go of the log; what is in it is on the disk."""
        if self._timer:
            self._timer.cancel()
        self._commit.close()
        if self._writer:
            self._writer.close()

    def identity(self, rows: int) -> int | None:
        """Return the event id of the first of so many answers; None: there is no log to write to, which is counted."""
        if self._writer:
            return self._ids.new()
        self._metrics.lost(rows)
        return None

    def keep(
        self,
        call: Call,
        found: Prediction,
        identity: int,
        answers: Sequence[bytes],
        records: Sequence[bytes],
        rows: Sequence[int] = (),
    ) -> bool:
        """Log the answers to a call as they are to be sent; return whether they are logged, or left out by chance.

        Args:
            call: what is answered.
            found: the answers, and what they were made of.
            identity: the event id of the first row.
            answers: each row's JSON.
            records: each row as it came, as JSON; none where an example says all of it.
            rows: which rows of the call these are; none: all.

        Raises:
            LogError: it cannot be logged, and is required.
        """
        assert self._writer  # it gave the identity
        time_us, count = now_us(), len(answers)
        fields = (
            identity, time_us, time.monotonic() - call.began, found.version, call.id.decode(), found.outputs,
            found.examples, answers, records, rows, _ORIGINS.get(call.headers.get(_ORIGIN), "caller"),
            _ROUTES[call.path], self._share,
        )  # fmt: skip
        if self._sampling:
            kept = self._sampling.kept(Answered(*fields))
            if kept is None:
                return True
            payload, count = encode(kept), len(kept.answers)
        else:
            payload = encode_answered(*fields)
        try:
            self._writer.append_answered(payload, count, time_us)
        except LogError:
            self._metrics.lost(count)
            if self._required:
                raise
            return False
        self._metrics.logged(count)
        self._written = True
        return True

    async def on_disk(self) -> None:
        """Wait until what has been logged is on the disk.

        Raises:
            LogError: it does not get there, and is required.
        """
        try:
            await self._commit.flushed()
        except OSError as error:
            if self._required:
                raise LogError(f"{self._folder}: the prediction log cannot be written ({error.strerror})") from error
            self._say(f"{self._folder}: the prediction log does not get to the disk ({error.strerror})")

    async def label(self, labels: Sequence[Label]) -> None:
        """Log labels.

        Raises:
            LogError: they cannot be logged; who sent them may send them again.
        """
        if self._writer is None:
            raise LogError(f"{self._folder}: the prediction log cannot be written; send the labels again later")
        self._writer.labelled(labels)
        self._metrics.labelled(len(labels))
        self._written = True
        if self.always:
            await self.on_disk()

    def keys_of(self, event_ids: Collection[UUID]) -> dict[UUID, str]:
        """Return the callers' own keys of those rows that the log's segments have; may take milliseconds for each."""
        if (column := self._description.key) is None or not event_ids:
            return {}
        found = records_of(self._folder, [event_id.int for event_id in event_ids])
        keys = {UUID(int=identity): json.loads(record).get(column) for identity, record in found.items()}
        return {event_id: str(key) for event_id, key in keys.items() if key not in (None, "")}

    def answers_of(self, event_ids: Collection[UUID]) -> Mapping[int, AnsweredRow]:
        """Return what was answered to those rows that the log's segments have; may take milliseconds for each."""
        return answers_of(self._folder, [event_id.int for event_id in event_ids])

    def observe(self, call: Call) -> None:
        """Count a question that was refused."""
        if call.outcome != "answered" and call.path in _ROUTES and self._writer:
            self._writer.refused(call.outcome)

    def shed(self) -> None:
        """Count a question that was refused before it was a call."""
        if self._writer:
            self._writer.refused("busy")

    def _tick(self) -> None:
        self.begin()
        if self._writer:
            self._writer.tick()
        elif time.monotonic() >= self._again:
            self._try()
        if self._writer and time.monotonic() >= self._retained + _RETAIN:
            self._retained = time.monotonic()
            asyncio.get_running_loop().run_in_executor(None, self._retain)
        if self._written:
            self._written = False
            self._commit.flushed().add_done_callback(self._flushed)

    def _flush(self) -> None:
        if self._writer:
            self._writer.flush()

    def _retain(self) -> None:
        try:
            retain(self._folder)
        except (JourneymanError, OSError) as error:
            logger.warning("%s: what is too old stays (%s)", self._folder, error)

    def _flushed(self, done: "asyncio.Future[None]") -> None:
        if not done.cancelled() and (error := done.exception()):
            self._say(f"{self._folder}: the prediction log does not get to the disk ({error})")

    def _try(self) -> None:
        try:
            describe(self._folder, self._description)
            if self._share < 1.0:
                self._sampling = Sampling(self._share, Identities(self._folder), self._description)
            self._writer = Writer.open(self._folder)
        except (JourneymanError, OSError) as error:
            if self._required:
                raise EndpointError(f"{error}; JOURNEYMAN_LOG=best answers all the same") from error
            self._again = time.monotonic() + _PAUSE
            self._say(f"{error}; answers are given and not logged")

    def _say(self, what: str) -> None:
        """Log a warning, once."""
        if not self._told:
            logger.warning("%s", what)
        self._told = True
