"""A champion as a static folder, in a real browser: it answers as the bundle does, with nobody behind it."""

import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from components.config.errors import BundleError, ConfigError
from components.inference.bundle import Bundle
from components.inference.edge import examine, write_edge
from components.inference.edge.runtime import PACKAGE, VERSION
from components.kinds.image import codec
from components.kinds.prepared import open_prepared
from components.kinds.text.codec.characters import encoded
from components.training.served import Precision, bundle_path
from tests.conftest import Project
from tests.e2e.conftest import served
from tests.golden_bundle import golden_bundle
from tests.servers import wait_for
from tests.torture import torture

pytestmark = pytest.mark.usefixtures("chromium", "patience")

CARD = {"description": "Digits as people write them.", "data": {"title": "digits"}, "history": [1]}
READ = """
async ([files, input]) => {
  const { read } = await import("./codec/codec.js");
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return Promise.all(files.map(async (file) => Array.from(await read({ picture: bytes(file) }, input, {}))));
}
"""
INPUTS: list[Any] = [
    {"height": 28, "width": 28, "channels": 1, "draft": 3},
    {"height": 32, "width": 20, "channels": 3, "background": 40, "levels": [1000.0, 50000.0]},
]


@pytest.fixture(scope="module")
def project(digits_bento: tuple[Project, str], runtime: Path) -> Project:
    made = digits_bento[0]
    shutil.copytree(runtime, made.path / "state" / "downloads" / f"{PACKAGE}-{VERSION}", dirs_exist_ok=True)
    return made


@pytest.fixture
def folder(project: Project, runtime: Path, tmp_path: Path) -> Path:
    bundle = project.path / bundle_path("digits", "float32")
    return write_edge(bundle, "1", CARD, runtime, tmp_path / "edge").path


def picture(project: Project, index: int) -> np.ndarray:
    found: np.ndarray = open_prepared(project.path / "artifacts" / "digits" / "prepared").inputs("test")[index]
    return found


def test_the_champion_becomes_a_folder_of_the_same_bytes(project: Project, runtime: Path, tmp_path: Path) -> None:
    said = project.run("python", "-m", "flows.edge", "digits")
    assert said.startswith("digits version 1 (float32): ")
    assert "it needs HTTPS" in said
    examined = "in the runtime of browsers: " + ("" if shutil.which("node") else "not examined: Node is not installed")
    assert examined in said
    if shutil.which("node"):
        assert "test examples: accuracy 0." in said
    made = project.path / "state" / "edge" / "digits"
    bundle, card = made / "bundle", json.loads((made / "edge.json").read_text())["card"]
    (bundle / "serving").mkdir()
    shutil.copy(bundle / "golden.json", bundle / "serving")
    shutil.copy(project.path / bundle_path("digits", "float32") / "serving" / "reference.npz", bundle / "serving")
    again = write_edge(bundle, "1", card, runtime, tmp_path / "again").path
    shutil.rmtree(bundle / "serving")
    files = sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(made) for path in made.rglob("*") if path.is_file())
    assert [name for name in files if (again / name).read_bytes() != (made / name).read_bytes()] == []
    assert not any("//" in (again / name).read_text() for name in files if name.suffix == ".html")
    said = project.fail("python", "-m", "flows.edge", "digits", "--output", "docs")
    assert said.splitlines()[-1] == "error: --output docs: something else is there; name a folder of its own"


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_it_answers_as_the_bundle_does(
    precision: Precision, project: Project, runtime: Path, opened: Callable[[str], Page], tmp_path: Path
) -> None:
    path = project.path / bundle_path("digits", precision)
    bundle, shown = Bundle(path), picture(project, 3)
    expected = bundle.outputs(shown[None])[0]
    with served(write_edge(path, "7", CARD, runtime, tmp_path / "edge").path) as url:
        page = opened(url)
        expect(page.locator("#opened")).to_contain_text("checked by its golden rows")
        file = codec.encode(shown)["picture"]
        page.set_input_files("#file", {"name": "digit.png", "mimeType": "image/png", "buffer": file})
        expect(page.locator("#verdict .label")).to_have_text(bundle.about.classes[expected.argmax()])
        expect(page.locator("#verdict")).to_contain_text("in this browser · version 7")
        share = page.locator("#bars .chosen .value").inner_text()
        assert float(share.rstrip("%")) == pytest.approx(100 * expected.max(), abs=0.051)
        expect(page.locator("#card")).to_contain_text("digits")


def test_it_works_with_the_server_dead_and_says_when_a_new_champion_comes(
    folder: Path, project: Project, runtime: Path, opened: Callable[[str], Page]
) -> None:
    with served(folder) as url:
        page = opened(url)
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        wait_for(lambda: page.evaluate("navigator.serviceWorker.controller !== null"))
        write_edge(project.path / bundle_path("digits", "float32"), "2", CARD, runtime, folder)
        page.evaluate("navigator.serviceWorker.getRegistration().then((found) => found.update()).then(() => true)")
        expect(page.locator("#updated")).to_have_text("updated to version 2")
        wait_for(lambda: page.evaluate("caches.keys().then((names) => names.length)") == 1)
    page.reload()
    expect(page.locator("html[data-ready]")).to_be_visible(timeout=60_000)
    page.keyboard.press("Tab")
    expect(page.locator("#file")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Camera")).to_be_focused()
    page.keyboard.press("Enter")
    wait_for(lambda: page.evaluate("Number(document.getElementById('stage').dataset.frames ?? 0)") > 3)
    expect(page.locator("#live")).not_to_be_empty()
    expect(page.locator("#pace")).to_contain_text("frames a second")
    page.get_by_role("button", name="Stop the camera").press("Enter")
    expect(page.locator("#stage")).to_be_hidden()


@pytest.mark.parametrize(("file", "at"), [("bundle/model.onnx", 3_000), ("bundle/golden.json", 500)])
def test_one_changed_byte_is_refused(file: str, at: int, folder: Path, opened: Callable[[str], Page]) -> None:
    content = bytearray((folder / file).read_bytes())
    content[at] ^= 1
    (folder / file).write_bytes(content)
    with served(folder) as url:
        page = opened(url)
        expect(page.get_by_role("alert").first).to_contain_text(f"{file} is not the file that the bundle was made with")
        expect(page.locator("#question")).to_be_hidden()
        page.close()


def test_a_browser_that_computes_otherwise_is_refused(runtime: Path, browser: Browser, tmp_path: Path) -> None:
    path, _ = golden_bundle(tmp_path, "image", "classification")
    made = write_edge(path, "1", {}, runtime, tmp_path / "edge").path
    worker = (made / "worker.js").read_text()
    (made / "worker.js").write_text(
        worker.replace("[name, tensor.data]", "[name, tensor.data.map((one) => one + 2e-4)]")
    )
    with served(made) as url:
        page = browser.new_page()
        page.goto(url)
        expect(page.locator("#refused")).to_contain_text("probabilities of the golden rows differs by 0.00020")
        page.close()


def test_pictures_are_read_to_the_bit(folder: Path, opened: Callable[[str], Page]) -> None:
    made = torture()
    with served(folder) as url:
        page = opened(url)
        for input in INPUTS:
            files = [base64.b64encode(content).decode() for content in made.values()]
            found = page.evaluate(READ, [files, input])
            for name, read in zip(made, found, strict=True):
                expected = codec.decode({"picture": made[name]}, input)
                assert np.array_equal(np.array(read), expected.ravel()), (name, input)


def test_records_get_a_form(runtime: Path, opened: Callable[[str], Page], tmp_path: Path) -> None:
    path, _ = golden_bundle(tmp_path, "table", "regression")
    expected = Bundle(path).outputs(np.array([[2.5, 2.0]], dtype=np.float32))[0, 0]
    with served(write_edge(path, "1", {}, runtime, tmp_path / "edge").path) as url:
        page = opened(url)
        page.get_by_label("size").fill("2.5")
        page.get_by_label("colour").fill("red")
        page.get_by_role("button", name="Ask").click()
        expect(page.locator("#verdict .label")).to_be_visible()
        shown = page.locator("#verdict .label").inner_text().replace(",", "").replace("\u2212", "-")
        assert float(shown) == pytest.approx(float(expected), rel=1e-3)


def test_texts_of_any_script_are_read_in_the_browser_too(
    runtime: Path, opened: Callable[[str], Page], tmp_path: Path
) -> None:
    path, rows = golden_bundle(tmp_path, "text", "classification")
    assert {read.request.name for read in rows.requests} >= {
        "marks",
        "ideographs",
        "emoji",
        "long",
    }  # the page checks them
    text = "Über 7 CUPS, 今天? \U0001f44d\U0001f3fd"
    expected = Bundle(path).outputs(encoded([text], 64))[0]
    folder = write_edge(path, "1", {}, runtime, tmp_path / "edge").path
    if examined := examine(folder, encoded([text], 64), "probabilities"):  # by Node, where that is
        assert examined.outputs[0] == pytest.approx(expected, abs=1e-5)
    with served(folder) as url:
        page = opened(url)
        page.get_by_label("text").fill(text)
        page.get_by_role("button", name="Ask").click()
        expect(page.locator("#verdict .label")).to_have_text("abc"[int(expected.argmax())])
        page.get_by_label("text").fill(" ")
        page.get_by_role("button", name="Ask").click()
        expect(page.get_by_role("alert")).to_have_text("the text is empty: it has no letter, digit or sign")


def test_what_cannot_be_had_in_a_browser_is_refused_in_one_line(runtime: Path, tmp_path: Path) -> None:
    path, _ = golden_bundle(tmp_path, "table", "regression")
    about = json.loads((path / "bundle.json").read_text())
    card = {"name": "card", "days": [1], "measures": ["count"], "delayed": False}
    definition = {**about["input"]["definition"], "entities": [card]}
    remembered = {**about["input"], "history": "endpoint", "definition": definition}
    (path / "bundle.json").write_text(json.dumps({**about, "input": remembered}))
    with pytest.raises(ConfigError, match="w: its records need what an endpoint remembers; write prepare"):
        write_edge(path, "1", {}, runtime, tmp_path / "edge")
    (path / "bundle.json").write_text(json.dumps({**about, "files": {}}))
    with pytest.raises(BundleError, match="made before golden rows were"):
        write_edge(path, "1", {}, runtime, tmp_path / "edge")
    assert not (tmp_path / "edge").exists()
