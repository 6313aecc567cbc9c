"""Graphs that serve, for benchmarks to run: exported as the stage `export` does it, loaded for one thread."""

import io
import statistics
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from typing import Any

import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn

from benchmarks import harness
from components.inference.bundle import EMBEDDING
from components.training.export import OPSET

ANSWER = "answer"


def exported(serving: nn.Module, examples: NDArray[Any], *others: str) -> bytes:
    """Return the graph with its two outputs, and `others` where it has more, traced on two examples."""
    file, outputs = io.BytesIO(), [ANSWER, EMBEDDING, *others]
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.filterwarnings("ignore", "Constant folding - Only steps=1 can be constant folded", UserWarning)
        torch.onnx.export(
            serving,
            (torch.from_numpy(examples[:2].copy()),),
            file,
            input_names=["inputs"],
            output_names=outputs,
            dynamic_axes={name: {0: "count"} for name in ("inputs", *outputs)},
            opset_version=OPSET,
            dynamo=False,
        )
    return file.getvalue()


def without_embedding(graph: bytes) -> bytes:
    """Return the graph with the answer as its only output."""
    model = onnx.load_from_string(graph)
    kept = [output for output in model.graph.output if output.name != EMBEDDING]
    del model.graph.output[:]
    model.graph.output.extend(kept)
    made: bytes = model.SerializeToString()
    return made


def session(graph: bytes) -> onnxruntime.InferenceSession:
    """Return the graph, loaded for one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def interleaved(arms: Mapping[str, Callable[[], Any]], repetitions: int) -> dict[str, float]:
    """Return the median CPU time of a call in microseconds, by the arm; the order turns."""
    times: dict[str, list[float]] = {arm: [] for arm in arms}
    for repetition, arm in harness.turns(arms, repetitions + 2):
        began = time.thread_time()
        arms[arm]()
        if repetition >= 2:  # the first ones warm up
            times[arm].append(1e6 * (time.thread_time() - began))
    return {arm: statistics.median(taken) for arm, taken in times.items()}
