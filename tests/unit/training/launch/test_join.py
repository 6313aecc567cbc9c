"""Who takes part in a training of several machines; torchrun itself on two hosts is in tests/machines."""

import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.config.errors import ConfigError
from components.config.params import Training
from components.training.launch import join
from components.training.launch.job import Ending, Job, new_job
from components.training.launch.state import State
from components.training.launch.torchrun import ENDPOINT, Torchrun

PARAMS = """\
workloads:
  digits:
    kind: image
    task: classification
    source: digits
    prepare: {{size: 8}}
    train: {{{said}}}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(ENDPOINT, "head:29500")
    monkeypatch.setattr(join, "_LOOK", 0.0)
    return tmp_path


def section(**said: Any) -> Training:
    return Training.model_validate({"epochs": 1, "batch_size": 8, **said})


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "",
            "^digits: other machines take part where train.launcher is torchrun and train.nodes more than 1, not local",
        ),
        ("launcher: torchrun", "more than 1, not torchrun and 1$"),
        ("launcher: slurm, nodes: 2, devices: 1", "more than 1, not slurm and 2$"),
    ],
)
def test_a_training_of_one_machine_is_told(folder: Path, said: str, expected: str) -> None:
    (folder / "params.yaml").write_text(PARAMS.format(said=said))
    with pytest.raises(ConfigError, match=expected):
        join.join("digits")


def test_where_they_meet_has_to_be_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "params.yaml").write_text(PARAMS.format(said="launcher: torchrun, nodes: 2"))
    monkeypatch.delenv(ENDPOINT)
    with pytest.raises(ConfigError, match=r"^train\.nodes: 2 machines: set PET_RDZV_ENDPOINT to where they meet"):
        join.join("digits")


def test_the_stage_s_machine_is_the_host_and_a_site_s_word_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    several = section(nodes=2)
    assert Torchrun(several)._meeting() == ["--rdzv-endpoint=head:29500", "--rdzv-conf=is_host=1"]
    monkeypatch.setenv("PET_RDZV_CONF", "join_timeout=60,is_host=1")
    assert Torchrun(several, joins=True)._meeting()[1] == "--rdzv-conf=is_host=0,join_timeout=60,is_host=1"
    assert Torchrun(section())._meeting() == ["--rdzv-endpoint=localhost:0"]  # it meets nobody


def test_it_listens_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv(ENDPOINT, f"127.0.0.1:{server.getsockname()[1]}")
        assert join._answers()
    assert not join._answers()


class Machine:
    """What stands for torchrun: each look at it brings the next of what happens."""

    def __init__(self) -> None:
        self.happens: list[Callable[[], object]] = []
        self.alive, self.done = False, list[tuple[str, str]]()

    def submit(self, job: Job) -> str:
        self.alive = True
        self.done.append(("submit", job.name))
        return "1"

    def state(self, job: Job) -> State:
        self.happens.pop(0)()
        return State(alive=self.alive, said="runs" if self.alive else "has ended with status -9")

    def cancel(self, job: Job) -> None:
        self.alive = False
        self.done.append(("cancel", job.name))

    def dies(self) -> None:
        self.alive = False


def nothing() -> None: ...


def test_it_takes_part_until_the_training_has_ended(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its own processes are lost, then those of the stage's machine; then the training ends."""
    caplog.set_level(logging.INFO)
    first = new_job("digits", "torchrun", "k")
    second = first.model_copy(update={"tries": 2})
    machine = Machine()

    def ends() -> None:
        Ending().write("digits", second.name)
        machine.dies()

    machine.happens = [machine.dies, nothing, second.keep, nothing, ends, nothing, second.forget, nothing]
    answers = iter([False, True, True, True])  # the stage's machine does not listen yet
    monkeypatch.setattr(join, "_answers", lambda: next(answers))
    monkeypatch.setattr(join, "section", lambda workload: section(nodes=2))
    monkeypatch.setattr(join, "Torchrun", lambda config, joins: machine)
    join.join("digits")
    assert [what for what in machine.done if what[0] == "submit"] == [
        ("submit", first.name),
        ("submit", first.name),
        ("submit", second.name),
    ]
    assert machine.done[-1] == ("cancel", second.name)
    assert f"part of job {first.name} has ended with status -9; it begins again" in caplog.text
    assert caplog.text.count("begins again") == 1
