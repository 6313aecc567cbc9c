"""What GPUs can compute at most, by their data sheets."""

import re

PEAKS: tuple[tuple[str, dict[str, float]], ...] = (
    (r"H200 NVL", {"fp32": 60.0, "tf32": 417.5, "bf16": 835.5}),
    (r"H100 PCIe", {"fp32": 51.0, "tf32": 378.0, "bf16": 756.0}),
    (r"H100 80GB|H200", {"fp32": 67.0, "tf32": 494.5, "bf16": 989.5}),
    (r"A100", {"fp32": 19.5, "tf32": 156.0, "bf16": 312.0}),
    (r"A10$", {"fp32": 31.2, "tf32": 62.5, "bf16": 125.0}),
    (r"L40S", {"fp32": 91.6, "tf32": 183.0, "bf16": 362.0}),
    (r"L4$", {"fp32": 30.3, "tf32": 60.0, "bf16": 121.0}),
    (r"T4$", {"fp32": 8.1}),
    (r"V100-SXM", {"fp32": 15.7}),
)
"""By the device's name: dense TFLOP/s of NVIDIA's data sheets of these products (where they print figures with
sparsity, half of them)."""


def peak(device: str, precision: str) -> float | None:
    """Return the peak in TFLOP/s of the data sheet, where it is known."""
    return next((by.get(precision) for pattern, by in PEAKS if re.search(pattern, device)), None)
