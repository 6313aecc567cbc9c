"""A store on loopback that lets so many bytes a second through, however many ask; it may be away for a while, too.

    python -m benchmarks.throttled FOLDER BYTES_A_SECOND

serves the folder's files by HTTP, and prints its address.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_CHUNK = 1 << 16


class ThrottledStore(ThreadingHTTPServer):
    """Serves the files of a folder; what it does may be changed while it runs."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, folder: Path, rate: float = float("inf")) -> None:
        """Listen on a free port. `rate`: bytes a second, of all answers together."""
        super().__init__(("127.0.0.1", 0), _Answer)
        self.folder, self.rate = folder, rate
        self.status = 200
        """What is answered; anything else than 200 without a body."""
        self.let_through = threading.Event()
        """While it is not set, nothing is answered at all."""
        self.let_through.set()
        self.held_from: int | None = None
        """From how many files on nothing is answered until `let_through` is set; None: all are."""
        self.served: list[str] = []
        """The names of the files that were asked for, as often as they were."""
        self._lock, self._free = threading.Lock(), 0.0

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_port}"

    def wait_for_turn(self, count: int) -> None:
        """Wait until so many bytes may go."""
        with self._lock:
            self._free = max(self._free, time.monotonic()) + count / self.rate
            wait = self._free - time.monotonic()
        if wait > 0:
            time.sleep(wait)


class _Answer(BaseHTTPRequestHandler):
    server: ThrottledStore
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_HEAD(self) -> None:
        self._begin()

    def do_GET(self) -> None:
        store = self.server
        if store.held_from is not None and len(store.served) >= store.held_from:
            store.let_through.wait()
        store.served.append(self.path.rpartition("/")[2])
        if store.held_from is None:
            store.let_through.wait()
        if (path := self._begin()) is None:
            return
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                store.wait_for_turn(len(chunk))
                self.wfile.write(chunk)

    def _begin(self) -> Path | None:
        path = self.server.folder / self.path.rpartition("/")[2]
        status = self.server.status if path.is_file() else 404
        self.send_response(status)
        self.send_header("Content-Length", str(path.stat().st_size if status == 200 else 0))
        self.end_headers()
        return path if status == 200 else None

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:
            """Who asked is gone."""

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def throttled(folder: Path, rate: float = float("inf")) -> Iterator[ThrottledStore]:
    """Yield a running store of the folder, in a thread of this process."""
    with ThrottledStore(folder, rate) as store:
        threading.Thread(target=store.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield store
        finally:
            store.let_through.set()
            store.shutdown()


if __name__ == "__main__":
    with ThrottledStore(Path(sys.argv[1]), float(sys.argv[2])) as server:
        print(server.address, flush=True)
        server.serve_forever()
