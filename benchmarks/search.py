"""Whether `flows.tune` finds better parameters than random search, and than the section as it is, in as much CPU time.

    python -m benchmarks.search [--workload fraud] [--seconds N] [--seeds N] [--json FILE] [--folder DIR] [--quick]

    search     what `flows.tune` does: the section as it is, then what Optuna proposes; trials that are behind end early
    random     the section as it is, then values drawn at random from the same space; every trial to its end
    as it is   the section alone, by ever another seed

Each arm trains until its trainings have taken `--seconds` of CPU, and the best on the validation split is trained once
more and examined on the test split, which no arm has seen. `garments`: a tenth of Fashion-MNIST, another one for each
seed, and its whole test split. `fraud`: payments that are simulated anew for each seed, a fifth of the handbook's.
Any other workload: all of its prepared data, the same for every seed (`dvc repro prepare@WORKLOAD`).
Intervals are those of Student at 95 %, of the arms' differences too, which are of the same seed. One thread. What the
file of `--json` holds is not measured again. `--quick`: one seed and a few seconds of small payments.
"""

import argparse
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch
import yaml

from benchmarks import cells, harness
from benchmarks.alternatives import standing_in
from benchmarks.fraud import silence, simulated
from benchmarks.small_data import written
from benchmarks.transfer import half_width
from components import catalogue
from components.config.params import Workload
from components.config.settings import artifacts
from components.kinds.prepared import PreparedData, open_prepared
from components.kinds.space import Choice, Interval, Space, Value
from components.kinds.table.prepare import prepare
from components.kinds.table.source import simulator
from components.plan.trained import trained
from components.training.models import train_models
from components.training.validated import validated
from components.tuning.search import search, subject_of
from components.tuning.study import rounded
from components.tuning.trial import CPU, Subject

ARMS = ("search", "random", "as it is")
SECONDS = {"digits": 600.0, "fraud": 60.0, "garments": 300.0, "intents": 200.0, "shop": 200.0}
_QUICK = 4.0
_TENTH = 10


def main() -> None:
    """Search, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="one seed, a few seconds of small payments")
    parser.add_argument("--workload", choices=sorted(SECONDS), default="fraud")
    parser.add_argument("--seconds", type=float, help=f"of CPU, of each arm ({SECONDS})")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--data", type=Path, help="prepared data, but of fraud, if not those of this project")
    parser.add_argument("--folder", type=Path, help="where the temporary files go")
    options = parser.parse_args()
    options.seconds = options.seconds or (_QUICK if options.quick else SECONDS[options.workload])
    options.seeds = 1 if options.quick else options.seeds
    options.data = (options.data or harness.ROOT / artifacts(options.workload, "prepared")).absolute()
    file = options.json.absolute() if options.json else None
    silence()
    torch.set_num_threads(1)
    about = {"workload": options.workload, "seconds": options.seconds, "quick": options.quick}
    keys = [{**about, "seed": seed} for seed in range(options.seeds)]
    report(cells.measured(keys, partial(measure, options), file))


def measure(options: argparse.Namespace, key: Mapping[str, Any]) -> dict[str, Any]:
    """Return what each arm has found with a seed."""
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        section = made(options, key["seed"], Path(folder))
        with standing_in(Path(folder)):
            found = {arm: one(arm, options, key["seed"], section) for arm in ARMS}
    return {"arms": found}


def made(options: argparse.Namespace, seed: int, folder: Path) -> Workload:
    """Write a project of one workload whose data are prepared; return its section."""
    name, asked = options.workload, yaml.safe_load((harness.ROOT / "params.yaml").read_text())
    section = asked["workloads"][name]
    section["train"] |= {"seed": seed, "threads": 1}
    (folder / "params.yaml").write_text(yaml.safe_dump({"workloads": {name: section}}))
    out = folder / artifacts(name, "prepared")
    out.parent.mkdir(parents=True)
    with standing_in(folder):
        found = catalogue.workload(name)
    if name not in ("fraud", "garments"):
        out.symlink_to(options.data)
        return found
    out.mkdir()
    if name == "garments":
        tenth(open_prepared(options.data), seed, out)
    else:
        simulation = simulator.scaled(simulator.Simulation(seed=seed), 0.05 if options.quick else 0.2)
        prepare(simulated(folder, simulation), out, found.prepare, folder / "schema.yaml")
    return found


def tenth(data: PreparedData, seed: int, out: Path) -> None:
    """Write a data set of a tenth of the pictures to learn from and to choose by."""
    random, splits = np.random.default_rng(seed), {}
    for split in ("train", "validation"):
        count = data.counts[split]
        some = np.sort(random.permutation(count)[: count // _TENTH])
        splits[split] = (np.asarray(data.inputs(split))[some], np.asarray(data.labels(split))[some])
    splits["test"] = (np.asarray(data.inputs("test")), np.asarray(data.labels("test")))
    written(out, splits, data.classes)


def one(arm: str, options: argparse.Namespace, seed: int, section: Workload) -> dict[str, Any]:
    """Return what an arm has found: how often it trained, and what its best reaches on both splits."""
    subject, space, as_it_is, _ = subject_of(options.workload, ("metric",))
    arms: dict[str, Callable[[], Iterator[tuple[float, float, dict[str, Value]]]]] = {
        "search": lambda: searched(options.workload, seed),
        "random": lambda: tried(subject, drawn(space, as_it_is, seed)),
        "as it is": lambda: tried(subject, ({"seed": each} for each in range(1000 * seed, 1000 * (seed + 1)))),
    }
    spent, best, count = 0.0, (float("-inf"), dict[str, Value]()), 0
    for value, cpu, values in arms[arm]():
        spent, count, best = spent + cpu, count + 1, max(best, (value, values), key=lambda each: each[0])
        if spent >= options.seconds:
            break
    config = subject.config(best[1])
    reached = trained(subject.data, section.model_copy(update={"train": config})).reached
    print(f"seed {seed}, {arm}: {count} trainings, {spent:.0f} s of CPU, test {reached:.4f}: {best[1]}", flush=True)
    return {"trainings": count, "cpu_s": spent, "validation": best[0], "test": reached, "values": best[1]}


def searched(workload: str, seed: int) -> Iterator[tuple[float, float, dict[str, Value]]]:
    """Yield of each trial of `flows.tune` what it reached, its seconds of CPU, and its values."""
    told, count = set[int](), 0
    while True:
        count += 1
        found = search(workload, ("metric",), float("inf"), count, seed, lambda said: None)
        for trial in found.ended:
            if trial.number not in told:
                told.add(trial.number)
                value = float(trial.user_attrs.get("reached.metric", "-inf"))  # of one that ended early: none
                yield value, float(trial.user_attrs[CPU]), rounded(trial.params)


def tried(subject: Subject, all_values: Iterator[dict[str, Value]]) -> Iterator[tuple[float, float, dict[str, Value]]]:
    """Yield the same of whole trainings with these values."""
    for values in all_values:
        config, began = subject.config(values), process_time()
        weights = train_models(subject.learner, subject.data, config).weights
        cpu = process_time() - began
        found = validated(subject.learner, subject.data, config, weights)
        yield found.deciding.value if found.deciding else next(reversed(found.told.values())), cpu, values


def drawn(space: Space, as_it_is: dict[str, Value], seed: int) -> Iterator[dict[str, Value]]:
    """Yield the section's own values, then random ones of the space."""
    random = np.random.default_rng(seed)
    yield as_it_is
    while True:
        yield rounded({name: _one_of(dimension, random) for name, dimension in space.items()})


def _one_of(dimension: Interval | Choice, random: np.random.Generator) -> Value:
    if isinstance(dimension, Choice):
        return dimension.values[random.integers(len(dimension.values))]
    if dimension.whole:
        return int(random.integers(int(dimension.low), int(dimension.high) + 1))
    if dimension.log:
        return float(np.exp(random.uniform(np.log(dimension.low), np.log(dimension.high))))
    return float(random.uniform(dimension.low, dimension.high))


def report(found: list[dict[str, Any]]) -> None:
    """Print the table."""
    first = found[0]
    print(f"\n{harness.machine()}; {first['workload']}, {first['seconds']:g} s of CPU an arm, {len(found)} seeds\n")
    print("| arm | trainings | validation | test | test, search beside it |\n|---|---|---|---|---|")
    for arm in ARMS:
        of_arm = [cell["arms"][arm] for cell in found]
        beside = [cell["arms"]["search"]["test"] - cell["arms"][arm]["test"] for cell in found]
        shown = "" if arm == "search" else f"{statistics.mean(beside):+.4f} ± {half_width(beside):.4f}"
        reached = (with_interval([each[split] for each in of_arm]) for split in ("validation", "test"))
        trainings = statistics.mean(each["trainings"] for each in of_arm)
        print(f"| {arm} | {trainings:.1f} | {' | '.join(reached)} | {shown} |")


def with_interval(values: list[float]) -> str:
    """Return the mean and half of its interval."""
    return f"{statistics.mean(values):.4f} ± {half_width(values):.4f}"


if __name__ == "__main__":
    main()
