from pathlib import Path

import pytest

from components.config.errors import ConfigError, DataError
from components.prediction_log.description import Description, describe
from flows.watch import check


def test_the_log_of_another_workload_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNEYMAN_LOG_DIR", str(tmp_path))
    describe(tmp_path / "garments", Description(workload="shoes", kind="image", task="classification"))
    with pytest.raises(DataError, match="has the log of shoes, not of garments: rename the folder"):
        check("garments")


def test_what_is_asked_wrongly_is_said_before_any_work() -> None:
    with pytest.raises(ConfigError, match="--as-of yesterday: no moment in ISO 8601"):
        check("garments", "yesterday")
