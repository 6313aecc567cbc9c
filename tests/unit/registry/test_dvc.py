from pathlib import Path

import pytest

from components.registry.dvc import PassedOn, dvc, last_error


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
