"""The probe of a machine, run for a moment on this one."""

import math
from dataclasses import asdict
from pathlib import Path

import pytest

from components.plan.hosts import host_line, read_hosts, with_line
from components.plan.machine import measure_machines


def test_every_speed_is_a_number_above_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (found, *_) = measure_machines(0.02)
    assert all(math.isfinite(value) and value > 0 for value in asdict(found.speeds).values())
    assert found.speeds.scale >= 1.0
    assert not list(tmp_path.iterdir())
    Path("hosts.yaml").write_text(with_line("", host_line("here", found)))
    assert read_hosts(Path("hosts.yaml"))[0].matrix_fp32 == pytest.approx(found.speeds.matrix_fp32, abs=1e-3)
