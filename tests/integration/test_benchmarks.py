import json
import sys
from pathlib import Path

import pytest

from tests.conftest import Project

NOT_THERE = ("pydantic", "mlflow", "polars", "pyarrow", "sklearn", "safetensors", "psutil", "prefect", "dvc", "bentoml")
"""What a bare machine does not have: importing any of these fails."""
BARE = f"""
import runpy, sys
sys.modules.update(dict.fromkeys({NOT_THERE!r}))
sys.argv = sys.argv[1:]
sys.path.insert(0, "benchmarks")
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize("name", ["train_loop", "data_path", "train_gpu", "recipes", "fuzz", "int8", "score"])
def test_a_benchmark_says_what_it_does(trained: Project, name: str) -> None:
    said = trained.run(sys.executable, f"benchmarks/{name}.py", "--help")
    assert "--json" in said
    assert "--quick" in said


def test_training_is_measured_on_a_bare_machine_without_a_gpu(trained: Project) -> None:
    options = ("--quick", "--recipe", "quick", "--data", "artifacts/digits/prepared", "--json", "figures.json")
    said = trained.run(sys.executable, "-c", BARE, "benchmarks/train_gpu.py", *options)
    assert "pictures/s" in said
    figures = json.loads(Path("figures.json").read_text())
    assert figures["loop"]["epochs"] == 1
    assert 0 < figures["loop"]["accuracy"] < 1
    arms = {(arm["name"], arm["batch_size"]): arm for arm in figures["arms"]}
    assert len(arms) == len(figures["arms"]) == 10
    assert all(arm["pictures_s"] > 0 and arm["tflops"] > 0 for arm in figures["arms"])
    assert arms["fp32", 64]["flops_a_step"] == 2 * arms["bf16", 32]["flops_a_step"]
    assert {arm["mfu"] for arm in figures["arms"]} == {None}


def test_a_missing_data_set_is_one_clear_line(trained: Project) -> None:
    said = trained.fail(sys.executable, "benchmarks/train_gpu.py", "--data", "nowhere")
    assert said == "nowhere: no prepared data set; copy it here, or make it: dvc repro prepare@garments\n"
