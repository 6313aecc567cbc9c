"""A challenger is tried on a share of entities: decided, stopped, passed over and put to work, in a real store."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from components.config.errors import PublishedError
from components.config.gate import Gate
from components.config.settings import CHAMPIONS
from components.inference.champion.position import Position
from components.inference.champion.tried import Tried, note_stopped, read_tried, stopped
from components.registry.promotion import promote
from components.registry.promotion.canary import end_canary
from components.registry.promotion.history import Step
from components.registry.promotion.ledger import Ledger
from components.registry.promotion.trial import end, hold
from components.system.address import Address
from components.system.clock import now
from components.watch.split_check import evidence
from flows import canary, shadow, tried
from flows.history import rows as told
from tests.conftest import Project
from tests.integration.test_shadow import answer, at_work, good, history, version
from tests.registering import promoted, verdict

TRIED = Gate(canary=20.0)


@pytest.fixture(autouse=True)
def by_the_flow(three: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run of the flow is called, where champions are published, and a gate that finds for the challenger."""
    for module in (canary, shadow):
        monkeypatch.setattr(module, "this_run", lambda: "flow shadow, run 1")
    monkeypatch.setattr(shadow, "judge", verdict)
    monkeypatch.setattr(canary, "judge", verdict)
    monkeypatch.setenv(CHAMPIONS, str(three.path / "state" / "champions"))
    three.params("    gate:\n", "    gate:\n      canary: 20\n")
    promoted(version("1"))


def test_a_canary_that_is_better_goes_to_work_with_its_evidence() -> None:
    assert tell() is None
    assert not (Path("state") / "champions").exists()  # who tries none publishes none
    begin("3")
    assert history().canary is not None
    said = tell()
    assert said
    assert said.trial
    assert said.pointer
    assert (said.trial.version, said.trial.against, said.trial.share) == ("3", "1", 0.2)
    assert said.trial.id == history().canary.id  # type: ignore[union-attr]

    answer("1", wrong=0.0)
    answer("3", wrong=0.0)
    outcome, rows = canary.try_canary.fn("digits")
    assert outcome is None
    assert (
        ", 150 of them its own; better on 0 rows, worse on 0 of 300: which is better cannot be said yet" in rows[0][1]
    )
    answer("1", wrong=0.5)
    outcome, rows = canary.try_canary.fn("digits")
    assert outcome is not None
    assert at_work() == "3"
    assert [(step.trial, step.what) for step in history().steps] == [("canary", "began"), ("canary", "passed")]
    last = history().last
    assert last is not None
    assert "live labels; better on" in last.reason
    assert [row[4] for row in told(history())] == ["promoted", "canary began", "canary passed", "promoted"]
    assert told(history())[1][-1] == "version 3 beside version 1: 20 % of entities"
    assert tell() == Tried(format=1, workload="digits")
    assert canary.try_canary.fn("digits") == (None, [])


def test_a_canary_whose_shadow_has_passed_goes_to_work_when_nothing_has_spoken_against_it(three: Project) -> None:
    end(version("3"), True, "it was better on 40 labels", "1")
    began = Step(trial="canary", what="began", version="3", against="1", share=0.2, when=now() - timedelta(days=1.1))
    Ledger("digits").note(began)
    answer("1", wrong=0.0)
    assert canary.try_canary.fn("digits")[0] is None  # it has not answered yet
    answer("3", wrong=0.0)
    three.params("canary: 20", "canary: 20\n      canary_days: 1.5")
    assert canary.try_canary.fn("digits")[0] is None
    three.params("canary_days: 1.5", "canary_days: 1")
    assert canary.try_canary.fn("digits")[0] is not None
    assert at_work() == "3"
    last = history().last
    assert last
    assert "150 answers in 1.1 days as a canary with nothing against it; its shadow: it was better" in last.reason


def test_without_a_shadow_labels_decide(three: Project) -> None:
    Ledger("digits").note(
        Step(trial="canary", what="began", version="3", against="1", share=0.2, when=now() - timedelta(days=9))
    )
    answer("3", wrong=0.0)
    assert canary.try_canary.fn("digits")[0] is None


def test_one_that_is_worse_is_stopped_by_either_sides_answers() -> None:
    begin("3")
    answer("3", wrong=0.5)  # by its own answers, where the champion says what is right
    outcome, rows = canary.try_canary.fn("digits")
    assert outcome is None
    assert rows[-1][1].startswith("stopped: accuracy")
    assert at_work() == "1"
    assert "and was stopped as a canary: accuracy" in hold(version("3"), good("3"), TRIED, history())
    assert tell() is None  # nobody had been told of it


def test_what_an_endpoint_has_stopped_ends() -> None:
    begin("3")
    said = tell()
    assert said
    assert said.trial
    note_stopped(address(), "digits", said.trial, "3 of its last 3 answers failed")
    _, rows = canary.try_canary.fn("digits")
    assert "an endpoint stopped it at" in rows[0][1]
    ended = history().ended("3", "canary")
    assert ended
    assert ended.why.endswith(": 3 of its last 3 answers failed")
    assert tell() == Tried(format=1, workload="digits")


def test_it_ends_with_its_champion_and_the_next_one_has_its_turn(three: Project) -> None:
    begin("2")
    assert "and waits until version 2 is a canary no longer" in hold(version("3"), good("3"), TRIED, history())
    promote(version("2"), good("2"), "Ann", "it knows the new season", override=True)
    assert canary.try_canary.fn("digits")[1][0][1].startswith("version 2 stays, version 3 passed the gate, and answers")
    ended = history().ended("2", "canary")
    assert ended
    assert (ended.what, ended.why) == ("passed", "it was put to work by Ann")
    began = history().canary
    assert began
    assert (began.version, began.against) == ("3", "2")
    promote(version("1"), good("1"), "Ann", "back", override=True)
    assert canary.try_canary.fn("digits") == (None, [])
    ended = history().ended("3", "canary")
    assert ended
    assert ended.why == "version 1 has come to work"


def test_it_ends_where_nobody_wants_one_any_more(three: Project) -> None:
    begin("3")
    three.params("canary: 20", "canary: 0")
    assert canary.try_canary.fn("digits")[1][0][1] == "stopped: gate.canary is 0"


def test_who_is_asked_decides_after_it_has_passed(three: Project) -> None:
    three.params("canary: 20", "mode: ask\n      canary: 20")
    begin("3")
    answer("1", wrong=0.5)
    for _ in range(2):  # it is said each time
        outcome, rows = canary.try_canary.fn("digits")
        assert outcome is None
        assert "and waits for a person; python -m flows.promote digits 3" in rows[-1][1]
    assert at_work() == "1"


def test_a_split_that_is_none_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    begin("3")
    monkeypatch.setattr("components.watch.split_check._SETTLING", timedelta(0))
    answer("3", wrong=0.0)  # one request is one entity
    assert canary.try_canary.fn("digits")[1][0][1].startswith("150 answers")
    for number in range(12):
        answer("3", wrong=0.0, request=f"r{number}")
    _, rows = canary.try_canary.fn("digits")
    assert "sample ratio mismatch: 1,950 rows; 13 of 13 entities, 20.0% are due" in rows[0][1]


@pytest.mark.parametrize(("count", "entities"), [(10, 200), (60, 1_000), (500, 10_000), (0, 0)])
def test_what_chance_gives_is_no_mismatch(count: int, entities: int) -> None:
    assert evidence(count, entities, 0.05) < 20


@pytest.mark.parametrize(("count", "entities"), [(0, 1_000), (130, 1_000), (300, 10_000)])
def test_what_chance_does_not_give_is_one(count: int, entities: int) -> None:
    assert evidence(count, entities, 0.05) > 1_000


def test_a_challenger_that_takes_other_examples_is_no_canary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("components.registry.promotion.canary.examples_of", id)  # each bundle's are its own
    held = hold(version("3"), good("3"), TRIED, history())
    assert "takes other examples than version 1, so it cannot be a canary, and waits for a person; python -m" in held
    assert history().steps == ()


def test_steps_are_written_once(three: Project) -> None:
    ledger, now = Ledger("digits"), datetime.now(UTC)
    passed = Step(trial="canary", what="passed", version="3", against="1", when=now)
    assert ledger.note(passed) == passed
    assert ledger.note(Step(trial="canary", what="stopped", version="3", against="1")) == passed


def test_a_canary_that_ended_while_its_publisher_slept_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another flow ends it and tells so, before it was ever published."""
    begin("3")
    began, there = history().canary, tried.publish_tried
    assert began

    def asleep(*arguments: Any) -> bool:
        monkeypatch.setattr(tried, "publish_tried", there)
        end_canary("digits", began, False, "gate.canary is 0", "another")
        assert tell() is None
        return there(*arguments)

    monkeypatch.setattr(tried, "publish_tried", asleep)
    assert tell() == Tried(format=1, workload="digits")
    assert stopped(address(), "digits", began.id)


def test_a_registry_from_before_what_is_published_is_told(three: Project) -> None:
    begin("3")
    said = tell()
    assert said
    assert said.pointer
    later = said.model_copy(update={"pointer": said.pointer.at(Position(99, Ledger("digits").id))})
    address().write("digits/canary.json", later.model_dump_json().encode())
    told = pytest.raises(PublishedError, match=r"canary\.json: knows later steps of the history than the registry")
    with told:
        tell()


def begin(number: str) -> None:
    held = hold(version(number), good(number), TRIED, history(), "flow train, run 1")
    assert f"version {number} passed the gate, and answers 20 % of entities since" in held
    assert hold(version(number), good(number), TRIED, history(), "flow train, run 2") == held  # it goes on
    outcome = promote(version(number), good(number), "flow train, run 1", hold=held)
    assert not outcome.promoted


def tell() -> Tried | None:
    canary.tell_of_canary.fn("digits")
    return read_tried(address(), "digits")


def address() -> Address:
    return Address(str(Path("state/champions").absolute()))
