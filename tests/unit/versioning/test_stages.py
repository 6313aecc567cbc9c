from pathlib import Path

import pytest

from components.config.errors import StageError
from components.versioning.stages import reproduce

STAGES = """\
stages:
  first: {foreach: [mugs], do: {cmd: echo a > a, outs: [a]}}
  second: {foreach: [mugs], do: {cmd: while ! test -e go; do sleep 0.05; done; echo b > b, deps: [a], outs: [b]}}
  third: {foreach: [mugs], do: {cmd: cat said && echo c > c, deps: [b], outs: [c]}}
"""


@pytest.mark.slow
def test_each_stage_is_known_as_soon_as_it_has_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".dvc").mkdir()
    Path(".dvc/config").write_text("[core]\n    no_scm = true\n")
    Path("dvc.yaml").write_text(STAGES)
    decisions = reproduce(["first", "second", "third"], "mugs")
    assert next(decisions).name == "Completed"
    Path("go").touch()  # what the second waits for
    assert next(decisions).name == "Completed"
    with pytest.raises(StageError, match=r"^stage third@mugs failed: .*third@mugs"):
        next(decisions)

    Path("said").touch()
    assert [decided.name for decided in reproduce(["first", "second", "third"], "mugs")] == [
        "Skipped", "Skipped", "Completed",
    ]  # fmt: skip
    Path("c").unlink()
    assert [decided.name for decided in reproduce(["third"], "mugs")] == ["Cached"]
