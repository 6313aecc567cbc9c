"""The launcher: the stage `train`, started by itself and by torchrun."""

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from benchmarks import harness
from benchmarks.machine_parts.figures import Figures, spread
from benchmarks.server import clean_environment
from components.config.settings import artifacts


def launch(workload: str, folder: Path, quick: bool) -> Figures:
    """Return what the stage `train` takes, started by itself and by torchrun."""
    found: dict[str, list[dict[str, float]]] = {"local": [], "torchrun": []}
    for _, launcher in harness.turns(list(found), 1 if quick else 3):
        with tempfile.TemporaryDirectory(dir=folder) as place:
            found[launcher].append(_stage(workload, Path(place), launcher))
    return {
        name: {what: spread([each[what] for each in values]) for what in ("seconds", "cpu")}
        for name, values in found.items()
    }


def _stage(workload: str, place: Path, launcher: str) -> dict[str, float]:
    """Run the stage once in a folder of its own, with the same prepared data."""
    for name in ("prepared", "backbone", "parameters"):
        shutil.copytree(artifacts(workload, name), place / artifacts(workload, name))
    section = yaml.safe_load(Path("params.yaml").read_text())["workloads"][workload]
    section["train"] = {**section.get("train", {}), "epochs": 1, "accelerator": "cpu", "devices": 1, "threads": 1}
    section["train"]["launcher"] = launcher
    (place / "params.yaml").write_text(yaml.safe_dump({"workloads": {workload: section}}))
    for name in ("datasets", "backbones"):
        (place / name).symlink_to(harness.ROOT / name)
    store = place / "state" / "mlflow"
    store.mkdir(parents=True)
    variables = {"MLFLOW_TRACKING_URI": f"sqlite:///{store}/mlflow.db", "PYTHONPATH": str(harness.ROOT)}
    environment = {**clean_environment(), **variables}
    warm = "from components.tracking.store import open_store; open_store('warm')"  # makes MLflow's tables
    subprocess.run([sys.executable, "-c", warm], cwd=place, env=environment, check=True, capture_output=True)
    before, began = _children(), time.perf_counter()
    command = [sys.executable, "-m", "components.training.train", workload]
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"the stage failed:\n{done.stderr[-2000:]}")
    return {"seconds": time.perf_counter() - began, "cpu": _children() - before}


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
