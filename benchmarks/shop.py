"""Suggestions: how good they are beside popularity and EASE in ten lines of numpy, and how long 100,000 items take.

    python -m benchmarks.shop [--quick] [--source datasets/shop.yaml] [--seeds N] [--json FILE]

All arms rank all items of the test split, leaving out what somebody has taken, and are measured alike. Of ours each
model is shown by itself; `train.model: best` serves the better on the validation split. The plain EASE is what a
careful person writes: the strength of its penalty is chosen on the validation split, what somebody took counts alike
however long ago it was. Seconds are CPU time of fitting. An answer's time is the median of 200 lists, asked one by one
of the served graph on one thread; the network's vectors are random there, as they cost the same. Then the network
learns with interactions weighed by how probably their items were shown (`prepare.propensity`), by `train.clip`, beside
without weights. What the endpoint remembers is asked and added to in a file of SQLite, one user at a time. `--quick`
simulates a small shop, and fits one seed.
"""

import statistics
import tempfile
import time
import warnings
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray

from benchmarks import harness
from components import catalogue
from components.data.ingest import data_set_at
from components.inference.bundle import open_session
from components.kinds.interactions import learner
from components.kinds.interactions.codec.input import Input
from components.kinds.interactions.codec.item_store import ItemStore
from components.kinds.interactions.learner.vectors import VectorModule, Vectors
from components.kinds.interactions.params import Prepare, Train
from components.kinds.interactions.prepare import prepare
from components.kinds.interactions.source.simulator import Simulation, interactions
from components.kinds.prepared import PreparedData, open_prepared
from components.kinds.suggestions import COLUMNS, width
from components.tasks.ranking.objective import Ranking
from components.training.export import write_onnx
from components.training.models import train_models
from components.training.restore import restored
from components.training.temperature import raw

_KIND, _TASK = "interactions", "ranking"
_QUICK = {"users": 150, "items": 60, "days": 60, "visits": 1.0}
_ASKED = 200
_ITEMS = (1_000, 10_000, 100_000)
_USERS = (1_000, 20_000)
_REMEMBERED = 84
_CLIPS = (1.0, 3.0, 20.0)
_BOTH = ("ndcg_at_10", "snips_ndcg_at_10")
_STRENGTHS = (30.0, 100.0, 300.0, 1000.0)

Scores = Callable[[NDArray[np.int32]], NDArray[np.float64]]
"""Lists `[N, length + exclude]` -> the score of each item `[N, items]`."""


def main() -> None:
    """Measure, print the tables, and write them where the user wants it."""
    parser = harness.parser(__doc__, quick="a small shop, one seed, few items")
    parser.add_argument("--source", default="datasets/shop.yaml", help="a description; default: %(default)s")
    parser.add_argument("--seeds", type=int, default=3, help="trainings of the network; default: %(default)s")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        data = _data(options, Path(folder))
        arms = measured(data, options)
        times = [answer_times(items, Path(folder)) for items in (_ITEMS[:1] if options.quick else _ITEMS)]
        clips = weighed(data, _prepared(Path(folder), Prepare(propensity="propensity"), "weighed"), options)
        memories = [memory_times(users, Path(folder)) for users in (_USERS[:1] if options.quick else _USERS)]
        figures = {"counts": dict(data.counts), "arms": arms, "times": times, "clips": clips, "memory": memories}
        harness.finish(figures, report, options.json)


def measured(data: PreparedData[Input], options: Namespace) -> list[dict[str, Any]]:
    """Return what each arm reaches, and what it costs; the network is the mean over seeds."""
    plain: dict[str, Callable[[], Scores]] = {
        "popular in all of training": lambda: _popular(data, 1.0),
        "popular in its last tenth": lambda: _popular(data, 0.1),
        "EASE in ten lines of numpy": lambda: _chosen_ease(data),
    }
    rows = [_row(name, data, lambda make=make: _rankings(make(), data)) for name, make in plain.items()]  # type: ignore[misc]
    rows.append(_row("ours, ease", data, lambda: _ours(data, Train(model="ease", threads=1))))
    seeds = range(1 if options.quick else options.seeds)
    networks = [
        _row("ours, network", data, lambda seed=seed: _ours(data, Train(model="network", seed=seed, threads=1)))  # type: ignore[misc]
        for seed in seeds
    ]
    numbers = [name for name in networks[0] if name != "arm"]
    spread = statistics.pstdev(row["ndcg_at_10"] for row in networks)
    mean = {name: statistics.mean(row[name] for row in networks) for name in numbers}
    return [*rows, {"arm": "ours, network", **mean, "ndcg_at_10_spread": spread}]


def weighed(plain: PreparedData[Input], data: PreparedData[Input], options: Namespace) -> list[dict[str, Any]]:
    """Return what the network reaches without weights and by each clip, the mean over seeds; measured on `data`."""
    ways: dict[str, tuple[PreparedData[Input], dict[str, float]]] = {"no weights": (plain, {})}
    ways |= {f"{clip:g}": (data, {"clip": clip}) for clip in _CLIPS}
    evaluation, rows = catalogue.evaluation(_KIND, _TASK), []
    for name, (learnt, keys) in ways.items():
        found = [
            evaluation.baseline_measures(
                data, _ours(learnt, Train(model="network", seed=seed, threads=1, **keys)), Train()
            )  # type: ignore[arg-type]
            for seed in range(1 if options.quick else options.seeds)
        ]
        rows.append({"clip": name} | {key: statistics.mean(one[key] for one in found) for key in _BOTH})
    return rows


def ease(taken: NDArray[np.float64], strength: float) -> NDArray[np.float64]:
    """Return the weights of pairs from who took what, users x items (Steck 2019, algorithm 1)."""
    gram = taken.T @ taken
    gram[np.diag_indices(len(gram))] += strength
    inverse = np.linalg.inv(gram)
    pairs: NDArray[np.float64] = inverse / -np.diag(inverse)
    pairs[np.diag_indices(len(gram))] = 0.0
    return pairs


def answer_times(items: int, folder: Path) -> dict[str, Any]:
    """Return how long the served graph of a network with so many items takes for one list, in milliseconds."""
    input: Input = {"length": 20, "exclude": 64, "items": items, "digest": "", "repeats": False}
    random = np.random.default_rng(0)
    objective, config = Ranking(items, "ndcg_at_10"), Train()
    torch.manual_seed(0)
    module = VectorModule(Vectors(input, config.width, torch.randn(items)), input, config, objective)
    path = folder / f"{items}.onnx"
    lists = random.integers(1, items + 1, (_ASKED, 84)).astype(np.int32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of torch's exporter, of itself
        write_onnx(learner.serving(module), lists, path, ["ranking", "embedding"])
    session = open_session(path)
    taken = []
    for example in lists:
        began = time.thread_time()
        session.run(["ranking"], {"inputs": example[None]})
        taken.append(1e3 * (time.thread_time() - began))
    worst = sorted(taken)[int(0.99 * len(taken))]
    return {
        "items": items, "milliseconds": statistics.median(taken), "p99_milliseconds": worst,
        "megabytes": path.stat().st_size / 1e6,
    }  # fmt: skip


def memory_times(users: int, folder: Path) -> dict[str, Any]:
    """Return how long it takes to remember an item of a user and to read what he took last, and how large that is."""
    path, random = folder / f"memory-{users}.db", np.random.default_rng(0)
    owners, items = np.repeat(np.arange(users), _REMEMBERED), np.arange(users * _REMEMBERED) % 9_973
    with closing(ItemStore(f"sqlite:///{path}", "shop")) as store:
        store.seed("bundle", owners.astype(np.str_), items.astype(np.str_), np.arange(len(owners)))
        taken: dict[str, list[float]] = {"read": [], "add": []}
        for number in range(_ASKED):
            for what, said in (("read", []), ("add", [f"new {number}"])):
                began = time.perf_counter()
                store.latest([str(random.integers(users))], [said], len(owners) + number, _REMEMBERED)
                taken[what].append(1e3 * (time.perf_counter() - began))
    return {
        "users": users,
        **{f"{what}_milliseconds": statistics.median(times) for what, times in taken.items()},
        "p99_milliseconds": float(np.quantile(taken["add"], 0.99)),
        "megabytes": path.stat().st_size / 1e6,
    }


def _data(options: Namespace, folder: Path) -> PreparedData[Input]:
    described = data_set_at(options.source, _KIND)
    assert described
    simulation = Simulation.model_validate(described.settings)
    if options.quick:
        simulation = simulation.model_copy(update=_QUICK)
    table = pa.Table.from_batches(list(interactions(simulation)))
    pq.write_table(table, folder / "records.parquet")
    return _prepared(folder, Prepare(), "prepared")


def _prepared(folder: Path, how: Prepare, name: str) -> PreparedData[Input]:
    (folder / name).mkdir()
    prepare(folder / "records.parquet", folder / name, how, folder / f"{name}.yaml")
    return open_prepared(folder / name)


def _popular(data: PreparedData[Input], part: float) -> Scores:
    labels = np.asarray(data.labels("train"))
    counts = np.bincount(labels[-max(1, int(part * len(labels))) :], minlength=data.input["items"]).astype(np.float64)
    return lambda lists: np.broadcast_to(counts, (len(lists), len(counts)))


def _chosen_ease(data: PreparedData[Input]) -> Scores:
    users, items = np.asarray(data.array("train", "users")), np.asarray(data.labels("train"))
    taken = np.zeros((int(users.max()) + 1, data.input["items"]))
    taken[users, items] = 1.0
    lists, labels = np.asarray(data.inputs("validation")), np.asarray(data.labels("validation"))
    evaluation, found = Ranking(len(data.classes), "ndcg_at_10"), {}
    for strength in _STRENGTHS:
        scores = _by_pairs(ease(taken, strength))
        found[strength] = evaluation.monitored(_ranked(scores(lists), lists, len(data.classes)), labels), scores
    return max(found.values(), key=lambda reached: reached[0])[1]


def _by_pairs(pairs: NDArray[np.float64]) -> Scores:
    padded = np.pad(pairs, ((1, 0), (0, 0)))

    def scores(lists: NDArray[np.int32]) -> NDArray[np.float64]:
        found = np.zeros((len(lists), len(pairs)))
        for column in np.where(lists > len(pairs), 0, lists).T:
            found += padded[column]
        return found

    return scores


def _rankings(scores: Scores, data: PreparedData[Input]) -> NDArray[np.float32]:
    lists = np.asarray(data.inputs("test"))
    return _ranked(scores(lists), lists, len(data.classes))


def _ranked(scores: NDArray[np.float64], lists: NDArray[np.int32], classes: int) -> NDArray[np.float32]:
    """Return the rankings of scores `[N, items]`, without the items of the lists."""
    left = np.array(scores)
    rows, columns = np.nonzero((lists > 0) & (lists <= left.shape[1]))
    left[rows, lists[rows, columns] - 1] = -np.inf
    most = width(classes) // COLUMNS
    best = np.argsort(-left, axis=1, kind="stable")[:, :most]
    outputs = np.zeros((len(lists), width(classes)), dtype=np.float32)
    outputs[:, :most] = np.where(np.isfinite(np.take_along_axis(left, best, axis=1)), best, -1)
    return outputs


def _ours(data: PreparedData[Input], config: Train) -> NDArray[np.float32]:
    task, fitted = catalogue.learner(_KIND, _TASK), config.fitted(data.counts["train"])
    trained = train_models(task, data, fitted)
    return raw(task, restored(task, data, fitted, trained.weights), data.inputs("test"))


def _row(name: str, data: PreparedData[Input], outputs: Callable[[], NDArray[np.float32]]) -> dict[str, Any]:
    began = time.process_time()
    found = outputs()
    seconds = time.process_time() - began
    reached = catalogue.evaluation(_KIND, _TASK).baseline_measures(data, found, Train())
    return {"arm": name, **reached, "cpu_s": seconds}


def report(figures: dict[str, Any]) -> None:
    """Print the tables."""
    print(f"\n{figures['machine']}\n{figures['counts']}\n")
    names = ("ndcg_at_10", "recall_at_20", "coverage_at_10", "novelty_at_10", "cpu_s")
    print("| | NDCG@10 | recall@20 | coverage@10 | novelty@10, bits | CPU s |\n|---|---|---|---|---|---|")
    for row in figures["arms"]:
        spread = f" ± {row['ndcg_at_10_spread']:.4f}" if "ndcg_at_10_spread" in row else ""
        print(f"| {row['arm']} | {_numbers([row[name] for name in names], spread)} |")
    print("\n| items | ms a list, median | 99 % | graph, MB |\n|---|---|---|---|")
    for row in figures["times"]:
        print(
            f"| {row['items']:,} | {row['milliseconds']:.2f} | {row['p99_milliseconds']:.2f} | {row['megabytes']:.1f} |"
        )
    _report_clips(figures["clips"])
    print("\n| users | ms to read, median | to add and read | 99 % | memory, MB |\n|---|---|---|---|---|")
    for row in figures["memory"]:
        spent = (row[f"{name}_milliseconds"] for name in ("read", "add", "p99"))
        print(f"| {row['users']:,} | {' | '.join(f'{each:.2f}' for each in spent)} | {row['megabytes']:.0f} |")


def _report_clips(rows: Sequence[dict[str, Any]]) -> None:
    print("\n| train.clip | NDCG@10 | SNIPS NDCG@10 |\n|---|---|---|")
    for row in rows:
        print(f"| {row['clip']} | {' | '.join(f'{row[name]:.4f}' for name in _BOTH)} |")


def _numbers(values: Sequence[float], spread: str) -> str:
    gain, recall, coverage, novelty, seconds = values
    return f"{gain:.4f}{spread} | {recall:.4f} | {coverage:.1%} | {novelty:.1f} | {seconds:.1f}"


if __name__ == "__main__":
    main()
