"""What a process that computes on GPUs has used of them: torch says how many and how much memory, NVML the energy."""

import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

_DRIVER = Path("/dev/nvidiactl")


class Gpus(NamedTuple):
    """The GPUs that this process has used."""

    name: str
    devices: int
    peak_memory: int
    """Bytes that torch had reserved at most, of all together."""
    identities: tuple[str, ...]
    """Their UUIDs, as NVML has them."""


def gpus() -> Gpus | None:
    """Return the GPUs that this process has used up to now; None: it has used none. Imports nothing for that."""
    torch: Any = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return None
    peaks = {number: torch.cuda.max_memory_reserved(number) for number in range(torch.cuda.device_count())}
    used = [number for number, peak in peaks.items() if peak]
    if not used:
        return None
    identities = tuple(f"GPU-{torch.cuda.get_device_properties(number).uuid}" for number in used)
    return Gpus(torch.cuda.get_device_name(used[0]), len(used), sum(peaks.values()), identities)


def joules() -> dict[str, float]:
    """Return what each GPU of the machine has used since its driver was loaded, by its UUID; nothing is not told."""
    found: dict[str, float] = {}
    if not _DRIVER.exists():
        return found
    with suppress(Exception):  # no library, no permission, a GPU from before Volta: NVML has an error for each
        import pynvml

        pynvml.nvmlInit()
        for number in range(pynvml.nvmlDeviceGetCount()):
            handle = pynvml.nvmlDeviceGetHandleByIndex(number)
            found[str(pynvml.nvmlDeviceGetUUID(handle))] = pynvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1000
    return found


def used_joules(used: Gpus | None, before: Mapping[str, float]) -> float | None:
    """Return what the GPUs that were used have counted since `before`; None: none was, or they do not tell."""
    now = joules() if used else {}
    if used is None or any(identity not in now or identity not in before for identity in used.identities):
        return None
    return round(sum(now[identity] - before[identity] for identity in used.identities), 3)
