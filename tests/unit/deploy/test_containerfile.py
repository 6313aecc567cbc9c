"""The images: what they are built from, and what they are left without."""

import re
import subprocess
from pathlib import Path

import pytest

from components.inference.options import Options, variable
from tests.conftest import ROOT
from tests.manifests import manifest

ENDPOINT, PROJECT = "Containerfile", "Containerfile.project"
IMAGE_SH = ROOT / "deploy" / "image.sh"


def instructions(file: str) -> list[tuple[str, str]]:
    text = (ROOT / "deploy" / file).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def last_stage(file: str) -> list[tuple[str, str]]:
    told = instructions(file)
    return told[max(place for place, (word, _) in enumerate(told) if word == "FROM") :]


def variables(file: str) -> dict[str, str]:
    (said,) = [rest for word, rest in last_stage(file) if word == "ENV"]
    return dict(pair.split("=", 1) for pair in said.split())


@pytest.mark.parametrize("file", [ENDPOINT, PROJECT])
def test_every_stage_is_of_the_base_that_is_said(file: str) -> None:
    told = instructions(file)
    assert told[0] == ("ARG", "BASE")  # no default: a tag would move
    assert [rest.split()[0] for word, rest in told if word == "FROM"] == ["${BASE}"] * 2


@pytest.mark.parametrize("file", [ENDPOINT, PROJECT])
def test_it_runs_as_the_user_of_the_manifests(file: str) -> None:
    user = dict(last_stage(file))["USER"]
    security = manifest("endpoint", "Deployment")["spec"]["template"]["spec"]["securityContext"]
    assert user == f"{security['runAsUser']}:{security['runAsGroup']}" != "0:0"


def test_the_endpoint_s_last_stage_installs_nothing() -> None:
    run = " ".join(rest for word, rest in last_stage(ENDPOINT) if word == "RUN")
    assert not re.search(r"apt|pip|gcc|build-essential|curl", run)


def test_the_endpoint_s_variables_are_settings() -> None:
    said = variables(ENDPOINT)
    ours = {name for name in said if name.startswith("JOURNEYMAN_")}
    assert ours
    assert ours <= {variable(field) for field in Options.model_fields}
    Options.read(said)


def test_it_listens_where_the_manifests_expect_it() -> None:
    told = dict(last_stage(ENDPOINT))
    (container,) = manifest("endpoint", "Deployment")["spec"]["template"]["spec"]["containers"]
    assert told["EXPOSE"] == str(container["ports"][0]["containerPort"])
    assert f'"--port", "{told["EXPOSE"]}"' in told["CMD"]
    assert '"--host", "0.0.0.0"' in told["CMD"]
    assert "command" not in container
    assert "args" not in container


def test_the_project_s_groups_are_there() -> None:
    groups = set(re.findall(r"--group (\S+)", (ROOT / "deploy" / PROJECT).read_text()))
    assert groups == {"inference", "training", "orchestration", "kubernetes"}
    assert groups <= set(re.findall(r"^([a-z]+) = \[", (ROOT / "pyproject.toml").read_text(), re.MULTILINE))


@pytest.mark.parametrize(("base", "said"), [("python:3.11-slim", "by its digest"), ("", "by its digest")])
def test_a_base_without_a_digest_is_refused(base: str, said: str, tmp_path: Path) -> None:
    command = ["sh", IMAGE_SH, "endpoint", "garments", base, "podman"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_missing_engine_is_said(tmp_path: Path) -> None:
    command = ["sh", IMAGE_SH, "endpoint", "garments", f"python@sha256:{'0' * 64}", "no-such-engine"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("error: no-such-engine is missing")


@pytest.mark.parametrize(
    ("origin", "shipped"),
    [
        ("https://me:secret@git.example.org/team/project", "https://git.example.org/team/project"),
        ("https://secret@git.example.org/team/project", "https://git.example.org/team/project"),
        ("ssh://git:secret@git.example.org:22/project", "ssh://git@git.example.org:22/project"),
        ("git@git.example.org:team/project.git", "git@git.example.org:team/project.git"),
    ],
)
def test_no_secret_of_the_origin_goes_into_the_image(origin: str, shipped: str, tmp_path: Path) -> None:
    def git(*words: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    git("init", "--quiet")
    git("commit", "--quiet", "--allow-empty", "--message", "x")
    git("remote", "add", "origin", origin)
    engine = tmp_path / "engine"
    engine.write_text(f"#!/bin/sh\nfor context; do :; done\ncat $context/project/.git/config > {tmp_path}/shipped\n")
    engine.chmod(0o755)
    command = ["sh", IMAGE_SH, "project", "garments", f"python@sha256:{'0' * 64}", str(engine)]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    told = (tmp_path / "shipped").read_text()
    assert f"url = {shipped}\n" in told
    assert "secret" not in told
