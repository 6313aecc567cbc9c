"""The page of `flows.promote --serve` in a real browser: a person says why, and presses the button."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.conftest import Project, copy_of
from tests.e2e.conftest import Visit
from tests.e2e.test_page import FAINT, PHONE

pytestmark = pytest.mark.usefixtures("chromium")
WAITS = """
from components.registry.gate.record import keep
from components.registry.promotion import champion
from tests.registering import registered, variant, verdict
registered("digits")
better = variant("digits", "better", 0.999)
keep(better, verdict(better, champion("digits")), None)
"""
PATIENCE = 300_000  # milliseconds until a version is packaged and published; the machine may be busy


@pytest.fixture(scope="module")
def served(
    chromium: str, trained_once: Project, prefect_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Project, str]]:
    """A project in which version 2 waits for a person, and the address of the page."""
    project = copy_of(trained_once, Path(tmp_path_factory.mktemp("promote-page")))
    project.params("    gate:\n", "    gate:\n      mode: ask\n")
    project.run("python", "-c", WAITS, PYTHONPATH=".")
    environment = {**project.environment(), "PREFECT_API_URL": prefect_url}
    command = [sys.executable, "-m", "flows.promote", "digits", "--serve", "--port", "0"]
    server = subprocess.Popen(command, cwd=project.path, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout
        found = re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline())
        assert found
        yield project, found[0]
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(60)
        if server.stdout:
            server.stdout.close()


def test_one_button_puts_the_waiting_version_to_work(served: tuple[Project, str], visit: Callable[..., Visit]) -> None:
    project, url = served
    for scheme in ("light", "dark"):
        narrow = visit(url, shows="form", color_scheme=scheme, **PHONE).page
        assert narrow.evaluate(FAINT) == []
        assert narrow.evaluate("() => document.documentElement.scrollWidth") == 390
    seen = visit(url, shows="form")
    page = seen.page
    expect(page.get_by_role("heading", level=2)).to_have_text("Version 2 beside version 1")
    expect(page.locator("section")).to_contain_text("version 2 replaces version 1")
    button = page.get_by_role("button", name="Put version 2 to work")
    button.click()  # without a reason nothing happens
    expect(page.locator("#said")).to_have_text("")
    page.get_by_label("Why, for the history").fill("it knows the new season")
    page.keyboard.press("Enter")
    expect(button).to_be_disabled()
    expect(page.locator("#said")).to_have_text("Version 2 is at work.", timeout=PATIENCE)
    expect(page.locator("#problem")).to_have_text("")
    expect(button).to_be_disabled()
    page.reload()
    expect(page.get_by_role("heading", level=2)).to_have_text("Nobody waits")
    expect(page.locator("header")).to_contain_text("Version 2 is at work")
    assert seen.complaints == []
    assert all(address.startswith((url, "data:")) for address in seen.asked)
    told = project.run("python", "-m", "flows.history", "digits")
    assert "overridden" in told
    assert "it knows the new season" in told
    assert (project.path / "state" / "champions" / "digits" / "champion.json").exists()
