"""The page that asks for labels, on this machine alone: `make label`."""

import threading
from collections.abc import Callable, Sequence
from http.server import ThreadingHTTPServer
from typing import Any

from components.labelling.operations import PAGE, PATHS, Read, asked, carry_out, files, to_log
from components.labelling.questions import Questions
from components.prediction_log.record import Label
from components.system.loopback import File, loopback_server

Log = Callable[[Sequence[Label]], None]


def label_server(questions: Questions, who: str, log: Log, read: Read, port: int) -> ThreadingHTTPServer:
    """Return the server, at 127.0.0.1.

    Args:
        questions: that are asked.
        who: is asked.
        log: takes labels into the prediction log.
        read: reads a label.
        port: 0: any.

    Raises:
        EndpointError: the port is taken.
    """
    lock = threading.Lock()

    def reply(path: str, body: bytes) -> dict[str, Any]:
        said = asked(body)
        with lock:  # one thread writes the log
            labels = to_log(questions, path, said, who, read)
            if labels:
                log(labels)
            return carry_out(questions, path, said, who, labels)

    return loopback_server(port, _show, PATHS, reply)


def _show(path: str) -> File | None:
    return files().get(PAGE if path in ("/", f"{PAGE}/") else path)
