"""Stage `export`: weights -> the bundle, an ONNX graph that takes raw input, checked against torch on real data."""

import contextlib
import io
import logging
import shutil
import warnings
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

from components.config import entry
from components.config.errors import ParityError
from components.config.settings import artifacts
from components.inference.bundle import MODEL, SERVING, Bundle, new_bundle
from components.kinds import catalogue
from components.kinds.prepared import PreparedData, open_prepared
from components.training import hardware
from components.training.checkpoints import clear_recorded

logger = logging.getLogger(__name__)

OPSET = 18
TOLERANCE = 1e-4
"""Largest difference of a probability between torch and ONNX Runtime, both in 32 bit."""
_PARITY_EXAMPLES = 1_000


def export(name: str) -> None:
    """Write the bundle of the workload `name`.

    Raises:
        ParityError: the bundle answers otherwise than the torch module on examples of the test split.
    """
    workload = catalogue.workload(name)
    clear_recorded(name)
    data = open_prepared(artifacts(name, "prepared"))
    hardware.make_repeatable(workload.train.seed, hardware.threads(workload.train))
    learner = catalogue.learner(workload.kind)
    module = learner.module(data, workload.train)
    module.load_state_dict(load_file(artifacts(name, "weights") / "model.safetensors"))
    serving = learner.serving(module)
    path = artifacts(name, "bundle")
    with new_bundle(
        path,
        workload=name,
        kind=workload.kind,
        classes=data.classes,
        input=dict(data.input),
        decision=learner.decision(module),
        serve=workload.serve.model_dump(mode="json"),
    ) as draft:
        _write_onnx(serving, data, draft / MODEL)
        if data.serving.is_dir():
            shutil.copytree(data.serving, draft / SERVING)
    worst = _largest_difference(Bundle(path), serving, data)
    if not worst <= TOLERANCE:  # not a number is no parity either
        shutil.rmtree(path)
        raise ParityError(
            f"{path}: a probability differs from torch's by {worst:.2g}, at most {TOLERANCE:.2g} is right"
        )
    size = (path / MODEL).stat().st_size
    logger.info("exported %s: %.2f MB, largest difference to torch %.1e", name, size / 1e6, worst)


def _write_onnx(serving: nn.Module, data: PreparedData, path: Path) -> None:
    """Trace the module on two examples, the count of examples left open."""
    examples = torch.from_numpy(np.array(data.inputs("test")[:2]))
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.filterwarnings("ignore", ".*legacy TorchScript-based ONNX export.*", DeprecationWarning)
        torch.onnx.export(
            serving,
            (examples,),
            str(path),
            input_names=["inputs"],
            output_names=["probabilities"],
            dynamic_axes={"inputs": {0: "count"}, "probabilities": {0: "count"}},
            opset_version=OPSET,
            dynamo=False,
        )


def _largest_difference(bundle: Bundle, serving: nn.Module, data: PreparedData) -> float:
    examples = np.array(data.inputs("test")[:_PARITY_EXAMPLES])
    with torch.inference_mode():
        expected = serving(torch.from_numpy(examples)).numpy()
    return float(np.abs(bundle.probabilities(examples) - expected).max())


if __name__ == "__main__":
    entry.run(export)
