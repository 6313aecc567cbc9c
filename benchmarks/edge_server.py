"""A folder that is served on loopback, and a page of it that is waited for."""

import functools
import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_PATIENCE = 120_000  # milliseconds, of a busy machine


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def ready(page: Page, go: Any) -> float:
    """Return the milliseconds until the page is ready."""
    began = time.monotonic()
    go()
    page.wait_for_selector("html[data-ready]", timeout=_PATIENCE)
    return 1e3 * (time.monotonic() - began)
