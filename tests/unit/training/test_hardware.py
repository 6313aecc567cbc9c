"""What `auto` means is decided by what the machine can do, and said."""

import json
from typing import Any

import pytest
import torch

from components.config.errors import ConfigError
from components.config.params import Training
from components.training import hardware


def plan(steps: int = 100, **keys: Any) -> hardware.HardwarePlan:
    return hardware.plan(Training(epochs=1, batch_size=1, **keys), steps)


@pytest.fixture(autouse=True)
def _a_machine_without_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def _a_machine_with_two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [({"avx2": True}, "32-true"), ({"avx512_bf16": True}, "bf16-mixed"), ({"amx_bf16": True}, "bf16-mixed")],
)
def test_a_processor_computes_in_bf16_only_if_it_can(
    capabilities: dict[str, bool], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    chosen = plan()
    assert chosen.precision == expected
    assert "bf16" in chosen.reasons["precision"]


@pytest.mark.usefixtures("_a_machine_with_two_gpus")
@pytest.mark.parametrize(("steps", "compiled"), [(100, False), (100_000, True)])
def test_a_gpu_is_used_and_a_long_training_compiled(steps: int, compiled: bool) -> None:
    chosen = plan(steps)
    assert (chosen.accelerator, chosen.devices, chosen.precision) == ("gpu", 2, "bf16-mixed")
    assert chosen.compile is compiled
    assert f"{steps:,} steps" in chosen.reasons["compile"]


def test_what_the_user_says_wins_and_is_said() -> None:
    keys = {"precision": "32-true", "layout": "contiguous", "compile": True, "threads": 3, "devices": 2}
    chosen = plan(accelerator="cpu", **keys)
    assert {name: chosen.facts()[name] for name in keys} == keys
    assert chosen.reasons == {}
    assert str(chosen).count("as params.yaml says") == 6


def test_threads_are_half_of_the_cores_that_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "cores", lambda: 16)
    assert plan().threads == 8
    assert plan(devices=4).threads == 2
    monkeypatch.setattr(hardware, "cores", lambda: 1)
    assert plan().threads == 1


def test_what_torchrun_started_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    assert plan().devices == 2
    assert plan(devices=2).devices == 2
    with pytest.raises(ConfigError, match=r"train.devices: 4, but torchrun started 2 processes on this node"):
        plan(devices=4)


@pytest.mark.usefixtures("_a_machine_with_two_gpus")
def test_more_gpus_than_there_are_is_one_line() -> None:
    with pytest.raises(ConfigError, match=r"train.devices: 4, but torch sees 2 GPU here"):
        plan(devices=4)


def test_a_gpu_that_is_not_there_is_one_line() -> None:
    with pytest.raises(ConfigError, match=r"train.accelerator: gpu, but torch sees none here"):
        plan(accelerator="gpu")


def test_a_training_that_is_made_again_takes_each_auto_as_it_came_out(monkeypatch: pytest.MonkeyPatch) -> None:
    used = {"accelerator": "cpu", "devices": 1, "precision": "32-true", "layout": "contiguous", "threads": 7}
    monkeypatch.setenv("JOURNEYMAN_USED", json.dumps({**used, "compile": True}))
    again = plan()
    assert again.facts() == {**used, "compile": True}
    assert again.reasons["threads"] == "as recorded"
    assert hardware.threads(Training(epochs=1, batch_size=1)) == 7
    assert plan(threads=3, precision="bf16-mixed").facts() == {
        **used,
        "compile": True,
        "threads": 3,
        "precision": "bf16-mixed",
    }


def test_a_gpu_that_is_not_here_cannot_be_had_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNEYMAN_USED", json.dumps({"accelerator": "gpu", "devices": 8, "threads": 7}))
    assert (plan().accelerator, plan().devices) == ("cpu", 1)
