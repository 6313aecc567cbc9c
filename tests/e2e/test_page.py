"""The page for a person, in a real browser, of a real endpoint."""

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from pydantic import TypeAdapter

from components.inference.champion.published import publish
from components.inference.gateway.keys import new_key
from components.inference.gateway.page.about import schema_of_one
from components.kinds.table.codec import records
from tests.conftest import ROOT, Project
from tests.e2e.conftest import Visit
from tests.integration.test_bento import serving
from tests.servers import wait_for

pytestmark = pytest.mark.usefixtures("chromium")  # before any training: a machine without it is told at once

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
# Contrast by WCAG 2.2 (1.4.3): of relative luminances, (lighter + 0.05) / (darker + 0.05). Returns what is under 4.5.
FAINT = """
() => {
  const rgb = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = rgb(colour).map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if ((rgb(colour)[3] ?? 1) > 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const said = [...document.querySelectorAll("body *")].filter(
    (element) => element.checkVisibility() && [...element.childNodes].some((node) => (node.data ?? "").trim()),
  );
  return said.map((element) => {
    const style = getComputedStyle(element);
    const [a, b] = [light(element instanceof SVGElement ? style.fill : style.color), light(ground(element))];
    return [element.textContent.trim(), (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
  }).filter(([, contrast]) => contrast < 4.5);
}
"""
DRAW = """
async (schema) => {
  window.drawn = { ...(await import("./page/fields.js")), box: document.createElement("form") };
  document.body.append(drawn.box);
  drawn.drawFields(drawn.box, schema);
}
"""
SHOW = """
async ([answer, classes]) => (await import("./page/answer.js")).showAnswer(answer, classes, 3)
"""
# A grey picture of 40 x 20 pixels, of which the model sees the middle: a place at its left, at its right, and outside.
HEATED = """
async (heat) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 40, height: 20 });
  const drawn = canvas.getContext("2d", { willReadFrequently: true });
  drawn.fillStyle = "rgb(200, 200, 200)";
  drawn.fillRect(0, 0, 40, 20);
  (await import("./page/picture.js")).showHeat(canvas, heat);
  return [[11, 18], [28, 1], [5, 5]].map(([x, y]) => [...drawn.getImageData(x, y, 1, 1).data]);
}
"""
INPUT = {
    "history": "endpoint",
    "schema": {
        "columns": {
            "id": {"type": "integer"},
            "time": {"type": "time"},
            "shop": {"type": "category", "values": ["bakery", "café"]},
            "night": {"type": "boolean"},
            "tip": {"type": "number", "nulls": 0.5},
        }
    },
}
HAND_OVER = """
([kind, type, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], "given.png", { type }));
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
    : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
  document.body.dispatchEvent(event);
}
"""


def test_it_asks_no_other_address_and_the_browser_has_nothing_to_complain_of(
    visit: Callable[..., Visit], digits_url: str
) -> None:
    seen = visit(digits_url)
    expect(seen.page.get_by_role("heading", level=1)).to_have_text("digits")
    _example(seen.page, "digit-3").click()
    expect(seen.page.locator("#verdict .label")).to_be_visible()
    assert seen.complaints == []
    assert [address for address in seen.asked if not address.startswith(f"{digits_url}/")] == []
    assert len(seen.asked) > 10


def test_the_page_runs_no_script_and_no_style_but_its_own(digits_url: str) -> None:
    policy = httpx.get(f"{digits_url}/").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_it_asks_for_a_key_only_where_one_is_needed(visit: Callable[..., Visit], digits_bento: Any) -> None:
    project, bento = digits_bento
    key, line = new_key("person")
    settings = {"JOURNEYMAN_API_KEYS": line, "JOURNEYMAN_RATE": "20"}  # the examples are asked for all at once
    with serving(project, bento, cwd=project.path.parent, variables=settings) as url:
        page = visit(url, shows="#key").page
        field = page.get_by_label("This endpoint asks for an API key")
        expect(field).to_be_focused()
        for hidden in ("#card", "#links"):
            expect(page.locator(hidden)).to_be_hidden()
        field.fill("wrong")
        field.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("an API key is needed")
        field.fill(key)
        field.press("Enter")
        _example(page, "digit-5").click()
        expect(page.locator("#bars li")).to_have_count(10)
        page.reload()
        expect(_example(page, "digit-5").locator("canvas.small")).to_be_visible()
        for hidden in ("#key", "#links", "#whole"):
            expect(page.locator(hidden)).to_be_hidden()


def test_it_asks_for_no_key_where_none_is_needed(visit: Callable[..., Visit], digits_url: str) -> None:
    expect(visit(digits_url).page.locator("#key")).to_be_hidden()


def test_the_documentation_is_one_click_away(visit: Callable[..., Visit], digits_url: str) -> None:
    seen = visit(digits_url)
    seen.page.get_by_role("link", name="The API, to try").click()
    expect(seen.page.locator("#operations-Service_APIs-digits__predict")).to_contain_text("/predict")
    assert [address for address in seen.asked if not address.startswith(f"{digits_url}/")] == []


def test_an_unchanged_file_is_not_sent_again(digits_url: str) -> None:
    first = httpx.get(f"{digits_url}/page/page.css")
    again = httpx.get(f"{digits_url}/page/page.css", headers={"if-none-match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert first.headers["content-type"].startswith("text/css")


def test_an_example_is_answered_with_bars_latency_and_version(visit: Callable[..., Visit], digits_url: str) -> None:
    page = visit(digits_url).page
    captions = page.locator("#examples li").all_inner_texts()
    assert sorted(captions) == [f"digit-{number}" for number in range(10)]
    _example(page, "digit-7").click()
    expect(page.locator("#bars li")).to_have_count(10)
    said = page.locator("#verdict").inner_text()
    assert re.search(r"digit-\d\s.*%.*\d ms there and back.*version 1", said, re.DOTALL)
    shares = [float(text.rstrip("%")) for text in page.locator("#bars .value").all_inner_texts()]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(100, abs=0.6)
    widest = page.locator("#bars .fill").first.evaluate("fill => parseFloat(fill.style.width)")
    assert widest == pytest.approx(shares[0], abs=0.06)


def test_the_card_stands_beside_it(visit: Callable[..., Visit], digits_url: str) -> None:
    card = visit(digits_url).page.locator("#card")
    about = httpx.get(f"{digits_url}/about").json()
    accuracy = about["card"]["metrics"][0]
    row = card.get_by_role("row").filter(has_text="accuracy").first
    expect(row).to_contain_text(f"{accuracy['model']:.4f}")
    expect(row).to_contain_text(f"{accuracy['baseline']:.4f}")
    expect(card.locator("#facts")).to_contain_text("10 classes")
    card.get_by_text("Trained with").click()
    expect(card.locator("#params")).to_contain_text("epochs")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_whole_card_is_one_click_away(scheme: str, visit: Callable[..., Visit], digits_url: str) -> None:
    seen = visit(digits_url, color_scheme=scheme, **PHONE)
    seen.page.get_by_role("link", name="The whole model card").click()
    expect(seen.page.get_by_role("heading", level=1)).to_have_text("digits 1")
    expect(seen.page.get_by_role("heading", name="Slices")).to_be_visible()
    expect(seen.page.get_by_role("img", name="Worst mistakes")).to_be_visible()
    assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert seen.page.evaluate("getComputedStyle(document.body).maxWidth") == "832px"  # the policy lets its style in
    assert seen.page.evaluate(FAINT) == []
    assert seen.complaints == []
    assert [address for address in seen.asked if not address.startswith((f"{digits_url}/", "data:"))] == []


def test_the_card_follows_the_version_that_answers(
    visit: Callable[..., Visit], digits_url: str, digits_bento: tuple[Project, str]
) -> None:
    project, bento = digits_bento
    bundle = project.path / "state" / "bentoml" / "models" / "digits" / bento.partition(":")[2].rpartition("-")[0]
    page = visit(digits_url).page
    for version in ("2", "1"):  # there and back again
        publish(bundle, "digits", version, str(project.path / "state" / "champions"))
        wait_for(lambda expected=version: httpx.get(f"{digits_url}/about").json()["version"] == expected)
        _example(page, "digit-2").click()
        expect(page.get_by_role("status")).to_contain_text(f"version {version}")
        expect(page.locator("#facts dd").first).to_have_text(version)


def test_a_chosen_file_is_answered_as_the_endpoint_answers_it(visit: Callable[..., Visit], digits_url: str) -> None:
    page = visit(digits_url).page
    page.locator("#file").set_input_files({"name": "mine.png", "mimeType": "image/png", "buffer": _picture()})
    expected = httpx.post(f"{digits_url}/predict", content=_picture()).json()
    expect(page.locator("#verdict .label")).to_have_text(expected["label"])
    expect(page.locator("#bars .chosen .value")).to_have_text(f"{expected['probability']:.1%}")
    expect(page.get_by_role("img", name="mine.png")).to_be_visible()


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_a_picture_may_be_dropped_or_pasted(kind: str, visit: Callable[..., Visit], digits_url: str) -> None:
    page = visit(digits_url).page
    page.evaluate(HAND_OVER, [kind, "image/png", list(_picture())])
    expect(page.locator("#bars li")).to_have_count(10)
    expect(page.get_by_role("img", name="given.png")).to_be_visible()


def test_a_picture_may_be_photographed(visit: Callable[..., Visit], digits_url: str) -> None:
    seen = visit(digits_url)
    seen.page.get_by_role("button", name="Photograph").click()
    seen.page.get_by_role("button", name="Take the picture").click()
    expect(seen.page.locator("#bars li")).to_have_count(10)
    expect(seen.page.get_by_role("dialog")).to_be_hidden()
    assert seen.complaints == []


def test_a_phone_photographs_with_its_own_camera(visit: Callable[..., Visit], digits_url: str) -> None:
    page = visit(digits_url, **PHONE).page
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Photograph").tap()
    assert chosen.value.element.get_attribute("capture") == "environment"
    chosen.value.set_files({"name": "photo.png", "mimeType": "image/png", "buffer": _picture()})
    expect(page.locator("#verdict .label")).to_be_in_viewport()


def test_a_broken_file_is_answered_in_the_endpoints_own_sentence(visit: Callable[..., Visit], digits_url: str) -> None:
    page = visit(digits_url).page
    _example(page, "digit-1").click()
    expect(page.locator("#bars li")).to_have_count(10)
    broken = _picture()[:40]
    page.locator("#file").set_input_files({"name": "broken.png", "mimeType": "image/png", "buffer": broken})
    refused = httpx.post(f"{digits_url}/predict", content=broken)
    assert refused.status_code == 400
    expect(page.get_by_role("alert")).to_have_text(refused.json()["error"])
    expect(page.locator("#bars li")).to_have_count(0)
    _example(page, "digit-1").click()
    expect(page.get_by_role("alert")).to_be_hidden()


def test_it_says_when_the_endpoint_is_gone(visit: Callable[..., Visit], digits_url: str) -> None:
    page = visit(digits_url).page
    page.context.set_offline(True)
    _example(page, "digit-1").click()
    expect(page.get_by_role("alert")).to_have_text("The endpoint does not answer.")


def test_with_the_keyboard_alone(visit: Callable[..., Visit], digits_url: str) -> None:
    page = visit(digits_url).page
    page.on("filechooser", lambda _: None)  # from here on they are caught: it takes the browser a while to begin
    expect(page.locator("#examples button").first).to_be_visible()
    _tab_to(page, page.locator("#file"))
    with page.expect_file_chooser():
        page.keyboard.press("Enter")
    _tab_to(page, page.locator("#examples button").first)
    assert page.locator("#examples button").first.evaluate("button => getComputedStyle(button).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("#bars li")).to_have_count(10)
    expect(page.get_by_role("status")).to_contain_text("version 1")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("workload", ["digits", "payments"])
def test_everything_can_be_read_by_day_and_by_night(
    workload: str, scheme: str, visit: Callable[..., Visit], request: pytest.FixtureRequest
) -> None:
    page = visit(request.getfixturevalue(f"{workload}_url"), color_scheme=scheme, reduced_motion="reduce").page
    page.locator("#examples button").first.click()
    expect(page.locator("#bars li").first).to_be_visible()
    assert page.evaluate(FAINT) == []
    ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", ground))) < 3 * 128) == (scheme == "dark")


@pytest.mark.parametrize("workload", ["digits", "payments"])
def test_it_fits_a_phone(workload: str, visit: Callable[..., Visit], request: pytest.FixtureRequest) -> None:
    page = visit(request.getfixturevalue(f"{workload}_url"), **PHONE).page
    page.locator("#examples button").first.tap()
    expect(page.locator("#verdict .label")).to_be_in_viewport()
    assert page.evaluate("() => document.documentElement.scrollWidth") == 390
    small = page.locator("button:visible, .button:visible, #fields input:visible").evaluate_all(
        "found => found.filter(one => one.getBoundingClientRect().height < 44).map(one => one.id)"
    )
    assert small == []


def test_a_tables_form_is_drawn_from_its_schema(visit: Callable[..., Visit], payments_url: str) -> None:
    page = visit(payments_url).page
    schema = httpx.get(f"{payments_url}/about").json()["form"]["fields"]
    names = page.locator("#fields [name]").evaluate_all("inputs => inputs.map(input => input.name)")
    assert sorted(names) == sorted(schema["properties"])
    amount, moment = page.get_by_label("amount"), page.get_by_label("time", exact=True)
    assert amount.get_attribute("type") == "number"
    assert amount.get_attribute("min") is None  # what is out of range is answered, with a warning
    assert amount.get_attribute("required") is not None
    assert moment.get_attribute("type") == "datetime-local"
    page.get_by_role("button", name="Ask").click()  # with nothing in it: the browser says what is missing
    expect(page.locator("#fields :invalid")).to_have_count(len(schema["required"]))
    expect(page.get_by_text("Nothing has been asked yet.")).to_be_visible()


def test_an_example_record_is_answered_and_explained(visit: Callable[..., Visit], payments_url: str) -> None:
    seen = visit(payments_url)
    record = httpx.get(f"{payments_url}/about").json()["examples"][0]["record"]
    seen.page.locator("#examples button").first.click()
    expect(seen.page.locator("#bars li")).to_have_count(2)
    assert seen.page.get_by_label("amount").input_value() == record["amount"]
    assert seen.page.get_by_label("time", exact=True).input_value() in record["time"]
    expect(seen.page.get_by_role("status")).to_contain_text(re.compile(r"(yes|no) .*ms there and back.*version 1"))
    expect(seen.page.locator("#bars .threshold")).to_have_count(1)
    expect(seen.page.locator("#effects li")).to_have_count(6)
    assert seen.complaints == []


def test_a_record_of_ones_own_is_asked_as_it_was_typed(visit: Callable[..., Visit], payments_url: str) -> None:
    page = visit(payments_url).page
    page.locator("#examples button").first.click()
    expect(page.locator("#bars li")).to_have_count(2)
    long = "9007199254740993"  # 2**53 + 1, which JavaScript's own numbers cannot hold
    page.get_by_label("transaction_id").fill(long)
    page.get_by_label("amount").fill("12.5")
    with page.expect_request("**/explain") as asked:
        page.get_by_label("amount").press("Enter")
    assert f'"transaction_id": {long}' in (asked.value.post_data or "")
    assert asked.value.post_data_json["amount"] == 12.5
    expect(page.locator("#effects")).to_contain_text("12.5")
    page.get_by_label("amount").fill("1000000000")
    page.get_by_label("amount").press("Enter")
    expect(page.locator("#verdict")).to_contain_text("Unusual: amount: 1000000000 is above")


def test_the_pictures_in_docs_are_taken_by_their_script(digits_url: str, browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "run.txt").write_text(
        "cups: what is read\n│ all │\n12:00:00 | INFO\n"
        "The gate: cups version 1\n│ x │\nAsked of the live endpoint\n│ 0 │\n"
    )
    command = [sys.executable, "-m", "docs.screenshots", "--endpoint", digits_url, "--to", str(tmp_path)]
    subprocess.run([*command, "--console", str(tmp_path / "run.txt")], cwd=ROOT, check=True)
    pictures = {}
    for path in tmp_path.glob("*.png"):
        with Image.open(path) as picture:
            pictures[path.name] = picture.copy()
    assert set(pictures) == {"page.png", "card.png", "console-data.png", "console-gate.png", "console-summary.png"}
    assert pictures["page.png"].width == pictures["card.png"].width == 1240
    assert len(pictures["page.png"].getcolors(2**20) or []) > 50
    assert all(path.stat().st_size < 200_000 for path in tmp_path.glob("*.png"))


def test_fields_are_as_their_columns_are(visit: Callable[..., Visit], digits_url: str) -> None:
    page = visit(digits_url).page
    page.evaluate(DRAW, schema_of_one(TypeAdapter(records.request(INPUT)).json_schema()))
    shop, night, tip = page.get_by_label("shop"), page.get_by_label("night"), page.get_by_label("tip")
    assert shop.evaluate("input => [...input.list.options].map(option => option.value)") == ["bakery", "café"]
    assert night.locator("option").all_inner_texts() == ["", "true", "false"]
    assert [field.evaluate("field => field.required") for field in (shop, night, tip)] == [True, True, False]
    assert tip.get_attribute("step") == "any"
    typed = {"shop": "café", "night": "true", "time": "2026-01-31T12:30:00.123456+01:00", "id": "9007199254740993"}
    page.evaluate("record => drawn.fillFields(drawn.box, record)", typed)
    read = json.loads(page.evaluate("drawn.readFields(drawn.box)"))
    assert read == {"shop": "café", "night": True, "time": "2026-01-31T11:30:00.123", "id": 9007199254740993}


def test_a_number_is_shown_in_its_interval(visit: Callable[..., Visit], digits_url: str) -> None:
    seen = visit(digits_url)
    page = seen.page
    effect = {"feature": "rooms", "value": 4, "typical": 3, "effect": 51234.5}
    answer = {"value": 312500.0, "low": 250000.0, "high": 500000.0, "coverage": 0.9, "model_version": "7"}
    page.evaluate(SHOW, [{**answer, "explanation": [effect]}, []])
    expect(page.locator("#verdict .label")).to_have_text("312,500")
    expect(page.locator("#verdict")).to_contain_text("90.0% of such intervals hold the true number · 3 ms")
    expect(page.locator("#bars li")).to_have_text("250,000500,000")
    style = "part => [parseFloat(part.style.left), parseFloat(part.style.width)]"  # the bar still grows
    begins, wide = page.locator("#bars .fill").evaluate(style)
    point, _ = page.locator("#bars .threshold").evaluate(style)
    assert (point - begins) / wide == pytest.approx(0.25, abs=0.001)
    expect(page.locator("#effects .value")).to_have_text("+51,200")
    expect(page.locator("#explanation-hint")).to_have_text("The number, less what it would be with the typical value.")
    assert seen.complaints == []


def test_how_unusual_something_is_is_shown_with_its_rank(visit: Callable[..., Visit], digits_url: str) -> None:
    page = visit(digits_url).page
    answer = {"label": "1", "score": 0.8, "rank": 0.973, "threshold": 0.6, "model_version": "7"}
    page.evaluate(SHOW, [answer, ["0", "1"]])
    expect(page.locator("#verdict .label")).to_have_text("yes (1)")
    expect(page.locator("#verdict")).to_contain_text("more unusual than 97.3% of what was seen in training")
    assert page.locator("#bars .name").all_inner_texts() == ["score", "rank"]
    assert page.locator("#bars .value").all_inner_texts() == ["80.0%", "97.3%"]
    assert page.locator("#bars .threshold").evaluate("line => line.style.left") == "60%"


def test_what_is_like_nothing_in_training_is_said_plainly(visit: Callable[..., Visit], digits_url: str) -> None:
    seen = visit(digits_url)
    page = seen.page
    told = page.locator("#verdict .unfamiliar")
    _example(page, "digit-2").click()
    expect(page.locator("#bars li")).to_have_count(10)
    expect(told).to_have_count(0)
    board = 255 * (np.indices((8, 8)).sum(axis=0) % 2)
    strangers = [_png(grey) for grey in (board, 255 - 0 * board, 255 * (np.indices((8, 8))[0] % 2))]
    answers = [httpx.post(f"{digits_url}/predict", content=stranger).json() for stranger in strangers]
    stranger = strangers[[answer["unfamiliar"] for answer in answers].index(True)]
    page.locator("#file").set_input_files({"name": "stranger.png", "mimeType": "image/png", "buffer": stranger})
    expect(told).to_contain_text("This is like nothing I was trained on. Do not rely on the answer.")
    page.evaluate(SHOW, [{"abstains": True, "model_version": "7", "unfamiliar": True, "unfamiliar_rank": 0.999}, []])
    expect(page.locator("#verdict .label")).to_have_text("No answer")
    expect(told).to_have_text(
        "This is like nothing I was trained on. So I give no answer. It is more unlike it than 99.9% of the examples I "
        "was checked with."
    )
    expect(page.locator("#verdict")).not_to_contain_text("undefined")
    assert seen.complaints == []


def test_where_a_picture_is_unusual_is_drawn_over_it(visit: Callable[..., Visit], digits_url: str) -> None:
    seen = visit(digits_url)
    plain, odd, outside = seen.page.evaluate(HEATED, [[0.0, 4.0], [0.0, 0.0]])
    assert plain == outside == [200, 200, 200, 255]
    assert odd[0] > 200 > 50 > odd[1]
    answer = {"label": "odd", "score": 0.8, "rank": 0.9, "threshold": 0.5, "model_version": "7", "heat": [[0.0]]}
    seen.page.evaluate(SHOW, [answer, ["good", "odd"]])
    expect(seen.page.locator("#verdict")).to_contain_text("The redder a place of the picture, the more unusual it is.")
    assert seen.complaints == []


def _example(page: Page, name: str) -> Locator:
    return page.locator("#examples").get_by_role("button", name=name)


def _tab_to(page: Page, wanted: Locator) -> None:
    for _ in range(40):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} cannot be reached by the keyboard")


def _picture() -> bytes:
    return _png(np.arange(64).reshape(8, 8) * 4)


def _png(grey: NDArray[np.int64]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(grey.astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()
