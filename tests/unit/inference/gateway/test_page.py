import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic_core import from_json

from components.inference.engine.engine import Engine
from components.inference.engine.model import CARD, CARD_PAGE, Model
from components.inference.examples import EXAMPLES
from components.inference.gateway.page import Route, files, routes
from components.system.files import write_json
from tests.unit.inference.gateway.calls import call

PLACES = {"/", "/page/page.css", "/page/page.js", "/page/icon.svg"}
ROW = {"picture": {"base64": "UE5H"}}


@pytest.fixture
def page(new_model: Callable[..., Model], tmp_path: Path) -> dict[str, Route]:
    """The page of a model with a card and one example."""
    for version in "12":
        new_model(version).close()
        beside = tmp_path / f"bundle-{version}-0-1"
        write_json(beside / CARD, {"version": version})
        (beside / CARD_PAGE).write_text(f"<h1>{version}</h1>")
        write_json(beside / EXAMPLES, [{"name": "bright", "row": ROW}])
    engine = Engine()
    engine.swap(Model.open(tmp_path / "bundle-1-0-1", "1", None))
    made = routes(engine)
    made["swap"] = lambda _: engine.swap(Model.open(tmp_path / "bundle-2-0-1", "2", None))  # type: ignore[return-value]
    return made


def test_it_asks_for_nothing_that_is_not_beside_it() -> None:
    assert set(files()) >= PLACES
    text = b"".join(body for body, _ in files().values()).decode()
    assert re.findall(r'(?:href|src)="([^"]+)"', files()["/"][0].decode()) != []
    assert set(re.findall(r"https?://[^\"'\s]+", text)) == {"http://www.w3.org/2000/svg"}
    for name in re.findall(r'(?:from "\.|href="page|src="page)/([^"]+)"', text):
        assert f"/page/{name}" in files()


def test_it_is_light() -> None:
    asked_for_later = set(re.findall(r'import\("\.(/[^"]+)"\)', files()["/page/page.js"][0].decode()))
    assert asked_for_later == {"/chat.js", "/shelf.js", "/sound.js"}
    first = [body for path, (body, _) in files().items() if path.removeprefix("/page") not in asked_for_later]
    assert sum(map(len, first)) < 44_000


def test_it_says_what_is_at_work(page: dict[str, Route]) -> None:
    about = from_json(page["/about"](call("/about", "GET")).body)
    assert about["form"]["upload"]["field"] == "picture"
    assert "image/png" in about["form"]["upload"]["types"]
    assert about["classes"] == ["dark", "bright"]
    assert about["card"] == {"version": "1"}
    assert about["examples"] == [{"name": "bright", "href": "examples/0"}]
    assert (about["explains"], about["remembers"]) == (False, False)


def test_the_card_of_the_version_at_work_is_a_page(page: dict[str, Route]) -> None:
    first = page["/card"](call("/card", "GET"))
    assert (first.status, first.body) == (200, b"<h1>1</h1>")
    assert dict(first.headers)[b"content-type"] == b"text/html; charset=utf-8"
    assert from_json(page["/about"](call("/about", "GET")).body)["card_page"] == "card"
    page["swap"](call())
    assert page["/card"](call("/card", "GET")).body == b"<h1>2</h1>"


def test_a_version_without_a_card_says_so(new_model: Callable[..., Model]) -> None:
    engine = Engine()
    engine.swap(new_model("3"))
    bare = routes(engine)
    assert bare["/card"](call("/card", "GET")).status == 404
    assert from_json(bare["/about"](call("/about", "GET")).body)["card_page"] is None


def test_what_it_says_changes_with_the_model(page: dict[str, Route]) -> None:
    before = page["/about"](call("/about", "GET"))
    assert page["/about"](call("/about", "GET")) == before
    page["swap"](call())
    after = from_json(page["/about"](call("/about", "GET")).body)
    assert (after["version"], after["card"]) == ("2", {"version": "2"})


def test_examples_are_files_and_those_that_are_not_there_are_refused(page: dict[str, Route]) -> None:
    assert page["/examples/0"](call("/examples/0", "GET")).body == b"PNG"
    missing = page["/examples/1"](call("/examples/1", "GET"))
    assert missing.status == 404
    assert from_json(missing.body) == {"error": "there is no /examples/1"}


@pytest.mark.parametrize("path", ["/", "/page/page.js", "/about", "/card", "/examples/0"])
def test_what_the_caller_has_is_not_sent_again(path: str, page: dict[str, Route]) -> None:
    first = page[path](call(path, "GET"))
    etag = dict(first.headers)[b"etag"].decode()
    again = page[path](call(path, "GET", if_none_match=etag))
    assert (first.status, again.status, again.body) == (200, 304, b"")
    assert page[path](call(path, "GET", if_none_match='"other"')).body == first.body
