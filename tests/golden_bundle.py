"""Bundles with golden rows of networks that were never trained: for whoever only has to run one."""

import shutil
import warnings
from pathlib import Path
from typing import Any

from components import catalogue
from components.config.params import Serve
from components.inference.bundle import new_bundle
from components.inference.golden import GoldenRows, write_golden
from components.training.export import write_onnx
from components.training.golden import golden_rows
from tests.unit.small_data import small_data
from tests.unit.training.test_reference import exported

SCHEMA = {"size": {"type": "number", "minimum": -1.5}, "colour": {"type": "category", "values": ["blue", "red"]}}
DEFINITION = {
    "id": None, "amount": None, "decimals": 0, "delay": 0.0, "entities": [],
    "numbers": ["size"], "categories": {"colour": ["blue", "red"]},
}  # fmt: skip
TABLE = {"schema": {"columns": SCHEMA}, "definition": DEFINITION, "history": "caller"}


def golden_bundle(folder: Path, kind: str, task: str) -> tuple[Path, GoldenRows]:
    """Write a bundle of that pair into `folder`; return where, and its golden rows."""
    data = small_data(folder / "data", kind, task, count=300)
    about, serving = exported(data)
    about["serve"] = {**Serve().in_bundle(), "precision": "float32"}
    if kind == "table":
        about["input"] = {**about["input"], **TABLE}
    model = folder / "model.onnx"
    outputs: list[Any] = [catalogue.answers(kind, task).OUTPUT, "embedding"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of torch's exporter, of itself
        write_onnx(serving, data.inputs("test"), model, outputs)
    rows = golden_rows(model, "float32", data, about, catalogue.codec(kind, task))
    with new_bundle(folder / "bundle", **about) as draft:
        shutil.copy(model, draft / "model.onnx")
        write_golden(draft / "serving", rows)
    return folder / "bundle", rows
