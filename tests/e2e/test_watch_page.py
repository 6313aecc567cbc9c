"""The page that `flows.watch` writes, in a real browser: a month of pictures, a lens that fogs, labels that come."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from components.config.settings import artifacts
from components.system.files import write_content
from components.watch.page import page as page_of
from components.watch.trials import Finding, Trial
from docs.at_work import DAYS, FOGGED, LATER, UNTIL, month
from tests.conftest import Project
from tests.e2e.conftest import Visit
from tests.e2e.test_page import FAINT, PHONE

pytestmark = pytest.mark.usefixtures("chromium")


@pytest.fixture(scope="module")
def folder(chromium: str, trained_once: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("month")
    seen = month(trained_once.path / artifacts("digits", "bundle").parent, folder / "log" / "digits", "digits")
    found = Finding(
        kind="shadow", version="4", against="3", when=UNTIL, answers=1_200, labelled=60, metric="accuracy", before=0.8,
        now=0.9, better=9, worse=2, evidence=6.25, needed=20.0, course=((1, 1.0), (30, 2.5), (60, 6.25)),
    )  # fmt: skip
    tried = Trial(kind="shadow", version="4", against="3", since=UNTIL - LATER, state="runs", found=found)
    report = seen.model_copy(update={"trials": (tried,), "waiting": ("4",)})
    write_content(folder / "index.html", page_of(report))
    return folder


@pytest.fixture
def opened(visit: Callable[..., Visit], folder: Path) -> Callable[..., Visit]:
    def open_it(**options: Any) -> Visit:
        return visit(folder.as_uri(), shows="h2", path="/index.html", **options)

    return open_it


def test_it_shows_curves_and_distributions_and_asks_nobody(opened: Callable[..., Visit], folder: Path) -> None:
    seen = opened()
    page = seen.page
    assert seen.complaints == []
    assert seen.asked == [f"{folder.as_uri()}/index.html"]
    first = page.locator(".first dd").first
    expect(first).to_have_text("harm")
    calm = page.locator(".first dd").nth(2).evaluate("element => getComputedStyle(element).color")
    assert first.evaluate("element => getComputedStyle(element).color") != calm
    for title in ("Quality, by labels", "Quality that is expected"):
        curve = _section(page, title).get_by_role("img").first
        expect(curve).to_be_visible()
        assert curve.locator("polyline").count() >= 1
        expect(curve.locator(".since")).to_be_attached()
    tried = _section(page, "Tried on live work")
    expect(tried).to_contain_text("better on 9 of them, worse on 2")
    expect(tried.get_by_role("img").first).to_be_visible()
    drift = _section(page, "Drift")
    expect(drift.get_by_text("moved by").first).to_be_visible()
    expect(drift).to_contain_text("a classifier tells them from those of validation")
    panels = drift.locator(".gallery svg")
    assert panels.count() >= 2
    first_two = [panels.nth(index).bounding_box() for index in range(2)]
    assert first_two[0]
    assert first_two[1]
    assert first_two[0]["y"] == first_two[1]["y"]  # side by side
    assert panels.first.locator(".before").count() == panels.first.locator(".after").count() > 1
    assert FOGGED < DAYS
    expect(page.locator("header")).to_contain_text(f"Up to {UNTIL:%Y-%m-%d %H:%M} UTC")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_can_be_read(scheme: str, opened: Callable[..., Visit]) -> None:
    page = opened(color_scheme=scheme).page
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate(FAINT) == []


def test_on_a_phone_it_is_as_wide_as_the_phone(opened: Callable[..., Visit]) -> None:
    page = opened(**PHONE).page
    assert page.evaluate("() => document.documentElement.scrollWidth") == 390
    drawn = page.locator("svg:visible")
    assert drawn.count() > 3
    for size in drawn.evaluate_all(_LETTERS):
        assert size >= 11  # pixels: what is drawn for a wide page is not made small


def test_tables_are_opened_by_the_keyboard(opened: Callable[..., Visit]) -> None:
    page = opened().page
    traffic = _section(page, "Traffic")
    summary = traffic.locator("summary")
    for _ in range(40):
        page.keyboard.press("Tab")
        if summary.evaluate("element => element === document.activeElement"):
            break
    expect(summary).to_be_focused()
    expect(traffic.locator("details table")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(traffic.locator("details table")).to_be_visible()
    assert summary.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"


_LETTERS = """
found => found.map((drawing) => 13 * drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width)
"""


def _section(page: Page, title: str) -> Locator:
    return page.locator("section").filter(has=page.get_by_role("heading", name=title, exact=True))
