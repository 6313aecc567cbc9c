"""Promotion, history and rollback in a real MLflow store, by the gate, by a person, and by hand."""

import pytest
from mlflow import MlflowClient

from components.config.errors import RegistryError
from components.config.settings import tracking_uri
from components.registry.gate import Verdict
from components.registry.promotion import Outcome, champion, note_published, promote, reconciled_champion, unpublished
from components.registry.promotion.aliases import aliases
from components.registry.promotion.history import History
from components.registry.promotion.ledger import Ledger
from components.registry.promotion.rollback import roll_back
from components.registry.register import register
from components.registry.version import Version, get_version
from components.tracking.store import open_store
from tests.conftest import Project
from tests.registering import promoted, verdict


def test_the_gate_promotes_and_the_history_says_so(three: Project) -> None:
    assert gate("1") == Outcome(at_work(), True, "version 1 is the first champion")
    assert aliases(ledger()) == {"champion": "1"}
    assert gate("3").promoted
    assert aliases(ledger()) == {"champion": "3", "previous": "1"}
    outcome = gate("2")
    assert (outcome.champion.number, outcome.promoted) == ("3", False)
    assert outcome.reason == "version 3 stays, version 2 is not better"
    assert gate("3").reason == "version 3 is champion already"
    first, second = told().entries
    assert (first.number, first.what, first.by, first.left, first.to) == (1, "promoted", "a test", None, "1")
    assert (second.left, second.to, second.refusals) == ("1", "3", ())
    assert second.verdict == "version 3 replaces version 1"
    assert first.when < second.when


def test_a_champion_is_unpublished_until_endpoints_were_told(three: Project) -> None:
    first = gate("1").champion
    assert unpublished(first)
    note_published(first)
    assert not unpublished(first)
    second = gate("3").champion
    assert unpublished(second)
    assert not unpublished(first)  # it is not at work


def test_a_person_overrides_the_gate_and_the_reason_is_kept(three: Project) -> None:
    gate("3")
    outcome = override("1", "version 3 is wrong\nabout sevens")
    assert (outcome.champion.number, outcome.promoted) == ("1", True)
    assert outcome.reason == "put to work from version 3 to version 1 by Ann: version 3 is wrong about sevens"
    last = told().last
    assert (last.what, last.reason, last.refusals) == ("overridden", "version 3 is wrong about sevens", ("better",))
    assert gate("3").reason == "version 1 stays, version 3 was taken back"


def test_a_reason_that_the_history_cannot_keep_is_refused_before_anything_happens(three: Project) -> None:
    gate("1")
    with pytest.raises(RegistryError, match="at most 6,000 characters; shorten the reason"):
        override("2", "why " * 2_000)
    assert (len(told().entries), aliases(ledger())) == (1, {"champion": "1"})


def test_rolling_back_goes_further_back_each_time(three: Project) -> None:
    for number in "123":
        gate(number)
    outcome = roll_back("digits", "Ann", reason="it says seven to everything")
    assert outcome.reason == "rolled back from version 3 to version 2 by Ann: it says seven to everything"
    assert aliases(ledger()) == {"champion": "2", "previous": "1"}
    note_published(outcome.champion)
    assert roll_back("digits", "Ann").champion.number == "1"
    assert aliases(ledger()) == {"champion": "1"}
    note_published(at_work())
    with pytest.raises(RegistryError, match=r"^digits: version 1 is at work, and there is no former champion to go"):
        roll_back("digits", "Ann")
    assert [gate(number).reason for number in "23"] == [
        f"version 1 stays, version {number} was taken back" for number in "23"
    ]
    assert override("3", "it was the camera").champion.number == "3"
    assert aliases(ledger()) == {"champion": "3", "previous": "1"}


def test_a_rollback_of_which_no_endpoint_was_told_goes_no_further(three: Project) -> None:
    for number in "123":
        gate(number)
    roll_back("digits", "Ann")
    again = roll_back("digits", "Ben")
    assert (again.champion.number, again.promoted) == ("2", False)
    said = "rolled back from version 3 to version 2 by Ann: no reason given"
    assert again.reason == f"{said} (finished, it had been cut short)"
    assert roll_back("digits", "Ann", to="1").champion.number == "1"  # who says where, goes there


def test_a_rollback_to_a_version_by_name(three: Project) -> None:
    for number in "13":
        gate(number)
    assert roll_back("digits", "Ann", to="1").champion.number == "1"
    assert not roll_back("digits", "Ann", to="1").promoted
    assert roll_back("digits", "Ann", to="3").champion.number == "3"  # it was at work
    for number, said in {
        "2": "digits: version 2 was never at work, so there is no way back to it; `python -m flows.promote digits 2",
        "9": "digits has no version 9; it has 1, 2, 3",
        "two": "digits has no version two; it has 1, 2, 3",
    }.items():
        with pytest.raises(RegistryError, match=f"^{said}"):
            roll_back("digits", "Ann", to=number)


def test_nothing_happens_where_the_bundle_is_gone(three: Project) -> None:
    gate("1"), gate("2")
    client = MlflowClient(tracking_uri())
    client.set_model_version_tag("digits", "1", "journeyman.bundle_sha256", "0" * 64)
    with pytest.raises(RegistryError, match="models:/digits/1: its bundle is not the one that was registered"):
        roll_back("digits", "Ann")
    assert (len(told().entries), aliases(ledger())["champion"]) == (2, "2")


def test_a_deleted_version_is_passed_over(three: Project) -> None:
    for number in "123":
        gate(number)
    MlflowClient(tracking_uri()).delete_model_version("digits", "2")
    assert roll_back("digits", "Ann").champion.number == "1"


def test_a_hand_is_respected_and_enters_the_history(three: Project) -> None:
    gate("1"), gate("2"), gate("3")
    by_hand("1")
    outcome = gate("3")
    assert (outcome.champion.number, outcome.reason) == ("1", "version 1 stays, version 3 was taken back")
    last = told().last
    assert (last.what, last.by, last.left, last.to) == ("by hand", "somebody in MLflow", "3", "1")
    assert aliases(ledger()) == {"champion": "1"}
    by_hand("3")
    assert gate("3").reason == "version 3 is champion already"
    assert aliases(ledger()) == {"champion": "3", "previous": "1"}
    open_store("digits").client.delete_registered_model_alias("digits", "champion")
    assert reconciled_champion("digits") is None
    assert told().last.to is None
    assert gate("2").promoted  # nobody else is at work
    assert [entry.what for entry in told().entries] == ["promoted"] * 3 + ["by hand"] * 3 + ["promoted"]


def test_a_champion_from_before_there_was_a_history_is_its_first_entry(three: Project) -> None:
    by_hand("2")
    assert gate("3").promoted
    assert [(one.what, one.left, one.to) for one in told().entries] == [("by hand", None, "2"), ("promoted", "2", "3")]
    assert roll_back("digits", "Ann").champion.number == "2"


def test_a_verdict_about_another_champion_is_refused(three: Project) -> None:
    gate("1")
    about_1 = verdict(find("3"), at_work())
    gate("2")
    outcome = promote(find("3"), about_1, "a test")
    assert (outcome.champion.number, outcome.promoted) == ("2", False)
    assert outcome.reason.startswith("version 2 has come to work while version 3 was held against version 1")


def test_who_is_refused_while_nobody_is_at_work_is_an_error(three: Project) -> None:
    bad = Verdict(workload="digits", challenger="1", champion=None, rules=(), passed=False, reason="it guesses")
    with pytest.raises(RegistryError, match=r"^digits: it guesses, and no other version is at work$"):
        promote(find("1"), bad, "a test")
    assert aliases(ledger()) == {}


def test_a_deleted_history_is_not_begun_anew(three: Project) -> None:
    gate("1")
    client = MlflowClient(tracking_uri())
    client.delete_experiment(client.get_experiment_by_name("digits.promotions").experiment_id)
    with pytest.raises(RegistryError, match="its history was deleted from MLflow; restore the experiment"):
        gate("2")
    assert aliases(ledger()) == {"champion": "1"}


def test_a_version_that_a_person_registered_is_named(three: Project) -> None:
    client = MlflowClient(tracking_uri())
    client.create_model_version("digits", "file:///nowhere", run_id=find("1").run_id)
    by_hand("4")
    with pytest.raises(RegistryError, match="digits: version 4 was registered by hand"):
        champion("digits")


def test_what_a_killed_registration_has_left_is_cleared_away(three: Project) -> None:
    client = MlflowClient(tracking_uri())
    first = client.get_model_version("digits", "3")
    for _ in range(2):
        client.create_model_version("digits", first.source, run_id=first.run_id, tags=first.tags)
    client.set_registered_model_alias("digits", "mine", "5")
    assert register("digits") == (find("3"), False)
    numbers = sorted(str(one.version) for one in client.search_model_versions("name = 'digits'"))
    assert numbers == ["1", "2", "3", "5"]  # a person has a use for the last


def gate(number: str) -> Outcome:
    return promoted(find(number))


def override(number: str, reason: str) -> Outcome:
    against = verdict(find(number), reconciled_champion("digits"))
    return promote(find(number), against, "Ann", reason, override=True)


def by_hand(number: str) -> None:
    """Move the alias as a person does in MLflow's UI."""
    open_store("digits").client.set_registered_model_alias("digits", "champion", number)


def ledger() -> Ledger:
    return Ledger("digits")


def told() -> History:
    return ledger().read()


def find(number: str) -> Version:
    return get_version("digits", number)


def at_work() -> Version:
    found = champion("digits")
    assert found
    return found
