"""Suggestions, from a simulated shop to items that are clicked on the endpoint's page and a table of answers."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page, expect

from components.config.errors import ConfigError, EndpointError
from components.config.settings import artifacts
from components.inference.edge import examine, write_edge
from components.inference.engine.model import Model
from components.inference.smoke import check
from components.kinds.interactions.codec.seed import SEED, read_seed
from components.kinds.prepared import open_prepared
from tests.conftest import EASY, Project
from tests.e2e.conftest import Visit, on_a_device, packaged, served
from tests.integration.test_bento import serving

PARAMS = (
    """\
workloads:
  stall:
    kind: interactions
    task: ranking
    source: stall.yaml
    prepare: {user: user, length: 8, exclude: 16}
    train: {epochs: 4, batch_size: 32, width: 8}
    serve: {unfamiliar: 0.0}
"""
    + EASY
)
SHOP = """\
title: stall
licence: Apache-2.0
kind: interactions
format: shop
settings: {users: 150, items: 60, days: 60, visits: 1.0, seed: 3}
"""


READ = """
async ([row, input, classes]) => {
  const { read } = await import("./codec/codec.js");
  return Array.from(await read(row, input, {}, classes));
}
"""


@pytest.fixture(scope="module")
def stall(chromium: str, new_project: Callable[..., Project]) -> tuple[Project, str]:
    project = new_project(PARAMS)
    (project.path / "stall.yaml").write_text(SHOP)
    project.run("dvc", "repro")
    return packaged(project, "stall")


@pytest.fixture(scope="module")
def stall_url(stall: tuple[Project, str]) -> Iterator[str]:
    with serving(*stall, cwd=stall[0].path.parent) as url:
        yield url


def test_the_better_model_is_told_and_beats_its_baseline(stall: tuple[Project, str]) -> None:
    metrics = json.loads((stall[0].path / artifacts("stall", "report") / "metrics.json").read_text())
    assert metrics["ndcg_at_10"] > metrics["baseline_ndcg_at_10"]
    params = json.loads((stall[0].path / artifacts("stall", "weights") / "run.json").read_text())["params"]
    assert params["used.model"] in ("network", "ease")


def test_suggestions_change_with_what_is_clicked_and_say_why(stall_url: str, visit: Callable[..., Visit]) -> None:
    seen = visit(stall_url)
    page, suggestions = seen.page, seen.page.locator("#bars .suggestion")
    expect(suggestions).to_have_count(10)
    expect(suggestions.first).to_contain_text("is popular")
    first = httpx.post(f"{stall_url}/predict", json={}).json()["suggestions"]
    expect(suggestions.first.get_by_role("button").first).to_have_text(first[0]["item"])

    suggestions.first.get_by_role("button").first.click()
    expect(page.get_by_role("list", name="Taken, the latest last")).to_contain_text(first[0]["item"])
    expect(page.locator("#bars")).to_contain_text(f"because of {first[0]['item']}, ")
    then = httpx.post(f"{stall_url}/predict", json={"recent": [first[0]["item"]]}).json()["suggestions"]
    expect(suggestions.first.get_by_role("button").first).to_have_text(then[0]["item"])

    page.get_by_role("button", name=f"{then[0]['item']} is sold out").click()
    expect(suggestions.first.get_by_role("button").first).to_have_text(then[1]["item"])
    page.get_by_label("Find an item").fill(then[5]["item"].upper())
    page.get_by_role("list", name="Items to take").get_by_role("button").first.click()
    expect(page.get_by_role("list", name="Taken, the latest last").get_by_role("button")).to_have_count(2)
    page.get_by_role("button", name=f"Take {first[0]['item']} away").click()
    expect(page.get_by_role("list", name="Taken, the latest last")).to_contain_text(then[5]["item"])
    page.locator("#examples button").last.click()
    expect(page.locator("#bars")).to_contain_text("because of")
    assert seen.complaints == []


def test_any_list_is_answered_or_refused_in_a_sentence(stall_url: str, stall: tuple[Project, str]) -> None:
    names = open_prepared(stall[0].path / artifacts("stall", "prepared")).classes
    odd = httpx.post(f"{stall_url}/predict", json={"recent": [7, names[0]]}).json()
    assert odd["warnings"] == ["not known to this version, and passed over: '7'"]
    assert names[0] not in [one["item"] for one in odd["suggestions"]]
    taken = httpx.post(f"{stall_url}/labels", json={"id": odd["id"], "label": odd["suggestions"][3]["item"]})
    assert (taken.status_code, taken.json()["recorded"]) == (200, 1)
    for sent, told in (
        ({"recent": 7}, "recent: input should be a valid array, not 7"),
        ({"exclude": list(names[:17])}, "exclude: 17 items, at most 16 are taken; see prepare.exclude"),
    ):
        refused = httpx.post(f"{stall_url}/predict", json=sent)
        assert (refused.status_code, refused.json()["error"]) == (400, told)


@pytest.mark.parametrize("remembers", [True, False])
def test_a_new_bento_is_asked_about_users_too(
    remembers: bool, stall: tuple[Project, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, data = (stall[0].path / artifacts("stall", name) for name in ("bundle", "prepared"))
    model, users = Model.open(path, "1", None), list[str]()

    class Endpoint:
        def ask(self, row: dict[str, Any]) -> dict[str, Any]:
            users.extend(row[name] for name in row if name == "user")
            known = row if remembers else {**row, "user": "nobody"}
            (answer,) = model.answers(model.scored(model.read([known])))
            return answer.model_dump(mode="json")

    monkeypatch.setattr(check, "running_endpoint", lambda *_: nullcontext(Endpoint()))
    with nullcontext() if remembers else pytest.raises(EndpointError, match="stall:1 remembers otherwise than its"):
        assert len(check.check_endpoint("stall:1", path, "1", open_prepared(data))) == 10
    assert len(set(users)) == (3 if remembers else 1)


def test_lists_are_answered_on_a_device_as_the_endpoint_does(
    stall_url: str, stall: tuple[Project, str], tmp_path: Path
) -> None:
    names = open_prepared(stall[0].path / artifacts("stall", "prepared")).classes
    lists: list[dict[str, Any]] = [
        {"recent": [names[0], "no such item", names[3]]},
        {"recent": list(names[:20]), "exclude": [names[30]]},  # more than are looked at
        {},
    ]
    found = {}
    for name, said in (("several", lists), ("one", lists[0])):
        (tmp_path / f"{name}.json").write_text(json.dumps(said))
        printed = on_a_device(stall[0].path / artifacts("stall", "bundle"), str(tmp_path / f"{name}.json"))
        found[name] = [json.loads(line) for line in printed]
    answers = [httpx.post(f"{stall_url}/predict", json=said).json()["suggestions"] for said in lists]
    assert found["several"] == [[one["item"] for one in answer] for answer in answers]
    assert found["one"] == found["several"][:1] != found["several"][2:]


def test_a_shop_that_remembers_nobody_suggests_in_a_browser_too(
    stall: tuple[Project, str], runtime: Path, opened: Callable[[str], Page], patience: None, tmp_path: Path
) -> None:
    path, data = (stall[0].path / artifacts("stall", name) for name in ("bundle", "prepared"))
    with pytest.raises(ConfigError, match="its records need what an endpoint remembers"):
        write_edge(path, "1", {}, runtime, tmp_path / "edge")
    bundle = tmp_path / "bundle"
    shutil.copytree(path, bundle)
    about = json.loads((bundle / "bundle.json").read_text())
    del about["input"]["user"]
    (bundle / "bundle.json").write_text(json.dumps(about))
    model = Model.open(bundle, "1", None)
    folder = write_edge(bundle, "1", {}, runtime, tmp_path / "edge").path
    inputs = np.asarray(open_prepared(data).inputs("test"))
    if examined := examine(folder, inputs, "ranking"):  # by Node, where that is
        assert np.array_equal(examined.outputs, model.scored(inputs).outputs)

    def suggested(**row: list[str]) -> list[str]:
        (answer,) = model.answers(model.scored(model.read([row])))
        return [one.item for one in answer.suggestions]  # type: ignore[attr-defined]

    with served(folder) as url:
        page = opened(url)  # which checks the golden requests
        first = page.locator("#bars .suggestion").first.get_by_role("button").first
        popular = suggested()
        expect(first).to_have_text(popular[0])
        first.click()
        then = suggested(recent=popular[:1])
        expect(first).to_have_text(then[0])
        expect(page.locator("#bars")).to_contain_text(f"because of {popular[0]}, ")
        page.get_by_role("button", name=f"{then[0]} is sold out").click()
        expect(first).to_have_text(suggested(recent=popular[:1], exclude=then[:1])[0])
        taken = [*model.about.classes[:20], *model.about.classes[-1:]]  # more than are looked at
        found = page.evaluate(
            READ, [{"recent": taken, "exclude": popular[:2]}, about["input"], list(model.about.classes)]
        )
        assert found == model.read([{"recent": taken, "exclude": popular[:2]}])[0].tolist()


def test_who_is_known_is_answered_by_what_is_remembered(
    stall_url: str, stall: tuple[Project, str], visit: Callable[..., Visit]
) -> None:
    def asked(**request: object) -> dict[str, Any]:
        found: dict[str, Any] = httpx.post(f"{stall_url}/predict", json=request).json()
        return found

    serving_ = open_prepared(stall[0].path / artifacts("stall", "prepared")).serving
    seed = read_seed(serving_ / SEED)
    taken = seed.items[seed.users == seed.users[-1]].tolist()
    known = asked(user=seed.users[-1])
    assert known["suggestions"] == asked(recent=taken)["suggestions"]
    assert not {one["item"] for one in known["suggestions"]} & set(taken)
    new = known["suggestions"][0]["item"]
    then = asked(user=seed.users[-1], recent=[new])
    assert then["suggestions"] == asked(recent=[*taken, new])["suggestions"]
    assert then["suggestions"] == asked(user=seed.users[-1])["suggestions"]

    stranger = asked(user="nobody")
    assert stranger["warnings"] == ["nothing is known of this user: what is popular is suggested"]
    assert stranger["suggestions"] == asked()["suggestions"]

    page = visit(stall_url).page
    page.get_by_label("Who asks (user)").fill(seed.users[-1])
    page.get_by_label("Who asks (user)").press("Enter")
    first = page.locator("#bars .suggestion").first.get_by_role("button").first
    expect(first).to_have_text(then["suggestions"][0]["item"])
    first.click()
    expect(page.get_by_role("list", name="Taken, the latest last")).to_contain_text(then["suggestions"][0]["item"])
    expect(first).not_to_have_text(then["suggestions"][0]["item"])
    assert then["suggestions"][0]["item"] not in [one["item"] for one in asked(user=seed.users[-1])["suggestions"]]


def test_a_table_of_lists_and_of_users_is_answered_at_once(
    stall: tuple[Project, str], tmp_path: Path, prefect_url: str
) -> None:
    project, _ = stall
    names = open_prepared(project.path / artifacts("stall", "prepared")).classes
    seed = read_seed(open_prepared(project.path / artifacts("stall", "prepared")).serving / SEED)
    user = seed.users[-1]
    recent = [f"{names[0]}|{names[1]}", None, "no such item", None]
    pd.DataFrame({"recent": recent, "user": ["a", "b", None, user]}).to_parquet(tmp_path / "new.parquet")
    out = tmp_path / "scores.parquet"
    project.run("python", "-m", "flows.score", "stall", str(tmp_path / "new.parquet"), "--out", str(out),
                PREFECT_API_URL=prefect_url)  # fmt: skip
    scored = pq.read_table(out).to_pydict()
    assert scored["label"][0] not in (*names[:2], None)
    assert [found[0] for found in scored["suggestions"]] == scored["label"]
    assert [len(set(found)) for found in scored["suggestions"]] == [20] * 4
    assert scored["label"][1] == scored["label"][2] is not None
    assert not set(scored["suggestions"][3]) & set(seed.items[seed.users == user])
    assert scored["warnings"][1:] == [
        ["nothing is known of this user: what is popular is suggested"],
        ["not known to this version, and passed over: 'no such item'"],
        None,
    ]
