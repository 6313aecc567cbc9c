from datetime import date
from pathlib import Path

import pytest

from components.tracking.daily import VERSION, log_days
from components.tracking.store import open_store

DAYS = {date(2026, 11, 2): 0.9, date(2026, 11, 3): 0.8}


@pytest.mark.slow
def test_days_are_logged_once_and_what_came_late_beside_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    store = open_store("cups.watch")
    run = log_days(store, "3", {"quality/accuracy": DAYS}, "**well**")
    assert log_days(store, "3", {"quality/accuracy": DAYS}, "**well**") == run

    def points() -> list[tuple[int, float]]:
        return [(point.step, point.value) for point in store.client.get_metric_history(run, "quality/accuracy")]

    assert points() == [(20_759, 0.9), (20_760, 0.8)]
    log_days(store, "3", {"quality/accuracy": {**DAYS, date(2026, 11, 3): 0.7}}, "**harm**")
    assert sorted(points()) == [(20_759, 0.9), (20_760, 0.7), (20_760, 0.8)]
    kept = store.client.get_run(run)
    assert (kept.info.status, kept.data.tags[VERSION]) == ("FINISHED", "3")
    assert kept.data.tags["mlflow.note.content"] == "**harm**"
    assert log_days(store, "4", {}, "**well**") != run
