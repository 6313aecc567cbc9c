"""Training on a GPU: time to 94 %, pictures a second, part of the peak, memory; compiled or not, by precision.

    python -m benchmarks.train_gpu [--data DIR] [--json FILE] [--recipe NAME] [--quick] [--compile]

One command for a bare machine, under eight minutes: torch, lightning, torchmetrics, numpy and this repository are
enough. The data set is the prepared one: copy the directory there, or make it by `dvc repro prepare@garments`.

First the project's own loop trains the recipe, until validation reaches 94 %. Then single steps are timed, each arm a
step of its own model: batches that lie on the device, or streamed from the host as the loop does it; in 32 bit, with
TF32 products, or under bf16 autocast; compiled or not; at the recipe's batch size and a large one. Arms take turns, in
several rounds; `bf16, again` is the control. Times are the device's own (CUDA events), medians over the rounds. FLOPs
are counted for forward and backward of the network as it is (`FlopCounterMode`), whatever arithmetic a compiled one
saves, and held against the peak of the data sheet, without sparsity. Kernels are the repeatable ones, as in the loop.

Without a GPU it runs on the CPU, at small size with `--quick`, to be tested; compiled there only with `--compile`.
"""

import contextlib
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor
from torch._dynamo import config as dynamo
from torch._inductor import config as inductor
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import harness
from benchmarks.peaks import peak
from benchmarks.watch import ReachedError, Watch
from components.config.errors import JourneymanError
from components.internals.lightning import quiet
from components.kinds.image import learner as pictures_learner
from components.kinds.prepared import PreparedData, open_prepared
from components.tasks.classification import objective
from components.tasks.learner import TaskLearner
from components.training import hardware
from components.training.loop import fit

_SAID = run_path(str(harness.ROOT / "components/kinds/image/params/recipes.py"))
RECIPES = {name: _SAID["RECIPES"][name] for name in _SAID["FRESH"]}
"""Read from the file: the package around it needs pydantic, which a bare machine does not have."""
LEARNER = TaskLearner(pictures_learner, objective)
"""Not the catalogue's: that reads `params.yaml`, which needs pydantic too."""
LEVEL = 0.94
LARGE = 2_048
BASE = {
    "seed": 0,
    "accelerator": "auto",
    "devices": 1,
    "nodes": 1,
    "strategy": "auto",
    "precision": "auto",
    "layout": "auto",
    "compile": "auto",
    "threads": "auto",
    "checkpoint_every": 60.0,
    "patience": None,
    "metric": None,
}
"""The keys of `train` that are not of the recipe, at their defaults, for one device."""

Batch = tuple[Tensor, Tensor]


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="one epoch of a small network, few and small steps")
    parser.add_argument("--data", type=Path, default=Path("artifacts/garments/prepared"), help="prepared pictures")
    parser.add_argument("--recipe", default="standard", choices=list(RECIPES), help="default: %(default)s")
    parser.add_argument("--compile", action="store_true", help="compile without a GPU too")
    options = parser.parse_args()
    try:
        data = open_prepared(options.data)
    except JourneymanError:
        sys.exit(f"{options.data}: no prepared data set; copy it here, or make it: dvc repro prepare@garments")
    figures = measure(data, options.recipe, options.quick, options.compile or torch.cuda.is_available())
    harness.finish(figures, report, options.json)


def measure(data: PreparedData, recipe: str, quick: bool, compiled: bool) -> dict[str, Any]:
    """Return the figures of the loop and of every arm."""
    quiet()
    compile_from_nothing()
    began = time.perf_counter()
    config = SimpleNamespace(**BASE, **RECIPES[recipe])
    if quick:
        vars(config).update(epochs=1, batch_size=32, width=4)
    hardware.make_repeatable(config.seed, hardware.threads(config))  # before CUDA starts: cuBLAS reads it then
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.zeros(1, device=device)  # starts CUDA, whose time is not that of the training
    about = {"device": name(device), "torch": torch.__version__, "recipe": recipe}
    loop = trained(data, config)
    arms = timed(data, config, arms_of(config.batch_size, 64 if quick else LARGE, compiled), device, quick)
    return {**about, "loop": loop, "arms": arms, "seconds": time.perf_counter() - began}


def trained(data: PreparedData, config: Any) -> dict[str, Any]:
    """Train the recipe by the project's loop until the level is reached; return what it took."""
    watch = Watch(LEVEL)
    with contextlib.suppress(ReachedError):
        fit(LEARNER, data, config, [watch])
    steps = data.counts["train"] // min(config.batch_size, data.counts["train"])
    epochs = [later["wall_s"] - earlier["wall_s"] for earlier, later in zip(watch.curve, watch.curve[1:], strict=False)]
    best = max(watch.curve, key=lambda point: point["accuracy"])
    return {
        "level": LEVEL,
        "seconds_to_level": best["wall_s"] if best["accuracy"] >= LEVEL else None,
        "accuracy": best["accuracy"],
        "epochs": len(watch.curve),
        "epochs_of_recipe": config.epochs,
        "pictures_s": steps * config.batch_size / statistics.median(epochs or [watch.curve[0]["wall_s"]]),
        "curve": watch.curve,
    }


@dataclass(frozen=True)
class Arm:
    """What is timed."""

    name: str
    precision: str
    batch_size: int
    compiled: bool = False
    streamed: bool = False


def arms_of(small: int, large: int, compiled: bool) -> list[Arm]:
    """Return the arms, each at both batch sizes."""
    arms = []
    for size in (small, large):
        arms += [Arm("fp32", "fp32", size), Arm("tf32", "tf32", size), Arm("bf16", "bf16", size)]
        arms += [Arm("bf16, again", "bf16", size), Arm("bf16, streamed", "bf16", size, streamed=True)]
        if compiled:
            arms += [Arm("bf16, compiled", "bf16", size, compiled=True)]
            arms += [Arm("bf16, compiled, streamed", "bf16", size, compiled=True, streamed=True)]
    return arms


class Step:
    """A module that learns as its arm says, a step at a time."""

    def __init__(self, arm: Arm, data: PreparedData, config: Any, device: torch.device) -> None:
        config = SimpleNamespace(**{**vars(config), "batch_size": arm.batch_size})
        self.arm, self.device, self.smoothing = arm, device, config.label_smoothing
        torch.manual_seed(config.seed)
        self.module: Any = LEARNER.module(data, config).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.module.trainer = SimpleNamespace(estimated_stepping_batches=100_000)  # the schedule does not end here
        made = self.module.configure_optimizers()
        self.optimizer, self.schedule = made["optimizer"], made["lr_scheduler"]["scheduler"]
        self.batches = self._batches(LEARNER.loaders(data, config)[0])
        self.size, self.flops = self._counted()
        if arm.compiled:
            self.module.network.compile()

    def __call__(self) -> None:
        """Learn from the next batch."""
        pictures, labels = (part.to(self.device, non_blocking=True) for part in next(self.batches))
        loss = self.loss(pictures, labels)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.schedule.step()

    def loss(self, pictures: Tensor, labels: Tensor) -> Tensor:
        """Return the loss, as the module has it."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.arm.precision == "bf16"):
            logits = self.module(pictures).float()
            return functional.cross_entropy(logits, labels, label_smoothing=self.smoothing)

    def _batches(self, training: Any) -> Iterator[Batch]:
        """Return batches without end, made on the host one by one, or a few that lie on the device."""
        if self.arm.streamed:
            return (batch for _ in cycle([0]) for batch in training)
        return cycle([tuple(part.to(self.device) for part in batch) for batch in islice(iter(training), 8)])

    def _counted(self) -> tuple[int, int]:
        """Return the pictures of a batch, and the floating-point operations of its forward and backward."""
        pictures, labels = (part.to(self.device) for part in next(self.batches))
        with FlopCounterMode(display=False) as counter:
            self.loss(pictures, labels).backward()
        self.optimizer.zero_grad()
        return len(labels), int(counter.get_total_flops())


def timed(data: PreparedData, config: Any, arms: list[Arm], device: torch.device, quick: bool) -> list[dict[str, Any]]:
    """Return the figures of the arms, which take turns."""
    rounds, steps, figures = (2, 2, []) if quick else (5, 50, [])
    made = [prepared(arm, data, config, device) for arm in arms]
    seconds: list[list[float]] = [[] for _ in arms]
    for _, number in harness.turns(range(len(made)), rounds):
        step, _ = made[number]
        with products(step.arm.precision):
            seconds[number].append(elapsed(step, steps, device) / steps)
    for (step, about), mine in zip(made, seconds, strict=True):
        middle, flops = statistics.median(mine), step.flops
        most = peak(name(device), step.arm.precision)
        speed = {"step_ms": 1e3 * middle, "pictures_s": step.size / middle, "tflops": flops / middle / 1e12}
        spread = {"fastest_ms": 1e3 * min(mine), "slowest_ms": 1e3 * max(mine)}
        part = {"flops_a_step": flops, "mfu": flops / middle / 1e12 / most if most else None}
        figures.append({**vars(step.arm), **about, **speed, **spread, **part})
    return figures


def prepared(arm: Arm, data: PreparedData, config: Any, device: torch.device) -> tuple[Step, dict[str, float | None]]:
    """Return a step that is warm, with the seconds of its first time (compilation) and its peak memory in MiB."""
    with products(arm.precision):
        before = torch.cuda.memory_allocated(device) if device.type == "cuda" else 0
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        step = Step(arm, data, config, device)
        first, later = elapsed(step, 1, device), elapsed(step, 3, device) / 3
        most = torch.cuda.max_memory_allocated(device) - before if device.type == "cuda" else None
    return step, {"compile_s": max(first - later, 0.0) if arm.compiled else None, "memory_mib": most and most / 2**20}


def elapsed(step: Callable[[], None], steps: int, device: torch.device) -> float:
    """Return the seconds of so many steps."""
    if device.type != "cuda":
        began = time.perf_counter()
        for _ in range(steps):
            step()
        return time.perf_counter() - began
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda.synchronize(device)
    begin.record()
    for _ in range(steps):
        step()
    end.record()
    torch.cuda.synchronize(device)
    return float(begin.elapsed_time(end)) / 1e3


@contextlib.contextmanager
def products(precision: str) -> Iterator[None]:
    """Have 32-bit products and convolutions computed in TF32, or not."""
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    torch.backends.cudnn.allow_tf32 = precision == "tf32"
    yield
    torch.set_float32_matmul_precision(before[0])
    torch.backends.cudnn.allow_tf32 = before[1]


def name(device: torch.device) -> str:
    """Return what the device calls itself."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"


def compile_from_nothing() -> None:
    """Compile every arm anew, and keep what it warns of off the console."""
    warnings.filterwarnings("ignore", r".*does not have a deterministic implementation")
    dynamo.recompile_limit = 64  # every arm is another shape or precision
    inductor.force_disable_caches = True


def report(figures: dict[str, Any]) -> None:
    """Print the table."""
    loop = figures["loop"]
    reached = f"{loop['seconds_to_level']:.1f} s" if loop["seconds_to_level"] else "not reached"
    print(f"{'machine':28} {figures['machine']}, torch {figures['torch']}")
    print(f"{'device':28} {figures['device']}")
    print(f"{'recipe':28} {figures['recipe']}, {loop['epochs']} of {loop['epochs_of_recipe']} epochs")
    print(f"{f'time to {100 * LEVEL:g} %':28} {reached}")
    print(f"{'the loop':28} {loop['pictures_s']:,.0f} pictures/s, validation included; {100 * loop['accuracy']:.2f} %")
    heads = ("batch", "ms a step", "fastest", "slowest", "pictures/s", "TFLOP/s", "MFU %", "MiB", "compile s")
    print(f"\n{'a step':28}" + "".join(f" {head:>11}" for head in heads))
    for arm in figures["arms"]:
        share = None if arm["mfu"] is None else 100 * arm["mfu"]
        times = "".join(f" {arm[key]:>11.2f}" for key in ("step_ms", "fastest_ms", "slowest_ms"))
        rest = (arm["tflops"], share, arm["memory_mib"], arm["compile_s"])
        last = "".join(f" {'-' if value is None else f'{value:.2f}':>11}" for value in rest)
        print(f"{arm['name']:28} {arm['batch_size']:>11}{times} {arm['pictures_s']:>11,.0f}{last}")
    print(f"\n{figures['seconds']:.0f} s")


if __name__ == "__main__":
    main()
