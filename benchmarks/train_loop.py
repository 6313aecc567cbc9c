"""What the training loop costs in CPU time beside a bare PyTorch loop with the same network, recipe and data.

    python -m benchmarks.train_loop [--quick] [--json FILE] [--data DIR] [--folder FOLDER]

Ours has everything on that a user gets: progress, the learning curve in a new MLflow store, the monitor of the machine,
checkpoints, metrics. Bare are two loops, the second the control: a batch, the loss, the gradients, the optimizer, the
schedule; at the end of an epoch the validation loss and metric by plain sums.

The three take turns inside one process: before a batch is handed to ours, both bare loops make the same step, with
models, batches and random numbers of their own. Other work on the machine then slows all three alike, which it does not
where whole runs are compared. Time is that of the main thread (`time.thread_time`); what threads beside it use (the
monitor) is ours, for its part of the time. That the three end with the same weights, bit by bit, shows that they did
the same work. Each repetition is a process of its own.

The limit is 2 % for pictures, in the whole run of `quick` with `width: 32` and `epochs: 5`. A step on a table takes a
millisecond or two: there the overhead is told by the step. `--quick` makes one repetition of one epoch.
"""

import argparse
import contextlib
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar, cast

import torch
from torch import Tensor

from benchmarks import harness
from benchmarks.bare import Bare
from benchmarks.fraud import silence, simulated
from benchmarks.prepare import CONFIG as PREPARE
from components import catalogue
from components.config.settings import tracking_uri
from components.kinds.image import params as image
from components.kinds.prepared import PreparedData, open_prepared
from components.kinds.table import params as table
from components.kinds.table.prepare import prepare
from components.kinds.table.source import simulator
from components.tracking.runs import running
from components.tracking.store import open_store
from components.training.loop import fit
from components.training.run_logger import RunLogger

RECIPES = {
    "image": image.Train.model_validate({"recipe": "quick", "width": 32, "epochs": 5}),
    "table": table.Train(epochs=10, batch_size=512),
}
CUSTOMERS = 0.3  # times those of the simulated table's default
INTERVAL = 180.0
"""Seconds between two checkpoints: three times the default, for three loops share the time."""
ARMS = ("bare", "again", "ours")

T = TypeVar("T")


def main() -> None:
    """Measure, print the tables, and write them where the user wants them."""
    parser = harness.parser(__doc__, quick="one repetition of one epoch")
    parser.add_argument("--data", type=Path, default=harness.PREPARED, help="prepared pictures")
    parser.add_argument("--folder", type=Path, help="where the temporary files go")
    parser.add_argument("--single", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.single:
        print(json.dumps(single_run(options.single, open_prepared(options.data), options.quick)))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        figures = measure(Path(folder), options.data.resolve(), options.quick)
    harness.finish(figures, report, options.json)


def measure(folder: Path, pictures: Path, quick: bool) -> dict[str, Any]:
    """Return the figures of every repetition by kind."""
    sets = {"image": pictures, "table": records(folder)}
    runs: dict[str, list[Any]] = {kind: [] for kind in sets}
    for number in range(1 if quick else 3):
        for kind, data in sets.items():
            runs[kind].append(apart(folder / f"{kind}-{number}", kind, data, quick))
    return {"runs": runs}


def records(folder: Path) -> Path:
    """Prepare simulated payments."""
    raw, out = simulated(folder, simulator.scaled(simulator.Simulation(), CUSTOMERS)), folder / "payments"
    out.mkdir()
    with contextlib.redirect_stderr(io.StringIO()):
        prepare(raw, out, PREPARE, folder / "schema.yaml")
    return out


def apart(folder: Path, kind: str, data: Path, quick: bool) -> Any:
    """Return what `single_run` measures in a process of its own, whose MLflow store is in `folder`."""
    folder.mkdir()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    command = [*harness.command("benchmarks.train_loop"), "--single", kind, "--data", str(data)]
    variables = {**clean, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(harness.ROOT)}
    done = subprocess.run(command + ["--quick"] * quick, cwd=folder, env=variables, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def single_run(kind: str, data: PreparedData, quick: bool) -> dict[str, Any]:
    """Train three times in turns; return the CPU seconds of each arm by part, and whether the weights are the same."""
    silence()
    config = RECIPES[kind].model_copy(update={"checkpoint_every": INTERVAL, **({"epochs": 1} if quick else {})})
    Bare(kind, data, config).step()  # a warm-up
    laps = Laps()
    bare = {arm: laps.timed(f"{arm} start", lambda: Bare(kind, data, config)) for arm in ARMS[:2]}
    store = open_store(kind)
    with contextlib.redirect_stdout(io.StringIO()), running(store, "benchmark", config.model_dump()) as run:
        log_to = RunLogger({}, tracking_uri=tracking_uri(), run_id=run.info.run_id)
        beside = time.process_time() - time.thread_time()
        laps.turn("ours start")
        trained = fit(Turns(catalogue.learner(kind, data.task), bare, laps), data, config, [log_to], Path("last.ckpt"))
        laps.turn("")
        beside = time.process_time() - time.thread_time() - beside
    return {
        "parameters": sum(weights.numel() for weights in bare["bare"].module.parameters()),
        "batch_size": config.batch_size,
        "arms": {arm: laps.of(arm) for arm in ARMS},
        "beside_s": beside * laps.total("ours") / sum(map(laps.total, ARMS)),
        "same_weights": all(same(arm.module.state_dict(), trained.weights) for arm in bare.values()),
    }


def same(state: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    """Return whether two modules are the same, bit by bit."""
    return state.keys() == other.keys() and all(torch.equal(value, other[key]) for key, value in state.items())


class Laps:
    """CPU seconds of the main thread by what it did; each lap ends where the next begins."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.turn("")

    def turn(self, name: str) -> None:
        """Begin the lap `name`."""
        now = time.thread_time()
        if hasattr(self, "_name"):
            self.seconds[self._name].append(now - self._since)
        self._name, self._since = name, now

    def timed(self, name: str, what: Callable[[], T]) -> T:
        """Return what `what` returns, which is a lap of its own."""
        self.turn(name)
        done = what()
        self.turn("")
        return done

    def total(self, arm: str) -> float:
        """Return the seconds of all laps of the arm."""
        return sum(chain(*(laps for name, laps in self.seconds.items() if name.startswith(arm))))

    def of(self, arm: str) -> dict[str, list[float]]:
        """Return the laps of the arm by part: `start`, `step`, `epoch` (what is done at its end)."""
        return {part: self.seconds[f"{arm} {part}"] for part in ("start", "step", "epoch")}


class Turns:
    """A learner whose batches let the bare loops go first."""

    def __init__(self, learner: Any, bare: dict[str, Bare], laps: Laps) -> None:
        self.learner, self.bare, self.laps = learner, bare, laps

    def __getattr__(self, name: str) -> Any:
        return getattr(self.learner, name)

    def loaders(self, *given: Any) -> tuple[Any, Any]:
        """Return its own, each followed by the turns of its part."""
        training, validation = self.learner.loaders(*given)
        return _InTurn(training, self, "step"), _InTurn(validation, self, "epoch")

    def others(self, part: str, number: int) -> None:
        """Let the bare loops do their part, in an order that changes, then begin a lap of ours."""
        self.laps.turn("")
        for name in sorted(self.bare, reverse=number % 2 == 1):
            self.bare[name].draw()
            self.laps.timed(f"{name} {part}", getattr(self.bare[name], part))
        self.laps.turn(f"ours {part}")


class _InTurn:
    """Batches, each handed out after the others' turn (`step`), or all after one turn (`epoch`)."""

    def __init__(self, batches: Any, turns: Turns, part: str) -> None:
        self.batches, self.turns, self.part = batches, turns, part

    def __getattr__(self, name: str) -> Any:
        return getattr(self.batches, name)

    @property
    def share(self) -> Any:
        """Which part of every batch is this process's."""
        return self.batches.share

    @share.setter
    def share(self, share: Any) -> None:
        self.batches.share = share

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Any]:
        inner = iter(self.batches)
        for number in range(len(self)):
            if self.part == "step" or number == 0:
                self.turns.others(self.part, number)
            yield next(inner)

    def state_dict(self) -> dict[str, Any]:
        """Return where the batches stand."""
        return cast("dict[str, Any]", self.batches.state_dict())

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.batches.load_state_dict(state)


def report(figures: dict[str, Any]) -> None:
    """Print a table for each kind."""
    print(f"{'machine':36} {figures['machine']}")
    for kind, runs in figures["runs"].items():
        steps, epochs = (len(runs[0]["arms"]["ours"][part]) for part in ("step", "epoch"))
        about = f"{runs[0]['parameters']:,} parameters, {epochs} epochs, {steps} steps of {runs[0]['batch_size']}"
        print(f"\n{kind}: {about}; medians of {len(runs)} runs")
        print(f"{'CPU time':36} " + " ".join(f"{head:>14}" for head in (*ARMS, "ours - bare")))
        for name, scale, unit, of in ROWS:
            values = [statistics.median(of(run, arm) * scale for run in runs) for arm in ARMS]
            print(f"{name:36} " + " ".join(f"{value:>11.2f} {unit:2}" for value in (*values, values[2] - values[0])))
        for arm, name in (("ours", "a step, ours - bare"), ("again", "control: again - bare")):
            low, middle, high = statistics.quantiles(chain(*(differences(run, arm) for run in runs)), n=4)
            print(f"{name:36} {1e6 * middle:.0f} us (quartiles {1e6 * low:.0f} to {1e6 * high:.0f})")
        for arm, name in (("ours", "ours / bare"), ("again", "control: again / bare")):
            ratios = sorted(whole(run, arm) / whole(run, "bare") for run in runs)
            print(f"{name:36} {statistics.median(ratios):.4f} ({ratios[0]:.4f} to {ratios[-1]:.4f})")
        print(f"{'the same weights':36} {'yes' if all(run['same_weights'] for run in runs) else 'NO'}")


def whole(run: Any, arm: str) -> float:
    """Return the CPU seconds of the whole run, threads beside ours included."""
    return sum(map(sum, run["arms"][arm].values())) + (run["beside_s"] if arm == "ours" else 0.0)


def differences(run: Any, arm: str) -> list[float]:
    """Return by how many CPU seconds each step of the arm was longer than the same step of the bare loop."""
    return [ours - bare for ours, bare in zip(run["arms"][arm]["step"], run["arms"]["bare"]["step"], strict=True)]


ROWS = [
    ("start", 1e3, "ms", lambda run, arm: sum(run["arms"][arm]["start"])),
    ("a step, median", 1e3, "ms", lambda run, arm: statistics.median(run["arms"][arm]["step"])),
    ("a step, mean", 1e3, "ms", lambda run, arm: statistics.mean(run["arms"][arm]["step"])),
    ("the end of an epoch, validation", 1e3, "ms", lambda run, arm: statistics.mean(run["arms"][arm]["epoch"])),
    ("threads beside, the whole run", 1e3, "ms", lambda run, arm: run["beside_s"] if arm == "ours" else 0.0),
    ("the whole run", 1.0, "s", whole),
]
"""Name, factor, unit, and the figure of a run and an arm."""


if __name__ == "__main__":
    main()
