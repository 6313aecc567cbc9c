"""The keys of a text workload's section in `params.yaml`."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from components.config import params
from components.config.section import Label

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

    recipe: Literal["quick"] = "quick"
    """`quick`: seconds on one processor core."""
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

    def operations(self, input: Mapping[str, Any]) -> float:
        """Return about how many multiplications and additions it takes to answer one text."""
        return 5.0 * float(input["length"]) * self.width

    def served_megabytes(self) -> float:
        """Return about how large the graph is that is served: four bytes a weight."""
        return 4e-6 * self.buckets * (self.width + 1)

    def in_32_bit(self) -> str | None:
        """Return why texts are not learned in bf16."""
        return "sums of few vectors are no faster in bf16"

    def ordinary_cost(self, input: Mapping[str, Any]) -> dict[str, float]:
        """Return what an answer may cost: nearly all of the graph is the vectors."""
        megabytes = self.served_megabytes()
        return {"megabytes": max(20.0, 1.4 * megabytes), "memory_megabytes": 200.0 + 3.0 * megabytes}


class Workload(params.Workload):
    """A workload of texts."""

    kind: Literal["text"]
    prepare: Prepare
    train: Annotated[Train, Field(description=params.TRAIN)]
