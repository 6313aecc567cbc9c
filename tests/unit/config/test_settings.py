"""What the variables of `environment` do to the tools that read them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from components.config.settings import environment


@pytest.mark.slow
def test_threads_of_a_training_do_not_spin_unless_the_user_wants_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenMP itself says how often its threads look before they sleep; torch has it loaded."""

    def spins() -> str:
        told = {**os.environ, **environment(tmp_path), "OMP_DISPLAY_ENV": "verbose"}
        done = subprocess.run([sys.executable, "-c", "import torch"], env=told, capture_output=True, text=True)
        return str(re.findall(r"GOMP_SPINCOUNT = '(.*)'", done.stderr)[0])

    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    assert spins() == "0"
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    assert int(spins()) > 1_000_000


def test_the_folder_of_the_logs_is_the_project_s_wherever_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for said in ("shared/log", str(tmp_path / "shared" / "log")):
        monkeypatch.setenv("JOURNEYMAN_LOG_DIR", said)
        assert environment(tmp_path)["JOURNEYMAN_LOG_DIR"] == str(tmp_path / "shared" / "log")
