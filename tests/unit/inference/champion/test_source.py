from pathlib import Path
from typing import Any

import pytest

from components.config.errors import BundleError, PublishedError
from components.inference.bundle import new_bundle
from components.inference.champion.published import publish
from components.inference.champion.source import opening
from components.inference.options import Options
from tests.unit.inference.champion.test_follow import a_bundle


@pytest.fixture
def bento(tmp_path: Path) -> Path:
    """What the Bento holds: version 1. Version 2 and 3 are published, 3 is champion."""
    for version in (1, 2, 3):
        a_bundle(tmp_path / str(version), version)
        publish(tmp_path / str(version), "w", str(version), str(tmp_path / "champions"))
    return tmp_path / "1"


@pytest.mark.parametrize(
    ("champions", "version", "answers", "followed"),
    [
        (None, None, "1", False),
        ("champions", None, "3", True),
        ("champions", "1", "1", False),
        ("champions", "2", "2", False),
        (None, "1", "1", False),
        ("nothing-here", None, "1", True),
    ],
)
def test_with_which_version_it_starts_and_whether_it_follows(
    champions: str | None, version: str | None, answers: str, followed: bool, bento: Path
) -> None:
    options = Options(champions=champions and str(bento.parent / champions), version=version)
    model, follower = opening(bento, "1", None, bento.parent / "cache", options)
    assert (model.version, follower is not None) == (answers, followed)


@pytest.mark.parametrize(
    ("champions", "sentence"),
    [
        (True, r"^JOURNEYMAN_VERSION: version 9 is not in the Bento, nor at .*champions$"),
        (False, r"^JOURNEYMAN_VERSION: version 9 is not in the Bento, and JOURNEYMAN_CHAMPIONS does not say where"),
    ],
)
def test_a_version_that_is_nowhere_is_an_error(champions: bool, sentence: str, bento: Path) -> None:
    options = Options(champions=str(bento.parent / "champions") if champions else None, version="9")
    with pytest.raises(PublishedError, match=sentence):
        opening(bento, "1", None, bento.parent / "cache", options)


RECORD: dict[str, Any] = {"type": "number", "minimum": 0.0, "maximum": 9.0, "example": 4.0}


@pytest.mark.parametrize(
    ("change", "taken"),
    [
        ({"example": 5.0}, True),
        ({"maximum": 8.0}, True),
        ({"strict": True}, False),
        ({"nulls": 0.5}, False),
        ({"type": "integer"}, False),
    ],
)
def test_one_that_takes_other_requests_is_not_taken(
    change: dict[str, Any], taken: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = a_table(tmp_path / "own", RECORD)
    publish(a_table(tmp_path / "new", {**RECORD, **change}), "t", "2", str(tmp_path / "champions"))
    options = Options(champions=str(tmp_path / "champions"))
    with pytest.raises(BundleError, match="ONNX Runtime"):  # of its own, as there is no graph in it
        opening(own, "1", None, tmp_path / "cache", options)
    refused = "version 2 is not taken: it takes other requests than this endpoint does: start its own Bento"
    assert (refused in caplog.text) is not taken


def a_table(path: Path, column: dict[str, Any]) -> Path:
    """Write a bundle of a table with the column `description` and no graph."""
    definition = {"time": "time", "id": None, "amount": None, "decimals": 0, "delay": 0.0, "entities": []}
    definition |= {"numbers": ["description"], "categories": {}}
    columns = {"time": {"type": "time"}, "description": column}
    input = {"schema": {"columns": columns}, "definition": definition, "history": "caller"}
    with new_bundle(path, workload="t", kind="table", classes=("no", "yes"), input=input, decision={}) as draft:
        (draft / "model.onnx").write_bytes(b"no graph")
    return path
