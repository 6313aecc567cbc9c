"""Which versions wait for a person: nothing but one keeps them from work. Only looks; `trial.hold` says why."""

from collections.abc import Mapping

from components.config.gate import Gate
from components.registry.gate.record import AGAINST, VERDICT
from components.registry.promotion.history import History
from components.registry.promotion.ledger import Ledger
from components.registry.promotion.trial import PASSED, STOPPED, TRIAL
from components.registry.version import Version
from components.registry.versions import with_tags


def waiting(workload: str, gate: Gate) -> list[Version]:
    """Return the versions of the workload that wait for a person, the latest first.

    Args:
        workload: whose.
        gate: its section.
    """
    history = Ledger(workload).read()
    if history.champion is None:
        return []
    judged = with_tags(workload, VERDICT)
    return [version for version, tags in judged if waits(version.number, tags, gate, history)]


def waits(number: str, tags: Mapping[str, str], gate: Gate, history: History) -> bool:
    """Whether a version has passed the gate against today's champion and its trials, and a person is asked.

    Args:
        number: of the version.
        tags: that it has.
        gate: the section of the workload.
        history: what was at work, and was tried.
    """
    passed = tags.get(VERDICT) == "passed" and tags.get(AGAINST) == history.champion
    if not passed or history.was_at_work(number) or tags.get(TRIAL, "").startswith(STOPPED):
        return False
    if history.rolled_back_by_itself:
        return True
    if gate.shadow and not tags.get(TRIAL, "").startswith(PASSED):
        return False
    if not gate.canary:
        return gate.mode == "ask"
    if ended := history.ended(number, "canary"):
        return ended.what == "passed" and gate.mode == "ask"
    # whoever could be a canary is one, or waits to be one: this version takes other examples than the champion
    return not any(step.trial == "canary" and step.version == number for step in history.steps)
