"""The keys of a section of interactions in `params.yaml`."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from components.config import params

Column = Annotated[str, Field(min_length=1)]


class Prepare(params.Section):
    """How interactions become examples. The splits are spans of time, of all users alike."""

    user: Column | None = None
    """The column that says who. Left out: the one that is called `user`, `user_id`, `customer_id` or the like."""
    item: Column | None = None
    """The column that says what. Left out: the one that is called `item`, `item_id`, `product_id` or the like."""
    time: Column | None = None
    """The column that says when: a time in any usual form, or a number since 1970. Left out: the one that is called
    `time`, `timestamp` or the like."""
    time_format: str | None = None
    """How texts and numbers of that column are read, asked for where the column does not settle it: `'%d/%m/%Y'` and
    the like, `day first`, `month first`, `iso`, or what numbers count: `seconds`, `milliseconds`, `days` since 1970,
    ..., as of tables."""
    value: Column | None = None
    """A column of numbers that say how much it was liked, as stars. Left out: every interaction counts."""
    least: float = 0.0
    """With `value`: what is lower does not count as taken."""
    propensity: Column | None = None
    """The column with the probability, above 0 to 1, with which the item was shown: rarely shown ones count for more,
    so that training does not learn its own suggestions, see docs/shop.md. Left out: every interaction counts alike."""
    length: Annotated[int, Field(ge=1, le=512)] = 20
    """Recent items that a suggestion looks at; older ones are only left out of what is suggested."""
    exclude: Annotated[int, Field(ge=0, le=4096)] = 64
    """Most items that a request may name to be left out, as what is sold out, beside the recent ones."""
    repeats: bool = False
    """Whether what somebody has taken is suggested again, and learned from again, as of food or music."""
    history: Literal["endpoint", "caller"] = "endpoint"
    """Who knows what a user took before: the `endpoint`, which begins with what the data has of users, and remembers
    what the requests that name one add; or the `caller` alone, who says it with each request: nobody is remembered."""
    validation: params.Fraction = 0.1
    """Part of the interactions that validates: those before the test split, in time."""
    test: params.Fraction = 0.1
    """Part that tests: the last ones, in time."""

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        if self.validation + self.test >= 1.0 or 0.0 in (self.validation, self.test):
            raise ValueError("validation and test: parts of the interactions, above 0, that leave some to train on")
        return self


class Train(params.Training):
    """Weighted sums of vectors of the recent items, a vector of each item beside them; and EASE, in one go."""

    FITTED: ClassVar[str] = "ease"
    EASE_ITEMS: ClassVar[int] = 5_000
    """Items up to which EASE is fitted: it inverts a matrix as wide, and has a number for each pair of them."""

    model: Literal["best", "network", "ease"] = "best"
    """What suggests: `ease`, which weighs pairs of items and is fitted in one go (Steck 2019), a `network` of vectors,
    or the `best` of both on the validation split, which the card tells. Of more than 5,000 items `best` is the network.
    """
    epochs: Annotated[int, Field(ge=1)] = 12
    """Passes over the training split, of the network."""
    batch_size: Annotated[int, Field(ge=1)] = 256
    """Examples a step, of the network."""
    width: Annotated[int, Field(ge=4, le=64)] = 48
    """Numbers of a vector. 64 at most: sums of their whole numbers stay exact in 32 bit."""
    dropout: params.Fraction = 0.2
    """Part of the recent items that are left out of a training example, others each time."""
    learning_rate: Annotated[float, Field(gt=0.0)] = 0.01
    """Peak of the cycle."""
    weight_decay: Annotated[float, Field(ge=0.0)] = 0.05
    """On the vectors, apart from the gradient."""
    clip: Annotated[float, Field(ge=1.0)] = 20.0
    """With `prepare.propensity`: how much more than on average an interaction may count, at most."""

    def decided(self, data: params.DataFacts, supervised: bool = True) -> Self:
        """Return the section with the network alone where there are too many items for EASE."""
        if self.model == "best" and data.input["items"] > self.EASE_ITEMS:
            return self.model_copy(update={"model": "network"})
        return self

    def operations(self, input: Mapping[str, Any]) -> float:
        """Return about how many multiplications and additions it takes to score every item for one list."""
        return 2.0 * self.width * (float(input["items"]) + float(input["length"]))

    def ordinary_cost(self, input: Mapping[str, Any]) -> dict[str, float]:
        """Return what an answer may cost: the graph holds the vectors, or a number for each pair of items."""
        items = float(input["items"])
        pairs = 2e-6 * items**2 if self.model != "network" and items <= self.EASE_ITEMS else 0.0
        megabytes = max(pairs, 8e-6 * self.width * items)
        return {"megabytes": max(20.0, 1.5 * megabytes), "memory_megabytes": 250.0 + 8.0 * megabytes}

    def in_32_bit(self) -> str | None:
        """Return why a CPU does not learn it in bf16."""
        return "vectors of few numbers are no faster in bf16"


class Workload(params.Workload):
    """A workload of interactions."""

    kind: Literal["interactions"]
    prepare: Prepare
    train: Annotated[Train, Field(description=params.TRAIN)]
