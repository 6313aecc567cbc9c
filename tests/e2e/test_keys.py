"""The page, and BentoML's documentation, of an endpoint that asks for keys, in a real browser."""

import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from components.inference.gateway.keys import new_key
from tests.conftest import Project, copy_of
from tests.e2e.conftest import PACKAGE
from tests.integration.test_access import serving

KEY, LINE = new_key("shop")


@pytest.fixture(scope="module")
def keyed_url(trained_once: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    project = copy_of(trained_once, tmp_path_factory.mktemp("keyed"))
    bento = project.run(sys.executable, "-c", PACKAGE, "digits", PYTHONPATH=".").split()[-1]
    with serving((project, bento), "keyed", JOURNEYMAN_API_KEYS=LINE, JOURNEYMAN_RATE="20") as endpoint:
        yield str(endpoint.client.base_url)


def test_the_page_asks_for_a_key_and_goes_on_with_it(browser: Browser, keyed_url: str) -> None:
    page = browser.new_page()
    page.goto(keyed_url)
    expect(page.locator("#key-text")).to_be_visible()
    page.locator("#key-text").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.locator("#key-text")).to_be_visible()
    page.locator("#key-text").fill(KEY)
    page.keyboard.press("Enter")
    expect(page.locator("#examples button")).to_have_count(10)
    page.locator("#examples button").first.click()
    expect(page.locator("#bars li")).to_have_count(10)
    page.close()


def test_the_documentation_works_and_asks_no_other_address(browser: Browser, keyed_url: str) -> None:
    context = browser.new_context(extra_http_headers={"x-api-key": KEY})
    page, asked = context.new_page(), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{keyed_url}/docs")
    expect(page.locator(".opblock-summary-path", has_text="/predict")).to_be_visible()
    assert [url for url in asked if not url.startswith((keyed_url, "data:"))] == []
    context.close()
