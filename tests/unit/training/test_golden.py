"""Which rows a bundle is checked by, of every pair, and that its own graph passes."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components import catalogue
from components.inference.bundle import Bundle, new_bundle
from components.inference.golden import GOLDEN, TOLERANCES, check_golden, write_golden
from components.kinds.table import codec, golden
from components.training.export import _write_onnx
from components.training.golden import COUNT, _chosen, golden_rows
from tests.unit.small_data import small_data
from tests.unit.training.test_reference import exported

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


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's exporter, of itself
@pytest.mark.parametrize(
    ("kind", "task"),
    [("image", "classification"), ("image", "anomaly"), ("table", "detection"), ("table", "regression")],
)
def test_every_pair_has_rows_that_its_graph_passes(kind: str, task: str, tmp_path: Path) -> None:
    data = small_data(tmp_path / "data", kind, task, count=300)
    about, serving = exported(data)
    about["serve"] = {"precision": "float32"}
    if kind == "table":
        about["input"] = {**data.input, **INPUT, "features": data.input["features"]}
        about["input"]["definition"] = {
            **DEFINITION, "time": None, "dates": {}, "numbers": ["size"], "categories": {"colour": ["blue", "red"]},
        }  # fmt: skip
        about["input"]["typical"] = [1.0, 0.0]
    _write_onnx(serving, data, tmp_path / "model.onnx", [OUTPUTS[task], "embedding"])
    found = golden_rows(tmp_path / "model.onnx", "float32", data, about, catalogue.codec(kind, task))
    assert len(found.inputs) == COUNT
    assert found.tolerance == TOLERANCES["float32"]
    assert len(found.requests) == {"image": 9, "table": 4}[kind]
    with new_bundle(tmp_path / "bundle", **about) as draft:
        shutil.copy(tmp_path / "model.onnx", draft / "model.onnx")
        write_golden(draft / "serving", found)
    bundle = Bundle(tmp_path / "bundle")
    assert bundle.about.files.keys() == {GOLDEN}
    assert check_golden(bundle, catalogue.codec(kind, task).Reader("w", bundle.about.input, {}, bundle.files, None))


OUTPUTS = {"classification": "probabilities", "detection": "probabilities", "regression": "value", "anomaly": "score"}


def test_each_class_is_there_and_the_nearest_to_another_answer() -> None:
    labels = np.repeat([0, 1, 2], 100)
    margins = np.linspace(1.0, 0.0, 300, dtype=np.float32)
    chosen = _chosen(labels, margins, COUNT)
    assert set(labels[chosen]) == {0, 1, 2}
    assert set(chosen.tolist()) >= set(range(292, 300))
    assert len(set(chosen.tolist())) == COUNT
