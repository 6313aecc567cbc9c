"""A served endpoint follows the champion, under load, with two workers; and refuses to start with what is corrupted."""

import hashlib
import http.client
import json
import re
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import onnx
import psutil
import pytest
from onnx import numpy_helper

from benchmarks.canary import altered, make_slow
from components.config.settings import CHAMPIONS
from components.inference.answering import Answering
from components.inference.bundle import Bundle
from components.inference.champion.published import publish
from components.inference.champion.tried import publish_tried, stopped, withdraw_tried
from components.inference.engine.trial import Trial
from components.inference.gateway.keys import new_key
from components.inference.golden import GOLDEN
from components.inference.smoke.client import running_endpoint
from components.kinds.image import codec
from components.registry.promotion.history import Step
from components.registry.promotion.ledger import Ledger
from components.system.address import Address
from flows.measured import measured
from tests.conftest import Project
from tests.integration.test_bento import PACKAGE, _picture, serving
from tests.processes import child, running
from tests.servers import wait_for


@dataclass
class Served:
    """An endpoint of two workers whose champions are published in a folder, and what it wrote."""

    url: str
    project: Project
    bundles: dict[str, Path]
    current: str = ""

    @property
    def address(self) -> str:
        return str(self.project.path / "state" / "champions")

    @property
    def log(self) -> str:
        return (self.project.path / "state" / "serve.log").read_text()

    def publish(self, version: str) -> Path:
        self.current = version
        return Path(self.address) / publish(self.bundles[version], "digits", version, self.address).path

    def move(self, version: str) -> None:
        """Move the pointer, unless it is there, and wait until both workers have swapped."""
        if version == self.current:
            return
        before = self.swaps(version)
        self.publish(version)
        wait_for(lambda: self.swaps(version) == before + 2)

    def swaps(self, version: str) -> int:
        return self.log.count(f"digits: version {version} is at work")

    def workers(self) -> list[psutil.Process]:
        supervisor = child(self.url.rpartition(":")[2])
        return running(supervisor.children(), "_bentoml_impl.worker.service")


@dataclass
class Load:
    """Clients that ask one after the other, each on a connection that stays open."""

    url: str
    answers: list[dict[str, Any]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def ask(self, count: int | None = None) -> list[dict[str, Any]]:
        picture = _picture()
        with closing(http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=30)) as connection:
            while not self.ended.is_set() and count != 0:
                connection.request("POST", "/predict", picture, {"content-type": "image/png"})
                response = connection.getresponse()
                body = response.read()
                assert response.status == 200, body
                self.answers.append(json.loads(body))
                count = None if count is None else count - 1
        return self.answers

    def run(self, connections: int, meanwhile: Callable[[], None]) -> list[dict[str, Any]]:
        """Ask on so many connections while `meanwhile` runs; a request that is not answered fails the test."""
        failed: list[BaseException] = []

        def client() -> None:
            try:
                self.ask()
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=client) for _ in range(connections)]
        for thread in threads:
            thread.start()
        try:
            meanwhile()
        finally:
            self.ended.set()
            for thread in threads:
                thread.join()
        assert failed == []
        return self.answers


@pytest.fixture(scope="module")
def packaged(trained_once: Project, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str, dict[str, Path]]:
    """A checkout with a Bento of version 1, and the bundles of versions 1 to 3. Not to be changed."""
    folder = tmp_path_factory.mktemp("followed")
    project = Project(Path(shutil.copytree(trained_once.path, folder / "journeyman", symlinks=True)))
    bento = project.run("python", "-c", PACKAGE, "1", PYTHONPATH=".").split()[-1]
    bundles = {"1": project.path / "artifacts" / "digits" / "bundle"}
    for version in ("2", "3"):
        bundles[version] = other(bundles["1"], folder / version, int(version))
    return project, bento, bundles


@pytest.fixture(scope="module")
def served(packaged: tuple[Project, str, dict[str, Path]]) -> Iterator[Served]:
    project, bento, bundles = packaged
    made = Served("", project, bundles)
    made.publish("1")
    variables = {
        "JOURNEYMAN_CHAMPIONS": made.address,
        "JOURNEYMAN_FOLLOW_EVERY": "0.1",
        "BENTOML_CONFIG_OPTIONS": "services.digits.workers=2",
    }
    with serving(project, bento, cwd=project.path.parent, variables=variables) as made.url:
        wait_for(lambda: made.swaps("1") == 2)
        yield made


def test_under_load_every_answer_is_one_version_s_and_none_is_missing(served: Served) -> None:
    expected = {version: answer(bundle, version) for version, bundle in served.bundles.items()}
    assert len({told["probability"] for told in expected.values()}) == 3

    def back_and_forth() -> None:
        for version in ("2", "1", "2", "1", "3", "1"):
            served.move(version)
            time.sleep(0.1)

    answers = Load(served.url).run(8, back_and_forth)
    metrics = httpx.get(f"{served.url}/metrics").text.splitlines()
    assert 'journeyman_swaps_total{outcome="done"} 12' in metrics
    assert 'journeyman_model_workers{version="1"} 2' in metrics
    given = Counter(told["model_version"] for told in answers)
    assert set(given) == {"1", "2", "3"}
    ids = [told.pop("id") for told in answers]
    assert len(set(ids)) == len(ids)
    assert all(told == expected[told["model_version"]] for told in answers)


def test_what_was_swapped_out_is_freed(served: Served) -> None:
    def turn(count: int) -> list[int]:
        for index in range(count):
            served.move("2" if index % 2 == 0 else "1")
        return [worker.memory_full_info().uss for worker in served.workers()]

    before = turn(4)
    after = turn(10)
    growth = [(late - early) / 2**20 for early, late in zip(before, after, strict=True)]
    assert max(growth) < 10 * 0.3  # the graph alone has 0.3 MiB, a session of it more


def test_a_corrupted_bundle_is_said_and_the_old_one_goes_on_answering(served: Served, tmp_path: Path) -> None:
    served.move("1")
    shutil.rmtree(served.project.path / "state" / "bentoml" / "followed" / "digits", ignore_errors=True)
    made = publish(served.bundles["3"], "digits", "3", str(tmp_path))
    (tmp_path / made.path / "model.onnx").write_bytes(b"junk")
    shutil.copytree(tmp_path / made.path, Path(served.address) / made.path, dirs_exist_ok=True)
    (tmp_path / "digits" / "champion.json").replace(Path(served.address) / "digits" / "champion.json")
    wait_for(lambda: served.log.count("digits: version 3 is not taken: ") >= 2)
    answers = Load(served.url).run(2, lambda: time.sleep(1))
    assert {told["model_version"] for told in answers} == {"1"}
    said = [line for line in served.log.splitlines() if "version 3 is not taken" in line]
    assert len(said) == 2, said  # one a worker
    assert re.search(r"model\.onnx: SHA-256 is .*; what is at work stays at work$", said[0])
    assert "Traceback" not in served.log
    assert 'journeyman_swaps_total{outcome="failed"}' in httpx.get(f"{served.url}/metrics").text
    before = served.swaps("3")
    served.publish("3")
    wait_for(lambda: served.swaps("3") == before + 2)


def test_a_canary_answers_its_share_and_one_that_fails_costs_no_request(served: Served, tmp_path: Path) -> None:
    served.move("1")
    good, bad = served.bundles["2"], without_numbers(served.bundles["3"], tmp_path / "bad")
    expected = {version: answer(served.bundles[version], version) for version in ("1", "2")}

    def publish_both() -> None:
        publish_tried(good, "digits", tried("a" * 32, "2"), served.address)
        wait_for(lambda: served.log.count("digits: version 2 answers 20 % of entities beside version 1") == 2)
        begun = len(answers)
        wait_for(lambda: len(answers) > begun + 200)
        publish_tried(bad, "digits", tried("b" * 32, "3"), served.address)
        wait_for(lambda: all_stopped(served))

    load = Load(served.url)
    answers = load.answers
    load.run(8, publish_both)
    given = Counter(told["model_version"] for told in answers)
    assert set(given) == {"1", "2"}
    for told in answers:
        told.pop("id")
    assert all(told == expected[told["model_version"]] for told in answers)
    assert "digits: canary version 3 is stopped: 3 of its last " in served.log
    assert "its outputs are no numbers" in served.log
    assert "Traceback" not in served.log
    said = json.loads((Path(served.address) / "digits" / f"stopped-{'b' * 32}.json").read_text())
    assert said["version"] == "3"


def test_of_two_canaries_one_after_the_other_each_goes_to_work_wholly(served: Served) -> None:
    served.move("1")
    for version, before in (("2", "1"), ("3", "2")):
        told = f"digits: version {version} answers 20 % of entities beside version {before}"
        published = served.log.count(told)
        publish_tried(served.bundles[version], "digits", tried(version * 32, version, before), served.address)
        wait_for(lambda told=told, published=published: served.log.count(told) == published + 2)
        served.move(version)
        withdraw_tried("digits", served.address)
        load = Load(served.url)
        assert {each["model_version"] for each in load.ask(100)} == {version}


def test_a_shadow_answers_nobody_and_what_it_costs_is_told(
    served: Served, mlflow_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.move("1")
    expected = answer(served.bundles["1"], "1")
    monkeypatch.chdir(served.project.path)
    monkeypatch.setenv(CHAMPIONS, served.address)
    step = Ledger("digits").note(Step(trial="shadow", what="began", version="2", against="1"))
    assert measured("digits", "2", "1") == "no endpoint has measured it"
    trial = tried(step.id, "2").model_copy(update={"share": 0.5})
    publish_tried(served.bundles["2"], "digits", trial, served.address, role="shadow")
    wait_for(lambda: served.log.count("version 2 is measured on 50 % of what is answered, beside version 1") == 2)
    answers = Load(served.url).ask(60)
    wait_for(lambda: measured("digits", "2", "1") != "no endpoint has measured it")
    said = measured("digits", "2", "1")
    assert re.fullmatch(r"\S+ ms of a processor an example in the endpoint, version 1 \S+, over \d+ runs?", said)
    for told in answers:
        told.pop("id")
        assert told == expected
    shown = httpx.get(f"{served.url}/metrics").text
    for labels in ('version="2",role="challenger"', 'version="1",role="champion"'):
        counted = re.search(rf"journeyman_shadow_seconds_count{{{labels}}} (\d+)", shown)
        assert counted
        assert int(counted[1]) >= 1
    assert 'journeyman_shadow_workers{version="2"} 2' in shown
    withdraw_tried("digits", served.address, role="shadow")
    wait_for(lambda: 'journeyman_shadow_workers{version="2"} 0' in httpx.get(f"{served.url}/metrics").text)


def test_a_shadow_that_is_slow_in_the_endpoint_is_stopped(served: Served, tmp_path: Path) -> None:
    served.move("1")
    slow, said = altered(served.bundles["3"], tmp_path / "slow", make_slow), tried("d" * 32, "3")
    trial = said.model_copy(update={"share": 0.5, "latency": 2.0, "milliseconds": 1.0})
    publish_tried(slow, "digits", trial, served.address, role="shadow")
    wait_for(lambda: 'journeyman_shadow_workers{version="3"} 2' in httpx.get(f"{served.url}/metrics").text)
    load = Load(served.url)
    load.run(1, lambda: wait_for(lambda: "digits: shadow version 3 is stopped: an example takes" in served.log))
    assert {told["model_version"] for told in load.answers} == {"1"}
    wait_for(lambda: 'journeyman_shadow_workers{version="3"} 0' in httpx.get(f"{served.url}/metrics").text)
    stop = stopped(Address(served.address), "digits", "d" * 32)
    assert stop
    assert "ms of a processor, the limit is 1 ms" in stop.why


def tried(id: str, version: str, against: str = "1") -> Trial:
    return Trial(id=id, version=version, against=against, share=0.2, latency=10.0, milliseconds=1e4)


def all_stopped(served: Served) -> bool:
    """Whether no worker tries anything any more, and one has stopped something by itself."""
    lines = httpx.get(f"{served.url}/metrics").text.splitlines()
    workers = [line for line in lines if line.startswith("journeyman_canary_workers{")]
    stopped = [line for line in lines if line.startswith('journeyman_canary_stopped_total{version="3"}')]
    return bool(stopped) and all(line.endswith(" 0") for line in workers)


def without_numbers(bundle: Path, path: Path) -> Path:
    """Write the bundle again with weights that are no numbers."""
    shutil.copytree(bundle, path)
    model = onnx.load(path / "model.onnx")
    for tensor in model.graph.initializer:
        weights = numpy_helper.to_array(tensor)
        if weights.dtype == np.float32 and weights.ndim > 1:
            tensor.CopyFrom(numpy_helper.from_array(np.full_like(weights, np.nan), tensor.name))
    onnx.save(model, path / "model.onnx")
    about = json.loads((path / "bundle.json").read_text())
    about["model_sha256"] = hashlib.sha256((path / "model.onnx").read_bytes()).hexdigest()
    without_golden_rows(path, about)
    (path / "bundle.json").write_text(json.dumps(about))
    return path


def without_golden_rows(path: Path, about: dict[str, Any]) -> None:
    """Take them out of a bundle whose graph says something else than they do."""
    if about["files"].pop(GOLDEN, None):
        (path / "serving" / GOLDEN).unlink()


def test_a_worker_that_comes_back_answers_as_the_others(served: Served) -> None:
    served.move("2")
    before = served.swaps("2")
    served.workers()[0].kill()
    wait_for(lambda: served.swaps("2") == before + 1)
    assert {told["model_version"] for told in Load(served.url).ask(20)} == {"2"}


def test_what_is_asked_for_is_not_the_champion_but_the_bento(
    packaged: tuple[Project, str, dict[str, Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, bento, bundles = packaged
    publish(bundles["2"], "digits", "2", str(tmp_path))
    for name, value in {**project.environment(), "JOURNEYMAN_CHAMPIONS": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(
        "JOURNEYMAN_API_KEYS", new_key("shop")[1]
    )  # of others: this one is asked for a moment, on loopback
    with running_endpoint(bento) as endpoint:
        assert endpoint.ask({"picture": _picture()})["model_version"] == "1"


@pytest.mark.parametrize("by", ["variable", "argument"])
def test_a_version_is_pinned_and_gives_no_answer_to_a_stranger_where_it_abstains(
    by: str, packaged: tuple[Project, str, dict[str, Path]], tmp_path: Path
) -> None:
    project, bento, bundles = packaged
    sure = abstaining(bundles["1"], tmp_path / "abstaining")
    for version, bundle in (("2", sure), ("3", bundles["3"])):
        publish(bundle, "digits", version, str(tmp_path / "champions"))
    variables = {"JOURNEYMAN_CHAMPIONS": str(tmp_path / "champions")}
    if by == "variable":
        wanted, what, variables["JOURNEYMAN_VERSION"] = "2", (bento,), "2"
    else:
        (model,) = (project.path / "state" / "bentoml" / "models" / "digits").glob("v1-*")
        wanted, what = "1", (".", "--arg", "workload=digits", "--arg", f"version={model.name}")
    with serving(project, *what, cwd=project.path, variables=variables) as url:
        assert {told["model_version"] for told in Load(url).ask(3)} == {wanted}
        asked = {"content": strange(bundles["1"]), "headers": {"content-type": "image/png"}}
        told = httpx.post(f"{url}/predict", **asked).raise_for_status().json()
    assert told["unfamiliar"] is True
    assert (told.get("abstains"), "label" in told) == ((True, False) if wanted == "2" else (None, True))


@pytest.mark.parametrize(
    ("content", "about", "sentence"),
    [
        (b"junk", {}, r"model\.onnx: SHA-256 is "),
        (b"junk", {"format": 2}, r"bundle\.json: not a bundle of format 1"),
        (b"junk", {"model_sha256": hashlib.sha256(b"junk").hexdigest()}, r"model\.onnx: ONNX Runtime does not take it"),
    ],
)
def test_a_corrupted_bento_is_refused_in_one_line_and_ends(
    content: bytes, about: dict[str, Any], sentence: str, packaged: tuple[Project, str, dict[str, Path]], tmp_path: Path
) -> None:
    project = Project(Path(shutil.copytree(packaged[0].path, tmp_path / "journeyman", symlinks=True)))
    (model,) = (project.path / "state" / "bentoml" / "models" / "digits").glob("v1-*")
    (model / "model.onnx").write_bytes(content)
    said = json.loads((model / "bundle.json").read_text())
    (model / "bundle.json").write_text(json.dumps({**said, **about}))
    output = project.fail("bentoml", "serve", packaged[1], "--port", "0")
    assert len(re.findall(sentence, output)) == 1, output
    assert "Traceback" not in output
    assert len(output.splitlines()) <= 2


def abstaining(bundle: Path, path: Path) -> Path:
    """Write the bundle again, as it is with `serve.abstain: true`."""
    shutil.copytree(bundle, path)
    about = json.loads((path / "bundle.json").read_text())
    about["serve"]["abstain"] = True
    (path / "bundle.json").write_text(json.dumps(about))
    return path


def strange(bundle: Path) -> bytes:
    """Return a picture of noise that the bundle says is unfamiliar."""
    opened, random = Bundle(bundle), np.random.default_rng(0)
    noise = random.integers(0, 256, (50, 8, 8, 1), dtype=np.uint8)
    flagged = [answer.unfamiliar for answer in Answering(opened.about).answers(opened.scored(noise), "1")]
    return codec.encode(noise[flagged.index(True)])["picture"]


def other(bundle: Path, path: Path, seed: int) -> Path:
    """Write the bundle again with other weights."""
    shutil.copytree(bundle, path)
    model, random = onnx.load(path / "model.onnx"), np.random.default_rng(seed)
    for tensor in model.graph.initializer:
        weights = numpy_helper.to_array(tensor)
        if weights.dtype == np.float32 and weights.ndim > 1:
            changed = weights * random.uniform(0.7, 1.3, weights.shape).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(changed, tensor.name))
    onnx.save(model, path / "model.onnx")
    about = json.loads((path / "bundle.json").read_text())
    about["model_sha256"] = hashlib.sha256((path / "model.onnx").read_bytes()).hexdigest()
    without_golden_rows(path, about)
    (path / "bundle.json").write_text(json.dumps(about))
    return path


def answer(bundle: Path, version: str) -> dict[str, Any]:
    """Return what this bundle answers to the picture, to the last digit."""
    opened = Bundle(bundle)
    example = codec.decode({"picture": _picture()}, opened.about.input)[np.newaxis]
    (told,) = Answering(opened.about).answers(opened.scored(example), version)
    return dict(json.loads(told.model_dump_json()))
