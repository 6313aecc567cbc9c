"""What the hardware can do: what each `auto` means on this machine and why, and the arithmetic made repeatable."""

import ctypes
import json
import os
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from components.config.errors import ConfigError
from components.config.settings import USED
from components.system.processes import cores
from components.training.altered import altered

if TYPE_CHECKING:
    from components.config.params import Training

_BF16 = ("amx_bf16", "avx512_bf16")
"""The instructions with which a processor computes in bf16; without them it would be emulated, and slow."""
_COMPILED_STEPS = 20_000
"""Steps from which compilation is taken to pay on a GPU: it costs about a minute, and saves milliseconds a step."""
_KEEP = {-4: 0, -1: 2**31 - 1, -2: 64 << 20}
"""Options of mallopt(3): M_MMAP_MAX, so that large blocks come from the heap; M_TRIM_THRESHOLD; M_TOP_PAD."""
_STARTED = "LOCAL_WORLD_SIZE"
"""The variable in which torchrun says how many processes it started on this node."""


@dataclass(frozen=True)
class HardwarePlan:
    """How a training uses its machine."""

    accelerator: str
    """`cpu` or `gpu`."""
    devices: int
    """Processes of this node, each with a GPU or with CPU threads of its own."""
    precision: str
    """Lightning's name."""
    layout: str
    """Of pictures and kernels in memory: `channels_last` or `contiguous`."""
    compile: bool
    threads: int
    reasons: dict[str, str] = field(default_factory=dict, compare=False)
    """Why, for what was left to `auto`."""

    def facts(self) -> dict[str, Any]:
        """Return what was decided, by name."""
        return {name: value for name, value in asdict(self).items() if name != "reasons"}

    def __str__(self) -> str:
        told = [(name, value, self.reasons.get(name, "as params.yaml says")) for name, value in self.facts().items()]
        return "; ".join(f"{name} {value} ({why})" for name, value, why in told)


def plan(config: "Training", steps: int) -> HardwarePlan:
    """Decide what is `auto`; what the user chose is taken.

    Args:
        config: the section `train`.
        steps: of the whole training.

    Raises:
        ConfigError: the user chose what this machine does not have.
    """
    config, reasons = _as_recorded(config)
    accelerator = _accelerator(config, reasons)
    devices = _devices(config, accelerator, reasons)
    precision = _precision(config, accelerator, reasons)
    layout = _layout(config, reasons)
    compiled = _compile(config, accelerator, steps, reasons)
    threads = _threads(config, devices, reasons)
    return HardwarePlan(accelerator, devices, precision, layout, compiled, threads, reasons)


def make_repeatable(seed: int, threads: int) -> None:
    """Fix all that makes two runs on one machine differ: seed, thread count, nondeterministic kernels."""
    torch.set_num_threads(threads)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what CUDA's matrix products need for it
    torch.use_deterministic_algorithms(True, warn_only=torch.cuda.is_available())  # a few kernels have no such form
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # ours is always written before it is read
    torch.manual_seed(seed)


def keep_memory() -> None:
    """Have the C library keep the memory that a step gives back: the next one wants as much.

    Otherwise each step has the kernel clear thousands of pages anew, a tenth of the CPU time of a training on pictures.
    """
    try:
        allocator = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # not glibc
        return
    for option, value in _KEEP.items():
        allocator(option, value)


def device(accelerator: str) -> str:
    """Return the name of the GPU that computes, or `cpu`."""
    return str(torch.cuda.get_device_name()) if accelerator == "gpu" else "cpu"


def threads(config: "Training") -> int:
    """Return the CPU threads of one process."""
    config, _ = _as_recorded(config)
    return config.threads if config.threads != "auto" else max(1, cores() // 2)


def _as_recorded(config: "Training") -> tuple["Training", dict[str, str]]:
    """Return the section with each `auto` as it came out in the training that is made again, and why it did.

    A GPU that is not here cannot be had again: then `auto` means what it means here.
    """
    used = json.loads(os.environ.get(USED) or "{}")
    if used.get("accelerator") == "gpu" and not torch.cuda.is_available():
        used = {}
    again = {name: value for name, value in used.items() if getattr(config, name, None) == "auto"}
    return altered(config, **again), dict.fromkeys(again, "as recorded")


def _accelerator(config: "Training", reasons: dict[str, str]) -> str:
    there = torch.cuda.is_available()
    if config.accelerator == "gpu" and not there:
        raise ConfigError("train.accelerator: gpu, but torch sees none here; say cpu, or install torch with CUDA")
    if config.accelerator != "auto":
        return config.accelerator
    reasons["accelerator"] = f"auto: torch sees {torch.cuda.device_count()} GPU" if there else "auto: torch sees no GPU"
    return "gpu" if there else "cpu"


def _devices(config: "Training", accelerator: str, reasons: dict[str, str]) -> int:
    started = int(os.environ.get(_STARTED, 0))
    if config.devices == "auto":
        found, reasons["devices"] = _automatic_devices(accelerator, started)
        return found
    if started not in (0, config.devices):
        raise ConfigError(f"train.devices: {config.devices}, but torchrun started {started} processes on this node")
    if accelerator == "gpu" and config.devices > torch.cuda.device_count():
        raise ConfigError(f"train.devices: {config.devices}, but torch sees {torch.cuda.device_count()} GPU here")
    return config.devices


def _automatic_devices(accelerator: str, started: int) -> tuple[int, str]:
    if started:
        return started, "auto: as many as torchrun started"
    if accelerator == "gpu":
        return torch.cuda.device_count(), "auto: every GPU"
    return 1, "auto: one process on a CPU"


def _precision(config: "Training", accelerator: str, reasons: dict[str, str]) -> str:
    if config.precision != "auto":
        return config.precision
    if accelerator == "gpu":
        able = bool(torch.cuda.is_bf16_supported(including_emulation=False))
        reasons["precision"] = f"auto: the GPU {'computes' if able else 'does not compute'} in bf16"
    elif why := getattr(config, "in_32_bit", str)():  # the core takes any object with the attributes it needs
        able, reasons["precision"] = False, f"auto: {why}"
    else:
        found = [name for name in _BF16 if torch.cpu.get_capabilities().get(name)]
        able = bool(found)
        reasons["precision"] = f"auto: the processor has {found[0] if found else 'neither ' + ' nor '.join(_BF16)}"
    return "bf16-mixed" if able else "32-true"


def _layout(config: "Training", reasons: dict[str, str]) -> str:
    if config.strategy == "fsdp":
        if config.layout == "channels_last":
            raise ConfigError("train.layout: fsdp splits contiguous weights alone; say auto or contiguous")
        reasons["layout"] = "fsdp splits contiguous weights alone"
        return "contiguous"
    if config.layout != "auto":
        return config.layout
    reasons["layout"] = "auto: convolutions are faster so in 32 bit and in bf16"
    return "channels_last"


def _compile(config: "Training", accelerator: str, steps: int, reasons: dict[str, str]) -> bool:
    if config.compile != "auto":
        return config.compile
    if accelerator == "cpu":
        reasons["compile"] = "auto: it does not pay on a CPU"
        return False
    pays = steps >= _COMPILED_STEPS
    reasons["compile"] = f"auto: {steps:,} steps {'pay' if pays else 'do not pay'} for it"
    return pays


def _threads(config: "Training", devices: int, reasons: dict[str, str]) -> int:
    if config.threads != "auto":
        return config.threads
    share = max(1, threads(config) // devices)
    reasons["threads"] = f"auto: half of {cores()} cores" + (f", for {devices} processes" if devices > 1 else "")
    return share
