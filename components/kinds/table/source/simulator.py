"""Card transactions that never happened, some of them fraud: a table to learn from without a download.

Written from the description in Le Borgne, Siblini, Lebichot and Bontempi, "Reproducible Machine Learning for Credit
Card Fraud Detection - Practical Handbook" (2022), chapter 3, "Simulated data"; every constant below is from there.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, model_validator

from components.config import params
from components.kinds.table.source.plane import Neighbours, neighbours

SCHEMA = pa.schema(
    [
        ("transaction_id", pa.int64()),  # 0, 1, 2, ... in order of time
        ("time", pa.timestamp("ms")),  # UTC, whole seconds
        ("customer_id", pa.int64()),
        ("terminal_id", pa.int64()),
        ("amount", pa.float64()),  # two decimals
        ("fraud", pa.int8()),  # 0 or 1
    ]
)
THRESHOLD = 220.0  # amounts above it are fraud
TERMINAL_DAYS = 28  # that a terminal stays compromised, its first day included
CUSTOMER_DAYS = 14  # that a customer stays compromised, the first day included
TAKEN = 1 / 3  # part of a compromised customer's transactions that are fraud
FACTOR = 5.0  # by which their amounts are multiplied

_SECONDS = 86_400  # in a day
_CUSTOMERS, _TERMINALS, _DAY, _CUSTOMERS_HIT, _TERMINALS_HIT = range(1, 6)  # streams of random numbers

Count = Annotated[int, Field(ge=0)]
Length = Annotated[float, Field(gt=0.0)]
Day = Annotated[date, BeforeValidator(lambda value: date.fromisoformat(value) if isinstance(value, str) else value)]


class Simulation(params.Section):
    """Sizes of the simulation; the defaults are the handbook's."""

    customers: Annotated[int, Field(ge=1)] = 5_000
    terminals: Annotated[int, Field(ge=1)] = 10_000
    days: Annotated[int, Field(ge=1, le=36_525)] = 183
    start: Day = date(2018, 4, 1)
    """The first day, YYYY-MM-DD."""
    side: Length = 100.0
    """Of the square plane on which customers and terminals lie."""
    radius: Length = 5.0
    """A customer uses the terminals that are nearer than this."""
    compromised_terminals: Count = 2
    """Terminals drawn each day, all of whose transactions are fraud for 28 days."""
    compromised_customers: Count = 3
    """Customers drawn each day, a third of whose transactions are fraud for 14 days, at five times the amount."""
    seed: Count = 0

    @model_validator(mode="after")
    def _enough_to_draw_from(self) -> Self:
        for drawn, there in (("compromised_terminals", self.terminals), ("compromised_customers", self.customers)):
            if getattr(self, drawn) > there:
                raise ValueError(f"{drawn} is {getattr(self, drawn)}, but there are only {there} to draw from")
        return self


def scaled(simulation: Simulation, factor: float) -> Simulation:
    """Return the simulation with `factor` times as many customers and terminals on a plane as dense as before."""
    many = {
        name: max(1, round(getattr(simulation, name) * factor)) if getattr(simulation, name) else 0
        for name in ("customers", "terminals", "compromised_terminals", "compromised_customers")
    }
    return simulation.model_copy(update={**many, "side": simulation.side * math.sqrt(factor)})


def transactions(simulation: Simulation) -> Iterator[pa.RecordBatch]:
    """Yield the transactions, sorted by time, one batch a day.

    But for the ids, which count up, a day is a pure function of the settings and its number. Memory grows with the
    customers and terminals, never with the days.
    """
    world = _world(simulation)
    first = 0
    for day in range(simulation.days):
        columns = _day(simulation, world, day)
        count = len(columns[0])
        yield pa.record_batch([pa.array(np.arange(first, first + count)), *map(pa.array, columns)], schema=SCHEMA)
        first += count


def compromised_terminals(simulation: Simulation, day: int) -> NDArray[np.int64]:
    """Return the terminals that are compromised on `day`: drawn then or in the 27 days before."""
    draws = range(max(0, day - TERMINAL_DAYS + 1), day + 1)
    drawn = [_drawn(simulation, _TERMINALS_HIT, draw, simulation.terminals) for draw in draws]
    return np.unique(np.concatenate(drawn))


def compromised_customers(simulation: Simulation, day: int) -> NDArray[np.int64]:
    """Return the customers that are compromised on `day`: drawn then or in the 13 days before."""
    draws = range(max(0, day - CUSTOMER_DAYS + 1), day + 1)
    drawn = [_drawn(simulation, _CUSTOMERS_HIT, draw, simulation.customers) for draw in draws]
    return np.unique(np.concatenate(drawn))


@dataclass(frozen=True)
class _World:
    """What does not change from day to day."""

    mean_amount: NDArray[np.float64]
    """`[customers]`."""
    per_day: NDArray[np.float64]
    """`[customers]`, mean number of transactions."""
    reach: Neighbours
    """The terminals of each customer."""


def _world(simulation: Simulation) -> _World:
    random = _random(simulation, _CUSTOMERS)
    customers = random.uniform(0.0, simulation.side, (simulation.customers, 2))
    mean_amount = random.uniform(5.0, 100.0, simulation.customers)
    per_day = random.uniform(0.0, 4.0, simulation.customers)
    terminals = _random(simulation, _TERMINALS).uniform(0.0, simulation.side, (simulation.terminals, 2))
    return _World(mean_amount, per_day, neighbours(customers, terminals, simulation.radius, simulation.side))


def _day(simulation: Simulation, world: _World, day: int) -> tuple[NDArray[np.generic], ...]:
    """Return the columns behind the id, `[transactions of the day]` each."""
    random = _random(simulation, _DAY, day)
    customer = np.repeat(np.arange(simulation.customers), random.poisson(world.per_day))
    second = random.normal(_SECONDS / 2, 20_000.0, len(customer)).astype(np.int64)
    happens = (second > 0) & (second < _SECONDS) & (world.reach.counts[customer] > 0)
    customer, second = customer[happens], second[happens]
    order = np.argsort(second * len(second) + np.arange(len(second)))  # no ties: the same order on every machine
    customer, second = customer[order], second[order]
    terminal = world.reach.draw(customer, random)
    amount, fraud = _fraud(simulation, day, customer, terminal, _amount(world.mean_amount[customer], random), random)
    time = np.datetime64(simulation.start, "ms") + (day * _SECONDS + second) * np.timedelta64(1_000, "ms")
    return time, customer, terminal, amount, fraud


def _amount(mean: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    amount = random.normal(mean, mean / 2)
    return np.where(amount < 0, random.uniform(0.0, 2 * mean), amount).round(2)


def _fraud(
    simulation: Simulation,
    day: int,
    customer: NDArray[np.int64],
    terminal: NDArray[np.int64],
    amount: NDArray[np.float64],
    random: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Return the amounts, some multiplied, and which are fraud by any of the three scenarios."""
    hit = _mask(compromised_terminals(simulation, day), simulation.terminals)[terminal]
    taken = _mask(compromised_customers(simulation, day), simulation.customers)[customer]
    taken &= random.random(len(customer)) < TAKEN
    fraud = (amount > THRESHOLD) | hit | taken
    return np.where(taken, np.round(amount * FACTOR, 2), amount), fraud.astype(np.int8)


def _mask(indices: NDArray[np.int64], length: int) -> NDArray[np.bool_]:
    mask = np.zeros(length, dtype=np.bool_)
    mask[indices] = True
    return mask


def _drawn(simulation: Simulation, stream: int, day: int, there: int) -> NDArray[np.int64]:
    count = simulation.compromised_terminals if stream == _TERMINALS_HIT else simulation.compromised_customers
    return _random(simulation, stream, day).choice(there, count, replace=False, shuffle=False)


def _random(simulation: Simulation, stream: int, day: int = 0) -> np.random.Generator:
    return np.random.default_rng([simulation.seed, stream, day])
