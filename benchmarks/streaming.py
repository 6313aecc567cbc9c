"""What a training loses where its pictures are streamed, by what the network gives, and when its first step is done.

    python -m benchmarks.streaming [--quick] [--json FILE] [--folder FOLDER] [--step SECONDS]

Random pictures of two classes are cut into forty shards. A training goes through them from a folder (`local`), and
streams them from a store on loopback, a process of its own that lets so many bytes a second through: a multiple of what
the training wants. The steps are real ones of a small network, and each is made to last `--step` seconds (0.1), as if
an accelerator were busy with it: what else this machine does then hardly changes the figures. The cache has room for
ten shards. The arms take turns, each with an empty cache; `local, again` is the control.

Pictures a second are those of the steps behind the first one, over all epochs and validations; `of local` is held
against the local training of the same turn; medians. `waited` is the part of that time in which the training stood
still for a shard. The first step is counted from where the training begins, and stands beside the time of a whole
download.
"""

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from lightning.pytorch.callbacks import Callback

from benchmarks import harness
from components import catalogue
from components.config.settings import SHARD_CACHE, SHARD_CACHE_BYTES, SHARDS
from components.internals.lightning import quiet
from components.kinds.image.params import Train
from components.kinds.prepared import PreparedData, index_of, open_prepared, write_about
from components.kinds.shards.files import LEAST
from components.kinds.shards.index import read_index
from components.kinds.shards.written import ShardWriter
from components.training.loop import fit

SHARDS_OF_ALL = 40
SIDE, CHANNELS, BATCH = 32, 3, 64
SHARES = (0.5, 1.0, 1.1, 1.5, 4.0)
"""What the network gives, over what the training wants."""
LOCAL, AGAIN = "local", "local, again"


class Clock(Callback):  # type: ignore[misc]
    """Has each step last so long, and notes when the first one ended, and the last."""

    def __init__(self, step: float) -> None:
        self.first = self.last = self.waited = self.waited_first = 0.0
        self.steps, self._step = 0, step
        self._began = self._due = time.perf_counter()

    def on_train_batch_start(self, *_: Any) -> None:
        """Note when the step is to end."""
        self._due = time.perf_counter() + self._step

    def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
        """Wait for the end, and note it, and how long the batches have waited."""
        time.sleep(max(0.0, self._due - time.perf_counter()))
        self.last = time.perf_counter() - self._began
        self.waited = trainer.train_dataloader.pictures.waited
        if not self.steps:
            self.first, self.waited_first = self.last, self.waited
        self.steps += 1


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="fewer pictures, steps of 0.02 s, two shares, one repetition")
    parser.add_argument("--folder", type=Path, help="where the temporary files go")
    parser.add_argument("--step", type=float, help="seconds of a step (0.1)")
    options = parser.parse_args()
    quiet()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        figures = measured(Path(folder), options.quick, options.step or (0.02 if options.quick else 0.1))
    harness.finish(figures, report, options.json)


def measured(folder: Path, quick: bool, step: float) -> dict[str, Any]:
    """Return the figures of all arms."""
    count, epochs = (1_280 if quick else 6_400), 2
    data = generated(folder, count)
    size = sum(shard.bytes for shard in read_index(index_of(data.path, "train")).shards)
    keys = {"recipe": "quick", "width": 4, "epochs": epochs, "threads": 1, "batch_size": BATCH}
    training = partial(once, data, Train.model_validate(keys), step, folder)
    training(str(folder / "shards"))  # what is loaded and found out once
    wanted = size / (count / BATCH) / step
    arms = {LOCAL: None, AGAIN: None, **{f"{share:g}": share for share in (SHARES[1::3] if quick else SHARES)}}
    found: dict[str, list[dict[str, float]]] = {name: [] for name in arms}
    for _, name in harness.turns(arms, 1 if quick else 3):
        share = arms[name]
        if share is None:
            found[name].append(training(str(folder / "shards")))
        else:
            with store(folder / "shards", share * wanted) as address:
                found[name].append(training(address))
    rows = [
        {
            "arm": name,
            "network_bytes_s": None if share is None else share * wanted,
            "pictures_s": statistics.median(each["steps_s"] for each in found[name]) * BATCH,
            "ratios": [each["steps_s"] / here["steps_s"] for each, here in zip(found[name], found[LOCAL], strict=True)],
            "waited": statistics.median(each["waited"] for each in found[name]),
            "first_step_s": statistics.median(each["first_s"] for each in found[name]),
            "download_s": None if share is None else size / (share * wanted),
        }
        for name, share in arms.items()
    ]
    return {"pictures": count, "bytes": size, "epochs": epochs, "step_s": step, "wanted_bytes_s": wanted, "arms": rows}


def generated(folder: Path, count: int) -> PreparedData:
    """Write random pictures, those of the second class brighter, in shards into `folder`; return them."""
    os.environ[SHARDS] = str(folder / "shards")
    random, counts = np.random.default_rng(0), {"train": count, "validation": count // SHARDS_OF_ALL, "test": 10}
    (folder / "prepared").mkdir()
    for split, rows in counts.items():
        labels = random.integers(0, 2, rows)
        inputs = random.integers(0, 200, (rows, SIDE, SIDE, CHANNELS), dtype=np.uint8)
        inputs += (40 * labels[:, None, None, None]).astype(np.uint8)
        path = index_of(folder / "prepared", split)  # type: ignore[arg-type]
        ShardWriter(count // SHARDS_OF_ALL).write(path, inputs, np.arange(rows))
        np.save(folder / "prepared" / f"{split}_labels.npy", labels)
    about = {"height": SIDE, "width": SIDE, "channels": CHANNELS}
    write_about(folder / "prepared", "image", ["dark", "light"], about, counts, "classification")
    return open_prepared(folder / "prepared")


def once(data: PreparedData, config: Train, step: float, folder: Path, address: str) -> dict[str, float]:
    """Train once from an address, with an empty cache; return the seconds to the first step, and steps a second."""
    largest = read_index(index_of(data.path, "train")).largest
    with tempfile.TemporaryDirectory(dir=folder) as cache:
        os.environ |= {SHARDS: address, SHARD_CACHE: cache, SHARD_CACHE_BYTES: str(LEAST * largest)}
        clock = Clock(step)
        fit(catalogue.learner(data.kind, data.task), data, config, (), None, (clock,))
    seconds = clock.last - clock.first
    waited = (clock.waited - clock.waited_first) / seconds
    return {"first_s": clock.first, "steps_s": (clock.steps - 1) / seconds, "waited": waited}


@contextmanager
def store(folder: Path, rate: float) -> Iterator[str]:
    """Yield the address of a store of the folder that gives so many bytes a second."""
    command = [*harness.command("benchmarks.throttled"), str(folder), str(rate)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=harness.ROOT) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def report(figures: dict[str, Any]) -> None:
    """Print the table."""
    print(
        f"{figures['machine']}; {figures['pictures']:,} pictures, {figures['bytes'] / 1e6:.1f} MB in {SHARDS_OF_ALL} "
        f"shards, {figures['epochs']} epochs in steps of {figures['step_s']:g} s, which want "
        f"{figures['wanted_bytes_s'] / 1e6:.2f} MB/s\n"
    )
    names = ["the network gives, of that", "pictures/s", "of local", "waited", "first step, s", "whole download, s"]
    print("|", " | ".join(names), "|")
    print("|" + "---|" * len(names))
    for row in figures["arms"]:
        download = "" if row["download_s"] is None else f"{row['download_s']:.1f}"
        print(
            f"| {row['arm']} | {row['pictures_s']:,.0f} | {statistics.median(row['ratios']):.2f} | {row['waited']:.1%} "
            f"| {row['first_step_s']:.2f} | {download} |"
        )


if __name__ == "__main__":
    main()
