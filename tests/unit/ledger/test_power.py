"""What is assumed of a machine that tells nothing of its energy."""

import os
from pathlib import Path

import pytest

from components.ledger import power as module
from components.ledger.measure import processor
from components.ledger.power import Power, power


def test_it_is_looked_up_once_a_machine(tmp_path: Path) -> None:
    found = power(tmp_path)
    assert found.processor == processor()
    assert found.core_watts > 0
    assert found.byte_watts > 0
    kept = tmp_path / "power.json"
    assert power(tmp_path) == found
    kept.write_text(kept.read_text().replace(found.assumed, "a meter in the wall"))
    assert power(tmp_path).assumed == "a meter in the wall", "what a person has put there stays"
    kept.write_text(kept.read_text().replace(found.processor, "another machine's"))
    assert power(tmp_path) == found


def test_where_it_cannot_be_kept_it_is_told_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert isinstance(power(tmp_path / "file"), Power)


def test_it_says_whose_numbers_these_are() -> None:
    module._looked_up.cache_clear()
    assert "CodeCarbon" in module._looked_up().assumed


def test_codecarbon_is_asked_where_it_is_installed() -> None:
    pytest.importorskip("codecarbon", reason="the group `energy` is not installed")
    module._looked_up.cache_clear()
    found = module._looked_up()
    assert found.assumed.startswith("CodeCarbon: ")
    assert f"on {os.cpu_count()} cores" in found.assumed
