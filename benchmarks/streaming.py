"""What a training loses where its pictures are streamed, by what the network gives, and when its first step is done.

    python -m benchmarks.streaming [--quick] [--json FILE] [--folder FOLDER]

Random pictures of two classes are cut into forty shards. The training of the recipe `quick`, on one thread, goes
through them from a folder (`local`), and streams them from a store on loopback, a process of its own that lets so many
bytes a second through: about so many times what the local training reads a second, which is measured first. The cache
has room for ten shards. The arms take turns, each with an empty cache; `local, again` is the control.

Pictures a second are those of the steps behind the first one, over all epochs; `of local` is held against the local
training of the same turn, and what the network gives against the local trainings of all turns: medians. The first step
is counted from where the training begins, and held against the time in which the whole set would have come.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
SIDE = 28
SHARES = (0.5, 1.0, 1.25, 2.0, 4.0)
"""What the network gives, over what the local training reads."""
LOCAL, AGAIN = "local", "local, again"


class Clock(Callback):
    """Notes when the first step ended, and when the last epoch did."""

    def __init__(self) -> None:
        self.first = self.last = 0.0
        self.steps = 0
        self._began = time.perf_counter()

    def on_train_batch_end(self, *_: Any) -> None:
        """Note the time."""
        self.last = time.perf_counter() - self._began
        self.first = self.first or self.last
        self.steps += 1


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="2,000 pictures, two shares, one repetition")
    parser.add_argument("--folder", type=Path, help="where the temporary files go")
    options = parser.parse_args()
    quiet()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        figures = measured(Path(folder), options)
    harness.finish(figures, report, options.json)


def measured(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of all arms."""
    count, epochs = (2_000, 2) if options.quick else (12_000, 2)
    data = generated(folder, count)
    size = sum(shard.bytes for shard in read_index(index_of(data.path, "train")).shards)
    config = Train.model_validate({"recipe": "quick", "epochs": epochs, "threads": 1, "batch_size": 100})
    once(data, config, str(folder / "shards"), folder)  # what is loaded and found out once
    local = once(data, config, str(folder / "shards"), folder)
    of_a_step = size / (count / config.batch_size)
    rate = local["steps_s"] * of_a_step
    shares = SHARES[1::2] if options.quick else SHARES
    arms = {LOCAL: None, AGAIN: None, **{f"{share:g}": share for share in shares}}
    found: dict[str, list[dict[str, float]]] = {name: [] for name in arms}
    for _, name in harness.turns(arms, 1 if options.quick else 5):
        share = arms[name]
        if share is None:
            found[name].append(once(data, config, str(folder / "shards"), folder))
        else:
            with store(folder / "shards", share * rate) as address:
                found[name].append(once(data, config, address, folder))
    read = statistics.median(each["steps_s"] for each in found[LOCAL]) * of_a_step
    rows = [
        {
            "arm": name,
            "network_bytes_s": None if share is None else share * rate,
            "of_read": None if share is None else share * rate / read,
            "pictures_s": statistics.median(each["steps_s"] for each in found[name]) * config.batch_size,
            "ratios": [each["steps_s"] / here["steps_s"] for each, here in zip(found[name], found[LOCAL], strict=True)],
            "first_step_s": statistics.median(each["first_s"] for each in found[name]),
            "download_s": None if share is None else size / (share * rate),
        }
        for name, share in arms.items()
    ]
    return {"pictures": count, "bytes": size, "epochs": epochs, "read_bytes_s": read, "arms": rows}


def generated(folder: Path, count: int) -> PreparedData:
    """Write random pictures, those of the second class brighter, in shards into `folder`; return them."""
    os.environ[SHARDS] = str(folder / "shards")
    random, counts = np.random.default_rng(0), {"train": count, "validation": count // SHARDS_OF_ALL, "test": 10}
    (folder / "prepared").mkdir()
    for split, rows in counts.items():
        labels = random.integers(0, 2, rows)
        inputs = random.integers(0, 200, (rows, SIDE, SIDE, 1), dtype=np.uint8) + 40 * labels[:, None, None, None]
        path = index_of(folder / "prepared", split)  # type: ignore[arg-type]
        ShardWriter(count // SHARDS_OF_ALL).write(path, inputs.astype(np.uint8), np.arange(rows))
        np.save(folder / "prepared" / f"{split}_labels.npy", labels)
    about = {"height": SIDE, "width": SIDE, "channels": 1}
    write_about(folder / "prepared", "image", ["dark", "light"], about, counts, "classification")
    return open_prepared(folder / "prepared")


def once(data: PreparedData, config: Train, address: str, folder: Path) -> dict[str, float]:
    """Train once from an address, with an empty cache; return the seconds to the first step, and steps a second."""
    largest = read_index(index_of(data.path, "train")).largest
    with tempfile.TemporaryDirectory(dir=folder) as cache:
        os.environ |= {SHARDS: address, SHARD_CACHE: cache, SHARD_CACHE_BYTES: str(LEAST * largest)}
        clock = Clock()
        fit(catalogue.learner(data.kind, data.task), data, config, (), None, (clock,))
    return {"first_s": clock.first, "steps_s": (clock.steps - 1) / (clock.last - clock.first)}


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
        f"shards, {figures['epochs']} epochs; the local training reads {figures['read_bytes_s'] / 1e6:.2f} MB/s\n"
    )
    print("| the network gives, MB/s | of what is read | pictures/s | of local | first step, s | whole download, s |")
    print("|---|---|---|---|---|---|")
    for row in figures["arms"]:
        if row["of_read"] is None:
            network, share, download = row["arm"], "", ""
        else:
            network = f"{row['network_bytes_s'] / 1e6:.2f}"
            share, download = f"{row['of_read']:.2f}", f"{row['download_s']:.2f}"
        print(
            f"| {network} | {share} | {row['pictures_s']:,.0f} | {statistics.median(row['ratios']):.2f} "
            f"| {row['first_step_s']:.2f} | {download} |"
        )


if __name__ == "__main__":
    main()
