"""Every benchmark once at `--quick`, one after the other: which of them run, and how long each takes.

    python -m benchmarks [NAME ...] [--limit SECONDS] [--logs FOLDER]

Wants what `make run` leaves of garments and of fraud. What each prints is in FOLDER, `state/benchmarks` if nothing is
said. The status is 1 where one of them fails.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import harness

FOLDER = harness.ROOT / "benchmarks"
HELPERS = ("__main__", "load", "throttled")
ARGUMENTS = {"fuzz": ["artifacts/garments/bundle"]}
"""What a script does not run without."""


def main() -> None:
    """Run them, a line for each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="which; all of them if none is named")
    parser.add_argument("--limit", type=float, default=1800.0, help="seconds that one may take (%(default)g)")
    parser.add_argument("--logs", type=Path, default=harness.ROOT / "state/benchmarks")
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - set(scripts())):
        parser.error(f"there is no benchmark {unknown[0]}; there are {', '.join(scripts())}")
    options.logs.mkdir(parents=True, exist_ok=True)
    failed = [name for name in options.names or scripts() if not ran(name, options.limit, options.logs)]
    if failed:
        sys.exit(f"{len(failed)} failed: {', '.join(failed)}; what they said is in {options.logs}")


def scripts() -> list[str]:
    """Return the names of the benchmarks."""
    found = sorted(path for path in FOLDER.glob("*.py") if path.stem not in HELPERS)
    return [path.stem for path in found if "__main__" in path.read_text()]


def ran(name: str, limit: float, logs: Path) -> bool:
    """Run one, say how it went; return whether it ended well."""
    command, began = [*harness.command(f"benchmarks.{name}"), *ARGUMENTS.get(name, []), "--quick"], time.monotonic()
    with (logs / f"{name}.log").open("w") as log:
        try:
            status = subprocess.run(command, stdout=log, stderr=log, timeout=limit).returncode
            how = "ran" if status == 0 else f"failed with status {status}"
        except subprocess.TimeoutExpired:
            how = f"took more than {limit:g} s"
    print(f"{name:20} {how}, {time.monotonic() - began:.0f} s", flush=True)
    return how == "ran"


if __name__ == "__main__":
    main()
