import re

import pytest

from components.config.errors import ConfigError
from components.inference.gateway import tracing


def test_without_a_collector_every_path_is_left_out() -> None:
    excluded = tracing.tracing(None, 1.0)["excluded_urls"]
    assert re.search(excluded, "http://127.0.0.1:3000/predict")


def test_what_sends_spans_has_to_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "_installed", lambda: False)
    with pytest.raises(ConfigError, match=f"^JOURNEYMAN_TRACING needs the package {tracing.PACKAGE}"):
        tracing.tracing("http://127.0.0.1:4318/v1/traces", 1.0)
    monkeypatch.setattr(tracing, "_installed", lambda: True)
    assert tracing.tracing("http://127.0.0.1:4318/v1/traces", 0.1)["sample_rate"] == 0.1
