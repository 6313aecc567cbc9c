"""The aliases stand where the last entry says, in a real MLflow database."""

import shutil
from pathlib import Path

import pytest

from components.registry.promotion import aliases
from components.registry.promotion.history import MOVED, Entry
from components.registry.promotion.ledger import Ledger


@pytest.fixture
def ledger(mlflow_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{shutil.copy(mlflow_database, tmp_path)}")
    monkeypatch.chdir(tmp_path)
    return Ledger("cups")


def test_looking_into_the_history_makes_nothing(ledger: Ledger) -> None:
    assert not ledger.read().entries
    assert aliases.aliases(ledger) == {}
    assert ledger.client.get_experiment_by_name("cups") is None


def test_a_slow_writer_does_not_bring_back_what_a_hand_took_away(ledger: Ledger) -> None:
    ledger.client.create_registered_model("cups")
    ledger.client.create_model_version("cups", "file:///nowhere")
    promoted = Entry(number=1, what="promoted", by="a test", left=None, to="1")
    taken = Entry(number=2, what="by hand", by="somebody in MLflow", left="1", to=None)
    for entry in (promoted, taken):
        assert ledger.append(entry)
        ledger.mark(entry, MOVED)  # by who took the first writer for dead
    aliases._follow(ledger, promoted)
    assert aliases.aliases(ledger) == {}
    assert aliases.reconcile(ledger).champion is None
