"""A challenger is tried on live answers, put to work, found to be worse there, and taken back once: in a real store."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from components.config.gate import Gate
from components.config.settings import CHAMPIONS, artifacts
from components.inference.bundle import Bundle
from components.inference.champion.measured import Said
from components.inference.champion.tried import Tried, note_stopped, read_tried
from components.inference.engine.trial import Trial
from components.kinds.prepared import open_prepared
from components.prediction_log.description import Description, describe
from components.prediction_log.event_id import EventIds, as_text
from components.prediction_log.record import Answered, Label
from components.prediction_log.writer import Writer
from components.registry.gate import Verdict
from components.registry.gate.record import keep
from components.registry.promotion import champion, promote
from components.registry.promotion.history import History
from components.registry.promotion.ledger import Ledger
from components.registry.promotion.trial import TRIAL, UNSEEN, began, hold
from components.registry.promotion.waiting import waiting
from components.registry.version import Version, get_version
from components.system.address import Address
from components.system.clock import now
from flows import shadow
from flows.history import rows as told
from flows.measured import tell_of_shadow
from flows.replay import replay
from flows.trials import trials_of
from tests.conftest import Project
from tests.registering import promoted, verdict

LOG = Path("state/log/digits")


@pytest.fixture(autouse=True)
def by_the_flow(three: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run of the flow is called, where champions are published, and a gate that finds for the challenger."""
    monkeypatch.setenv(CHAMPIONS, str(three.path / "state" / "champions"))
    monkeypatch.setattr(shadow, "this_run", lambda: "flow shadow, run 1")
    monkeypatch.setattr(shadow, "judge", verdict)


def test_a_trial_decides_and_a_promotion_is_taken_back_once(three: Project) -> None:
    promoted(version("1"))
    tried = Gate(shadow=True)
    assert "is tried on live answers since" in hold(version("3"), good("3"), tried, history())
    held = promote(version("3"), good("3"), "a test", hold=hold(version("3"), good("3"), tried, history()))
    assert not held.promoted
    assert shadow.tried("digits") == ["3"]

    answer("1", wrong=0.0)
    outcome, rows = shadow.try_challenger.fn("digits", "3")
    assert outcome is None  # both say the same
    assert "which is better cannot be said yet" in rows[0][1]
    answer("1", wrong=0.5)
    outcome, rows = shadow.try_challenger.fn("digits", "3")
    assert outcome is not None
    assert at_work() == "3"
    last = history().last
    assert last is not None
    assert "live labels; better on" in last.reason
    assert "it is better, decided after" in told(history())[-1][-1]
    assert version("3").tags()[TRIAL].startswith("passed: accuracy")
    assert shadow.tried("digits") == []
    (tried_lately,) = [each for each in trials_of("digits", now()) if each.kind == "shadow"]
    assert (tried_lately.version, tried_lately.against, tried_lately.state) == ("3", "1", "passed")
    assert tried_lately.found
    assert tried_lately.found.evidence
    assert tried_lately.found.evidence == tried_lately.found.course[-1][1] > 20
    said = replay("digits", "2")
    assert "its own answers are the same" not in said
    assert re.search(r"accuracy, of its test split\W+0\.92", said)
    assert "accuracy, by this version" in said

    assert shadow.watch_promotion.fn("digits")[0] is None  # it has not answered yet
    answer("3", wrong=0.5)
    outcome, rows = shadow.watch_promotion.fn("digits")
    assert outcome is not None
    assert at_work() == "1"
    back = trials_of("digits", now())[0]
    assert (back.kind, back.version, back.against, back.state) == ("reverse shadow", "1", "3", "rolled back")
    assert back.found
    assert back.found.labelled == 150
    last = history().last
    assert last is not None
    assert (last.what, last.by) == ("rolled back", "flow shadow, run 1")
    assert "version 1 was better: accuracy" in last.reason
    assert shadow.watch_promotion.fn("digits") == (None, [])  # once
    assert "waits for a person, for version 3 was rolled back by itself" in hold(
        version("2"), good("2"), Gate(), history()
    )
    promote(version("2"), good("2"), "Ann", "the camera was broken", override=True)
    assert hold(version("3"), good("3"), Gate(), history()) == ""


def test_a_challenger_that_is_worse_is_stopped_and_who_is_asked_decides(three: Project) -> None:
    promoted(version("1"))
    ask = Gate(mode="ask")
    assert "waits for a person; python -m flows.promote digits 2 --reason" in hold(
        version("2"), good("2"), ask, history()
    )
    assert waiting("digits", ask) == []  # the gate has not kept its verdict yet
    keep(version("2"), good("2"), None)
    assert waiting("digits", ask) == [version("2")]
    assert waiting("digits", Gate()) == []
    hold(version("3"), good("3"), Gate(shadow=True), history())
    assert began(version("3")) is not None
    answer("1", wrong=0.0, labelled_as_answered=False)
    outcome, rows = shadow.try_challenger.fn("digits", "3")
    assert outcome is None
    assert rows[-1][1].startswith("stopped: accuracy")
    assert at_work() == "1"
    assert "was stopped by its trial: accuracy" in hold(version("3"), good("3"), Gate(shadow=True), history())


def test_answers_that_its_training_could_not_have_had_count_from_before_its_trial(three: Project) -> None:
    promoted(version("1"))
    answer("1", wrong=0.5, ago=timedelta(minutes=1))
    hold(version("3"), good("3"), Gate(shadow=True), history())
    outcome, rows = shadow.try_challenger.fn("digits", "3")
    assert outcome is None
    assert rows[0][1].startswith("0 answers")  # it may have learnt from them
    version("3").set_tags({UNSEEN: (now() - timedelta(minutes=2)).isoformat()})
    outcome, rows = shadow.try_challenger.fn("digits", "3")
    assert outcome is not None
    assert rows[0][1].startswith("150 answers")
    assert at_work() == "3"


def test_what_endpoints_measure_is_told_and_what_is_slow_there_is_stopped_though_it_is_better() -> None:
    promoted(version("1"))
    tried = Gate(shadow=True)
    hold(version("2"), good("2"), tried, history())
    hold(version("3"), good("3"), tried, history())
    assert tell_of_shadow.fn("digits") == "version 3 is measured on 1 % of what version 1 answers"  # the latest
    said = read_tried(address(), "digits", "shadow")
    step = history().began("3", "shadow")
    assert said
    assert said.trial
    assert step
    assert said.trial == Trial(id=step.id, version="3", against="1", share=0.01, latency=2.0, milliseconds=5.0)
    answer("1", wrong=0.0)
    _, rows = shadow.try_challenger.fn("digits", "3")
    assert rows[0][1].endswith("; no endpoint has measured it")

    for worker in ("one", "other"):
        keep_measured(worker, step.id, runs=107, slow=0, seconds=0.041)
    _, rows = shadow.try_challenger.fn("digits", "3")
    assert rows[0][1].endswith("; 0.41 ms of a processor an example in the endpoint, version 1 0.38, over 214 runs")
    found = next(each for each in trials_of("digits", now()) if each.version == "3").found
    assert found
    assert found.cost.startswith("0.41 ms")
    answer("1", wrong=0.5)  # the challenger is better
    for worker in ("one", "other"):
        keep_measured(worker, step.id, runs=107, slow=100, seconds=4.1)
    outcome, rows = shadow.try_challenger.fn("digits", "3")
    assert outcome is None
    assert at_work() == "1"
    assert rows[0][1].startswith("stopped: 200 of 214 runs took longer than gate.cost allows: 41 ms of a processor an ")
    assert "was stopped by its trial: 200 of 214 runs" in hold(version("3"), good("3"), tried, history())

    assert tell_of_shadow.fn("digits") == "version 2 is measured on 1 % of what version 1 answers"
    said = read_tried(address(), "digits", "shadow")
    assert said
    assert said.trial
    note_stopped(address(), "digits", said.trial, "an example takes 41 ms of a processor, the limit is 5 ms")
    _, rows = shadow.try_challenger.fn("digits", "2")
    assert re.search(r"stopped: an endpoint stopped it at .*: an example takes 41 ms", rows[0][1])
    assert tell_of_shadow.fn("digits") == ""
    assert read_tried(address(), "digits", "shadow") == Tried(format=1, workload="digits")


def test_what_was_measured_is_in_the_evidence_and_nothing_is_where_nobody_wants_it(three: Project) -> None:
    promoted(version("1"))
    hold(version("3"), good("3"), Gate(shadow=True), history())
    three.params("    gate:\n", "    gate:\n      shadow_latency: 0\n")
    assert tell_of_shadow.fn("digits") == ""
    assert read_tried(address(), "digits", "shadow") is None
    answer("1", wrong=0.5)
    three.params("shadow_latency: 0", "shadow_latency: 0.1")
    assert tell_of_shadow.fn("digits") == "version 3 is measured on 10 % of what version 1 answers"
    three.params("shadow_latency: 0.1", "shadow_latency: 0")
    assert tell_of_shadow.fn("digits") == ""
    assert read_tried(address(), "digits", "shadow") == Tried(format=1, workload="digits")
    step = history().began("3", "shadow")
    assert step
    keep_measured("one", step.id, runs=7, slow=0, seconds=0.041)
    outcome, _ = shadow.try_challenger.fn("digits", "3")
    assert outcome is not None
    last = history().last
    assert last is not None
    assert last.reason.endswith("; 0.41 ms of a processor an example in the endpoint, version 1 0.38, over 7 runs")


def keep_measured(worker: str, id: str, runs: int, slow: int, seconds: float) -> None:
    """Say what an endpoint's worker would, of a hundred examples."""
    said = Said(
        format=1, id=id, version="3", against="1", runs=runs, slow=slow, examples=100, seconds=seconds,
        champion_seconds=0.038,
    )  # fmt: skip
    address().write(f"digits/measured-{id}/{worker}.json", said.model_dump_json().encode())


def address() -> Address:
    return Address(str(Path("state/champions").absolute()))


def answer(
    number: str, wrong: float, labelled_as_answered: bool = True, request: str = "r", ago: timedelta = timedelta(0)
) -> None:
    """Have version `number` answer 150 pictures, a part of them wrongly, and say what each is.

    Args:
        number: of the version.
        wrong: part of the answers that are turned round; the graph itself answers otherwise.
        labelled_as_answered: False: the labels are what was answered turned round, so the graph's answers are wrong.
        request: its id.
        ago: since when.
    """
    data, bundle = open_prepared(artifacts("digits", "prepared")), Bundle(artifacts("digits", "bundle"))
    pictures = np.asarray(data.inputs("train"))[:150]
    outputs = bundle.outputs(pictures)
    truth = outputs.argmax(axis=1)
    turned = np.random.default_rng(0).random(150) < wrong
    if not labelled_as_answered:
        truth, turned = (truth + 1) % 10, np.ones(150, dtype=bool)
        outputs = np.roll(outputs, 1, axis=1)  # what was answered is right, what the graph says is wrong
    else:
        outputs = np.where(turned[:, None], np.roll(outputs, 1, axis=1), outputs)
    describe(LOG, Description(workload="digits", kind="image", task="classification"))
    writer, identity = Writer.open(LOG), EventIds().new()
    said = [json.dumps({"label": data.classes[best]}).encode() for best in outputs.argmax(axis=1)]
    moment = int((datetime.now(UTC) - ago).timestamp() * 1e6)
    writer.answered(Answered(identity, moment, 0.01, number, request, outputs, pictures, said))
    names = [as_text(identity + row) for row in range(150)]
    writer.labelled(
        [Label(data.classes[label], moment, event_id=name) for name, label in zip(names, truth, strict=True)]
    )
    writer.close()


def version(number: str) -> Version:
    return get_version("digits", number)


def good(number: str) -> Verdict:
    return verdict(version(number), champion("digits")).model_copy(update={"passed": True})


def history() -> History:
    return Ledger("digits").read()


def at_work() -> str:
    found = champion("digits")
    assert found
    return found.number
