"""What the benchmarks share: their options, the machine, arms that take turns with a control, where figures go."""

import argparse
import json
import os
import platform
import re
import statistics
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parent.parent
"""The project's folder."""
PREPARED = ROOT / "artifacts/garments/prepared"
"""The prepared garments: `dvc repro prepare@garments` makes them."""

Arm = TypeVar("Arm")


def parser(about: str | None, quick: str) -> argparse.ArgumentParser:
    """Return a parser with the options of every benchmark.

    Args:
        about: the script's docstring; its first line is shown.
        quick: what `--quick` does.
    """
    made = argparse.ArgumentParser(description=(about or "").splitlines()[0])
    made.add_argument("--quick", action="store_true", help=quick)
    made.add_argument("--json", type=Path, help="write the figures to this file")
    return made


def finish(figures: Mapping[str, Any], report: Callable[[Any], None], file: Path | None) -> None:
    """Print the figures and the machine by `report`, and write them as JSON where the user wants them."""
    whole = {"machine": machine(), **figures}
    report(whole)
    if file:
        file.write_text(json.dumps(whole, indent=2) + "\n")


def machine() -> str:
    """Return the processor, its cores and the Python, in words."""
    about = Path("/proc/cpuinfo")
    names = re.findall(r"^model name\s*: (.*)$", about.read_text(), re.MULTILINE) if about.is_file() else []
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def command(module: str) -> list[str]:
    """Return the command that runs a benchmark's module in a process of its own, from the project's folder."""
    return [sys.executable, "-m", module]


def turns(arms: Collection[Arm], repetitions: int) -> Iterator[tuple[int, Arm]]:
    """Yield (repetition, arm), each arm once a repetition; the order turns, so that none is always behind another."""
    order = list(arms)
    for repetition in range(repetitions):
        first = repetition % len(order)
        for arm in order[first:] + order[:first]:
            yield repetition, arm


def control(figures: Sequence[float]) -> float:
    """Return what chance makes of an arm held against itself: the median of odd repetitions by that of even ones."""
    return statistics.median(figures[1::2]) / statistics.median(figures[::2])
