"""How long the served graph takes to answer one example."""

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn

from components.training.export import write_onnx

_ANSWERS = 40
_FIRST = 5  # which take longer, and are left out


def milliseconds(serving: nn.Module, inputs: NDArray[Any]) -> float:
    """Return the median CPU milliseconds of an answer to one of the inputs `[N, ...]`, in 32 bit on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        with torch.inference_mode():
            outputs = len(serving(torch.from_numpy(np.array(inputs[:2]))))
        write_onnx(serving, inputs, path, [f"output_{number}" for number in range(outputs)])
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    taken = []
    for _ in range(_FIRST + _ANSWERS):
        began = time.thread_time()
        session.run(None, {"inputs": np.array(inputs[:1])})
        taken.append(1e3 * (time.thread_time() - began))
    return statistics.median(taken[_FIRST:])
