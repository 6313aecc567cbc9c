"""Who waits for a person, by the tags of a version and the history."""

import pytest

from components.config.gate import Gate
from components.registry.gate.record import AGAINST, VERDICT
from components.registry.promotion.history import BY_ITSELF, Entry, History, Step
from components.registry.promotion.trial import PASSED, SINCE, STOPPED, TRIAL
from components.registry.promotion.waiting import waits

ASK = Gate(mode="ask")
GOOD = {VERDICT: "passed", AGAINST: "2"}
AT_WORK = (
    Entry(number=1, what="promoted", by="a flow", left=None, to="1"),
    Entry(number=2, what="promoted", by="a flow", left="1", to="2"),
)
BACK = (*AT_WORK, Entry(number=3, what="rolled back", by=f"{BY_ITSELF}, run 1", left="2", to="1"))


def step(what: str) -> Step:
    return Step(trial="canary", what=what, version="3", against="2")


@pytest.mark.parametrize(
    ("tags", "gate", "steps", "expected"),
    [
        ({}, ASK, (), True),
        ({}, Gate(), (), False),  # it goes to work by itself
        ({VERDICT: "refused"}, ASK, (), False),
        ({AGAINST: "1"}, ASK, (), False),  # another version has come to work since
        ({TRIAL: f"{SINCE}2026-11-29T12:00:00+00:00"}, Gate(mode="ask", shadow=True), (), False),
        ({TRIAL: f"{PASSED}better"}, Gate(mode="ask", shadow=True), (), True),
        ({TRIAL: f"{STOPPED}worse"}, ASK, (), False),
        ({}, Gate(mode="ask", canary=5), (step("began"),), False),
        ({}, Gate(mode="ask", canary=5), (step("waits"),), False),
        ({}, Gate(mode="ask", canary=5), (step("began"), step("passed")), True),
        ({}, Gate(canary=5), (step("began"), step("passed")), False),
        ({}, Gate(mode="ask", canary=5), (step("began"), step("stopped")), False),
        ({}, Gate(canary=5), (), True),  # it takes other examples than the champion, so it is none
    ],
)
def test_a_version_waits_once_nothing_else_is_before_it(
    tags: dict[str, str], gate: Gate, steps: tuple[Step, ...], expected: bool
) -> None:
    assert waits("3", GOOD | tags, gate, History(AT_WORK, steps=steps)) is expected


def test_after_a_rollback_by_itself_every_version_waits_and_who_was_at_work_does_not() -> None:
    good = GOOD | {AGAINST: "1"}
    assert waits("3", good, Gate(), History(BACK))
    assert not waits("2", good, Gate(), History(BACK))
