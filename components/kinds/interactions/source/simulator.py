"""A shop that never was: what its visitors were shown, and what they took, day by day.

Users and items lie in a space of eight tastes (a taste and its opposite are an aisle of the shop). Somebody who
is shown an item, and does not have it, takes it with the probability

    sigmoid(base + strength * taste . item + quality + season)

where the taste of a user moves a little every day, and differs a little with the mood of each visit; some items are
liked by all (quality), and by the time of the year (season). Users and items come up to the last day. A visit shows
some items, each drawn by the shop's own suggestions: any item, what is popular lately, or what others took after the
item that the visitor took last. So what is shown depends on what was shown before, as in life; with which probability
it was shown is known, and kept.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Protocol, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, model_validator

from components.config import params

SCHEMA = pa.schema(
    [("user", pa.int64()), ("item", pa.string()), ("time", pa.timestamp("ms")), ("propensity", pa.float64())]
)
AISLES = (
    "lamp", "chair", "mug", "book", "scarf", "tent", "vase", "kettle",
    "rug", "clock", "plant", "poster", "toy", "knife", "towel", "candle",
)  # fmt: skip
TASTES = len(AISLES) // 2

_BASE = -6.0  # logit of an item that is neither liked nor disliked
_STRENGTH = 3.0  # standard deviation of what taste adds to it
_QUALITY = 0.7  # of what is the same for all
_DRIFT = 0.004  # part of the variance of a taste that is drawn anew each day
MOOD = 0.5  # standard deviations by which the taste of a visit differs
_FORGETS = 14.0  # days after which what was popular counts for a third
_YEAR = 365.25
_SECONDS = 86_400
_DAMPED = 0.7  # power of how often an item was taken, by which it is shown as popular
_OWNED = 256  # items that somebody remembers to have taken, and takes no second time
_FOLLOWERS = 32  # of the items that were taken after an item, the last ones that the shop remembers

Count = Annotated[int, Field(ge=1)]
Part = Annotated[float, Field(ge=0.0, le=1.0)]
Day = Annotated[date, BeforeValidator(lambda value: date.fromisoformat(value) if isinstance(value, str) else value)]
Floats = NDArray[np.float64]
Int64 = NDArray[np.int64]


class Simulation(params.Section):
    """Sizes of the simulation, and how the shop suggests."""

    users: Count = 2_000
    items: Annotated[int, Field(ge=2)] = 1_000
    days: Annotated[int, Field(ge=1, le=36_525)] = 180
    start: Day = date(2025, 1, 1)
    """The first day, YYYY-MM-DD."""
    visits: Annotated[float, Field(gt=0.0)] = 0.3
    """Of a user each day, on average."""
    slots: Count = 8
    """Items that a visit shows."""
    newcomers: Part = 0.4
    """Part of the users, and of the items, that come after the first day."""
    season: Annotated[float, Field(ge=0.0)] = 0.7
    """How much the time of the year moves how an item is liked."""
    explore: Annotated[float, Field(gt=0.0, le=1.0)] = 0.2
    """Part of what is shown that is any item."""
    similar: Part = 0.4
    """Part that others took after the visitor's last item. The rest is what is popular."""
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if self.explore + self.similar > 1.0:
            raise ValueError("explore and similar: parts of what is shown, together at most 1")
        return self


def scaled(simulation: Simulation, factor: float) -> Simulation:
    """Return the simulation with `factor` times as many users, and items as their square root."""
    users, items = round(simulation.users * factor), round(simulation.items * math.sqrt(factor))
    return simulation.model_copy(update={"users": max(1, users), "items": max(2, items)})


@dataclass(frozen=True)
class Shown:
    """What was shown on a day, in the order of time, `[S]` each."""

    users: Int64
    items: Int64
    times: Int64
    """Milliseconds since 1970."""
    propensity: Floats
    """The probability with which this place of the visit showed this item."""
    taken: NDArray[np.bool_]


class Suggests(Protocol):
    """How a shop chooses what it shows."""

    def show(self, shop: "Shop", users: Int64, slots: int, random: np.random.Generator) -> tuple[Int64, Floats]:
        """Return items for the visits of `users` `[V]`, `[V, slots]`, and the probability of each."""


class Shop:
    """The shop on one day after another. What it keeps grows with the users and items, never with the days."""

    def __init__(self, simulation: Simulation, suggests: "Suggests | None" = None) -> None:
        self.simulation = simulation
        self.suggests = suggests or OwnSuggestions()
        self.today = 0
        random = np.random.default_rng([simulation.seed, 0])
        users, items = simulation.users, simulation.items
        self.tastes = random.normal(size=(users, TASTES))
        self.vectors = random.normal(size=(items, TASTES))
        self.quality = _QUALITY * random.normal(size=items)
        self._swing = simulation.season * np.abs(random.normal(size=items))
        self._peak = random.random(items)
        self._rate = random.gamma(2.0, simulation.visits / 2.0, users)
        self._born_users = _births(users, simulation, random)
        self._born_items = _births(items, simulation, random)
        self.popular = np.zeros(items)
        """How often each was taken, of late."""
        self.owned = np.full((users, _OWNED), -1, dtype=np.int32)
        """What each user took, the last ones; the order is none."""
        self._count = np.zeros(users, dtype=np.int64)
        self.last = np.full(users, -1, dtype=np.int64)
        """The item that each user took last; -1: none yet."""
        self.followers = np.full((items, _FOLLOWERS), -1, dtype=np.int64)
        """What was taken after each item, the last ones."""
        self._followed = np.zeros(items, dtype=np.int64)

    @property
    def there(self) -> int:
        """How many items there are today, the first of all."""
        return int(np.searchsorted(self._born_items, self.today, side="right"))

    def names(self) -> list[str]:
        """Return what the items are called: the aisle that they belong to, and their number."""
        strongest = np.abs(self.vectors).argmax(axis=1)
        signs = np.take_along_axis(self.vectors, strongest[:, None], axis=1)[:, 0] < 0
        return [
            f"{AISLES[2 * axis + sign]} {number}"
            for number, (axis, sign) in enumerate(zip(strongest, signs, strict=True))
        ]

    def logits(self, tastes: Floats, items: Int64) -> Floats:
        """Return the logit with which each of `items` is taken today, by tastes `[..., 8]` that fit them."""
        turn = 2.0 * np.pi * (self.today / _YEAR - self._peak[items])
        liked = (tastes * self.vectors[items]).sum(axis=-1) * _STRENGTH / math.sqrt(TASTES)
        found: Floats = _BASE + liked + self.quality[items] + self._swing[items] * np.cos(turn)
        return found

    def day(self) -> Shown:
        """Let a day pass; return what was shown on it."""
        simulation, random = self.simulation, np.random.default_rng([self.simulation.seed, 1, self.today])
        moved = random.normal(size=self.tastes.shape)
        self.tastes = math.sqrt(1.0 - _DRIFT) * self.tastes + math.sqrt(_DRIFT) * moved
        here = np.searchsorted(self._born_users, self.today, side="right")
        users = np.repeat(np.arange(here), random.poisson(self._rate[:here]))
        seconds = random.integers(0, _SECONDS, len(users))
        order = np.lexsort((users, seconds))
        users, seconds = users[order], seconds[order]
        items, propensity = self.suggests.show(self, users, simulation.slots, random)
        moods = self.tastes[users] + MOOD * random.normal(size=(len(users), TASTES))
        chances = 1.0 / (1.0 + np.exp(-self.logits(moods[:, None], items)))
        taken = (random.random(items.shape) < chances) & ~self._has(users, items)
        start = np.datetime64(simulation.start, "ms").astype(np.int64)
        first = start + 1_000 * (self.today * _SECONDS + seconds)
        times = first[:, None] + np.arange(simulation.slots)  # a millisecond apart: the order in which they were shown
        who, order = np.repeat(users, simulation.slots), np.argsort(times, axis=None, kind="stable")
        who, items, propensity = who[order], items.ravel()[order], propensity.ravel()[order]
        taken = _first(taken.ravel()[order], who * simulation.items + items)
        shown = Shown(who, items, times.ravel()[order], propensity, taken)
        self._learn(shown)
        self.today += 1
        return shown

    def _has(self, users: Int64, items: Int64) -> NDArray[np.bool_]:
        """Return which of `items` `[V, slots]` the users `[V]` have, or are shown twice on the visit."""
        order = np.arange(items.shape[1])
        twice = ((items[:, :, None] == items[:, None, :]) & (order < order[:, None])).any(axis=2)
        has = np.stack([(self.owned[users] == column[:, None]).any(axis=1) for column in items.T], axis=1)
        found: NDArray[np.bool_] = twice | has
        return found

    def _learn(self, shown: Shown) -> None:
        """Keep what was taken, from which tomorrow's suggestions are drawn."""
        users, items = shown.users[shown.taken], shown.items[shown.taken]
        self.popular *= math.exp(-1.0 / _FORGETS)
        self.popular += np.bincount(items, minlength=len(self.popular))
        order = np.argsort(users, kind="stable")
        users, items = users[order], items[order]
        same = np.concatenate([[False], users[1:] == users[:-1]])[: len(users)]
        before = np.where(same, np.concatenate([[-1], items[:-1]])[: len(items)], self.last[users])
        self._follow(before[before >= 0], items[before >= 0])
        starts = np.searchsorted(users, users, side="left")
        self.owned[users, (self._count[users] + np.arange(len(users)) - starts) % _OWNED] = items
        self._count += np.bincount(users, minlength=len(self._count))
        ends = np.concatenate([users[1:] != users[:-1], [True]])[: len(users)]
        self.last[users[ends]] = items[ends]

    def _follow(self, before: Int64, items: Int64) -> None:
        order = np.argsort(before, kind="stable")
        before, items = before[order], items[order]
        starts = np.searchsorted(before, before, side="left")
        places = (self._followed[before] + np.arange(len(before)) - starts) % _FOLLOWERS
        self.followers[before, places] = items
        self._followed += np.bincount(before, minlength=len(self._followed))


class OwnSuggestions:
    """The shop's former suggestions: any item, what follows the visitor's last one, or what is popular."""

    def show(self, shop: Shop, users: Int64, slots: int, random: np.random.Generator) -> tuple[Int64, Floats]:
        """Return items for the visits, and the probability of each."""
        there, shape = shop.there, (len(users), slots)
        chance = (shop.popular[:there] + 1.0) ** _DAMPED
        chance /= chance.sum()
        popular = np.searchsorted(np.cumsum(chance), random.random(shape) * (1.0 - 1e-12)).clip(max=there - 1)
        followers = shop.followers[np.maximum(shop.last[users], 0)]
        known = ((followers >= 0) & (shop.last[users] >= 0)[:, None]).sum(axis=1)
        follow = np.take_along_axis(followers, random.integers(0, np.maximum(known, 1)[:, None], shape), axis=1)
        explore, similar = shop.simulation.explore, np.where(known > 0, shop.simulation.similar, 0.0)[:, None]
        way = random.random(shape)
        items = np.where(
            way < explore, random.integers(0, there, shape), np.where(way < explore + similar, follow, popular)
        )
        among = (followers[:, None, :] == items[:, :, None]).sum(axis=2) / np.maximum(known, 1)[:, None]
        propensity = explore / there + similar * among + (1.0 - explore - similar) * chance[items]
        return items, propensity


def interactions(simulation: Simulation) -> Iterator[pa.RecordBatch]:
    """Yield what was taken, sorted by time, one batch a day."""
    shop = Shop(simulation)
    names = pa.array(shop.names())
    for _ in range(simulation.days):
        shown = shop.day()
        columns = [shown.users[shown.taken], names.take(pa.array(shown.items[shown.taken])), shown.times[shown.taken]]
        users, items, times = pa.array(columns[0]), columns[1], pa.array(columns[2]).cast(pa.timestamp("ms"))
        yield pa.record_batch([users, items, times, pa.array(shown.propensity[shown.taken])], schema=SCHEMA)


def _first(taken: NDArray[np.bool_], pairs: Int64) -> NDArray[np.bool_]:
    """Return what is taken of `[S]`, of each pair of user and item the first time alone."""
    rows = np.flatnonzero(taken)
    found = np.zeros_like(taken)
    found[rows[np.unique(pairs[rows], return_index=True)[1]]] = True
    return found


def _births(count: int, simulation: Simulation, random: np.random.Generator) -> Int64:
    """Return the day on which each comes, in their order."""
    late = random.random(count) < simulation.newcomers
    late[0] = False
    days = np.where(late, random.integers(0, simulation.days, count), 0)
    return np.sort(days).astype(np.int64)
