"""One line of JSON for each request on standard output, where that is asked for."""

import json
import os
import time

from components.inference.gateway.call import Call


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
        "path": call.path,
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

    Where that fails (a disk is full, nobody reads any more) the line is lost, and the request is answered.
    """
    try:
        os.write(1, text)
    except OSError:
        return
