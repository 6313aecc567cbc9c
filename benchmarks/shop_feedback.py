"""A shop that learns from its own suggestions: what a new way of suggesting would earn, and ten retrainings.

    python -m benchmarks.shop_feedback [--quick] [--seeds N] [--json FILE]

**Offline.** The shop suggests as it does, and logs with which probability it showed each item. What three other ways
would earn for each place that they fill, taken per place shown, is estimated from that log, and held against the truth:
the simulator knows with which probability each visitor takes each item. A way shows any item with probability 0.1, else
one of its list of twenty: what is popular, what a network suggests that has learned from the days before, or what
nobody took. The doubly robust estimate predicts a reward by how often the item was taken where it was shown.

**Online.** Shops that are alike suggest by a model of their own from day 60 on, and train it anew every 12 days, ten
times, from all that was taken: as it is, or weighed by the inverse of the logged probabilities (`prepare.propensity`).
Beside them the shop that goes on with its own suggestions, and one that shows any item. Each is the mean over seeds.
"""

import copy
import statistics
import tempfile
from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray

from benchmarks import harness
from components import catalogue
from components.kinds.interactions.params import Prepare, Train
from components.kinds.interactions.prepare import prepare
from components.kinds.interactions.source.simulator import (
    MOOD,
    Floats,
    Int64,
    OwnSuggestions,
    Shop,
    Shown,
    Simulation,
    Suggests,
)
from components.kinds.prepared import open_prepared
from components.kinds.suggestions import ranked
from components.tasks.ranking.evaluation.off_policy import Estimate, doubly_robust, ips, snips
from components.training.models import train_models
from components.training.restore import restored
from components.training.temperature import raw

_SHOP = Simulation(users=600, items=300, days=180, visits=0.6)
_QUICK = {"users": 150, "items": 60}
_EXPLORES, _LIST, _RECENT = 0.1, 20, 20
_LEARNS, _EVERY, _TIMES = 60, 12, 10  # days before the first training, and between two; trainings
_LOGGED = 30  # days of the log by which ways are compared
_TRAIN = {"model": "network", "epochs": 6, "width": 24, "batch_size": 128, "threads": 1}


@dataclass
class Taken:
    """What was taken so far, by whom and when, and with which probability it was shown."""

    days: list[Shown] = field(default_factory=list)

    def add(self, shown: Shown) -> None:
        """Keep what was taken of what was shown."""
        kept = shown.taken
        self.days.append(
            Shown(*(getattr(shown, name)[kept] for name in ("users", "items", "times", "propensity", "taken")))
        )

    def column(self, name: str) -> NDArray[Any]:
        """Return it of all days."""
        return np.concatenate([getattr(day, name) for day in self.days])

    def write(self, path: Path) -> None:
        """Write it as a user's table."""
        columns = {"user": self.column("users"), "item": self.column("items").astype(str), "time": self.column("times")}
        pq.write_table(pa.table({**columns, "propensity": self.column("propensity")}), path)


class Listed:
    """Shows any item with probability 0.1, else one of the list of the visitor."""

    def __init__(self, lists: Int64) -> None:
        """Take the list of each user, `[users, T]`; -1: it is shorter."""
        self.lists = lists

    def show(self, shop: Shop, users: Int64, slots: int, random: np.random.Generator) -> tuple[Int64, Floats]:
        """Return items for the visits, and the probability of each."""
        shape, of_visit = (len(users), slots), self.lists[users]
        long = np.maximum((of_visit >= 0).sum(axis=1), 1)
        listed = np.take_along_axis(of_visit, random.integers(0, long[:, None], shape), axis=1)
        explores = (random.random(shape) < _EXPLORES) | (listed < 0)
        items = np.where(explores, random.integers(0, shop.there, shape), listed)
        return items, self.probability(shop, np.repeat(users, slots), items.ravel()).reshape(shape)

    def probability(self, shop: Shop, users: Int64, items: Int64) -> Floats:
        """Return with which probability it would show each item to each user, `[N]`."""
        of_visit = self.lists[users]
        long = (of_visit >= 0).sum(axis=1)
        explores = np.where(long > 0, _EXPLORES, 1.0)
        listed = (of_visit == items[:, None]).sum(axis=1) / np.maximum(long, 1)
        return explores * (items < shop.there) / shop.there + (1.0 - explores) * listed

    def spread(self, shop: Shop, users: Int64) -> Floats:
        """Return the same of every item that is there, `[N, items]`."""
        every = np.arange(shop.there)
        pairs = np.repeat(users, shop.there), np.tile(every, len(users))
        return self.probability(shop, *pairs).reshape(len(users), shop.there)


def main() -> None:
    """Measure, print the tables, and write them where the user wants it."""
    parser = harness.parser(__doc__, quick="a small shop, two retrainings, one seed")
    parser.add_argument("--seeds", type=int, default=3, help="shops; default: %(default)s")
    options = parser.parse_args()
    torch.set_num_threads(1)
    harness.finish({"offline": offline(options), "online": online(options)}, report, options.json)


def offline(options: Namespace) -> list[dict[str, Any]]:
    """Return of each way what it would earn, by the estimates and in truth, of one shop."""
    simulation = _simulation(options, 0)
    shop, taken = Shop(simulation), Taken()
    for _ in range(_LEARNS):
        taken.add(shop.day())
    ways = {
        "popular": Listed(_popular(shop)),
        "network": Listed(learned(taken, shop, False)),
        "unpopular": Listed(_unpopular(shop)),
    }
    rates = _rates(shop, simulation)
    logs: dict[str, list[tuple[Floats, ...]]] = {name: [] for name in ways}
    truths: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(10 if options.quick else _LOGGED):
        before = copy.deepcopy(shop)  # what a way shows depends on the morning of the day
        shown = shop.day()
        visitors = np.unique(shown.users)
        known = np.pad(rates, (0, len(shop.quality) - len(rates)))[: before.there]
        for name, way in ways.items():
            wanted = way.probability(before, shown.users, shown.items)
            spread = dict(zip(visitors.tolist(), way.spread(before, visitors) @ known, strict=True))
            expected = np.array([spread[user] for user in shown.users.tolist()])
            logs[name].append((shown.taken.astype(float), shown.propensity, wanted, known[shown.items], expected))
            truths[name].append(truth(before, way, shown.users))
    rows = []
    for name, parts in logs.items():
        rewards, propensity, wanted, predicted, expected = (np.concatenate(part) for part in zip(*parts, strict=True))
        found = {"ips": ips(rewards, propensity, wanted), "snips": snips(rewards, propensity, wanted),
                 "dr": doubly_robust(rewards, propensity, wanted, predicted, expected),
                 "model alone": Estimate(float(expected.mean()), 0.0)}  # fmt: skip
        told = {
            f"{way}{what}": getattr(one, key)
            for way, one in found.items()
            for what, key in (("", "value"), ("_error", "error"))
        }
        rows.append(
            {
                "way": name,
                "truth": float(np.mean(truths[name])),
                "log": float(rewards.mean()),
                "places": len(rewards),
                **told,
            }
        )
    return rows


def truth(shop: Shop, way: Listed, users: Int64) -> float:
    """Return what a place earns that the way fills for these visitors, by the shop's own probabilities."""
    random = np.random.default_rng([7, shop.today])
    some = users[:: max(1, len(users) // 400)]
    every = np.broadcast_to(np.arange(shop.there), (len(some), shop.there))
    moods = shop.tastes[some] + MOOD * random.normal(size=(len(some), shop.tastes.shape[1]))
    chances = 1.0 / (1.0 + np.exp(-shop.logits(moods[:, None], every)))
    chances *= ~(shop.owned[some][:, :, None] == np.arange(shop.there)).any(axis=1)
    return float((way.spread(shop, some) * chances).sum(axis=1).mean())


def online(options: Namespace) -> list[dict[str, Any]]:
    """Return of each shop what a place earned between two trainings, `[trainings]`, the mean over seeds."""
    arms: dict[str, Callable[[Taken, Shop], Suggests]] = {
        "any item": lambda taken, shop: Listed(np.full((len(shop.last), 1), -1)),
        "the shop's own": lambda taken, shop: OwnSuggestions(),
        "learned as it is": lambda taken, shop: Listed(learned(taken, shop, False)),
        "learned, weighed": lambda taken, shop: Listed(learned(taken, shop, True)),
    }
    times, seeds = (2, 1) if options.quick else (_TIMES, options.seeds)
    found: dict[str, list[list[dict[str, float]]]] = {name: [] for name in arms}
    for seed in range(seeds):
        shop, taken = Shop(_simulation(options, seed)), Taken()
        for _ in range(_LEARNS):
            taken.add(shop.day())
        for name, suggests in arms.items():
            found[name].append(lived(copy.deepcopy(shop), copy.deepcopy(taken), suggests, times))
    return [_told(name, runs) for name, runs in found.items()]


def lived(shop: Shop, taken: Taken, suggests: Callable[[Taken, Shop], Suggests], times: int) -> list[dict[str, float]]:
    """Return what the shop earned between each two trainings, and how much of what is there it showed."""
    periods = []
    for _ in range(times):
        shop.suggests = suggests(taken, shop)
        days = [shop.day() for _ in range(_EVERY)]
        for day in days:
            taken.add(day)
        shares = np.bincount(np.concatenate([day.items for day in days]), minlength=shop.there)[: shop.there]
        shares = np.sort(shares)[::-1] / shares.sum()
        earned = float(np.concatenate([day.taken for day in days]).mean())
        periods.append({"taken": earned, "top_tenth": float(shares[: max(1, len(shares) // 10)].sum())})
    return periods


def learned(taken: Taken, shop: Shop, weighed: bool) -> Int64:
    """Return the list of each user that a network suggests which has learned from what was taken, `[users, 20]`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        taken.write(folder / "taken.parquet")
        (folder / "prepared").mkdir()
        keys: Mapping[str, Any] = {"propensity": "propensity"} if weighed else {}
        prepare(folder / "taken.parquet", folder / "prepared", Prepare(length=_RECENT, **keys), folder / "schema.yaml")
        data = open_prepared(folder / "prepared")
        task, config = catalogue.learner("interactions", "ranking"), Train.model_validate(_TRAIN)
        trained = train_models(task, data, config)
        module = restored(task, data, config, trained.weights)
        numbers = np.full(len(shop.quality), -1, dtype=np.int64)
        numbers[np.array(data.classes[: data.input["items"]], dtype=np.int64)] = np.arange(data.input["items"])
        lists = _recent(taken, numbers, len(shop.last), data.input["length"] + data.input["exclude"])
        items = ranked(raw(task, module, lists)).items[:, :_LIST]
    names = np.array([*map(int, data.classes), -1])
    return names[items]


def _recent(taken: Taken, numbers: Int64, users: int, columns: int) -> NDArray[np.int32]:
    """Return what each user took, the latest first, by the numbers of the model from 1, `[users, columns]`."""
    lists = np.zeros((users, columns), dtype=np.int32)
    filled = np.zeros(users, dtype=np.int64)
    who, what = taken.column("users")[::-1], numbers[taken.column("items")[::-1]]
    for user, number in zip(who.tolist(), what.tolist(), strict=True):
        if number >= 0 and filled[user] < columns:
            lists[user, filled[user]] = number + 1
            filled[user] += 1
    return lists


def _popular(shop: Shop) -> Int64:
    return np.broadcast_to(np.argsort(-shop.popular[: shop.there], kind="stable")[:_LIST], (len(shop.last), _LIST))


def _unpopular(shop: Shop) -> Int64:
    return np.broadcast_to(np.argsort(shop.popular[: shop.there], kind="stable")[:_LIST], (len(shop.last), _LIST))


def _rates(shop: Shop, simulation: Simulation) -> Floats:
    """Return how often each item was taken where it was shown on the first days, ten places of the average added."""
    other, days = Shop(simulation), []
    for _ in range(_LEARNS):
        days.append(other.day())
    items, taken = (np.concatenate([getattr(day, name) for day in days]) for name in ("items", "taken"))
    shown = np.bincount(items, minlength=simulation.items)
    return (np.bincount(items[taken], minlength=simulation.items) + 10.0 * taken.mean()) / (shown + 10.0)


def _simulation(options: Namespace, seed: int) -> Simulation:
    return _SHOP.model_copy(update={"seed": seed, **(_QUICK if options.quick else {})})


def _told(name: str, runs: list[list[dict[str, float]]]) -> dict[str, Any]:
    periods = list(zip(*runs, strict=True))
    whole = [statistics.mean(period["taken"] for period in run) for run in runs]
    return {
        "arm": name,
        "taken": [statistics.mean(one["taken"] for one in period) for period in periods],
        "top_tenth": [statistics.mean(one["top_tenth"] for one in period) for period in periods],
        "mean": statistics.mean(whole),
        "by_seed": whole,
    }


def report(figures: dict[str, Any]) -> None:
    """Print the tables."""
    print(f"\n{figures['machine']}\n")
    print("| way | truth | IPS | SNIPS | doubly robust | the model alone |\n|---|---|---|---|---|---|")
    for row in figures["offline"]:
        told = (f"{row[way]:.2%} ± {1.96 * row[f'{way}_error']:.2%}" for way in ("ips", "snips", "dr"))
        print(f"| {row['way']} | {row['truth']:.2%} | {' | '.join(told)} | {row['model alone']:.2%} |")
    first = figures["offline"][0]
    print(f"\nof {first['places']:,} places that the shop showed {first['log']:.2%} were taken\n")
    times = range(1, len(figures["online"][0]["taken"]) + 1)
    print(f"| after training | {' | '.join(map(str, times))} | mean |\n|---|{'---|' * (len(times) + 1)}")
    for row in figures["online"]:
        print(f"| {row['arm']} | {' | '.join(f'{share:.2%}' for share in [*row['taken'], row['mean']])} |")
    print("\nshare of what is shown that the most shown tenth of the items has:\n")
    for row in figures["online"]:
        print(f"| {row['arm']} | {' | '.join(f'{share:.0%}' for share in row['top_tenth'])} |")


if __name__ == "__main__":
    main()
