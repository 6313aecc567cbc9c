"""The keys of a sound workload's section in `params.yaml`."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from components.config import params
from components.config.section import Label


class Prepare(params.Section):
    """How recordings become samples."""

    rate: Annotated[int, Field(ge=4_000, le=48_000)] | None = None
    """Samples a second that every recording is brought to. Left out: the commonest of the source, at most 16,000."""
    seconds: Annotated[float, Field(ge=0.1, le=30.0)] | None = None
    """How long what the model hears is: of a longer recording the loudest part, a shorter one stands in silence. Left
    out: as long as 95 of 100 recordings, from 0.25 to 10."""
    labels: str = "folder"
    """Where the labels are: `folder`, or a pattern of the names, as `{label}_*` (`*` anything, `#` digits)."""
    group: Annotated[str, Field(min_length=1)] | None = None
    """What keeps recordings in one split, so that a voice in the test split was never heard before: `folder` (within
    that of the label), or a pattern of the names, as `*_{group}_*`. Left out: copies alone."""
    test_groups: list[str] = Field(default_factory=list)
    """The groups that are the test split, by name. Left out: drawn, as many as make `prepare.test`."""
    validation_by: Literal["group", "file"] = "group"
    """`file`: validate on other recordings of the groups that are learned from, where those are few."""
    validation: params.Fraction = 0.1
    """Part of the recordings that validates."""
    test: params.Fraction = 0.15
    """Part of the recordings that tests."""
    positive: Label | None = None
    """The label that is to be found, of a detection."""
    unreadable: params.Fraction = 0.01
    """Part of the recordings that may be unreadable, empty or without a label; with more `prepare` fails."""
    corrections: params.Corrections | None = None
    """A CSV file in `data/corrections` with labels that are put right, see docs/labelling.md."""


class Train(params.Training):
    """A small convolutional network on the log-mel spectrum, AdamW in one cycle."""

    epochs: Annotated[int, Field(ge=1)] = 40
    """Passes over the training split."""
    batch_size: Annotated[int, Field(ge=1)] = 64
    """Examples a step."""
    mels: Annotated[int, Field(ge=16, le=128)] = 40
    """Bands of the spectrum."""
    equalize: bool = True
    """Take each band of the spectrum less its mean in time: then a room or a microphone means little. Not for sounds
    that stay as they are, a hum or a held vowel: little is left of them."""
    width: Annotated[int, Field(ge=4, le=256)] = 24
    """Channels of the first layer; the last has four times as many."""
    learning_rate: Annotated[float, Field(gt=0.0)] = 0.003
    """Peak of the cycle."""
    weight_decay: Annotated[float, Field(ge=0.0)] = 0.02
    """Of AdamW."""
    label_smoothing: params.Fraction = 0.1
    """Part of a label that is spread over all classes."""
    dropout: params.Fraction = 0.3
    """Part of the features that the head is not given."""
    speed: Annotated[float, Field(ge=0.0, le=1.0)] = 0.33
    """Most part by which a training recording is slower or faster, and its pitch lower or higher."""
    stretch: Annotated[float, Field(ge=0.0, le=1.0)] = 0.45
    """Most part by which its spectrum is stretched, in time and, at three fifths of it, in frequency."""
    shift: Annotated[float, Field(ge=0.0, le=5.0)] = 0.125
    """Most seconds that it is moved by."""
    noise: Annotated[float, Field(ge=-10.0, le=100.0)] = 5.0
    """Least decibels that it lies above the noise put to it; 100: none."""
    coloration: Annotated[float, Field(ge=0.0, le=30.0)] = 6.0
    """Decibels, a standard deviation, by which a random filter makes frequencies of the recording louder or softer, and
    another one those of the noise; 0: no filter."""
    mixup: Annotated[float, Field(ge=0.0, le=10.0)] = 0.4
    """In half of the batches each recording is heard together with another one, and both labels are learned, by the
    part of the energy. Parameter of the beta distribution of the parts: the larger, the more equal; 0: never."""
    mask: Annotated[int, Field(ge=0, le=8)] = 1
    """Bands of frequency, and as many spans of time, that are taken out of its spectrum."""

    def operations(self, input: Mapping[str, Any]) -> float:
        """Return about how many multiplications and additions it takes to answer one recording."""
        frames, width, window = 100 * input["length"] / input["rate"], self.width, 0.032 * input["rate"]
        return float(frames * (window**2 + self.mels * width * (6.25 + 11 * width)))


class Serve(params.Serve):
    """What the endpoint takes for a recording."""

    max_seconds: Annotated[float, Field(gt=0.0, le=3_600.0)] = 60.0
    """Longest recording that the endpoint reads."""


class Workload(params.Workload):
    """A workload of sounds."""

    kind: Literal["audio"]
    prepare: Prepare
    train: Annotated[Train, Field(description=params.TRAIN)]
    serve: Serve = Serve()
