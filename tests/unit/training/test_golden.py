"""Which rows a bundle is checked by, of every pair, and that its own graph passes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components import catalogue
from components.inference.bundle import Bundle
from components.inference.golden import GOLDEN, TOLERANCES, check_golden
from components.kinds.table import codec, golden
from components.training.golden import COUNT, _chosen
from tests.golden_bundle import golden_bundle

SCHEMA = {
    "size": {"type": "number", "minimum": -1.5, "maximum": 20.0},
    "gift": {"type": "boolean"},
    "colour": {"type": "category", "values": ["blue", "red"]},
    "born": {"type": "date", "parts": ["days", "year", "week", "day"]},
    "at": {"type": "time"},
}
DEFINITION = {
    "id": None, "amount": None, "decimals": 0, "delay": 0.0, "entities": [], "time": "at",
    "numbers": ["size", "gift"], "categories": {"colour": ["blue", "red"]},
    "dates": {"born": ["days", "year", "week", "day"]},
}  # fmt: skip
DATES = [f"born_{part}" for part in ("days", "year_sin", "year_cos", "week_sin", "week_cos", "day_sin", "day_cos")]
INPUT: Any = {
    "features": ["size", "gift", *DATES, "weekend", "night", "colour"],
    "typical": [1.0, 0.0, *[0.0] * 9, 0.0],
    "schema": {"columns": SCHEMA},
    "definition": DEFINITION,
    "history": "caller",
}


def test_a_table_is_read_in_every_way() -> None:
    rows = golden.requests(INPUT, {})
    assert [one.name for one in rows] == ["usual", "least", "most", "missing"]
    read = codec.Reader("w", INPUT, {}, Path(), None).read([one.row for one in rows])
    by_name = dict(zip(INPUT["features"], read.T.tolist(), strict=True))
    assert by_name["size"][:3] == [1.0, -1.5, 20.0]
    assert by_name["colour"] == [1.0, 0.0, 2.0, 0.0]
    assert by_name["weekend"] == by_name["night"] == [0.0, 1.0, 0.0, 1.0]
    assert np.isnan([values[3] for name, values in by_name.items() if name.startswith("born") or name == "size"]).all()


@pytest.mark.parametrize(
    ("kind", "task"),
    [("image", "classification"), ("image", "anomaly"), ("table", "detection"), ("table", "regression")],
)
def test_every_pair_has_rows_that_its_graph_passes(kind: str, task: str, tmp_path: Path) -> None:
    path, found = golden_bundle(tmp_path, kind, task)
    assert len(found.inputs) == COUNT
    assert found.tolerance == TOLERANCES["float32"]
    assert len(found.requests) == {"image": 9, "table": 4}[kind]
    bundle = Bundle(path)
    assert bundle.about.files.keys() == {GOLDEN}
    assert check_golden(bundle, catalogue.codec(kind, task).Reader("w", bundle.about.input, {}, bundle.files, None))


def test_each_class_is_there_and_the_nearest_to_another_answer() -> None:
    labels = np.repeat([0, 1, 2], 100)
    margins = np.linspace(1.0, 0.0, 300, dtype=np.float32)
    chosen = _chosen(labels, margins, COUNT)
    assert set(labels[chosen]) == {0, 1, 2}
    assert set(chosen.tolist()) >= set(range(292, 300))
    assert len(set(chosen.tolist())) == COUNT
