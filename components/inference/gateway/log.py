"""One line of JSON for each request on standard output, where that is asked for."""

import json
import os
import select
import time

from components.inference.gateway.call import Call

_PATH = 256  # letters of it, so that a line is within the 4096 bytes that a pipe takes in one piece


def observe(call: Call) -> None:
    """Write the line on one request."""
    _write(line(call, time.time()))


def line(call: Call, now: float) -> bytes:
    """Return the line on one request.

    It has the key's name, never the key, and the path without the query, which may hold what is nobody's business.
    """
    told = {
        "time": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now % 1 * 1000):03d}Z",
        "request_id": call.id.decode(),
        "method": call.method,
        "path": call.path[:_PATH],
        "status": call.status,
        "outcome": call.outcome,
        "ms": round(call.seconds * 1e3, 3),
        "model_version": call.version,
        "key": call.caller,
        "bytes": call.received,
    }
    return json.dumps(told, separators=(",", ":")).encode() + b"\n"


def _write(text: bytes) -> None:
    """Write in one piece, so that the lines of several workers do not mix.

    Where that cannot be (a disk is full, whoever reads has stopped) the line is lost: requests wait for no log.
    """
    try:
        if _ready(1):
            os.write(1, text)
    except OSError:
        return


def _ready(file: int) -> bool:
    """Whether a line can be written without waiting: POSIX has a pipe ready when it takes `PIPE_BUF` bytes."""
    ready = select.poll()
    ready.register(file, select.POLLOUT)
    return bool(ready.poll(0))
