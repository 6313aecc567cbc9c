"""A real browser, and pages of real endpoints in it."""

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from components.config.errors import DataError
from components.inference.edge.runtime import PACKAGE, VERSION, fetch_runtime
from tests.conftest import ROOT, Project, copy_of
from tests.integration.test_bento import serving

REQUIRED = bool(os.environ.get("JOURNEYMAN_REQUIRE_CHROMIUM"))
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""As in install/chromium.sh."""
CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
PACKAGING = """
import sys
from flows.release import package_champion
from tests.registering import registered
print(package_champion.fn(registered(sys.argv[1]).champion)[1])
"""


@dataclass
class Visit:
    """A page that has been opened, and what was seen of it."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    """What the browser's console says."""
    asked: list[str] = field(default_factory=list)
    """The addresses of its requests."""


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's path. Without one the test is skipped, or fails where one is required."""
    there = [path for path in map(shutil.which, NAMES) if path and _runs(path)]
    if not there:
        (pytest.fail if REQUIRED else pytest.skip)("needs Chromium on the PATH: make chromium")
    return there[0]


def _runs(path: str) -> bool:
    """Ubuntu has a program of that name which only says what to install."""
    return subprocess.run([path, "--version"], capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=CAMERA)
        yield started
        started.close()


@pytest.fixture(scope="session")
def digits_bento(trained_once: Project, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str]:
    return packaged(copy_of(trained_once, tmp_path_factory.mktemp("digits-page")), "digits")


@pytest.fixture(scope="module")
def digits_url(digits_bento: tuple[Project, str]) -> Iterator[str]:
    project, bento = digits_bento
    champions = {"JOURNEYMAN_CHAMPIONS": str(project.path / "state" / "champions")}
    with serving(project, bento, cwd=project.path.parent, variables=champions) as url:
        yield url


@pytest.fixture(scope="module")
def payments_url(payments_once: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    project, bento = packaged(copy_of(payments_once, tmp_path_factory.mktemp("payments-page")), "payments")
    with serving(project, bento, cwd=project.path.parent) as url:
        yield url


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    contexts: list[BrowserContext] = []

    def open_page(url: str, shows: str = "#examples li", path: str = "/", **options: Any) -> Visit:
        contexts.append(browser.new_context(**options))
        made = Visit(contexts[-1].new_page())
        made.page.on("console", lambda message: made.complaints.append(message.text))
        made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
        made.page.on("request", lambda request: made.asked.append(request.url))
        made.page.goto(f"{url}{path}")
        expect(made.page.locator(shows).last).to_be_visible()
        return made

    yield open_page
    for context in contexts:
        context.close()


def on_a_device(bundle: Path, said: str, stream: bytes = b"") -> list[str]:
    """Return the lines that `docs/predict.py` prints of a bundle."""
    command = [sys.executable, "-I", str(ROOT / "docs" / "predict.py"), str(bundle), said]
    return subprocess.run(command, input=stream, capture_output=True, check=True).stdout.decode().splitlines()


def packaged(project: Project, workload: str) -> tuple[Project, str]:
    """Make the workload's Bento as the flow makes it; return its tag with the project."""
    return project, project.run("python", "-c", PACKAGING, workload, PYTHONPATH=".").split()[-1]


@pytest.fixture
def patience() -> Iterator[None]:
    """A busy machine takes its time to compile the runtime."""
    expect.set_options(timeout=60_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture(scope="session")
def runtime(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """The runtime's files. Where no registry has them the test is skipped, or fails where Chromium is required."""
    refused = []

    def fetch(folder: Path) -> None:
        try:
            shutil.copytree(fetch_runtime(), folder, dirs_exist_ok=True)
        except DataError as error:
            refused.append(str(error))

    found = once("edge-runtime", fetch)
    if not any(found.iterdir()):
        (pytest.fail if REQUIRED else pytest.skip)(f"needs {PACKAGE} {VERSION}: {' '.join(refused)}")
    return found


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder as any server of files does; when the block ends nobody answers at its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[[str], Page]]:
    """Open a page; what the browser has to complain of, and what it asks of others, fails the test at its end."""
    context = browser.new_context()
    context.grant_permissions(["camera", "microphone"])
    wrong: list[str] = []
    addresses: list[str] = []

    def open_page(url: str) -> Page:
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        context.on("request", lambda request: addresses.append(request.url))
        page.goto(url)
        expect(page.locator("html[data-ready], #refused:visible")).to_be_visible(timeout=60_000)
        assert not [address for address in addresses if not address.startswith(url)]
        return page

    yield open_page
    context.close()
    assert wrong == []
