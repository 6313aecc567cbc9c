import subprocess
import sys
from pathlib import Path

import pytest

from components.system.progress import TERMINAL
from components.versioning.dvc import PassedOn, dvc, last_error


def test_an_error_is_for_the_caller_to_raise_and_is_not_printed(tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    status, output = dvc("repro", folder=tmp_path)
    assert status != 0
    assert last_error(output).startswith("you are not inside of a DVC repository")
    assert capfd.readouterr().err == ""


def test_advice_is_left_out_however_the_output_is_cut(capsys: pytest.CaptureFixture) -> None:
    said = (
        "Running stage 'ingest@mugs':\n\rread: 10%\rread: 100%\nGenerating lock file 'dvc.lock'\n\n"
        "To track the changes with git, run:\n\n\tgit add dvc.lock\n\nTo enable auto staging, run:\n\n"
        "\tdvc config core.autostage true\nerror: no picture\nERROR: failed to reproduce\nread from errors: a.csv"
    )
    for size in (1, 2, 7, 1_000):
        passed_on = PassedOn()
        for start in range(0, len(said), size):
            passed_on.write(said[start : start + size])
        passed_on.end()
        shown = capsys.readouterr().err
        assert shown == "Running stage 'ingest@mugs':\nread: 10%\rread: 100%\nread from errors: a.csv\n"


@pytest.mark.slow
def test_a_run_passes_on_what_stages_say_and_no_advice_of_dvc(
    tmp_path: Path, capfd: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(TERMINAL, raising=False)
    (tmp_path / "dvc.yaml").write_text("""\
stages:
  first: {cmd: echo the first && echo a > a, outs: [a]}
  second: {cmd: echo "terminal=$JOURNEYMAN_TERMINAL." && cp a b, deps: [a], outs: [b]}
""")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q"], cwd=tmp_path, check=True)
    assert dvc("repro", folder=tmp_path)[0] == 0
    assert capfd.readouterr().err.splitlines() == [
        "Running stage 'first':",
        "> echo the first && echo a > a",
        "the first",
        "Running stage 'second':",
        '> echo "terminal=$JOURNEYMAN_TERMINAL." && cp a b',
        "terminal=.",
    ]
    assert dvc("repro", folder=tmp_path)[0] == 0
    said = capfd.readouterr().err
    assert "didn't change, skipping" in said
    assert "dvc push" not in said
    assert "git add" not in said
