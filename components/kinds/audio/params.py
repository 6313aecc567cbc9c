"""The keys of a sound workload's section in `params.yaml`."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ModelWrapValidatorHandler, model_validator

from components.config import params
from components.config.backbone import read_speech_encoder, speech_encoders
from components.config.section import Label

TRANSFER: dict[str, Any] = {
    "backbone": "google-speech-embedding",
    "label_smoothing": 0.0,
    "speed": 0.0,
    "shift": 0.0,
    "coloration": 0.0,
}
"""What `recipe: transfer` says, where it is not written."""
FRESH = ("mels", "equalize", "width", "stretch", "mixup", "mask")
"""Keys that mean nothing to it."""
PRETRAINED = ("backbone", "versions")
"""Keys that mean nothing to `recipe: quick`."""
_AROUND = 0.4  # seconds of silence with which a network of speech hears a recording


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
    """A small convolutional network on the log-mel spectrum, or a pretrained one of speech; AdamW in one cycle."""

    recipe: Literal["quick", "transfer"] = "quick"
    """`quick`: a network with fresh weights, for any sound. `transfer`: one that has learned from other people's speech
    says what is said, and a linear layer learns: for words, see docs/sound.md."""
    backbone: str | None = None
    """With `recipe: transfer`: the network, a file of `backbones/`; left out: `google-speech-embedding`."""
    versions: Annotated[int, Field(ge=1, le=32)] = 3
    """With `recipe: transfer`: how many versions of each recording are learned from: as it is, and changed by `speed`,
    `shift`, `noise` and `coloration`."""
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
    """Most part by which a training recording is slower or faster, and its pitch lower or higher. With `recipe:
    transfer` it is 0 unless it is written, as are `shift`, `coloration` and `label_smoothing`."""
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

    @model_validator(mode="wrap")
    @classmethod
    def _fill_in(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Complete `transfer` by what it says; `model_fields_set` names what the user said."""
        if not isinstance(given, dict) or given.get("recipe") != "transfer":
            return handler(given)
        written = {key: value for key, value in given.items() if key != "backbone" or value is not None}
        filled = handler({**TRANSFER, **written})
        filled.model_fields_set.intersection_update(given)
        return filled

    @model_validator(mode="after")
    def _fits_the_recipe(self) -> Self:
        for key in FRESH if self.recipe == "transfer" else PRETRAINED:
            if getattr(self, key) != type(self).model_fields[key].default:
                raise ValueError(f"{key}: means nothing to recipe: {self.recipe}; leave it out")
        if self.backbone is not None:
            params.choose(self.backbone, speech_encoders(), "backbone", "name")
        return self

    def pretrained(self) -> str | None:
        """Return the name of the network of speech."""
        return self.backbone

    def operations(self, input: Mapping[str, Any]) -> float:
        """Return about how many multiplications and additions it takes to answer one recording."""
        if self.backbone is not None:
            return self._pretrained_operations(input)
        frames, width, window = 100 * input["length"] / input["rate"], self.width, 0.032 * input["rate"]
        return float(frames * (window**2 + self.mels * width * (6.25 + 11 * width)))

    def work(self, input: Mapping[str, Any], examples: int) -> float:
        """Return the operations of a training; a pretrained network hears each version of a recording once."""
        if self.backbone is None:
            return super().work(input, examples)
        return examples * self.versions * self._pretrained_operations(input)

    def in_32_bit(self) -> str | None:
        """Return why a layer alone is not learned in bf16."""
        return None if self.backbone is None else "one linear layer is no faster in bf16"

    def _pretrained_operations(self, input: Mapping[str, Any]) -> float:
        """Return those of the spectrum and of the network's layers, each over the maps that its pools leave."""
        described = read_speech_encoder(self.backbone or "")
        frames, bands = (input["length"] / input["rate"] + _AROUND) / described.hop, float(described.bands)
        found, before = frames * (described.transform * input["rate"]) ** 2, 3  # frames that the first layer sees
        for number, block in enumerate(described.network.blocks):
            inner = 2 * block.pairs - (1 if number else 0)  # the first block has one layer more
            found += frames * bands * 3 * block.width * (before + block.width * inner)
            frames, bands, before = frames / block.pool[0], bands / block.pool[1], block.width
        return float(found)


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
