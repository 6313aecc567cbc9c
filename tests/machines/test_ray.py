"""Scoring by the example for Ray, on a real Ray of this machine."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT, Project
from tests.integration.test_rollback import released, released_once, served  # noqa: F401 - fixtures
from tests.integration.test_score_shards import source
from tests.processes import running
from tests.servers import wait_for

pytest.importorskip("ray", reason="needs ray: pip install -c constraints.txt --group machines")

__all__ = ["source"]  # a fixture

SCRIPT = str(ROOT / "deploy" / "ray" / "score.py")


@pytest.mark.timeout(900)
def test_a_task_is_killed_and_the_file_is_that_of_one_machine(released: Project, source: Path) -> None:  # noqa: F811
    released.run("python", "-m", "flows.score", "digits", str(source), "--out", "alone.parquet")
    command = [sys.executable, SCRIPT, "digits", str(source), "scores.parquet", "--shards", "3"]
    with (released.path / "said.txt").open("wb") as log:
        driver = subprocess.Popen(command, cwd=released.path, stdout=log, stderr=log)
        wait_for(lambda: tasks() or driver.poll() is not None, told=(released.path / "said.txt").read_text)
        killed = tasks()[0]
        killed.kill()
        assert driver.wait(800) == 0, (released.path / "said.txt").read_text()
    said = (released.path / "said.txt").read_text()
    assert "3 of 3 shards" in said
    assert said.strip().endswith("merged: scores.parquet")
    alone, merged = (released.path / name for name in ("alone.parquet", "scores.parquet"))
    assert merged.read_bytes() == alone.read_bytes()


def test_what_is_wrong_is_told_in_one_line(released: Project) -> None:  # noqa: F811
    done = subprocess.run(
        [sys.executable, SCRIPT, "digits", "nowhere", "scores.parquet", "--shards", "2"],
        cwd=released.path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "nowhere" in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr


def tasks() -> list[psutil.Process]:
    """Return Ray's processes that have a shard."""
    return running(list(psutil.process_iter()), "ray::answered")
