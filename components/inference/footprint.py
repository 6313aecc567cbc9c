"""What a bundle costs where it works: time of an example, memory of a process that answers with it.

`python -m components.inference.footprint BUNDLE` prints that process's peak, in bytes.
"""

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from components.config.errors import BundleError
from components.inference.bundle import Bundle

_ROUNDS = 25
_TOGETHER = 32  # examples of the largest batch that is asked for
_STATUS = Path("/proc/self/status")


def milliseconds(bundles: Sequence[Bundle], example: NDArray[Any]) -> list[float]:
    """Return the median time that each bundle takes for one example, `[1, ...]`, on one thread; they take turns."""
    taken: list[list[float]] = [[] for _ in bundles]
    for turn in range(_ROUNDS + 1):
        for times, bundle in zip(taken, bundles, strict=True):
            began = time.thread_time()  # of this thread alone: other work on the machine does not count
            bundle.outputs(example)
            if turn:  # the first one warms up
                times.append(1e3 * (time.thread_time() - began))
    return [statistics.median(times) for times in taken]


def peak_megabytes(bundle: Path) -> float:
    """Return the most memory that a process of its own takes which opens the bundle and answers with it."""
    command = [sys.executable, "-m", __name__, str(bundle.resolve())]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise BundleError(f"{bundle}: no process can answer with it: {done.stderr.strip().splitlines()[-1:]}")
    return int(done.stdout) / 1e6


def _peak(path: Path) -> int:
    bundle = Bundle(path)
    for count in (1, _TOGETHER if bundle.takes_many else 1):
        bundle.outputs(bundle.nothing(count))
    return _high_water()


def _high_water() -> int:
    """Return the most bytes that this process has held. On Linux `ru_maxrss` would count its parent's, before exec."""
    if _STATUS.exists():
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS: in bytes


if __name__ == "__main__":
    sys.stdout.write(f"{_peak(Path(sys.argv[1]))}\n")
