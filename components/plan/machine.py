"""How fast a machine is at what models do: matrices, convolutions, memory, a disk. Each for a few seconds.

Not what a data sheet says: what the libraries of this project reach on it. A core is measured by itself, since an
endpoint's worker has one; `scale` says how many of it all cores together are worth. A GPU is measured as a whole.
"""

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from onnx import TensorProto, helper

from components.ledger.measure import processor

SIDE = 768
"""Of the square matrices, on a GPU eight times that."""
_IMAGE, _CHANNELS, _BATCH = 28, 64, 16
_MEMORY = 64 * 2**20  # floats: 256 MB, more than a cache holds
_DISK = 256 * 2**20  # bytes
_LEAST = 5  # repetitions


@dataclass(frozen=True)
class Speeds:
    """What was measured. GFLOP are 10^9 operations, a multiplication and an addition being two; GB are 10^9 bytes."""

    matrix_fp32: float
    """GFLOP a second of one core (of a GPU, the whole), as are the next five."""
    matrix_bf16: float
    matrix_int8: float | None
    """None: not measured on a GPU."""
    convolution_fp32: float
    convolution_bf16: float
    memory: float
    """GB a second that one core copies, read and written."""
    disk_write: float
    """GB a second, until they are on the disk."""
    scale: float
    """Cores that all cores together are worth, at matrices in fp32; of a GPU 1."""


@dataclass(frozen=True)
class Machine:
    """A machine, or one GPU of it, and how fast it was."""

    processor: str
    cores: int
    memory_gb: float
    gpu: str
    """Its name; empty: the processor was measured."""
    speeds: Speeds

    def to_line(self) -> dict[str, str | int | float]:
        """Return it as a line of `hosts.yaml` has it."""
        told = {name: round(value, 3) for name, value in asdict(self.speeds).items() if value is not None}
        about = {"processor": self.processor, "cores": self.cores, "memory_gb": self.memory_gb}
        return {**about, **({"gpu": self.gpu} if self.gpu else {}), **told}


def measure_machines(seconds: float = 5.0) -> list[Machine]:
    """Return the processor of this machine and, where torch finds one, its first GPU; each part takes `seconds`."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        disk = _disk(Path(folder))
    cores, memory = len(os.sched_getaffinity(0)), os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    about = (processor(), cores, round(memory, 1))
    found = [Machine(*about, "", _processor_speeds(seconds, disk, cores))]
    if torch.cuda.is_available():
        found.append(Machine(*about, torch.cuda.get_device_name(0), _gpu_speeds(seconds, disk)))
    return found


def _processor_speeds(seconds: float, disk: float, cores: int) -> Speeds:
    threads = torch.get_num_threads()
    cpu = torch.device("cpu")
    try:
        torch.set_num_threads(cores)
        together = _matrix(cpu, torch.float32, SIDE, seconds)
        torch.set_num_threads(1)
        alone = _matrix(cpu, torch.float32, SIDE, seconds)
        return Speeds(
            matrix_fp32=alone,
            matrix_bf16=_matrix(cpu, torch.bfloat16, SIDE, seconds),
            matrix_int8=_int8(seconds),
            convolution_fp32=_convolution(cpu, torch.float32, _BATCH, seconds),
            convolution_bf16=_convolution(cpu, torch.bfloat16, _BATCH, seconds),
            memory=_memory(cpu, seconds),
            disk_write=disk,
            scale=max(1.0, together / alone),
        )
    finally:
        torch.set_num_threads(threads)


def _gpu_speeds(seconds: float, disk: float) -> Speeds:
    gpu = torch.device("cuda", 0)
    return Speeds(
        matrix_fp32=_matrix(gpu, torch.float32, 8 * SIDE, seconds),
        matrix_bf16=_matrix(gpu, torch.bfloat16, 8 * SIDE, seconds),
        matrix_int8=None,
        convolution_fp32=_convolution(gpu, torch.float32, 64 * _BATCH, seconds),
        convolution_bf16=_convolution(gpu, torch.bfloat16, 64 * _BATCH, seconds),
        memory=_memory(gpu, seconds),
        disk_write=disk,
        scale=1.0,
    )


def _matrix(device: torch.device, kind: torch.dtype, side: int, seconds: float) -> float:
    left, right = (torch.randn(side, side, device=device).to(kind) for _ in range(2))
    return 2 * side**3 / 1e9 / _taken(lambda: left @ right, device, seconds)


def _convolution(device: torch.device, kind: torch.dtype, batch: int, seconds: float) -> float:
    pictures = torch.randn(batch, _CHANNELS, _IMAGE, _IMAGE, device=device).to(kind, memory_format=torch.channels_last)
    weights = torch.randn(_CHANNELS, _CHANNELS, 3, 3, device=device).to(kind, memory_format=torch.channels_last)
    operations = 2 * 9 * _CHANNELS**2 * _IMAGE**2 * batch

    def convolve() -> object:
        return torch.nn.functional.conv2d(pictures, weights, padding=1)

    return operations / 1e9 / _taken(convolve, device, seconds)


def _memory(device: torch.device, seconds: float) -> float:
    source = torch.ones(_MEMORY, device=device)
    target = torch.empty_like(source)
    return 2 * source.nbytes / 1e9 / _taken(lambda: target.copy_(source), device, seconds)


def _int8(seconds: float) -> float:
    """Return it for whole numbers of 8 bits as ONNX Runtime, which serves, multiplies them; one thread."""
    shape = [SIDE, SIDE]
    values = [
        helper.make_tensor_value_info("left", TensorProto.UINT8, shape),
        helper.make_tensor_value_info("right", TensorProto.INT8, shape),
    ]
    result = helper.make_tensor_value_info("product", TensorProto.INT32, shape)
    node = helper.make_node("MatMulInteger", ["left", "right"], ["product"])
    graph = helper.make_graph([node], "int8", values, [result])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    random = np.random.default_rng(0)
    given = {
        "left": random.integers(0, 255, shape, dtype=np.uint8),
        "right": random.integers(-127, 127, shape, dtype=np.int8),
    }
    return 2 * SIDE**3 / 1e9 / _taken(lambda: session.run(None, given), torch.device("cpu"), seconds)


def _taken(step: Callable[[], object], device: torch.device, seconds: float) -> float:
    """Return the seconds of a step, of as many as go into `seconds`; the first one warms up.

    Of one thread the median of its own time, in which others that want the core do not count; else a tenth of the steps
    is faster: what is slower than that waited for others.
    """
    alone = device.type == "cpu" and torch.get_num_threads() == 1
    clock = time.thread_time if alone else time.perf_counter
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while len(taken) <= _LEAST or time.perf_counter() < end:
        began = clock()
        step()
        if device.type == "cuda":
            torch.cuda.synchronize()
        taken.append(clock() - began)
    return float(np.quantile(taken[1:], 0.5 if alone else 0.1))


def _disk(folder: Path) -> float:
    block = os.urandom(2**20)
    began = time.perf_counter()
    with (folder / "block").open("wb") as file:
        for _ in range(_DISK // len(block)):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return _DISK / 1e9 / (time.perf_counter() - began)
