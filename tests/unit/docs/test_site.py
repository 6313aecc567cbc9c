"""The documentation is a site: built strictly, whole, and of nothing that lies elsewhere."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from docs import pages
from tests.conftest import ROOT

CONFIG = ROOT / "mkdocs.yml"
LOADING = {"script": "src", "link": "href", "img": "src", "source": "src", "iframe": "src", "image": "href"}
"""By which attribute an element loads something."""


class Loaded(HTMLParser):
    """What a page loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag in LOADING and named.get("rel") != "canonical":
            self.addresses.append(named.get(LOADING[tag]) or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = _build(CONFIG, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_page_is_in_the_site(site: Path) -> None:
    expected = {path.with_suffix(".html").name for path in (ROOT / "docs").glob("*.md")}
    expected |= {Path(page).with_suffix(".html").name for page in pages.TOP.values()}
    assert expected <= {path.name for path in site.glob("*.html")}
    assert not list(site.glob("**/*.py"))


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    loaded = [address for path in site.glob("**/*.html") for address in Loaded(path.read_text()).addresses]
    assert len(loaded) > 20
    assert [address for address in loaded if re.match(r"(https?:)?//", address)] == []
    styles = [path.read_text() for path in site.glob("**/*.css")]
    assert styles
    assert [found for text in styles for found in re.findall(r"(?:url\(|@import )[\"']?https?:[^)\"']*", text)] == []


def test_a_link_to_a_page_that_is_not_there_fails(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# Here\n\n[there](there.md)\n")
    (tmp_path / "mkdocs.yml").write_text(re.sub(r"(?ms)^hooks:.*?\n|^nav:.*?^(?=theme)", "", CONFIG.read_text()))
    done = _build(tmp_path / "mkdocs.yml", tmp_path / "site")
    assert done.returncode == 1
    assert "there.md" in done.stderr


@pytest.mark.parametrize(
    ("page", "text", "shown"),
    [
        ("index.md", "[how](docs/own-data.md#tables) ![](docs/loop.svg)", "[how](own-data.md#tables) ![](loop.svg)"),
        ("index.md", "[why](CONTRIBUTING.md), [all](params.yaml)", "[why](contributing.md), all"),
        ("own-data.md", "[first](../README.md#serve) [code](../tests/conftest.py)", "[first](index.md#serve) code"),
        (
            "own-data.md",
            "[a](#tables) [b](https://example.com) [c](params.py)",
            "[a](#tables) [b](https://example.com) c",
        ),
        ("own-data.md", "[`x`\n](../README.md)", "[`x`\n](index.md)"),
        ("own-data.md", "```sh\n[a](../params.yaml)\n```\n[b](../params.yaml)", "```sh\n[a](../params.yaml)\n```\nb"),
    ],
)
def test_links_lead_to_pages_of_the_site(page: str, text: str, shown: str) -> None:
    assert pages.relinked(text, page) == shown


@pytest.mark.parametrize("picture", sorted((ROOT / "docs").glob("*.png")), ids=lambda path: path.name)
def test_pictures_are_small(picture: Path) -> None:
    assert picture.stat().st_size < 200_000


def _build(config: Path, folder: Path) -> "subprocess.CompletedProcess[str]":
    # not --quiet, with which warnings do not count
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(config), "-d", str(folder)]
    return subprocess.run(command, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True)
