"""What the training loop costs in CPU time beside a bare PyTorch loop with the same network, recipe and data.

    python benchmarks/train_loop.py [--quick] [--json FILE] [--data DIR] [--folder FOLDER]

Ours has everything on that a user gets: progress, the learning curve in a new MLflow store, the monitor of the machine,
checkpoints, metrics. Bare are two loops, the second the control: a batch, the loss, the gradients, the optimizer, the
schedule; at the end of an epoch the validation loss and metric by plain sums.

The three take turns inside one process: before a batch is handed to ours, both bare loops make the same step, with
models, batches and random numbers of their own. Other work on the machine then slows all three alike, which it does not
where whole runs are compared. Time is that of the main thread (`time.thread_time`); what threads beside it use (the
monitor) is ours, for its part of the time. That the three end with the same weights, bit by bit, shows that they did
the same work. Each repetition is a process of its own.

The limit is 2 % for pictures, in the whole run of the recipe that is the default. A step on a table takes a millisecond
or two: there the overhead is told by the step. `--quick` makes one repetition of one epoch.
"""

import argparse
import contextlib
import io
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional
from torchmetrics.functional.classification import binary_average_precision

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.fraud import simulated  # noqa: E402 - the project is run from its folder, never installed
from benchmarks.loop import machine  # noqa: E402 - the project is run from its folder, never installed
from benchmarks.prepare import CONFIG as PREPARE  # noqa: E402
from components.config.settings import tracking_uri  # noqa: E402
from components.kinds import catalogue  # noqa: E402
from components.kinds.image import params as image  # noqa: E402
from components.kinds.prepared import PreparedData, open_prepared  # noqa: E402
from components.kinds.table import params as table  # noqa: E402
from components.kinds.table.learner.threshold import choose  # noqa: E402
from components.kinds.table.prepare import prepare  # noqa: E402
from components.kinds.table.source import simulator  # noqa: E402
from components.tracking.runs import new_run  # noqa: E402
from components.tracking.store import open_store  # noqa: E402
from components.training import hardware  # noqa: E402
from components.training.loop import fit  # noqa: E402
from components.training.train import _RunLogger  # noqa: E402

RECIPES = {"image": image.Train(epochs=5, batch_size=256), "table": table.Train(epochs=10, batch_size=512)}
CUSTOMERS = 0.3  # times those of the simulated table's default
ARMS = ("bare", "again", "ours")


def main() -> None:
    """Measure, print the tables, and write them where the user wants them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one repetition of one epoch")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--data", type=Path, default=ROOT / "artifacts/garments/prepared", help="prepared pictures")
    parser.add_argument("--folder", type=Path, help="where the temporary files go")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(options.one, open_prepared(options.data), options.quick)))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        figures = measure(Path(folder), options.data.resolve(), options.quick)
    report(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


def measure(folder: Path, pictures: Path, quick: bool) -> dict[str, Any]:
    """Return the figures of every repetition by kind."""
    sets = {"image": pictures, "table": records(folder)}
    runs: dict[str, list[Any]] = {kind: [] for kind in sets}
    for number in range(1 if quick else 3):
        for kind, data in sets.items():
            runs[kind].append(apart(folder / f"{kind}-{number}", kind, data, quick))
    return {"machine": machine(), "runs": runs}


def records(folder: Path) -> Path:
    """Prepare simulated payments."""
    raw, out = simulated(folder, simulator.scaled(simulator.Simulation(), CUSTOMERS)), folder / "payments"
    out.mkdir()
    with contextlib.redirect_stderr(io.StringIO()):
        prepare(raw, out, PREPARE, folder / "schema.yaml")
    return out


def apart(folder: Path, kind: str, data: Path, quick: bool) -> Any:
    """Return what `one` measures in a process of its own, whose MLflow store is in `folder`."""
    folder.mkdir()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    command = [sys.executable, str(Path(__file__).resolve()), "--one", kind, "--data", str(data)]
    done = subprocess.run(
        command + ["--quick"] * quick, cwd=folder, env={**clean, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def one(kind: str, data: PreparedData, quick: bool) -> dict[str, Any]:
    """Teach three times in turns; return the CPU seconds of each arm by part, and whether the weights are the same."""
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", r".*treespec, LeafSpec.* is deprecated")
    config = RECIPES[kind].model_copy(update={"epochs": 1} if quick else {})
    Bare("warm-up", kind, data, config, Laps()).take("step")
    laps = Laps()
    bare = [Bare(name, kind, data, config, laps) for name in ARMS[:2]]
    store = open_store(kind)
    with contextlib.redirect_stdout(io.StringIO()), new_run(store, config.model_dump()) as run:
        log_to = _RunLogger(tracking_uri=tracking_uri(), run_id=run.info.run_id)
        beside = time.process_time() - time.thread_time()
        laps.turn("ours start")
        taught = fit(Turns(kind, bare, laps), data, config, [log_to])
        laps.turn("")
        beside += time.process_time() - time.thread_time() - 2 * beside
    state = taught.module.state_dict()
    return {
        "parameters": sum(weights.numel() for weights in taught.module.parameters()),
        "batch_size": config.batch_size,
        "arms": {arm: laps.of(arm) for arm in ARMS},
        "beside_s": beside * laps.total("ours") / sum(map(laps.total, ARMS)),
        "same_weights": all(torch.equal(value, state[key]) for arm in bare for key, value in arm.state().items()),
    }


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

    def total(self, arm: str) -> float:
        """Return the seconds of all laps of the arm."""
        return sum(chain(*(laps for name, laps in self.seconds.items() if name.startswith(arm))))

    def of(self, arm: str) -> dict[str, list[float]]:
        """Return the laps of the arm by part: `start`, `step`, `epoch` (what is done at its end)."""
        return {part: self.seconds[f"{arm} {part}"] for part in ("start", "step", "epoch")}


class Bare:
    """The least that teaches the same network as ours."""

    def __init__(self, name: str, kind: str, data: PreparedData, config: Any, laps: Laps) -> None:
        self.name, self.config, self.laps = name, config, laps
        laps.turn(f"{name} start")
        hardware.make_repeatable(config)
        learner = catalogue.learner(kind)
        self.module: Any = learner.module(data, config)
        self.training, self.validation = learner.loaders(data, config)
        self.batches: Iterator[Any] = iter(())
        self.loss, self.validate = {"image": (picture_loss, pictures), "table": (record_loss, score_records)}[kind]
        self.autocast = hardware.precision(config) == "bf16-mixed"
        steps = config.epochs * len(self.training)
        self.module.trainer = SimpleNamespace(estimated_stepping_batches=steps, fit_loop=None)
        made = self.module.configure_optimizers()
        self.optimizer, self.schedule = made["optimizer"], made["lr_scheduler"]["scheduler"]
        self.random = torch.get_rng_state()
        laps.turn("")

    def take(self, part: str) -> None:
        """Make a `step`, or do what is done at the end of an `epoch`, with random numbers of its own."""
        others = torch.get_rng_state()
        torch.set_rng_state(self.random)
        self.laps.turn(f"{self.name} {part}")
        self.step() if part == "step" else self.end_epoch()
        self.laps.turn("")
        self.random = torch.get_rng_state()
        torch.set_rng_state(others)

    def step(self) -> None:
        """Learn from the next batch."""
        batch = next(self.batches, None)
        if batch is None:
            self.batches = iter(self.training)
            batch = next(self.batches)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.autocast):
            loss = self.loss(self.module, batch)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.schedule.step()

    def end_epoch(self) -> None:
        """Validate."""
        self.module.eval()
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=self.autocast):
            self.validate(self.module, self.validation)
        self.module.train()

    def state(self) -> dict[str, Tensor]:
        """Return the weights."""
        return cast("dict[str, Tensor]", self.module.state_dict())


class Turns:
    """The kind's learner, whose batches let the bare loops go first."""

    def __init__(self, kind: str, bare: list[Bare], laps: Laps) -> None:
        self.learner, self.bare, self.laps = catalogue.learner(kind), bare, laps

    def __getattr__(self, name: str) -> Any:
        return getattr(self.learner, name)

    def loaders(self, *given: Any) -> tuple[Any, Any]:
        """Return the kind's own, each followed by the turns of its part."""
        training, validation = self.learner.loaders(*given)
        return _InTurn(training, self, "step"), _InTurn(validation, self, "epoch")

    def others(self, part: str, number: int) -> None:
        """Let the bare loops do their part, in an order that changes, then begin a lap of ours."""
        self.laps.turn("")
        for bare in self.bare[:: -1 if number % 2 else 1]:
            bare.take(part)
        self.laps.turn(f"ours {part}")


class _InTurn:
    """Batches, each handed out after the others' turn (`step`), or all after one turn (`epoch`)."""

    def __init__(self, batches: Any, turns: Turns, part: str) -> None:
        self.batches, self.turns, self.part = batches, turns, part

    def __getattr__(self, name: str) -> Any:
        return getattr(self.batches, name)

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


def picture_loss(module: Any, batch: Any) -> Tensor:
    """Return the loss of a batch of pictures, as `PictureModule` has it."""
    logits = module.network(module.preprocessing(batch[0]))
    return functional.cross_entropy(logits, batch[1], label_smoothing=module.config.label_smoothing)


def pictures(module: Any, batches: Any) -> tuple[float, float]:
    """Return loss and accuracy of the validation split."""
    loss, right, count = torch.zeros(()), torch.zeros((), dtype=torch.int64), 0
    for inputs, labels in batches:
        logits = module.network(module.preprocessing(inputs))
        loss += functional.cross_entropy(logits, labels, reduction="sum")
        right += (logits.argmax(dim=1) == labels).sum()
        count += len(labels)
    return float(loss) / count, float(right) / count


def record_loss(module: Any, batch: Any) -> Tensor:
    """Return the loss of a batch of records, as `RecordModule` has it."""
    known = batch[1] >= 0
    logits = module.model.logits(batch[0])[known]
    total = functional.binary_cross_entropy_with_logits(logits, batch[1][known].float(), reduction="sum")
    return cast("Tensor", total / known.sum().clamp_min(1))


def score_records(module: Any, batches: Any) -> tuple[float, float]:
    """Return loss and average precision of the validation split, and set the threshold."""
    parts, loss = [], torch.zeros(())
    with torch.autocast("cpu", enabled=False):
        for inputs, labels, misses in batches:
            parts.append((module.model(inputs)[:, 1], labels, misses))
            loss += record_loss(module, (inputs, labels)) * (labels >= 0).sum()
    scores, labels, misses = (torch.cat(part) for part in zip(*parts, strict=True))
    known = labels >= 0
    found = binary_average_precision(scores[known], labels[known])
    module.threshold.fill_(choose(scores.numpy(), labels.numpy(), misses.numpy(), module.config))
    return float(loss) / int(known.sum()), float(found)


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
    return [one - other for one, other in zip(run["arms"][arm]["step"], run["arms"]["bare"]["step"], strict=True)]


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
