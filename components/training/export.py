"""Stage `export`: weights -> bundles of one format, each an ONNX graph that takes raw input.

bundle/           in float32, checked against torch on real data
bundle-int8/      the same with its heavy layers in int8, see `quantize`
bundle-float16/   the same with its layers in float16, see `float16`, where `serve.precision` asks for it; else a line

All bring the reference by which they are watched (`reference.py`), of the float32 graph, and the golden rows by which
whoever runs them is checked (`golden.py`), each with what its own graph says of them.

All say how unlike training an example is, where that can be told (`unfamiliar.py`), and from where on it is
unfamiliar, which each finds by its own graph on the validation split.

All divide their logits by the temperature that the validation split asks for, found in float32. Not one for each: they
share what the learner decides by, and rounding moves logits up as much as down; `evaluate` measures each.
"""

import io
import logging
import shutil
import tempfile
import warnings
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import nn

from components import catalogue
from components.config.errors import ParityError
from components.config.settings import artifacts
from components.inference.bundle import EMBEDDING, HEAT, MODEL, SERVING, Bundle, new_bundle
from components.inference.golden import write_golden
from components.inference.reference import ReferenceArrays, write_reference
from components.inference.unfamiliar import UNFAMILIAR
from components.kinds.prepared import PreparedData, open_prepared
from components.system import entry
from components.system.files import whole_directory, write_json
from components.tasks.codec import TaskCodec
from components.training import hardware
from components.training.checkpoints import clear_recorded
from components.training.golden import golden_rows
from components.training.quantize import quantize
from components.training.reference import reference
from components.training.restore import restored
from components.training.served import Precision, bundle_path
from components.training.temperature import temperature_and_decision
from components.training.unfamiliar import say_rate, tell_unfamiliar, unfamiliar_test

logger = logging.getLogger(__name__)

OPSET = 18
TOLERANCE = 1e-4
"""Largest difference of an output between torch and ONNX Runtime, both in 32 bit; of a large number a part of it."""
_PARITY_EXAMPLES = 1_000
_PARITY_BATCH = 100
_CALIBRATION_EXAMPLES = 512
"""More of them hardly move the least and the largest number of a layer."""


def export(name: str) -> None:
    """Write the bundles of the workload `name`.

    Raises:
        ParityError: the float32 bundle answers otherwise than the torch module on examples of the test split.
    """
    clear_recorded(name)
    asked = catalogue.workload(name)
    data = open_prepared(artifacts(name, "prepared"), artifacts(name, "backbone"))
    workload = catalogue.decided(asked, data)
    hardware.make_repeatable(workload.train.seed, hardware.threads(workload.train))
    learner = catalogue.learner(data.kind, data.task)
    module = restored(learner, data, workload.train, load_file(artifacts(name, "weights") / "model.safetensors"))
    temperature, decision = temperature_and_decision(learner, module, data, workload.train)
    serving = learner.serving(module, temperature)
    about = {
        "workload": name,
        "kind": data.kind,
        "task": catalogue.task(data.kind, data.task),
        "classes": data.classes,
        "input": dict(data.input),
        "decision": decision,
        "temperature": temperature,
        "serve": workload.serve.in_bundle(),
        "requires": tuple(one.requirement for one in catalogue.extensions_of(workload.kind, workload.task)),
    }
    known, codec = reference(about, serving, data), catalogue.codec(data.kind, data.task)
    objective = learner.objective(data, workload.train)
    rate = workload.serve.unfamiliar if objective.supervised else 0.0
    rate = rate if tell_unfamiliar(serving, data, codec, rate) else 0.0
    beside = _Beside(known, rate, codec, objective.calibrated and objective.width > 1)
    _export_float32(name, about, serving, data, beside)
    _export_int8(name, about, data, beside)
    _export_float16(name, about, data, beside)


@dataclass(frozen=True)
class _Beside:
    """What each bundle gets beside its graph."""

    known: ReferenceArrays
    rate: float
    codec: TaskCodec
    probabilities: bool
    """Whether the answers are probabilities of several classes."""


def _export_float32(name: str, about: dict[str, Any], serving: nn.Module, data: PreparedData, beside: _Beside) -> None:
    path = bundle_path(name, "float32")
    outputs = [catalogue.answers(data.kind, data.task).OUTPUT, EMBEDDING, *([UNFAMILIAR] if beside.rate else [])]
    outputs += [HEAT] if getattr(serving, "tells_heat", False) else []
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / MODEL
        write_onnx(serving, data.inputs("test"), model, outputs)
        _write_bundle(path, "float32", model, about, data, beside)
    worst = _largest_difference(Bundle(path), serving, data)
    if not worst <= TOLERANCE:  # not a number is no parity either
        shutil.rmtree(path)
        raise ParityError(f"{path}: an output differs from torch's by {worst:.2g}, at most {TOLERANCE:.2g} is right")
    size = (path / MODEL).stat().st_size
    logger.info("exported %s: %.2f MB, largest difference to torch %.1e", name, size / 1e6, worst)


def _export_int8(name: str, about: dict[str, Any], data: PreparedData, beside: _Beside) -> None:
    path = bundle_path(name, "int8")
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / MODEL
        layers = quantize(bundle_path(name, "float32") / MODEL, _examples(data), model, beside.probabilities)
        _write_bundle(path, "int8", model, about, data, beside)
    size = (path / MODEL).stat().st_size
    logger.info("exported %s with %d layers in int8: %.2f MB", name, layers, size / 1e6)


def _export_float16(name: str, about: dict[str, Any], data: PreparedData, beside: _Beside) -> None:
    path = bundle_path(name, "float16")
    if about["serve"]["precision"] != "float16":
        with whole_directory(path) as draft:
            write_json(draft / "none.json", {"reason": "serve.precision does not ask for float16"})
        return
    from components.training.float16 import to_float16  # here: few ask for it, and it brings ONNX Runtime's converter

    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / MODEL
        layers = to_float16(bundle_path(name, "float32") / MODEL, _examples(data), model)
        _write_bundle(path, "float16", model, about, data, beside)
    size = (path / MODEL).stat().st_size
    logger.info("exported %s with %d layers in float16: %.2f MB", name, layers, size / 1e6)


def _examples(data: PreparedData) -> NDArray[Any]:
    """Return examples of the validation split, evenly spread."""
    examples = data.inputs("validation" if data.counts["validation"] else "train")
    return examples[:: ceil(len(examples) / _CALIBRATION_EXAMPLES)]


def _write_bundle(
    path: Path,
    precision: Precision,
    model: Path,
    about: dict[str, Any],
    data: PreparedData,
    beside: _Beside,
) -> None:
    """Write the bundle of `model`, which is moved; it says its own precision, not the one asked for."""
    own: dict[str, Any] = {"serve": about["serve"] | {"precision": precision}}
    if beside.rate:
        test = unfamiliar_test(model, data, beside.rate)
        own["decision"] = about["decision"] | {UNFAMILIAR: test.as_json()}
        if precision == "float32":
            say_rate(test, beside.rate)
    golden = golden_rows(model, precision, data, about | own, beside.codec)
    with new_bundle(path, **about | own) as draft:
        shutil.move(model, draft / MODEL)
        if data.serving.is_dir():
            shutil.copytree(data.serving, draft / SERVING)
        write_reference(draft / SERVING, beside.known)
        write_golden(draft / SERVING, golden)


def write_onnx(serving: nn.Module, inputs: NDArray[Any], path: Path, outputs: Sequence[str]) -> None:
    """Trace the module on two of the inputs `[N, ...]`, the count of examples left open."""
    examples = torch.from_numpy(np.array(inputs[:2]))
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.filterwarnings("ignore", ".*legacy TorchScript-based ONNX export.*", DeprecationWarning)
        warnings.filterwarnings("ignore", "Converting a tensor to a Python boolean", Warning)  # sizes are fixed
        warnings.filterwarnings("ignore", "Constant folding - Only steps=1 can be constant folded", UserWarning)
        torch.onnx.export(
            serving,
            (examples,),
            str(path),
            input_names=["inputs"],
            output_names=list(outputs),
            dynamic_axes={name: {0: "count"} for name in ("inputs", *outputs)},
            opset_version=OPSET,
            dynamo=False,
        )


def _largest_difference(bundle: Bundle, serving: nn.Module, data: PreparedData) -> float:
    examples = np.array(data.inputs("test")[:_PARITY_EXAMPLES])
    with torch.inference_mode():
        parts = [serving(some)[0].numpy() for some in torch.split(torch.from_numpy(examples), _PARITY_BATCH)]
    expected = np.concatenate(parts)
    differences = np.abs(bundle.outputs(examples) - expected) / np.maximum(np.abs(expected), 1.0)
    return float(differences.max())


if __name__ == "__main__":
    entry.run(export)
