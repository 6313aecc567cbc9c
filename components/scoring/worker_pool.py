"""Processes that answer rows, one for each core, and a lazy, ordered way through them.

Not a `ProcessPoolExecutor`: when its process is killed, idle workers stay for ever; these end by themselves.
"""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal, TypeVar

import components
from components.config.errors import JourneymanError

Item = TypeVar("Item")
Work = Literal["answer", "observations", "predict"]

_ROOT = Path(components.__path__[0]).parent
_AHEAD = 2  # items for each worker that are read before their turn


class WorkerPool:
    """Running processes of `worker`."""

    def __init__(self, workers: list["Worker"]) -> None:
        self._count = len(workers)
        self._threads = ThreadPoolExecutor(len(workers))
        self._idle: SimpleQueue[Worker] = SimpleQueue()
        for worker in workers:
            self._idle.put(worker)

    def map(self, work: Work, items: Iterable[tuple[Item, tuple[Any, ...]]]) -> Iterator[tuple[Item, Any]]:
        """Yield (item, what `work` makes of its arguments) for each (item, arguments), in order, a few ahead.

        Raises:
            JourneymanError: a worker has failed or is gone.
        """
        waiting: deque[tuple[Item, Future[Any]]] = deque()
        for item, arguments in items:
            waiting.append((item, self._threads.submit(self._do, work, arguments)))
            if len(waiting) > _AHEAD * self._count:
                done, result = waiting.popleft()
                yield done, result.result()
        while waiting:
            done, result = waiting.popleft()
            yield done, result.result()

    def close(self) -> None:
        """Take nothing more on."""
        self._threads.shutdown(cancel_futures=True)

    def _do(self, work: Work, arguments: tuple[Any, ...]) -> Any:
        worker = self._idle.get()
        try:
            return worker.ask((work, arguments))
        finally:
            self._idle.put(worker)


@contextmanager
def worker_pool(bundle: Path, count: int) -> Iterator[WorkerPool]:
    """Start `count` workers with the bundle at `bundle`, all ready, and end them behind the block."""
    workers = [Worker.start(bundle) for _ in range(count)]
    try:
        for worker in workers:
            worker.receive()
        pool = WorkerPool(workers)
        try:
            yield pool
        finally:
            for worker in workers:
                worker.process.kill()  # whoever waits for its answer gets an error
            pool.close()
    finally:
        for worker in workers:
            worker.end()


@dataclass(frozen=True)
class Worker:
    """One process, and the connection to it."""

    process: "subprocess.Popen[bytes]"
    connection: Connection

    @classmethod
    def start(cls, bundle: Path) -> "Worker":
        """Start a process with the bundle; it sends None once it is ready."""
        ours, its = Pipe()
        command = [sys.executable, "-m", "components.scoring.worker", str(bundle.resolve()), str(its.fileno())]
        single_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        process = subprocess.Popen(
            command,
            cwd=_ROOT,
            pass_fds=[its.fileno()],
            stdin=subprocess.DEVNULL,
            env={**os.environ, **single_thread},
            start_new_session=True,  # Ctrl-C is for whoever started it
        )
        its.close()
        return cls(process, ours)

    def ask(self, message: Any) -> Any:
        """Send a message; return the answer. Raises what `receive` does."""
        with suppress(OSError):  # it is gone; what it sent last can still be received
            self.connection.send(message)
        return self.receive()

    def receive(self) -> Any:
        """Return what the process sends.

        Raises:
            JourneymanError: the process has sent one, or it is gone.
        """
        try:
            answer = self.connection.recv()
        except (EOFError, OSError) as error:
            status = self.process.wait()
            raise JourneymanError(
                f"a process that scores ended with status {status}: -9 is the kernel's where memory was full; "
                "the same command goes on from here"
            ) from error
        if isinstance(answer, JourneymanError):
            raise answer
        return answer

    def end(self) -> None:
        """Kill the process, and close the connection."""
        self.process.kill()
        self.process.wait()
        self.connection.close()
