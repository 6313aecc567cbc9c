"""What a training is going to do, known before it begins and without torch: steps, batches, about how long."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from components.config.params import LEAST_STEPS
from components.tracking.environment import processor_flags

if TYPE_CHECKING:
    from components.config.params import DataFacts, Training

_PART = 0.5
"""Of the speed of a product of matrices that a network comes to in 32 bit."""
_BF16_GAIN = {"amx_bf16": 4.0, "avx512_bf16": 1.8}
"""How many times as fast a network learns in bf16, by the processor's instructions (`benchmarks/train_loop.py`)."""
_STEP = 0.015
"""Seconds of a step that do not depend on the examples: the optimizer, and the loop itself."""
_EPOCH = 0.05
"""Seconds of an epoch besides its steps."""
_PRETRAINED_STEPS = 100
"""Steps that are enough where the network has learned from other data before."""
_SIDE = 512  # of the matrices by which this machine is measured


@dataclass(frozen=True)
class TrainingPlan:
    """The steps of a training."""

    examples: int
    """Of the training split."""
    batch_size: int
    """Most examples of a step."""
    epochs: int
    steps: int
    """Of all epochs."""
    left_out: int
    """Examples that an epoch passes over; other ones each time."""
    estimated_seconds: float
    """About, on one core of this machine."""
    warning: str | None = None
    """One line: why little will be learned, and what to write instead."""

    def __str__(self) -> str:
        if not self.steps:
            return f"no step: {_counted(self.examples, 'training example')} measured in one go; a few seconds"
        an_epoch = self.steps // self.epochs
        left_out = f"{self.left_out:,} left out of each" if self.left_out else "no example left out"
        return (
            f"{_counted(self.steps, 'step')} of at most {_counted(self.batch_size, 'example')}: "
            f"{_counted(self.epochs, 'epoch')} of {_counted(an_epoch, 'step')} over "
            f"{_counted(self.examples, 'training example')}, {left_out}; "
            f"{duration(self.estimated_seconds)} on one core of this machine"
        )


def training_plan(config: "Training", examples: int, input: Mapping[str, Any], supervised: bool = True) -> TrainingPlan:
    """Return what the training of `examples` examples is going to do.

    Args:
        config: the section `train` of the workload, as it was written.
        examples: how many the training split has.
        input: the description of one example, as `prepared.json` has it.
        supervised: whether labels are learned from.
    """
    if config.LEARNED_BY and not supervised:
        return _measuring(config, examples)
    fitted = config.fitted(examples)
    an_epoch = fitted.steps_an_epoch(examples)
    steps = an_epoch * fitted.epochs
    seconds = fitted.work(input, examples) / (_PART * _speed() * _gain(config))
    return TrainingPlan(
        examples=examples,
        batch_size=min(fitted.batch_size, examples),
        epochs=fitted.epochs,
        steps=steps,
        left_out=fitted.left_out(examples),
        estimated_seconds=seconds + steps * _STEP + fitted.epochs * _EPOCH,
        warning=_warning(config, examples, steps),
    )


def choice(config: "Training", data: "DataFacts", supervised: bool = True) -> str | None:
    """Return in one line what the section leaves to the data, how that is decided, and what it costs; None: nothing.

    Args:
        config: the section `train` of the workload, as it was written.
        data: the prepared data set.
        supervised: whether labels are learned from.
    """
    if not config.undecided():
        return None
    decided = config.decided(data, supervised)
    plan = training_plan(decided, data.counts["train"], data.input, supervised)
    said = [f"{config.reason(data, supervised)}: {duration(plan.estimated_seconds)} of CPU time"]
    if decided.served_megabytes() and supervised:
        milliseconds = 1e3 * decided.answer_operations(data.input) / (_PART * _speed())
        said.append(f"a served graph of {decided.served_megabytes():.2g} MB, about {milliseconds:.1g} ms a picture")
    return ", ".join(said)


def _measuring(config: "Training", examples: int) -> TrainingPlan:
    """Return the plan of a model that is measured, and what of the section means nothing to it."""
    unused = sorted((config.LEARNED_BY - config.measured_by()) & config.model_fields_set)
    keys = ", ".join(f"train.{key}" for key in unused)
    warning = f"{keys}: without labels nothing is learned by steps; leave it out" if unused else None
    return TrainingPlan(examples, examples, 0, 0, 0, 0.0, warning)


def _warning(config: "Training", examples: int, steps: int) -> str | None:
    if steps >= (_PRETRAINED_STEPS if config.pretrained() else LEAST_STEPS):
        return None
    return f"{_counted(steps, 'training step')} may be too few to learn anything: {config.advice(examples)}"


def _speed() -> float:
    """Return the operations a second of one core in 32 bit, the best of a few products of matrices."""
    matrix, best = np.ones((_SIDE, _SIDE), dtype=np.float32), 0.0
    with threadpool_limits(1):  # several threads wait for each other by spinning, which counts as work
        for _ in range(3):
            start = time.process_time()
            matrix @ matrix
            best = max(best, 2.0 * _SIDE**3 / max(time.process_time() - start, 1e-6))
    return best


def _gain(config: "Training") -> float:
    """Return how many times as fast as in 32 bit the training is, where it may use bf16 and the processor has it."""
    flags = [] if config.precision == "32-true" or config.in_32_bit() else processor_flags()
    return next((gain for flag, gain in _BF16_GAIN.items() if flag in flags), 1.0)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def duration(seconds: float) -> str:
    """Return in words how long something takes."""
    if seconds < 10:
        return "a few seconds"
    if seconds < 90:
        return f"about {round(seconds, -1):.0f} seconds"
    if seconds < 5400:
        return f"about {seconds / 60:.0f} minutes"
    return f"about {seconds / 3600:.1f} hours"
