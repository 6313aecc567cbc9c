"""Which lines belong to a version: found by what stages have written, also where DVC runs none of them."""

from pathlib import Path

import pytest
import yaml

from components.ledger.line import Line, add, read
from components.ledger.stages import OUTPUTS, output_key
from components.ledger.versions import link, makers, of_version
from tests.conftest import ROOT


def line(id: str, part: str, key: str = "", ended: str = "done") -> Line:
    return Line(id, "digits", part, "2026-11-01T00:00:00+00:00", ended, 1.0, 1.0, key=key)


def wrote(stage: str, text: str) -> str:
    for output in OUTPUTS[stage]:
        written = Path("artifacts/digits", output)
        path = written if "." in output else written / "description.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return output_key("digits", stage)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_every_output_of_a_stage_is_under_what_the_key_is_made_of() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text().replace("${key}", "digits"))["stages"]
    assert set(stages) == set(OUTPUTS)
    for stage, outputs in OUTPUTS.items():
        told = stages[stage]["do"]
        written = [item for name in ("outs", "metrics", "plots") for item in told.get(name, [])]
        paths = [Path(*item) if isinstance(item, dict) else Path(item) for item in written]
        for output in outputs:
            under = Path("artifacts/digits", output)
            assert any(path == under or under in path.parents for path in paths), (stage, output)


def test_a_key_tells_other_outputs_and_not_when_they_were_written() -> None:
    assert output_key("digits", "prepare") == ""
    first, other, again = (wrote("prepare", text) for text in ("one", "two", "one"))
    assert first == again != other
    assert output_key("digits", "train flow") == ""


def test_large_files_count_by_their_size() -> None:
    wrote("prepare", "one")
    array = Path("artifacts/digits/prepared/images.npy")
    array.write_bytes(b"a" * 100_000)
    before = output_key("digits", "prepare")
    array.write_bytes(b"b" * 100_000)
    assert output_key("digits", "prepare") == before
    array.write_bytes(b"a" * 100_001)
    assert output_key("digits", "prepare") != before


def test_a_training_that_went_on_from_a_killed_one_has_both_costs() -> None:
    attempts = [line("1", "train", "x"), line("2", "train", "", "running"), line("3", "train", "y")]
    lines = [*attempts[:2], line("p", "prepare", "p"), attempts[2]]
    assert [found.id for found in makers(lines, "train", "y")] == ["2", "3"]
    assert [found.id for found in makers(lines, "train", "x")] == ["1"]
    assert makers(lines, "train", "z") == []
    assert makers(lines, "train", "") == []


def test_a_version_has_the_lines_that_made_it_though_its_stages_were_skipped(tmp_path: Path) -> None:
    where = tmp_path / "ledger"
    prepared = wrote("prepare", "pictures")
    for number, text in (("1", "a run"), ("2", "another run")):
        if number == "1":
            add(where, "2026-11", line("prepared", "prepare", prepared))
        add(where, "2026-11", line(f"trained {number}", "train", wrote("train", text)))
        made, unknown = link(where, "digits", number)
        assert [found.id for found in made] == ["prepared", f"trained {number}"]
        assert set(unknown) == set(OUTPUTS) - {"prepare", "train"}
    wrote("train", "a run")
    link(where, "digits", "3")
    link(where, "digits", "3")
    lines, links = read(where)
    assert [each.version for each in links] == ["1", "2", "3"]
    assert [found.id for found in of_version(lines, links, "3")] == ["prepared", "trained 1"]
