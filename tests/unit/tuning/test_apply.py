import difflib
from pathlib import Path

import pytest
import yaml

from components.config.errors import ConfigError
from components.tuning.apply import apply, write_parameters
from tests.conftest import ROOT

SHIPPED = (ROOT / "params.yaml").read_text()


@pytest.fixture(autouse=True)
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "params.yaml").write_text(SHIPPED)
    (tmp_path / "backbones").symlink_to(ROOT / "backbones")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "params.yaml"


def test_nothing_but_what_was_found_is_changed(params: Path) -> None:
    apply("fraud", {"learning_rate": 0.00123, "layers": 3})
    changed = [line for line in difflib.ndiff(SHIPPED.splitlines(), params.read_text().splitlines()) if line[0] != " "]
    assert sorted(line for line in changed if line[0] != "?") == [
        "+       layers: 3",
        "+       learning_rate: 0.00123",
    ]
    apply("garments", {"recipe": "quick", "width": 24})
    assert yaml.safe_load(params.read_text())["workloads"]["garments"]["train"] == {"recipe": "quick", "width": 24}


def test_what_would_not_be_in_order_changes_nothing(params: Path) -> None:
    with pytest.raises(ConfigError, match=r"workloads\.fraud\.train\.layers"):
        apply("fraud", {"layers": 99})
    assert params.read_text() == SHIPPED


def test_the_best_is_written_as_a_section(tmp_path: Path) -> None:
    write_parameters(tmp_path / "best.yaml", "fraud", {"dropout": 0.25})
    written = yaml.safe_load((tmp_path / "best.yaml").read_text())
    assert written == {"workloads": {"fraud": {"train": {"dropout": 0.25}}}}
