"""Shadow, canary and the way back, killed before every write: the next run comes to what an undisturbed one does."""

import re
import shutil
from pathlib import Path

import pytest

from components.config.gate import Gate
from components.config.settings import CHAMPIONS
from components.registry.promotion.trial import hold
from flows import canary, measured
from tests.conftest import Project
from tests.forks import IMPATIENT, Forks, item, succeed
from tests.integration.test_shadow import answer, good, history, version
from tests.registering import promoted

FLOW = (
    IMPATIENT
    + """
import os
from components import catalogue
from components.registry.promotion.trial import hold
from flows import canary, measured, shadow

os.environ["JOURNEYMAN_CHAMPIONS"] = os.path.abspath("state/champions")
for module in (canary, shadow):
    module.this_run, module.judge = (lambda: "flow shadow, run 1"), verdict
"""
)
TRAIN = """
challenger = get_version("digits", "3")
said, gate = verdict(challenger, reconciled_champion("digits")), catalogue.workload("digits").gate
promote(challenger, said, "a test", hold=hold(challenger, said, gate, Ledger("digits").read()))
canary.tell_of_canary.fn("digits")
measured.tell_of_shadow.fn("digits")
"""
SHADOW = """
outcome, _ = shadow.watch_promotion.fn("digits")
if not outcome:
    outcome, _ = canary.try_canary.fn("digits")
for number in [] if outcome else shadow.tried("digits"):
    shadow.try_challenger.fn("digits", number)
canary.tell_of_canary.fn("digits")
measured.tell_of_shadow.fn("digits")
"""
STATE = """
import json, re
from pathlib import Path
ledger = Ledger("digits")
history = ledger.read()
entries = [[entry.what, entry.left, entry.to, entry.reason] for entry in history.entries]
steps = [[step.trial, step.what, step.version, step.against, step.why] for step in history.steps]
tags = {number: get_version("digits", number).tags().get("journeyman.trial", "") for number in "123"}
told = []
for role, began in (("canary", history.canary), ("shadow", history.shadow)):
    path = Path(f"state/champions/digits/{role}.json")
    said = json.loads(path.read_text())["trial"] if path.exists() else None
    told.append(said and [said["version"], said["against"], said["share"], said["id"] == began.id])
tried = {number: re.sub("since .*", "since", tag) for number, tag in tags.items()}
answer([aliases.aliases(ledger), entries, steps, tried, told])
"""

CODE = {".git", "benchmarks", "components", "docs", "examples", "flows", "tests"}
"""Of a checkout; the processes have their own."""


@pytest.mark.parametrize(
    ("trial", "wrong", "code", "least"),
    [
        ("canary", None, TRAIN, 4),
        ("canary", 0.5, SHADOW, 6),
        ("canary", -1.0, SHADOW, 2),
        ("shadow", None, TRAIN, 2),
        ("shadow", 0.5, SHADOW, 6),
        ("shadow", -1.0, SHADOW, 2),
        ("reverse", 0.5, SHADOW, 4),
    ],
    ids=["begins", "passes", "is stopped", "shadow begins", "shadow passes", "shadow is stopped", "is taken back"],
)
def test_killed_before_any_write_the_next_run_comes_to_the_same(
    trial: str,
    wrong: float | None,
    code: str,
    least: int,
    three: Project,
    forked: Forks,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At least so many writes are killed before; more would do no harm.

    Args:
        trial: what is tried.
        wrong: part of the champion's answers that are wrong; -1: the challenger's are; None: none has come yet.
        code: what is killed.
        least: writes that it has.
        three: a project.
        forked: processes.
        tmp_path: for copies of it.
        monkeypatch: for settings.
    """
    begin(trial, wrong, three, monkeypatch)
    copies = [without_code(three, tmp_path / f"{step}") for step in range(least + 1)]
    runs = [item(copy, FLOW + code, kill=step if step < least else None, tags=True) for step, copy in enumerate(copies)]
    done = forked.run(*runs)
    assert [status for status, _ in done] == [-9] * least + [0], [output[-500:] for _, output in done]
    states = succeed(forked, *(item(copy, FLOW + code + STATE) for copy in copies))
    assert states == [states[-1]] * len(copies)
    changed = re.sub(r"\W+", " ", str(states[-1]))
    assert {"canary": "canary", "shadow": "shadow", "reverse": "rolled back"}[trial] in changed


def begin(trial: str, wrong: float | None, three: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have version 3 tried, and a part of the live answers wrong; see the test for the arguments."""
    if trial != "reverse":
        three.params("    gate:\n", f"    gate:\n      {'canary: 20' if trial == 'canary' else 'shadow: true'}\n")
    promoted(version("1"))
    if trial == "reverse":
        promoted(version("3"))
        answer("3", wrong=0.5)
    elif wrong is not None:
        monkeypatch.setenv(CHAMPIONS, str(three.path / "state" / "champions"))
        monkeypatch.setattr(canary, "this_run", lambda: "a test")
        gate = Gate(canary=20.0) if trial == "canary" else Gate(shadow=True)
        assert hold(version("3"), good("3"), gate, history())
        canary.tell_of_canary.fn("digits")
        measured.tell_of_shadow.fn("digits")
        answer("1", wrong=abs(wrong), labelled_as_answered=wrong > 0)


def without_code(project: Project, folder: Path) -> Project:
    """Return a copy of what runs read and write."""

    def left_out(path: str, names: list[str]) -> set[str]:
        return CODE & set(names) if Path(path) == project.path else set()

    return Project(Path(shutil.copytree(project.path, folder / "journeyman", symlinks=True, ignore=left_out)))
