"""A stop-watch that sits in the project's training loop as a logger."""

import time
from collections.abc import Mapping
from typing import Any

from lightning.pytorch.loggers.logger import Logger


class ReachedError(Exception):
    """The validation accuracy has come to the level."""


class Watch(Logger):
    """Takes the time of every validation, from when it was made; ends the training at `level`, if there is one."""

    name = version = None

    def __init__(self, level: float | None = None) -> None:
        super().__init__()
        self.level, self.began = level, (time.process_time(), time.perf_counter())
        self.curve: list[dict[str, float]] = []
        """One point an epoch: `cpu_s`, `wall_s`, `accuracy`."""

    def seconds(self) -> tuple[float, float]:
        """Return the CPU and the wall seconds since the beginning."""
        return time.process_time() - self.began[0], time.perf_counter() - self.began[1]

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Note the accuracy, and when it was reached.

        Raises:
            ReachedError: it has come to the level.
        """
        if "validation_accuracy" in metrics:
            (cpu, wall), accuracy = self.seconds(), float(metrics["validation_accuracy"])
            self.curve.append({"cpu_s": cpu, "wall_s": wall, "accuracy": accuracy})
            if self.level is not None and accuracy >= self.level:
                raise ReachedError

    def log_hyperparams(self, *given: Any, **named: Any) -> None:
        """Nothing: the recipe is known."""
