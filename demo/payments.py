"""Simulated card payments; while a model is at work, a sort of fraud begins that nobody has seen.

It is a spree: each night some cards are stolen, and within the hour each of them pays twelve times at terminals near
and far, each time as much as its owner might have paid.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from components.kinds.table.source.simulator import Simulation, transactions
from demo.work import Example

PARAMS = """\
workloads:
  fraud:
    kind: table
    task: detection
    description: Is this card payment a fraud? (simulated, after the Fraud Detection Handbook)
    source: datasets/story.yaml
    prepare:
      columns: {label: fraud, time: time, id: transaction_id, amount: amount}
      entities:
        customer_id: {days: [1, 7], measures: [count, mean]}
        terminal_id: {days: [1, 7], measures: [count, risk], delayed: true}
      card: customer_id
      delay: 1
      split: {train: 21, validation: 1, test: 1}
      limits: {}
    train: {epochs: 20, false_alarm: 20}
    serve: {precision: float32}
    retrain: {labels: 20000, least: 500, cooldown: 2}
    gate: {shadow: true, canary: 10, canary_days: 0.5}
"""
"""A label is known a day later. A version that has passed the gate is tried on live answers first."""
FALSE_ALARM = 20.0
"""What it costs to look at a payment in vain (`train.false_alarm`)."""
SPREE = 12  # payments of a stolen card
_WITHIN = 3_600  # seconds of a spree
_NIGHT = 21_600  # seconds of a day from midnight on, in which sprees begin
_MONEY = (90.0, 200.0)  # that each of its payments is worth
_FRAUD, _HONEST = "1", "0"


@dataclass(frozen=True)
class Payments:
    """The work of the workload `fraud`."""

    begins: int
    """The day of work on which the new fraud begins."""
    days: int
    """Of work."""
    history: int = 34
    """Days before it, which the first model learns from."""
    customers: int = 1_000
    stolen: int = 8
    """Cards a day."""
    seed: int = 1
    workload: str = "fraud"
    params: str = PARAMS
    change: str = "a fraud that nobody has seen: stolen cards that pay twelve times within an hour of the night"
    at_once: int = 4
    delay: int = 1
    wrong: str = _FRAUD

    def begin(self, project: Path) -> None:
        """Describe the source: the simulator, up to the first day of work."""
        settings = self._simulation(self.history).model_dump(mode="json")
        said = {"title": "payments", "licence": "made here", "kind": "table", "format": "simulator"}
        (project / "datasets" / "story.yaml").write_text(json.dumps({**said, "settings": settings}))

    def day(self, day: int) -> Sequence[Example]:
        """Return the payments of a day of work."""
        rows = self._payments.filter(pl.col("day") == day).drop("day")
        return [
            Example(
                {**row, "time": row["time"].isoformat()},
                _FRAUD if fraud else _HONEST,
                row["amount"],
                changed,
            )
            for *_, fraud, changed, row in (
                (row.pop("fraud"), row.pop("spree"), row) for row in rows.iter_rows(named=True)
            )
        ]

    def cost(self, example: Example, said: str) -> float:
        """Return what it costs: the amount of a fraud that is missed, a look at what is none."""
        if example.truth == said:
            return 0.0
        return example.miss if example.truth == _FRAUD else FALSE_ALARM

    def turned(self, label: str) -> str:
        """Return the other label."""
        return _HONEST if label == _FRAUD else _FRAUD

    @cached_property
    def _payments(self) -> pl.DataFrame:
        """The payments of the days of work, sprees and all, in the order of time."""
        batches = list(transactions(self._simulation(self.history + self.days)))
        first = batches[self.history]["transaction_id"][0].as_py()
        frames = [
            pl.DataFrame(pl.from_arrow(batch)).with_columns(day=pl.lit(day), spree=pl.lit(False))
            for day, batch in enumerate(batches[self.history :])
        ]
        whole = [
            pl.concat([frame, self._sprees(frame, day)]) if day >= self.begins else frame
            for day, frame in enumerate(frames)
        ]
        return pl.concat(whole).sort("time").with_columns(transaction_id=pl.int_range(first, first + pl.len()))

    def _sprees(self, payments: pl.DataFrame, day: int) -> pl.DataFrame:
        """Return the payments of the cards that are stolen on a day."""
        random = np.random.default_rng([self.seed, day])
        cards = np.repeat(random.choice(self.customers, self.stolen, replace=False), SPREE)
        begun = np.repeat(random.integers(0, _NIGHT - _WITHIN, self.stolen), SPREE)
        seconds = begun + random.integers(0, _WITHIN, len(cards))
        midnight = payments["time"].dt.truncate("1d")[0]
        return pl.DataFrame(
            {
                "transaction_id": np.zeros(len(cards), np.int64),
                "time": pl.Series(np.datetime64(midnight, "ms") + seconds * np.timedelta64(1_000, "ms")),
                "customer_id": cards,
                "terminal_id": random.integers(0, 2 * self.customers, len(cards)),
                "amount": random.uniform(*_MONEY, len(cards)).round(2),
                "fraud": np.ones(len(cards), np.int8),
            }
        ).with_columns(pl.col("time").cast(pl.Datetime("ms")), day=pl.lit(day), spree=pl.lit(True))

    def _simulation(self, days: int) -> Simulation:
        return Simulation(
            customers=self.customers,
            terminals=2 * self.customers,
            days=days,
            start=date(2018, 4, 1),
            side=100.0 * (self.customers / 5_000) ** 0.5,
            compromised_terminals=1,
            compromised_customers=2,
            seed=self.seed,
        )
