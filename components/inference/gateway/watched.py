"""`GET /watch`: the page that `flows.watch` writes beside the log, as it is at this moment."""

import os
from pathlib import Path

from components.inference.gateway.call import Call, Reply, refusal

_HTML = (b"content-type", b"text/html; charset=utf-8")


def page_of(logs: Path, workload: str) -> Path:
    """Return where the page of a workload is: `watch/` stands beside the folder of the logs."""
    return logs.absolute().parent / "watch" / workload / "index.html"


def watched(path: Path, call: Call) -> Reply:
    """Return the page, or 304 where the caller has this one already."""
    try:
        with path.open("rb") as file:
            known = os.fstat(file.fileno())
            etag = b'"%x-%x"' % (known.st_mtime_ns, known.st_size)
            if call.headers.get(b"if-none-match") == etag:
                return Reply(304, b"", ((b"etag", etag),))
            return Reply(200, file.read(), (_HTML, (b"etag", etag)))
    except OSError:
        workload = path.parent.name
        return refusal(404, f"nothing is known yet; `python -m flows.watch {workload}` writes the page")
