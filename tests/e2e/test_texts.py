"""Texts, from a user's table to a conversation on the endpoint's page and a table of answers."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pandas as pd
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import expect

from components.config.settings import artifacts
from tests.conftest import EASY, Project
from tests.e2e.conftest import Visit, packaged
from tests.integration.test_bento import serving
from tests.own_data import STRANGE, messages

PARAMS = (
    """\
workloads:
  asks:
    kind: text
    source: {source}
    prepare: {{none: other, test: 0.2, validation: 0.2}}
    train: {{epochs: 40, batch_size: 16, buckets: 1024, width: 8}}
    evaluate: {{cross_validate_below: 0}}
"""
    + EASY
)


@pytest.fixture(scope="module")
def asks(
    chromium: str, new_project: Callable[..., Project], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Project, str]:
    source = tmp_path_factory.mktemp("asks") / "messages.csv"
    messages().to_csv(source, index=False)
    project = new_project(PARAMS.format(source=source))
    project.run("dvc", "repro")
    return packaged(project, "asks")


@pytest.fixture(scope="module")
def asks_url(asks: tuple[Project, str]) -> Iterator[str]:
    with serving(*asks, cwd=asks[0].path.parent) as url:
        yield url


def test_strangers_are_flagged_and_the_others_told(asks: tuple[Project, str]) -> None:
    metrics = json.loads((asks[0].path / artifacts("asks", "report") / "metrics.json").read_text())
    assert metrics["accuracy"] > 0.8
    precisions = json.loads((asks[0].path / artifacts("asks", "report") / "precisions.json").read_text())
    assert precisions["float32_unfamiliar_false_alarms"] < 0.3


def test_a_text_is_talked_about_on_the_page(asks_url: str, visit: Callable[..., Visit]) -> None:
    seen = visit(asks_url)
    box, chat = seen.page.get_by_label("text"), seen.page.get_by_role("log")
    box.fill("Please play a SONG by Mozart")
    box.press("Enter")
    expect(chat.locator(".said")).to_contain_text("song")
    expect(chat.locator(".asked .word")).to_have_text(["please", "play", "a", "song", "by", "mozart"])
    expect(box).to_have_value("")
    box.fill("???? " + STRANGE[0])
    box.press("Enter")
    expect(chat.locator(".unsure")).to_contain_text(re.compile("I don.t know"))
    box.fill("  ")
    box.press("Enter")
    expect(seen.page.get_by_role("alert")).to_have_text("the text is empty: it has no letter, digit or sign")
    assert [one for one in seen.complaints if "400" not in one] == []


def test_any_text_is_answered_or_refused_in_a_sentence(asks_url: str) -> None:
    long = httpx.post(f"{asks_url}/predict", json={"text": "song " * 200_000}, timeout=60)
    assert long.json()["warnings"] == ["the text has 1,000,000 characters: only its beginning was read, about 128"]
    both = httpx.post(f"{asks_url}/predict", json=[{"text": "\U0001f44d\U0001f3fd"}, {"text": "今天"}]).json()
    assert len(both) == 2
    for sent, told in (
        ({"text": 5}, "text: input should be a valid string, not 5"),
        ({"txt": "hi"}, "'txt' is no field of a text; the fields are text"),
        ({}, "text: field required"),
        ([{"text": "hi"}, {"text": " "}], "text 2 of 2 is empty: it has no letter, digit or sign"),
    ):
        refused = httpx.post(f"{asks_url}/predict", json=sent)
        assert (refused.status_code, refused.json()["error"]) == (400, told)


def test_what_is_none_of_the_classes_is_labelled_so(asks_url: str) -> None:
    asked = httpx.post(f"{asks_url}/predict", json={"text": STRANGE[0]}).json()
    told = httpx.post(f"{asks_url}/labels", json={"id": asked["id"], "label": "other"})
    assert (told.status_code, told.json()["recorded"]) == (200, 1)
    refused = httpx.post(f"{asks_url}/labels", json={"id": asked["id"], "label": "another"})
    assert (refused.status_code, refused.json()["error"].startswith("label: 'another' is no class")) == (400, True)


def test_a_table_of_texts_is_answered_at_once(asks: tuple[Project, str], tmp_path: Path, prefect_url: str) -> None:
    project, _ = asks
    frame = pd.DataFrame({"text": ["wire ten dollars", None, "play Bach", ""], "user": [1, 2, 3, 4]})
    frame.to_parquet(tmp_path / "new.parquet")
    out = tmp_path / "scores.parquet"
    project.run("python", "-m", "flows.score", "asks", str(tmp_path / "new.parquet"), "--out", str(out),
                PREFECT_API_URL=prefect_url)  # fmt: skip
    scored = pq.read_table(out).to_pydict()
    assert [scored["label"][row] for row in (0, 2)] == ["transfer", "song"]
    assert scored["label"][1] is scored["label"][3] is None
