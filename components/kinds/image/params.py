"""The keys of a picture workload's section in `params.yaml`."""

from typing import Annotated, Literal

from pydantic import Field

from components.config import params

METRIC = "accuracy"
"""Decides which of two models is better: the share of test pictures named rightly."""

Side = Annotated[int, Field(ge=8, le=1024)]


class Limits(params.Section):
    """How much may be wrong with the data before `prepare` fails. Left out: it is reported, never fatal."""

    unreadable: Annotated[int, Field(ge=0)] | None = None
    """Pictures that do not open, empty files included."""
    duplicates: Annotated[int, Field(ge=0)] | None = None
    """Pictures that stand in the test or validation split already."""
    empty_labels: Annotated[int, Field(ge=0)] | None = None
    """Labels without one readable picture."""
    smallest_class: Annotated[int, Field(ge=1)] | None = None
    """Training pictures that every class must have."""


class Prepare(params.Section):
    """How raw pictures become arrays."""

    size: Side
    """Height and width in pixels that every picture is brought to."""
    channels: Literal[1, 3]
    """1: grey. 3: red, green, blue."""
    validation: params.Fraction = 0.1
    """Part of the training pictures held back to watch the training."""
    test: params.Fraction = 0.15
    """Part held back for the examination, where the source does not say which."""
    limits: Limits = Limits()


class Train(params.Training):
    """The recipe: a small convolutional network, SGD in one cycle."""

    width: Annotated[int, Field(ge=4, le=1024)] = 32
    """Channels of the first stage; the later ones have multiples of it."""
    learning_rate: Annotated[float, Field(gt=0.0)] = 0.2
    """Peak of the one-cycle schedule."""
    momentum: params.Fraction = 0.9
    weight_decay: Annotated[float, Field(ge=0.0)] = 5e-4
    label_smoothing: params.Fraction = 0.1
    flip: bool = True
    """Mirror half of the training pictures. Not for digits or letters."""
    shift: Annotated[int, Field(ge=0, le=64)] = 1
    """Most pixels that a training picture is moved by in each direction."""


class Workload(params.Workload):
    """A picture workload."""

    kind: Literal["image"]
    prepare: Prepare
    train: Train
