"""Whether the endpoint, or a training step, has become slower since the last release: `make perf`.

    python -m benchmarks.perf [--keep] [--rounds N] [--seconds S] [--bundle DIR] [--data DIR] [--json FILE] [--quick]

    endpoint         CPU time of an answer, beside bare Starlette with the same graph (benchmarks/peers/bare.py)
    training step    CPU time of a step of the recipe `quick`, beside a bare PyTorch loop (benchmarks/train_loop.py)

Both are ratios to a control that is measured in turn with them, on the same machine: other work and another processor
change both alike, as far as they do. What the last release had is in benchmarks/perf.json. The change is that of the
medians, its interval what 2,000 bootstraps over the rounds give, at 95 %. Slower is said, and the exit status is 1,
where all of the interval is over 5 % more. On a processor of another name the same is said, and the status stays 0: how
much of a ratio is the processor's is not known. `--keep` writes what was measured into the file, for a release.
"""

import json
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks import harness
from benchmarks.arms import Arms
from benchmarks.search import tenth
from benchmarks.serving import asked
from benchmarks.train_loop import apart
from components.config.settings import artifacts
from components.kinds.prepared import PreparedData, open_prepared

KEPT = Path(__file__).with_name("perf.json")
MORE = 1.05
"""Times as much, from which on it counts as slower."""
MANY = 32  # connections
_DRAWN = 2_000
_OUTSIDE = 0.025

Figures = Mapping[str, Sequence[float]]
"""By what was measured, the ratio to its control of each round."""


class Change(NamedTuple):
    """How many times as slow as the last release."""

    value: float
    low: float
    high: float

    @property
    def slower(self) -> bool:
        """Whether it is, beyond chance and the margin."""
        return self.low > MORE


def main() -> None:
    """Measure, print the table, and end with 1 where something has become slower."""
    parser = harness.parser(__doc__, quick="two short rounds")
    parser.add_argument("--keep", action="store_true", help=f"write it into {KEPT.name}")
    parser.add_argument("--rounds", type=int, help="how often each is measured (8)")
    parser.add_argument("--seconds", type=float, help="of one measurement of the endpoint (3)")
    parser.add_argument("--bundle", type=Path, default=artifacts("garments", "bundle"), help="that is served")
    parser.add_argument("--data", type=Path, default=harness.PREPARED, help="prepared pictures")
    options = parser.parse_args()
    rounds, seconds = options.rounds or (2 if options.quick else 8), options.seconds or (0.5 if options.quick else 3.0)
    if not options.data.is_dir() or not options.bundle.is_dir():
        parser.error(f"{options.data} and {options.bundle} are needed: make run")
    data = open_prepared(options.data)
    with tempfile.TemporaryDirectory() as folder:
        figures = {
            "endpoint": endpoint(options.bundle, data, Path(folder), rounds, seconds),
            "training step": training(data, Path(folder), rounds),
        }
    before = json.loads(KEPT.read_text()) if KEPT.exists() else None
    harness.finish({"release": release(), "ratios": figures, "before": before}, report, options.json)
    if options.keep:
        kept = {"release": release(), "machine": harness.machine(), "ratios": figures}
        KEPT.write_text(json.dumps(kept, indent=2) + "\n")
    elif before and before["machine"] == harness.machine():
        sys.exit(any(each.slower for each in changes(before["ratios"], figures).values()))


def release() -> str:
    """Return the version that is in the project's description."""
    lines = (harness.ROOT / "pyproject.toml").read_text().splitlines()
    return next(line.split('"')[1] for line in lines if line.startswith("version"))


def endpoint(bundle: Path, data: PreparedData, folder: Path, rounds: int, seconds: float) -> list[float]:
    """Return the CPU time of an answer by that of the bare server, of each round."""
    arms = Arms(bundle, data, folder)
    made = {name: arms.makers[name]() for name in ("ours-1", "bare-1")}
    found: dict[str, list[float]] = {name: [] for name in made}
    for number, name in harness.turns(made, rounds):
        found[name].append(asked(made[name], [MANY], seconds)[MANY]["cpu_us"])
        print(f"round {number + 1} of {rounds}: {name}", file=sys.stderr)
    return [ours / bare for ours, bare in zip(found["ours-1"], found["bare-1"], strict=True)]


def training(data: PreparedData, folder: Path, rounds: int) -> list[float]:
    """Return the CPU time of a step by that of a bare loop, of each round: the median over the steps of an epoch."""
    (part := folder / "tenth").mkdir()
    tenth(data, 0, part)
    found = []
    for number in range(rounds):
        arms = apart(folder / f"training-{number}", "image", part, quick=True)["arms"]
        steps = zip(arms["ours"]["step"], arms["bare"]["step"], strict=True)
        found.append(statistics.median(ours / bare for ours, bare in steps))
        print(f"round {number + 1} of {rounds}: training", file=sys.stderr)
    return found


def changes(before: Figures, today: Figures, seed: int = 0) -> dict[str, Change]:
    """Return how each figure has changed that both have."""
    random = np.random.default_rng(seed)
    found = {}
    for name in (name for name in today if name in before):
        ours, theirs = np.array(today[name]), np.array(before[name])
        drawn = [np.median(random.choice(each, (_DRAWN, len(each))), axis=1) for each in (ours, theirs)]
        low, high = np.quantile(drawn[0] / drawn[1], [_OUTSIDE, 1 - _OUTSIDE])
        found[name] = Change(float(np.median(ours) / np.median(theirs)), float(low), float(high))
    return found


def report(figures: dict[str, Any]) -> None:
    """Print the table."""
    before, today = figures["before"], figures["ratios"]
    print(f"{figures['machine']}; medians of {len(today['endpoint'])} rounds, beside the control\n")
    if before is None:
        print("| | today |\n|---|---|")
        print("\n".join(f"| {name} | {statistics.median(each):.3f} |" for name, each in today.items()))
        print(f"\nno release is kept in {KEPT.name}: --keep writes this one")
        return
    found = changes(before["ratios"], today)
    print(f"| | release {before['release']} | today | change | |\n|---|---|---|---|---|")
    for name, change in found.items():
        was, now = (statistics.median(each[name]) for each in (before["ratios"], today))
        said = "SLOWER" if change.slower else "as before" if change.high > 1 / MORE else "faster"
        print(
            f"| {name} | {was:.3f} | {now:.3f} | {change.value:.3f} ({change.low:.3f} to {change.high:.3f}) | {said} |"
        )
    if before["machine"] != figures["machine"]:
        print(f"\nthe release was measured on another processor ({before['machine']}): take it with care")


if __name__ == "__main__":
    main()
