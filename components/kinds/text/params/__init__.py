"""The keys of a text workload's section in `params.yaml`."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ModelWrapValidatorHandler, model_validator

from components.config import params
from components.config.backbone import encoders, read_encoder
from components.config.section import Label

ENCODER = "all-minilm-l6-v2"
"""Of `recipe: transfer`, where none is written."""
_CHARACTERS = 5.0  # of a piece, about, in English
_VOCABULARY = 30_522  # pieces, of BERT
_ENCODED = 40.0  # milliseconds that an answer may take

Column = Annotated[str, Field(min_length=1)]


class Prepare(params.Section):
    """How texts become arrays."""

    text: Column | None = None
    """The column of a table that holds the text. Left out: the one that is called `text`, `sentence` or the like."""
    label: Column | None = None
    """The column of a table that holds the label. Left out: the one that is called `label`, `intent` or the like."""
    split: Column | None = None
    """The column of a table that says which split a text is in (`train`, `validation`, `test`). Left out: chance draws.
    """
    group: Column | None = None
    """The column of a table that says what keeps texts in one split, as who wrote them or in which conversation: then
    nobody of the test split was read before. Left out: copies alone."""
    none: Label | None = None
    """The label of texts that are none of the classes, as `oos`: they are learned from by nobody, and the evaluation
    says how many of them are flagged as unfamiliar."""
    positive: Label | None = None
    """The label that is to be found, of a detection."""
    length: Annotated[int, Field(ge=8, le=8192)] | None = None
    """Characters of a text that are read, blanks included; longer ones are read up to there, and said so. Left out: as
    many as the longest training text has, up to 1,024."""
    validation: params.Fraction = 0.1
    """Part of the texts that validates, where no column says which."""
    test: params.Fraction = 0.15
    """Part that tests, where no column says which."""
    corrections: params.Corrections | None = None
    """A CSV file in `data/corrections` with labels that are put right, see docs/labelling.md."""


class Train(params.Training):
    """Hashed words and runs of characters, summed by learned vectors; one layer behind them; AdamW in one cycle."""

    recipe: Literal["quick", "transfer"] = "quick"
    """`quick`: seconds on one processor core. `transfer`: beside it an encoder that has learned from other texts says
    what a text means, see docs/texts.md: minutes, and a graph of 90 MB more; of English."""
    backbone: str | None = None
    """With `recipe: transfer`: the encoder, a file of `backbones/`; left out: `all-minilm-l6-v2`."""
    epochs: Annotated[int, Field(ge=1)] = 12
    """Passes over the training split."""
    batch_size: Annotated[int, Field(ge=1)] = 256
    """Examples a step."""
    buckets: Annotated[int, Field(ge=256, le=2**20)] = 2**16
    """Places among which words and runs of characters are hashed; each has a vector."""
    width: Annotated[int, Field(ge=4, le=1024)] = 128
    """Numbers of a vector, and of the embedding."""
    dropout: params.Fraction = 0.5
    """Part of a training text's words and runs of characters that are left out, others each time."""
    learning_rate: Annotated[float, Field(gt=0.0)] = 0.01
    """Peak of the cycle."""
    weight_decay: Annotated[float, Field(ge=0.0)] = 0.0
    """On all weights, apart from the gradient."""
    label_smoothing: params.Fraction = 0.0
    """Part of a label that is spread over all classes."""

    @model_validator(mode="wrap")
    @classmethod
    def _fill_in(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Complete `transfer` by its encoder; `model_fields_set` names what the user said."""
        if not isinstance(given, dict) or given.get("recipe") != "transfer" or given.get("backbone") is not None:
            return handler(given)
        filled = handler({**given, "backbone": ENCODER})
        filled.model_fields_set.intersection_update(given)
        return filled

    @model_validator(mode="after")
    def _encoder_of_the_recipe(self) -> Self:
        if self.recipe != "transfer" and self.backbone is not None:
            raise ValueError(f"backbone: means nothing to recipe: {self.recipe}; leave it out")
        if self.backbone is not None:
            params.choose(self.backbone, encoders(), "backbone", "name")
        return self

    def pretrained(self) -> str | None:
        """Return the name of the encoder."""
        return self.backbone

    def operations(self, input: Mapping[str, Any]) -> float:
        """Return about how many multiplications and additions it takes to answer one text."""
        return 5.0 * float(input["length"]) * self.width

    def work(self, input: Mapping[str, Any], examples: int) -> float:
        """Return the operations of a training; an encoder reads every text once."""
        return super().work(input, examples) + examples * self._encoder_operations(input)

    def answer_operations(self, input: Mapping[str, Any]) -> float:
        """Return about how many multiplications and additions the served graph takes to answer one text."""
        return self.operations(input) + self._encoder_operations(input)

    def _encoder_operations(self, input: Mapping[str, Any]) -> float:
        """Return those of the encoder: of each piece, of which a text has about one in five characters."""
        if self.backbone is None:
            return 0.0
        described = read_encoder(self.backbone)
        shape = described.network
        pieces = min(described.pieces, 2 + input["length"] / _CHARACTERS)
        return float(shape.layers * pieces * (4 * shape.width**2 + 2 * shape.width * shape.inner))

    def served_megabytes(self) -> float:
        """Return about how large the graph is that is served: four bytes a weight."""
        return 4e-6 * self.buckets * (self.width + 1) + (_encoder_megabytes(self.backbone) if self.backbone else 0.0)

    def in_32_bit(self) -> str | None:
        """Return why texts are not learned in bf16."""
        return "sums of few vectors are no faster in bf16"

    def ordinary_cost(self, input: Mapping[str, Any]) -> dict[str, float]:
        """Return what an answer may cost: nearly all of the graph is the vectors."""
        megabytes = self.served_megabytes()
        slower = {"milliseconds": _ENCODED} if self.backbone else {}
        return slower | {"megabytes": max(20.0, 1.4 * megabytes), "memory_megabytes": 200.0 + 3.0 * megabytes}


def _encoder_megabytes(name: str) -> float:
    """Return about how large an encoder is: of a block four square matrices and two to and from `inner`."""
    shape = read_encoder(name).network
    block = 4 * shape.width**2 + 2 * shape.width * shape.inner
    return 4e-6 * (shape.layers * block + (_VOCABULARY + shape.positions) * shape.width)


class Workload(params.Workload):
    """A workload of texts."""

    kind: Literal["text"]
    prepare: Prepare
    train: Annotated[Train, Field(description=params.TRAIN)]
