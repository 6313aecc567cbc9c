"""The core of training on a machine with nothing but torch, lightning and torchmetrics, and what those need."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT

BARE = """
import sys
BARRED = {"mlflow", "prefect", "dvc", "bentoml", "onnxruntime", "onnx", "safetensors", "pydantic", "pandas", "pyarrow",
          "sklearn", "polars", "sqlalchemy"}
from importlib.machinery import PathFinder
class Bare(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in BARRED else super().find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(PathFinder)] = Bare
import json, logging, pathlib, runpy, tempfile, types, warnings
import numpy as np
warnings.simplefilter("ignore")
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
from components.kinds.prepared import open_prepared
from components.tasks.learner import TaskLearner
from components.training.loop import fit
folder = pathlib.Path(tempfile.mkdtemp())
rows = {"train": 64, "validation": 16}
machine = dict(
    seed=0, accelerator="cpu", devices=1, nodes=1, strategy="auto", precision="auto", layout="auto", compile="auto",
    threads=1, checkpoint_every=0.0, patience=None, metric=None)
def train(kind, inputs, targets, about, learner, objective, steps, **recipe):
    for split, count in rows.items():
        np.save(folder / f"{split}_inputs.npy", inputs(count))
        np.save(folder / f"{split}_labels.npy", targets(count))
    (folder / "prepared.json").write_text(json.dumps(
        {"kind": kind, "classes": ["a", "b"], "input": about, "counts": rows}))
    config = types.SimpleNamespace(**{**recipe, **machine})
    together = TaskLearner(learner, objective)  # the catalogue wants pydantic
    trained = fit(together, open_prepared(folder), config, checkpoint=folder / "last.ckpt")
    assert trained.curve[-1]["step"] == steps, trained.curve
    print("trained")
"""
IMAGE = """
from components.kinds.image import learner
from components.tasks.classification import objective
RECIPES = runpy.run_path("components/kinds/image/params/recipes.py")["RECIPES"]  # its package wants pydantic
train("image", lambda count: np.zeros((count, 8, 8, 1), np.uint8), lambda count: np.zeros(count, np.int64),
      {"channels": 1}, learner, objective, 8, **{**RECIPES["standard"], "epochs": 2, "batch_size": 16, "width": 4})
"""
TABLE = """
from components.kinds.table import learner
from components.tasks.detection import objective
about = {"features": ["a", "c"], "definition": {"categories": {"c": ["x"]}}, "label_features": [],
         "amount_feature": None}
train("table", lambda count: np.ones((count, 2), np.float32), lambda count: np.arange(count) % 3 - 1,
      about, learner, objective, 12, epochs=3, batch_size=16, labels="all", autoencoder=True, autoencoder_epochs=1,
      model="network", width=4, layers=1, code=2, dropout=0.1, learning_rate=0.01, weight_decay=0.1)
"""


@pytest.mark.parametrize("script", [IMAGE, TABLE], ids=["image", "table"])
def test_the_core_of_training_runs_on_a_bare_machine(script: str) -> None:
    done = subprocess.run([sys.executable, "-c", BARE + script], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.endswith("trained\n"), done.stderr
