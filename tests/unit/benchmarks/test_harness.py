import json
import re
from pathlib import Path

import pytest

from benchmarks import harness


def test_each_arm_is_once_in_every_place() -> None:
    taken = list(harness.turns(["a", "b", "c"], 3))
    assert [repetition for repetition, _ in taken] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert ["".join(arm for repetition, arm in taken if repetition == number) for number in range(3)] == [
        "abc",
        "bca",
        "cab",
    ]


def test_the_control_of_an_arm_that_does_not_change_is_one() -> None:
    assert harness.control([3.0, 3.0, 3.0, 3.0]) == 1
    assert harness.control([1.0, 2.0, 1.0, 2.0, 1.0]) == 2


def test_what_is_printed_is_what_is_written(tmp_path: Path) -> None:
    printed: list[object] = []
    options = harness.parser("What is measured.\n\nMore.", quick="less").parse_args(
        ["--json", str(tmp_path / "a.json")]
    )
    harness.finish({"seconds": [1.5]}, printed.append, options.json)
    assert printed == [{"machine": harness.machine(), "seconds": [1.5]}]
    assert json.loads(options.json.read_text()) == printed[0]


def test_every_benchmark_has_the_same_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        harness.parser("What is measured.\n\nMore.", quick="two repetitions").parse_args(["--help"])
    said = capsys.readouterr().out
    assert "What is measured.\n" in said
    assert "More." not in said
    assert re.search(r"--quick +two repetitions\n", said)
    assert re.search(r"--json JSON +write the figures", said)
