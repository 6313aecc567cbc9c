"""The least that trains the same network as the project's loop, for benchmarks to hold the loop against."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional

from components import catalogue
from components.kinds.prepared import PreparedData
from components.kinds.ranking import average_precision
from components.training import hardware
from components.training.loop import plan


class Bare:
    """One module with its batches, optimizer and schedule, trained a step at a time."""

    def __init__(self, kind: str, data: PreparedData, config: Any) -> None:
        learner, chosen = catalogue.learner(kind, data.task), plan(data, config)
        hardware.make_repeatable(config.seed, chosen.threads)
        self.seed, self.steps = config.seed, 0
        self.loss, self.score = {"image": (picture_loss, score_pictures), "table": (record_loss, score_records)}[kind]
        self.module: Any = learner.module(data, config)
        if chosen.layout == "channels_last":
            self.module.to(memory_format=torch.channels_last)
        self.training, self.validation = learner.loaders(data, config)
        self.batches: Iterator[Any] = iter(())
        self.autocast = torch.autocast("cpu", torch.bfloat16, enabled=chosen.precision == "bf16-mixed")
        self.module.trainer = SimpleNamespace(estimated_stepping_batches=config.epochs * len(self.training))
        made = self.module.configure_optimizers()
        self.optimizer, self.schedule = made["optimizer"], made["lr_scheduler"]["scheduler"]

    def draw(self) -> None:
        """Have the next step draw what the project's loop draws in it (`components/training/callbacks/process.py`)."""
        torch.manual_seed(self.seed * 1_000_003 + self.steps)

    def step(self) -> None:
        """Learn from the next batch."""
        batch = next(self.batches, None)
        if batch is None:
            self.batches = iter(self.training)
            batch = next(self.batches)
        with self.autocast:
            loss = self.loss(self.module, batch)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.schedule.step()
        self.steps += 1

    def epoch(self) -> None:
        """Do what is done at the end of an epoch: validate."""
        self.module.eval()
        with torch.no_grad(), self.autocast:
            self.score(self.module, self.validation)
        self.module.train()


def picture_loss(module: Any, batch: Any) -> Tensor:
    """Return the loss of a batch of pictures, as `PictureModule` has it."""
    logits = module(batch[0]).float()
    return functional.cross_entropy(logits, batch[1], label_smoothing=module.config.label_smoothing)


def score_pictures(module: Any, batches: Any) -> tuple[float, float]:
    """Return loss and accuracy of the validation split."""
    loss, correct, count = torch.zeros(()), torch.zeros((), dtype=torch.int64), 0
    for inputs, labels in batches:
        logits = module.serving().raw(inputs).float()
        loss += functional.cross_entropy(logits, labels, reduction="sum")
        correct += (logits.argmax(dim=1) == labels).sum()
        count += len(labels)
    return float(loss) / count, float(correct) / count


def record_loss(module: Any, batch: Any) -> Tensor:
    """Return the loss of a batch of records, as `RecordModule` has it."""
    known = batch[1] >= 0
    logits = module.model(batch[0])[known, 0]
    total = functional.binary_cross_entropy_with_logits(logits, batch[1][known].float(), reduction="sum")
    return cast("Tensor", total / known.sum().clamp_min(1))


def score_records(module: Any, batches: Any) -> tuple[float, float]:
    """Return loss and average precision of the validation split."""
    parts, loss = [], torch.zeros(())
    with torch.autocast("cpu", enabled=False):
        for inputs, labels in batches:
            parts.append((module.model(inputs)[:, 0].sigmoid(), labels))
            loss += record_loss(module, (inputs, labels)) * (labels >= 0).sum()
    scores, labels = (torch.cat(part).numpy() for part in zip(*parts, strict=True))
    known = labels >= 0
    return float(loss) / int(known.sum()), average_precision(labels[known], scores[known])
