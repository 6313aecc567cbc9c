"""A live endpoint as LoadGen's system under test: samples are asked over HTTP, and every one of them is completed."""

import json
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import mlperf_loadgen as lg
import numpy as np
import uvloop
from numpy.typing import NDArray

from benchmarks.wire import Connection, post

CONNECTIONS = 64
"""At most; whatever is asked beyond that waits for one, and its time counts."""
BULK = 4
"""Connections for requests of many records, each of which is much work."""
MANY = 8
"""A request of more records than this is one of many."""
Group = list[tuple[int, int]]
"""What one request asks: LoadGen's id and the place of each sample."""


class Live:
    """Asks in a thread of its own, for LoadGen waits in the one that calls."""

    def __init__(self, port: int, rows: Sequence[Mapping[str, Any]], classes: Sequence[str]) -> None:
        """Take the rows that samples stand for; one with a file is a request's body, others are JSON."""
        self.uploads = any(isinstance(value, bytes) for value in rows[0].values())
        self.bodies = [next(iter(row.values())) if self.uploads else json.dumps(row).encode() for row in rows]
        self.errors = 0
        self._port, self._classes = port, classes
        self._most, self._whole, self._connections = 1, False, CONNECTIONS
        self._waiting: deque[Group] = deque()
        self._idle: list[Connection] = []
        self._open = 0
        self._loop = uvloop.new_event_loop()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Ask for as long as the block runs."""
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()

    def begin(self, most: int, whole: bool) -> None:
        """Get ready for a run: `most` records a request; `whole`: with what was answered, for the accuracy."""
        self._most, self._whole, self.errors = 1 if self.uploads else most, whole, 0
        self._connections = BULK if self._most > MANY else CONNECTIONS
        self._loop.call_soon_threadsafe(self._spare)

    def issue(self, samples: Sequence[Any]) -> None:
        """Ask for LoadGen's samples (its hook)."""
        pairs = [(sample.id, sample.index) for sample in samples]
        groups = [pairs[start : start + self._most] for start in range(0, len(pairs), self._most)]
        self._loop.call_soon_threadsafe(self._take, groups)

    def request(self, places: Sequence[int]) -> bytes:
        """Return the request that asks for the samples at `places`."""
        if self.uploads:
            return post(self.bodies[places[0]], "application/octet-stream")
        parts = b",".join(self.bodies[place] for place in places)
        return post(b"[%b]" % parts if len(places) > 1 else parts, "application/json")

    def _spare(self) -> None:
        """Close what the run has no use for."""
        while len(self._idle) > self._connections:
            self._idle.pop().close()

    def _take(self, groups: list[Group]) -> None:
        for group in groups:
            if self._idle:
                self._ask(self._idle.pop(), group)
                continue
            self._waiting.append(group)
            if self._open < self._connections:
                self._open += 1
                self._loop.create_task(self._connect())

    async def _connect(self) -> None:
        make = self._loop.create_connection(lambda: Connection(self._answered, self._lost), "127.0.0.1", self._port)
        try:
            self._free((await make)[1])
        except OSError:
            self._open -= 1
            if self._waiting:
                self._failed(self._waiting.popleft())

    def _ask(self, connection: Connection, group: Group) -> None:
        connection.ask(self.request([place for _, place in group]), group)

    def _free(self, connection: Connection) -> None:
        if connection.closing:
            return
        if self._waiting:
            self._ask(connection, self._waiting.popleft())
        else:
            self._idle.append(connection)

    def _answered(self, connection: Connection, group: Group, status: int, body: bytes) -> None:
        if status == 200:
            self._complete(group, self._read(body) if self._whole else None)
        else:
            self._failed(group)
        self._free(connection)

    def _lost(self, connection: Connection, group: Group | None) -> None:
        self._open -= 1
        if group:
            self._failed(group)
        elif connection in self._idle:
            self._idle.remove(connection)
        if self._waiting and not self._open:
            self._open += 1
            self._loop.create_task(self._connect())

    def _failed(self, group: Group) -> None:
        self.errors += len(group)
        self._complete(group, None)

    def _complete(self, group: Group, found: NDArray[np.float32] | None) -> None:
        """Tell LoadGen that the samples are done, with `[N, classes]` or with nothing."""
        places = [(0, 0)] * len(group) if found is None else [(row.ctypes.data, row.nbytes) for row in found]
        ended = [lg.QuerySampleResponse(sample, *place) for (sample, _), place in zip(group, places, strict=True)]
        lg.QuerySamplesComplete(ended)

    def _read(self, body: bytes) -> NDArray[np.float32]:
        """Return what is answered as probabilities `[N, classes]`; an answer with one has it of the second class."""
        answers = json.loads(body)
        rows = [
            [answer["probabilities"][name] for name in self._classes]
            if "probabilities" in answer
            else [1 - answer["probability"], answer["probability"]]
            for answer in (answers if isinstance(answers, list) else [answers])
        ]
        return np.array(rows, np.float32)
