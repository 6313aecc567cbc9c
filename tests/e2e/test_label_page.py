"""The page that asks for labels, in a real browser, by the keyboard: two people at one endpoint."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from components.config.settings import artifacts
from components.inference.gateway.keys import new_key
from components.kinds.image import codec
from components.kinds.prepared import open_prepared
from components.labelling.questions import Question, Questions
from components.labelling.server import label_server
from components.prediction_log.reader import Log
from components.watch.bundles import Bundles
from flows.label import choose_questions
from tests.conftest import Project
from tests.e2e.conftest import Visit
from tests.e2e.test_page import FAINT, PHONE
from tests.integration.test_bento import serving

pytestmark = pytest.mark.usefixtures("chromium")
ALICE, BOB = new_key("alice"), new_key("bob")


@pytest.fixture(scope="module")
def asked(digits_bento: tuple[Project, str]) -> Iterator[tuple[str, Path]]:
    """An endpoint that has answered 40 pictures, of which it asks about 12; its address and its logs."""
    project, bento = digits_bento
    logs = project.path / "state" / "asked" / "log"
    settings = {"JOURNEYMAN_API_KEYS": f"{ALICE[1]},{BOB[1]}", "JOURNEYMAN_LOG_DIR": str(logs)}
    inputs = np.asarray(open_prepared(project.path / artifacts("digits", "prepared")).inputs("test"))[:40]
    with (
        serving(project, bento, cwd=project.path.parent, variables=settings) as url,
        httpx.Client(base_url=url, headers={"x-api-key": ALICE[0]}, timeout=30, trust_env=False) as client,
    ):
        assert "nothing is asked yet" in client.post("/label/next", json={"holder": "alice-01"}).text
        for picture in inputs:
            assert client.post("/predict", files=codec.encode(picture)).status_code == 200
        bundles = Bundles(lambda _: project.path / artifacts("digits", "bundle"))
        said = choose_questions(Log.open(logs / "digits"), bundles, logs.parent / "label" / "digits", 12, 30, 0.02, 1)
        assert "12 of 40 answers" in said
        yield url, logs


def test_two_people_label_by_the_keyboard(asked: tuple[str, Path], visit: Callable[..., Visit]) -> None:
    url, logs = asked
    seen = [visit(url, path="/label", shows="#key") for _ in range(2)]
    alice, bob = (each.page for each in seen)
    for page, key in ((alice, ALICE), (bob, BOB)):
        page.keyboard.type(key[0])  # the field has the focus
        page.keyboard.press("Enter")
        expect(page.locator("#work")).to_be_visible()
    expect(alice.locator("#progress")).to_have_text("0 of 12 answered, as alice")
    first, other = picture(alice), picture(bob)
    assert first != other
    expect(alice.locator("#answer")).to_be_hidden()
    assert "The model says" not in alice.locator("body").inner_text()
    alice.keyboard.press("a")
    expect(alice.locator("#answer")).to_contain_text("The model says digit-")

    press(alice, "4")
    expect(alice.locator("#progress")).to_have_text("1 of 12 answered, as alice")
    assert labels(logs) == [("digit-3", "alice")]
    assert picture(alice) not in (first, other)
    expect(alice.locator("#interval")).to_contain_text("by 1 label;")
    expect(alice.locator("#answer")).to_be_hidden()
    press(alice, "u")
    assert picture(alice) == first
    assert labels(logs)[-1] == ("", "alice")
    press(alice, "0")
    assert labels(logs)[-1] == ("digit-9", "alice")
    press(alice, "x")
    expect(alice.locator("#progress")).to_have_text("2 of 12 answered, as alice")
    skipped = picture(alice)
    press(alice, "s")
    assert picture(alice) != skipped

    while bob.locator("#work").is_visible():
        press(bob, "1")
    expect(bob.locator("#rest")).to_contain_text("1 are open")  # that is before Alice
    while alice.locator("#work").is_visible():
        press(alice, "2")
    expect(alice.locator("#done")).to_be_visible()
    expect(bob.locator("#progress")).to_contain_text("as bob")
    questions = Questions(logs.parent / "label" / "digits")
    assert questions.counts() == {"open": 0, "label": 11, "unusable": 1}
    whose = [each.who for each in questions.all()]
    assert len(whose) == 12
    assert set(whose) == {"alice", "bob"}
    assert [complaint for each in seen for complaint in each.complaints if "401" not in complaint] == []
    assert all(address.startswith((url, "data:")) for each in seen for address in each.asked)


def test_of_a_record_no_key_says_another_class_than_it_shows(visit: Callable[..., Visit], tmp_path: Path) -> None:
    questions = Questions.begin(tmp_path / "shop")
    effects: list[dict[str, Any]] = [
        {"feature": "amount", "value": 412.5, "typical": 48.0, "effect": 0.41},
        {"word": "please", "place": 3, "effect": 0.2},
        {"start": 0.25, "end": 0.3, "low": None, "high": None, "effect": -0.125},
        {"start": None, "end": None, "low": 730.0, "high": 1114.0, "effect": 0.1},
    ]
    shown = {"record": {"amount": 412.5, "note": None}, "explanation": effects}
    asked = [Question(name, 1, shown, None, "1", []) for name in ("first", "second")]
    questions.ask([(one.id, 0.5, 0.3) for one in asked], asked, ["0", "1"], "3")
    server = label_server(questions, "alice", lambda labels: None, lambda value: value, 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        page = visit(f"http://127.0.0.1:{server.server_address[1]}", path="/label", shows="#record").page
        assert page.locator("#record tr").all_inner_texts() == ["amount\t412.5", "note\tmissing"]
        assert page.locator("#classes kbd").all_inner_texts() == ["0", "1"]
        expect(page.locator("#moved")).to_be_hidden()
        page.keyboard.press("a")
        names = ["amount+0.410", "please+0.200", "0.25 to 0.30 s-0.125", "730 to 1114 Hz+0.100"]
        expect(page.locator("#effects li")).to_have_text(names)
        for key in "10":
            press(page, key)
        assert [each.value for each in questions.all()] == ["1", "0"]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_can_be_read_on_a_phone_too(scheme: str, asked: tuple[str, Path], visit: Callable[..., Visit]) -> None:
    url, logs = asked
    folder = logs.parent / "label" / "digits"
    questions = Questions(folder)
    kept = next(questions.all()).question
    questions.ask([(scheme, 0.5, 0.1)], [type(kept)(scheme, 1, kept.shown, kept.picture, kept.answer, [])],
                  questions.classes, "1")  # fmt: skip
    page = visit(url, path="/label", shows="#key", color_scheme=scheme, **PHONE).page
    page.keyboard.type(ALICE[0])
    page.keyboard.press("Enter")
    expect(page.locator("#work")).to_be_visible()
    assert page.evaluate(FAINT) == []
    assert page.evaluate("() => document.documentElement.scrollWidth") == 390


def picture(page: Page) -> Any:
    return page.locator("#picture").get_attribute("src")


def press(page: Page, key: str) -> None:
    """Press a key, and wait until what it asked for is shown."""
    with page.expect_response("**/label/*"):
        page.keyboard.press(key)
    page.wait_for_function("() => !document.body.hasAttribute('aria-busy')")


def labels(logs: Path) -> list[tuple[str, str]]:
    return [(row["value"].strip('"'), row["source"]) for row in Log.open(logs / "digits").labels().to_pylist()]
