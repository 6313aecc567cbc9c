"""What the hardware can do: which precision `auto` means, and the arithmetic made repeatable."""

import os
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from components.config.params import Training


def precision(config: "Training") -> str:
    """Return Lightning's name for the precision: what the user chose, or bf16 where the hardware computes in it."""
    if config.precision != "auto":
        return config.precision
    return "bf16-mixed" if _computes_in_bf16(config) else "32-true"


def make_repeatable(config: "Training") -> None:
    """Fix all that makes two runs on one machine differ: seed, thread count, nondeterministic kernels."""
    torch.set_num_threads(config.threads)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what CUDA's matrix products need for it
    torch.use_deterministic_algorithms(True, warn_only=torch.cuda.is_available())  # a few kernels have no such form
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # ours is always written before it is read
    torch.manual_seed(config.seed)


def _computes_in_bf16(config: "Training") -> bool:
    if config.accelerator != "cpu" and torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
