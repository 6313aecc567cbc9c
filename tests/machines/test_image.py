"""The image of an endpoint, built and run read-only, as nobody: it answers, follows at S3, swaps under load, stops.

Where podman (or `ENGINE=docker`) is, and `BASE` names a base image by its digest, as of `make image`.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from components.inference.bundle import read_about
from components.inference.champion.published import publish
from tests.conftest import ROOT
from tests.golden_bundle import golden_bundle
from tests.integration.test_follow import Load
from tests.machines.conftest import Store
from tests.servers import free_port, wait_for

PACKAGE = """
import sys
from pathlib import Path
from components.inference.package import package
package(Path(sys.argv[1]), sys.argv[2], "1")
"""
ENGINE, BASE = os.environ.get("ENGINE", "podman"), os.environ.get("BASE", "")
PICTURE = (ROOT / "docs" / "ankle-boot.png").read_bytes()


def engine(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([ENGINE, *words], capture_output=True, text=True, timeout=300)


@dataclass(frozen=True)
class Built:
    image: str
    bundle: Path
    workload: str


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    if shutil.which(ENGINE) is None or "@sha256:" not in BASE:
        pytest.skip("needs podman and BASE, a base image by its digest: make test-machines BASE=…@sha256:…")
    folder = tmp_path_factory.mktemp("image")
    bundle, _ = golden_bundle(folder / "made", "image", "classification")
    workload = read_about(bundle).workload
    project = folder / "project"
    shutil.copytree(ROOT / "deploy", project / "deploy")
    shutil.copy(ROOT / "constraints.txt", project)
    environment = {**os.environ, "BENTOML_HOME": str(folder / "bentoml"), "BENTOML_DO_NOT_TRACK": "True"}
    package = [sys.executable, "-c", PACKAGE, bundle, workload]
    subprocess.run(package, cwd=ROOT, env=environment, check=True, capture_output=True)
    command = ["sh", "deploy/image.sh", "endpoint", workload, BASE, ENGINE]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, timeout=550)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return Built(done.stdout.split()[-1], bundle, workload)


@pytest.fixture
def container(built: Built, s3: Store, bucket: str, tmp_path: Path) -> Iterator[tuple[str, str, str]]:
    """A running container, its address, and the address at which it follows version 2, published there already."""
    champions = f"s3://{bucket}/champions"
    publish(built.bundle, built.workload, "2", champions)
    port = free_port()
    said = {**s3.variables, "JOURNEYMAN_CHAMPIONS": champions, "JOURNEYMAN_FOLLOW_EVERY": "0.2"}
    variables = [word for name, value in said.items() for word in ("--env", f"{name}={value}")]
    folders = {path: tmp_path / path.replace("/", "-") for path in ("/home/bentoml", "/state", "/tmp")}
    for folder in folders.values():
        folder.mkdir()
        folder.chmod(0o777)
    room = [word for path, folder in folders.items() for word in ("--volume", f"{folder}:{path}")]
    limits = ["--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges", *room]
    listening = ["--host", "127.0.0.1", "--port", str(port)]
    started = engine("run", "--detach", "--network", "host", *limits, *variables, built.image, *listening)
    assert started.returncode == 0, started.stderr
    name, url = started.stdout.split()[-1], f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: httpx.get(f"{url}/readyz", timeout=5).is_success, told=lambda: engine("logs", name).stderr)
        yield name, url, champions
    finally:
        engine("rm", "--force", "--time", "0", name)


def version(url: str) -> str:
    answer = httpx.post(f"{url}/predict", content=PICTURE, timeout=30)
    assert answer.status_code == 200, answer.text
    found: str = answer.json()["model_version"]
    return found


def test_it_answers_follows_swaps_and_stops(built: Built, container: tuple[str, str, str]) -> None:
    name, url, champions = container
    assert version(url) == "2"

    def swap() -> None:
        publish(built.bundle, built.workload, "3", champions)
        wait_for(lambda: version(url) == "3", told=lambda: engine("logs", name).stderr)

    answers = Load(url).run(4, swap)  # fails where a request is refused or its connection cut
    assert {told["model_version"] for told in answers} == {"2", "3"}
    assert engine("stop", "--time", "30", name).returncode == 0
    (state,) = json.loads(engine("inspect", name).stdout)
    assert (state["State"]["ExitCode"], state["State"]["Status"]) == (0, "exited")  # 137: it was killed


def test_it_may_do_little(container: tuple[str, str, str]) -> None:
    name, _, _ = container
    assert engine("exec", name, "id", "-u").stdout.strip() == "10001"
    assert "Read-only file system" in engine("exec", name, "touch", "/bento/here").stderr
    for tool in ("gcc", "cc", "make", "git", "pip"):
        assert engine("exec", name, "sh", "-c", f"command -v {tool}").returncode != 0
    assert engine("exec", name, "sh", "-c", "command -v bentoml").returncode == 0
