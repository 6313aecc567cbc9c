"""The page that shows what is there, in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from flows.look import look
from tests.unit.exploration.test_groups import PARAMS, sorts


def test_the_page_shows_every_group_and_asks_nobody(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "params.yaml").write_text(PARAMS.format(source=sorts(tmp_path / "mugs")))
    monkeypatch.chdir(tmp_path)
    look("mugs", groups=3, by="simple")
    asked: list[str] = []
    page = browser.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "state/look/mugs/index.html").as_uri())
    assert [url for url in asked if not url.startswith(("data:", "file:"))] == []
    assert page.locator("h2").all_inner_texts()[0] == "Map"
    assert page.locator("svg image").count() == 38
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    page.close()
