"""The keys of a signal workload's section in `params.yaml`."""

from typing import Literal

from components.config import params


class Prepare(params.Section):
    """How signals become arrays."""

    label: str = "label"
    """The column with the label; every other one is a sample, in its order."""
    validation: params.Fraction = 0.15
    """Part of the signals that validates."""
    test: params.Fraction = 0.15
    """Part of the signals that tests."""


class Train(params.Training):
    """A small convolutional network, AdamW in one cycle."""

    epochs: int = 40
    """Passes over the training split."""
    batch_size: int = 64
    """Examples a step."""
    width: int = 32
    """Channels of the network, and numbers of the embedding."""
    learning_rate: float = 0.01
    """Peak of the cycle."""


class Workload(params.Workload):
    """A workload of signals."""

    kind: Literal["signal"]
    prepare: Prepare
    train: Train
