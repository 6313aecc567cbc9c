"""What making batches costs beside a training step, and whether the data may be larger than the memory.

    python -m benchmarks.data_path [--quick] [--json FILE] [--data DIR] [--folder FOLDER]

Share: CPU time of our whole training batches (memory-mapped, augmented at once) of two recipes, against that of their
training steps. Beside them stand a peer, torch's DataLoader with transforms item by item (the same mirroring and moving
as `quick`), and the least there is, a copy of a slice. All take turns, each after a training step, whose work leaves
the caches as they are in a training; `again` is the control.

Larger than memory: a set of random pictures is learned from in a process that may have no more private memory
(`RLIMIT_DATA`: heap, anonymous maps, stacks; not the mapped files, whose pages the kernel takes back when it needs
them) than a quarter of the set's size, and in one without a limit that has the arrays in memory. They take turns, a few
steps each, with the files in the page cache. Peaks are those of private resident memory (`RssAnon` of
/proc/self/status, every 10 ms). `--quick` takes a tenth of the pictures, with the same limit. Needs 4.4 GB in the
folder, and 10 GB of memory.
"""

import argparse
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from benchmarks import harness
from benchmarks.bare import Bare
from components import catalogue
from components.kinds.image import params as image
from components.kinds.prepared import PreparedData, Split, open_prepared, write_about

LIMIT = 1.0
"""GiB of private memory."""
SIDE = 28
STEPS = ("a training step, quick", "a training step, standard")
QUICK = image.Train.model_validate({"recipe": "quick", "threads": 1})
STANDARD = image.Train.model_validate({"recipe": "standard", "threads": 1})


def main() -> None:
    """Measure, print the tables, and write them where the user wants them."""
    parser = harness.parser(__doc__, quick="a tenth of the pictures, few repetitions")
    parser.add_argument("--data", type=Path, default=harness.PREPARED, help="prepared pictures")
    parser.add_argument("--folder", type=Path, help="where the temporary files go")
    parser.add_argument("--serve", choices=["mapped", "in memory"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, open_prepared(options.data))
        return
    share = shares(open_prepared(options.data), 5 if options.quick else 60)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        pictures = int((0.4 if options.quick else 4.0) * LIMIT * 2**30 / SIDE**2) + 1
        large = larger(generated(Path(folder), pictures), 3 if options.quick else 30)
    figures = {"share": share, "larger": large}
    harness.finish(figures, report, options.json)


def shares(data: PreparedData, rounds: int) -> dict[str, list[float]]:
    """Return the CPU seconds of a batch of each arm, and of the steps, by round."""
    learner = catalogue.learner("image", data.task)
    quick, standard = (Bare("image", data, recipe) for recipe in (QUICK, STANDARD))
    arms: dict[str, Callable[[], object]] = {
        "ours, quick": taker(learner.loaders(data, QUICK)[0]),
        "ours, quick, again": taker(learner.loaders(data, QUICK)[0]),
        "ours, standard": taker(learner.loaders(data, STANDARD)[0]),
        "DataLoader, item by item": taker(DataLoader(Transformed(data), QUICK.batch_size, shuffle=True)),
        "copy of a slice": taker(slices(data)),
        STEPS[0]: quick.step,
        STEPS[1]: standard.step,
    }
    for arm in arms.values():
        arm()
    return in_turns(arms, quick.step, rounds)


def taker(batches: Any) -> Callable[[], object]:
    """Return what takes the next batch, epoch after epoch."""
    endless = (batch for _ in cycle([0]) for batch in batches)
    return lambda: next(endless)


def in_turns(arms: dict[str, Callable[[], object]], before: Callable[[], None], rounds: int) -> dict[str, list[float]]:
    """Return the CPU seconds of each arm by round; each runs with the caches as the step `before` leaves them."""
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    for _, name in harness.turns(arms, rounds):
        before()
        began = time.thread_time()
        arms[name]()
        seconds[name].append(time.thread_time() - began)
    return seconds


class Transformed(Dataset[tuple[Tensor, Tensor]]):
    """The peer: pictures moved by up to `shift` and mirrored one by one, as torch's users do it."""

    def __init__(self, data: PreparedData) -> None:
        self.pictures, self.labels = data.inputs("train"), data.labels("train")

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, place: int) -> tuple[Tensor, Tensor]:
        picture, shift = torch.from_numpy(self.pictures[place].copy()).permute(2, 0, 1), QUICK.shift
        _, height, width = picture.shape
        padded = functional.pad(picture[None].float(), (shift,) * 4, mode="reflect")[0]
        row, column = torch.randint(0, 2 * shift + 1, (2,)).tolist()
        moved = padded[:, row : row + height, column : column + width]
        return moved.flip(2) if torch.rand(()) < 0.5 else moved, torch.tensor(self.labels[place])


class slices:  # noqa: N801 - used as a function
    """The least: pictures in the order of the file, copied out of it."""

    def __init__(self, data: PreparedData) -> None:
        self.pictures, self.labels = data.inputs("train"), data.labels("train")

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        size = QUICK.batch_size
        for start in range(0, len(self.labels) - size, size):
            part = slice(start, start + size)
            yield torch.from_numpy(self.pictures[part].copy()), torch.from_numpy(self.labels[part].copy())


def generated(folder: Path, pictures: int) -> Path:
    """Write a prepared set of random pictures and labels; it is in the page cache then."""
    counts, random = {"train": pictures, "validation": 1_000, "test": 1_000}, np.random.default_rng(0)
    for split, count in counts.items():
        inputs = open_memmap(folder / f"{split}_inputs.npy", "w+", np.uint8, (count, SIDE, SIDE, 1))
        for start in range(0, count, 100_000):
            inputs[start : start + 100_000] = random.integers(0, 256, inputs[start : start + 100_000].shape, np.uint8)
        inputs.flush()
        np.save(folder / f"{split}_labels.npy", random.integers(0, 10, count))
    input = {"height": SIDE, "width": SIDE, "channels": 1}
    write_about(folder, "image", [str(number) for number in range(10)], input, counts)
    return folder


def larger(data: Path, rounds: int) -> dict[str, Any]:
    """Return what the two processes measure, in turns."""
    children = {how: started(how, data) for how in ("mapped", "in memory")}
    seconds: dict[str, dict[str, list[float]]] = {how: {"batches": [], "steps": []} for how in children}
    for child in children.values():  # the first steps, and so the epoch's order, are not counted
        asked(child, "steps")
    for _, how in harness.turns(children, rounds):
        for what in ("batches", "steps"):
            seconds[how][what].append(asked(children[how], what))
    peaks = {how: asked(child, "peak") for how, child in children.items()}
    for child in children.values():
        child.communicate()
    size = (data / "train_inputs.npy").stat().st_size / 2**30
    return {"size_gib": size, "limit_gib": LIMIT, "seconds_of_ten": seconds, "peak_gib": peaks}


def started(how: str, data: Path) -> "subprocess.Popen[str]":
    """Start a process that answers."""
    command = [*harness.command("benchmarks.data_path"), "--serve", how, "--data", str(data)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def asked(child: "subprocess.Popen[str]", what: str) -> float:
    """Return the answer of a process."""
    assert child.stdin is not None
    assert child.stdout is not None
    print(what, file=child.stdin, flush=True)
    answer = child.stdout.readline()
    if not answer:
        sys.exit(f"{' '.join(map(str, child.args))} failed")  # type: ignore[arg-type]
    return float(answer)


def serve(how: str, data: PreparedData) -> None:
    """Answer with the CPU seconds of ten `batches` or training `steps`, or with the `peak` of private memory in GiB."""
    if how == "mapped":
        resource.setrlimit(resource.RLIMIT_DATA, (int(LIMIT * 2**30),) * 2)
    else:
        data = InMemory(data.path, data.kind, data.classes, data.input, data.counts, data.task)
    peak = watched()
    bare = Bare("image", data, QUICK)
    take = taker(catalogue.learner("image", data.task).loaders(data, QUICK.model_copy(update={"seed": 1}))[0])
    for line in sys.stdin:
        if line.strip() == "peak":
            print(peak[0], flush=True)
            continue
        began = time.thread_time()
        for _ in range(10):
            bare.step() if line.strip() == "steps" else take()
        print(time.thread_time() - began, flush=True)


class InMemory(PreparedData):
    """A prepared data set whose arrays are read whole, once."""

    def array(self, split: Split, name: str) -> NDArray[Any]:
        """Return the array."""
        key = f"{split}_{name}"
        if key not in ARRAYS:
            ARRAYS[key] = np.array(super().array(split, name))
        return ARRAYS[key]


ARRAYS: dict[str, NDArray[Any]] = {}


def watched() -> list[float]:
    """Return the peak of private resident memory in GiB, which goes on being watched."""
    peak = [private()]

    def watch() -> None:
        while True:
            peak[0] = max(peak[0], private())
            time.sleep(0.01)

    threading.Thread(target=watch, daemon=True).start()
    return peak


def private() -> float:
    """Return the private resident memory of this process in GiB (not `prepare`'s: Polars' threads would not fit)."""
    return int(re.findall(r"RssAnon:\s+(\d+) kB", Path("/proc/self/status").read_text())[0]) / 2**20


def report(figures: dict[str, Any]) -> None:
    """Print the tables."""
    share, large = figures["share"], figures["larger"]
    middle = {name: statistics.median(seconds) for name, seconds in share.items()}
    print(f"{'machine':32} {figures['machine']}")
    print(f"\n{'CPU time, median':32} {'a batch':>12} {'a picture':>12} {'of a step':>10}")
    for name, seconds in middle.items():
        step, each = middle[STEPS["standard" in name]], 1e6 * seconds / QUICK.batch_size
        print(f"{name:32} {1e3 * seconds:>9.2f} ms {each:>9.2f} us {100 * seconds / step:>8.2f} %")
    print(f"{'control: again / ours':32} {middle['ours, quick, again'] / middle['ours, quick']:.3f}")
    print(f"\n{large['size_gib']:.2f} GiB of pictures; mapped: at most {large['limit_gib']:g} GiB of private memory")
    print(f"{'pictures a CPU second':32} {'mapped':>12} {'in memory':>12} {'ratio':>8} {'control':>8}")
    for what in ("batches", "steps"):
        mapped, memory = (large["seconds_of_ten"][how][what] for how in ("mapped", "in memory"))
        speeds = [10 * QUICK.batch_size / statistics.median(seconds) for seconds in (mapped, memory)]
        control = statistics.median(memory[::2]) / statistics.median(memory[1::2])
        told = "batches alone" if what == "batches" else "training steps"
        print(f"{told:32} {speeds[0]:>12,.0f} {speeds[1]:>12,.0f} {speeds[0] / speeds[1]:>8.3f} {control:>8.3f}")
    peaks = [f"{large['peak_gib'][how]:.2f} GiB" for how in ("mapped", "in memory")]
    print(f"{'peak of private memory':32} {peaks[0]:>12} {peaks[1]:>12}")


if __name__ == "__main__":
    main()
