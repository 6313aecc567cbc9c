"""Sounds through the whole loop: trained, examined, packaged, answered, scored, heard on its pages."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from components.config.settings import artifacts
from components.inference.bundle import Bundle
from components.inference.edge.runtime import PACKAGE, VERSION
from components.kinds.audio import sample
from components.kinds.audio.codec.sound import decode, whole
from components.kinds.prepared import open_prepared
from components.labelling.questions import Questions
from components.prediction_log.reader import Log
from components.watch.bundles import Bundles
from flows.label import choose_questions
from tests.conftest import EASY, Project
from tests.e2e.conftest import on_a_device, served
from tests.e2e.test_champion_stays import run
from tests.integration.test_bento import serving
from tests.servers import wait_for
from tests.voices import VOWELS, file, said, write_voices

PARAMS = (
    """\
workloads:
  vowels:
    kind: audio
    task: classification
    source: {source}
    prepare: {{rate: 8000, group: "{{group}}_*", test_groups: [bert, dora], validation_by: file}}
    train: {{epochs: 25, batch_size: 16, width: 8, learning_rate: 0.01, equalize: false}}
"""
    + EASY
)
MICROPHONE = "--use-file-for-fake-audio-capture"


@pytest.fixture(scope="module")
def vowels(
    new_project: Callable[..., Project], tmp_path_factory: pytest.TempPathFactory, prefect_url: str
) -> Iterator[Project]:
    """A checkout in which the flow has trained on vowels, of which two voices test, and packaged the model."""
    folder = tmp_path_factory.mktemp("vowels")
    project = new_project(PARAMS.format(source=write_voices(folder / "voices", 8)), folder)
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(project.path)
        facts = run(project, "vowels", prefect_url)
        assert facts["champion"].startswith("version 1 is the first champion")
        assert re.search(r"[6-9] of 9 held-out examples right", facts["endpoint"])
        yield project


def test_unheard_voices_are_understood_and_many_files_scored(vowels: Project, tmp_path: Path, prefect_url: str) -> None:
    metrics = json.loads((artifacts("vowels", "report") / "metrics.json").read_text())
    assert metrics["accuracy"] >= 0.8
    data = open_prepared(artifacts("vowels", "prepared"))
    folder = tmp_path / "many"
    folder.mkdir()
    for index, row in enumerate(sample.requests(data, range(6), True)):
        (folder / f"{index}.wav").write_bytes(row["sound"])
    (folder / "broken.flac").write_bytes(b"no sound")
    out = tmp_path / "scores.parquet"
    vowels.run("python", "-m", "flows.score", "vowels", str(folder), "--out", str(out), PREFECT_API_URL=prefect_url)
    scored = pq.read_table(out).to_pylist()
    outputs = Bundle(artifacts("vowels", "bundle")).outputs(np.asarray(data.inputs("test")[:6]))
    answered = {row["id"]: row for row in scored}
    assert [answered[f"{index}.wav"]["label"] for index in range(6)] == [data.classes[k] for k in outputs.argmax(1)]
    assert "send WAV, FLAC or OGG" in answered["broken.flac"]["error"]


def test_the_page_records_draws_and_answers_and_a_person_hears_what_is_asked(
    vowels: Project, chromium: str, tmp_path: Path
) -> None:
    heard = tmp_path / "microphone.wav"
    heard.write_bytes(file(np.tile(said("i", "anna", 50, 48_000, 0.5), 4), 48_000))
    logs = vowels.path / "state" / "page" / "log"
    with (
        serving(vowels, "vowels:latest", cwd=vowels.path, variables={"JOURNEYMAN_LOG_DIR": str(logs)}) as url,
        sync_playwright() as playwright,
    ):
        arguments = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", f"{MICROPHONE}={heard}"]
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        page, complaints = browser.new_page(), list[str]()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        expect(page.locator("#examples li").last).to_be_visible()
        page.get_by_role("button", name="Record", exact=True).click()
        expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
        page.wait_for_timeout(1_500)
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(page.locator("#verdict .label")).to_be_visible(timeout=60_000)
        assert page.locator("#verdict .label").inner_text() in VOWELS
        assert drawn(page) > 20
        expect(page.locator("#sound")).to_be_visible()
        (chosen,) = page.locator("#file").all()
        chosen.set_input_files(
            {"name": "a.flac", "mimeType": "audio/flac", "buffer": file(said("a", "bert", 9), format="FLAC")}
        )
        expect(page.locator("#picture")).to_have_attribute("aria-label", "a.flac")
        page.locator("#examples button").first.click()
        expect(page.locator("#verdict .label")).to_be_visible()
        expect(page.locator("#explanation-hint")).to_contain_text("would be without this part")
        assert re.fullmatch(
            r"\d\.\d\d to \d\.\d\d s|[\d,]+ to [\d,]+ Hz", page.locator("#effects .name").first.inner_text()
        )
        explained_where_it_sounds(page, url)
        chosen.set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"no sound"})
        expect(page.locator("#problem")).to_contain_text("send WAV, FLAC or OGG", timeout=60_000)
        assert [one for one in complaints if "400" not in one] == []
        browser.close()

        data = open_prepared(artifacts("vowels", "prepared"))
        for row in sample.requests(data, range(20), True):
            assert httpx.post(f"{url}/predict", files=row).status_code == 200
    asks(logs)


def test_it_answers_in_a_browser_as_its_bundle_does(
    vowels: Project, runtime: Path, opened: Callable[[str], Page], patience: None
) -> None:
    shutil.copytree(runtime, vowels.path / "state" / "downloads" / f"{PACKAGE}-{VERSION}", dirs_exist_ok=True)
    made = vowels.run("python", "-m", "flows.edge", "vowels")
    if shutil.which("node"):
        found = re.search(
            r"test examples: accuracy (\S+), (\S+) in Python; largest difference of an output (\S+);", made
        )
        assert found
        assert found[1] == found[2]
        assert float(found[3]) < 1e-4
    bundle = Bundle(artifacts("vowels", "bundle"))
    input: Any = bundle.about.input
    files = {"a.wav": file(said("a", "bert", 1)), "i.flac": file(said("i", "dora", 2), format="FLAC")}
    with served(vowels.path / "state" / "edge" / "vowels") as url:
        page = opened(url)  # which checks the golden requests
        for name, content in files.items():
            page.set_input_files("#file", {"name": name, "mimeType": "", "buffer": content})
            (outputs,) = bundle.outputs(decode(content, input)[None])
            expect(page.locator("#verdict .label")).to_have_text(bundle.about.classes[int(outputs.argmax())])
            expect(page.locator("#bars .chosen .value")).to_have_text(f"{100 * outputs.max():.1f}%")
            expect(page.locator("#picture")).to_have_attribute("aria-label", name)
        page.get_by_role("button", name="Record", exact=True).click()
        expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
        page.wait_for_timeout(1_500)  # Chromium's microphone beeps each second
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(page.locator("#picture")).to_have_attribute("aria-label", "recording")
        expect(page.locator("#verdict")).to_contain_text("in this browser")
        expect(page.locator("#sound")).to_be_visible()
        assert drawn(page) > 20
        expect(page.get_by_role("button", name="Camera")).to_be_hidden()
        assert page.locator("#file").get_attribute("accept") == "audio/wav,audio/x-wav,audio/flac"
        vorbis = file(said("a", "anna", 1), format="OGG", subtype="VORBIS")
        page.set_input_files("#file", {"name": "c.ogg", "mimeType": "", "buffer": vorbis})
        expect(page.locator("#problem")).to_have_text(
            "OGG is not read in a browser: send WAV or FLAC, or record it here"
        )


def test_recordings_and_a_microphone_are_answered_on_a_device(vowels: Project, tmp_path: Path) -> None:
    path = artifacts("vowels", "bundle")
    bundle = Bundle(path)
    input: Any = bundle.about.input
    long = np.concatenate([np.zeros(30_000), said("a", "dora", 3, 44_100)])
    stereo = np.stack([long, 0.5 * long], axis=1)
    files = {
        "same": file(said("a", "bert", 1)),
        "bytes": file(said("i", "bert", 2), subtype="PCM_U8"),
        "long": file(stereo, 44_100, subtype="PCM_24"),
        "short": file(said("u", "dora", 4, 16_000, 0.15), 16_000, subtype="PCM_32"),
    }
    for name, content in files.items():
        (tmp_path / f"{name}.wav").write_bytes(content)
        (line,) = on_a_device(path, str(tmp_path / f"{name}.wav"))
        (outputs,) = bundle.outputs(decode(content, input)[None])
        label, probability = line.split(" ")[:2]
        assert (label, float(probability)) == (
            bundle.about.classes[int(outputs.argmax())],
            pytest.approx(outputs.max(), abs=1e-4),
        )
    heard = whole(said("i", "dora", 5, seconds=0.3))
    half = input["length"] // 2
    stream = np.concatenate([np.zeros(2 * half, np.int16), heard[: 2 * half]])
    lines = on_a_device(path, "--microphone", stream.astype("<i2").tobytes())
    (outputs,) = bundle.outputs(stream[-2 * half :][None])
    assert len(lines) == 4
    assert float(lines[-1].split(" ")[1]) == pytest.approx(outputs.max(), abs=1e-4)


def explained_where_it_sounds(page: Page, url: str) -> None:
    """Of a vowel behind silence, longer than what is heard, what moved the answer lies in the vowel."""
    later = np.concatenate([np.zeros(16_000), said("i", "bert", 11), np.zeros(2_000)])
    answer = httpx.post(f"{url}/explain", files={"sound": file(later)}, timeout=30).raise_for_status().json()
    moved = answer["explanation"]
    assert {"label", "probability", "probabilities", "model_version", "explanation"} <= set(answer)
    assert max(abs(one["effect"]) for one in moved) > 0.02
    assert all((one["start"] is None) == (one["low"] is not None) for one in moved)
    page.set_input_files("#file", {"name": "later.wav", "mimeType": "audio/wav", "buffer": file(later)})
    expect(page.locator("#picture")).to_have_attribute("aria-label", "later.wav")
    wait_for(lambda: int(page.evaluate("document.getElementById('picture').dataset.marked ?? 0")) > 0)
    page.locator("#weaker summary").click()
    names = page.locator("#effects .name, #weaker-effects .name").all_inner_texts()
    times = [float(name.split(" ")[0]) for name in names if name.endswith(" s")]
    assert len(times) >= 8
    assert all(1.9 <= time <= 2.4 for time in times), times


def asks(logs: Path) -> None:
    """What was answered is asked about as a sound."""
    bundles = Bundles(lambda _: artifacts("vowels", "bundle"))
    log = Log.open(logs / "vowels")
    choose_questions(log, bundles, logs.parent / "label" / "vowels", 5, 30, 0.02, 1)
    asked = [each.question.picture for each in Questions(logs.parent / "label" / "vowels").all()]
    assert all(address and address.startswith("data:audio/wav;base64,") for address in asked)
    assert len(asked) == 5
    (batch, *_) = log.answers()
    assert json.loads(batch["record"][0].as_py())["format"] == "WAV"


def drawn(page: Page) -> int:
    """Return how many colours the spectrum on the page has."""
    count: int = page.evaluate(
        """() => {
          const canvas = document.getElementById("picture");
          const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
          return new Set(new Uint32Array(pixels.buffer)).size;
        }"""
    )
    return count
