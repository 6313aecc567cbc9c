"""`GET /watch` and the verdict in `/metrics`: what `flows.watch` has written beside the log, as it is at this moment.

Nothing of it is computed here, and it is read by those two routes alone.
"""

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from components.inference.gateway.call import Call, Reply, refusal
from components.inference.gateway.exposition import cell

VERDICT = "verdict.json"
"""Beside the page: workload, version, verdict, since (a day, or null), as_of (a moment)."""
VERDICTS = ("well", "look", "harm")

_HTML = (b"content-type", b"text/html; charset=utf-8")


def page_of(logs: Path, workload: str) -> Path:
    """Return where the page of a workload is: `watch/` stands beside the folder of the logs."""
    return logs.absolute().parent / "watch" / workload / "index.html"


def verdict_cells(path: Path) -> dict[str, float]:
    """Return the numbers of the verdict beside the page, by the names of their cells; none where there is none.

    Args:
        path: of the page; see `page_of`.
    """
    try:
        said: dict[str, Any] = json.loads(path.with_name(VERDICT).read_bytes())
        whose = {"workload": str(said["workload"]), "version": str(said["version"])}
        now = VERDICTS.index(said["verdict"])
        found = {cell("journeyman_watch_age_seconds", **whose): time.time() - _seconds(said["as_of"])}
        if said["since"]:
            found[cell("journeyman_watch_since_timestamp_seconds", **whose)] = _seconds(said["since"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    names = (cell("journeyman_watch_verdict", **whose, verdict=verdict) for verdict in VERDICTS)
    return found | {name: float(index == now) for index, name in enumerate(names)}


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


def _seconds(moment: str) -> float:
    """Return the moment, ISO 8601, as seconds since 1970; of a day when it began, in UTC."""
    found = datetime.fromisoformat(moment)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
