"""The keys of a table workload's section in `params.yaml`."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from components.config import params
from components.config.schedule import fitting_weight_decay

Days = Annotated[float, Field(gt=0.0)]
Count = Annotated[int, Field(ge=0)]
Part = Annotated[float, Field(ge=0.0, le=1.0)]
Limit = Count | Part | None
Measure = Literal["count", "mean", "risk"]

_HELD_OUT = 0.15
_NEAR = 1e-6  # parts that add up to one but for this much do

_COLUMNS = "write {label: price} for the column to be told, or {} to find what is unlike the others"
_DAYS = "days, as {train: 60, validation: 14, test: 14}"
_PARTS = "parts of the records, as {validation: 0.15, test: 0.15}"


def _column_name(value: object) -> object:
    """Return the name of a column as YAML means it.

    Raises:
        ValueError: YAML has made something else of it, and it is not known of what.
    """
    if isinstance(value, bool) or value is None:
        read = "nothing" if value is None else str(value).lower()
        raise ValueError(f"expected the name of a column, which YAML reads as {read}: write it in quotes")
    return str(value) if isinstance(value, int) else value


ColumnName = Annotated[str, BeforeValidator(_column_name)]


class Columns(params.Section):
    """Which column is what. Every other column is a feature, unless it is dropped."""

    label: ColumnName | None = None
    """The column to be told: two values, several classes, or numbers; null where it is not known. Left out: what is
    unlike the other records is to be found."""
    positive: str | int | float | bool | None = None
    """The label's value to be found. Left out: 1, true, yes, y or t, where the other is 0, false, no, n or f. Other
    values are asked for, -1 and 1 too."""
    unknown: list[str | int | float | bool] = []
    """Values of the label that mean that it is not known (yet); an empty one always does."""
    time: ColumnName | None = None
    """When it happened: a date with time, or a number that counts since 1970. With it the splits are spans of time, and
    entities are remembered; left out, the splits are drawn from what a record is, see docs/tables.md#splits."""
    id: ColumnName | None = None
    """Tells one record from every other, so that one that is sent twice counts once."""
    group: ColumnName | None = None
    """Whose the record is (a customer, a patient): all records of one value are in one split, with a time too. No
    feature."""
    amount: ColumnName | None = None
    """What is at stake, in money; below 0 where it is paid back: windows take it as it is, a missed positive costs its
    size."""
    text: list[ColumnName] = []
    """Columns that are text, also where they look like numbers or dates."""
    drop: list[ColumnName] = []
    """Columns that are left out: known only afterwards, or of no use."""


class Entity(params.Section):
    """What is remembered of an entity (a customer, a terminal), over windows that end with the record."""

    days: Annotated[list[Annotated[int, Field(ge=1, le=366)]], Field(min_length=1)] = [1, 7, 30]
    """Lengths of the windows of the entity in the column `<name>`, in days."""
    measures: Annotated[list[Measure], Field(min_length=1)] = ["count", "mean"]
    """Of its records in a window: `count`, `mean` of their amounts, `risk`, the share of positives among the
    labelled."""
    delayed: bool = False
    """End the windows `prepare.delay` days before the record, where labels are known. `risk` asks for it."""

    @model_validator(mode="after")
    def _risk_is_delayed(self) -> Self:
        if "risk" in self.measures and not self.delayed:
            raise ValueError("the measure 'risk' needs labels, which are late: set delayed: true")
        return self


class Split(params.Section):
    """Days of each split, the last ones of the table: train, validation, the delay, test; or parts of the records."""

    train: Days | None = None
    """Days of training. Where the splits are drawn: what the other two leave, and may be left out."""
    validation: Days | None = None
    """Days behind them that choose the threshold. Where the splits are drawn: a part of the records. Left out: 0.15."""
    test: Days | None = None
    """Days of the evaluation, the last ones. Where the splits are drawn: a part of the records. Left out: 0.15."""

    @property
    def days(self) -> tuple[float, float, float]:
        """The days of training, validation and test, where the splits are spans of time."""
        return self.train or 0.0, self.validation or 0.0, self.test or 0.0

    @property
    def parts(self) -> tuple[float, float]:
        """The parts of the records that validate and test, where the splits are drawn."""
        return self.validation or _HELD_OUT, self.test or _HELD_OUT


class Limits(params.Section):
    """How many records may be wrong before `prepare` fails: a count, or below 1 a part of them. Null: any number."""

    duplicates: Limit = None
    """Records whose id was there before; the first one counts."""
    conflicts: Limit = 0.01
    """Records that differ from an earlier one of the same id in more than the label: the id does not tell them
    apart."""
    future: Limit = 0.01
    """Records of a time that has not come; left out."""
    stray_times: Limit = 0.01
    """Records whose time is far from that of all others, see docs/tables.md#time; left out."""
    unordered: Limit = None
    """Records that stand behind later ones; they are put in order, not left out."""
    invalid: Limit = 0.01
    """Records without a time, or with an amount that is infinite or too large; left out."""
    out_of_range: Limit = 0.01
    """Records with a number outside the range of the schema; left out."""
    unknown: Limit = 0.05
    """Records with a category that the schema does not know, which are kept; a part is one of each column."""
    leaks: Count | None = 0
    """Columns that tell the label by themselves."""


class Prepare(params.Section):
    """How records become features."""

    columns: Annotated[Columns, Field(description=_COLUMNS)]
    entities: dict[ColumnName, Entity] = {}
    """Columns that name who or what the record is about, and what is remembered of each."""
    card: ColumnName | None = None
    """The entity that is blocked once a fraud of it is known, and that is ranked by card precision."""
    delay: Annotated[float, Field(ge=0.0)] = 7.0
    """Days until a label is known."""
    split: Split = Split()
    labelled: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    """Part of the training and validation labels that is used; the others are taken as not known."""
    decimals: Annotated[int, Field(ge=0, le=6)] = 2
    """Of the amount: windows add it up exactly, as whole numbers of its last place."""
    time_format: str | None = None
    """How texts and numbers of the time column are read, asked for where the column does not settle it: `'%d/%m/%Y'`
    and the like (what stands behind the date is read as it comes), `day first`, `month first`, `iso`, or what numbers
    count: `seconds`, `milliseconds`, `microseconds`, `nanoseconds`, `minutes`, `hours`, `days` since 1970, `excel`.
    What the time column is read as decides for other columns of dates, too, that can be read in two ways."""
    decimal: Literal[".", ","] | None = None
    """The sign before the decimals of numbers in texts that can be read both ways (`1,234`); asked for where the
    columns do not settle it."""
    nulls: list[str] = []
    """Words that mean that a number or a time is missing, beside the usual ones (`-`, `?`, `NA`, `n.a.`, `#N/A`,
    `NULL`, `unknown`, `missing`, ...)."""
    slices: list[ColumnName] = []
    """Columns by whose values the evaluation is parted, those of `prepare.columns.drop` too; of a number with many
    values its quarters. The model must be good in each part."""
    history: Literal["endpoint", "caller"] = "endpoint"
    """Who remembers the windows in service: the endpoint, or the caller, who then sends them."""
    corrections: params.Corrections | None = None
    """A CSV file in `data/corrections` with labels that are put right, see docs/labelling.md; nothing of the source is
    changed."""
    limits: Limits = Limits()

    @property
    def by_time(self) -> bool:
        """Whether the splits are spans of time; else they are drawn."""
        return self.columns.time is not None and self.columns.group is None

    @model_validator(mode="after")
    def _time_fits(self) -> Self:
        if self.entities and self.columns.time is None:
            raise ValueError(
                "entities have windows, which look back in time: name the column that says when a record was made in "
                "columns.time, or leave out entities"
            )
        if self.entities and self.columns.group is not None:
            raise ValueError(
                "entities have windows, which look back in time, so the splits have to be spans of it: leave out "
                "columns.group, or entities"
            )
        if "delay" in self.model_fields_set and self.columns.time is None:
            raise ValueError("delay is about columns.time, which names no column: name it, or leave out delay")
        return self

    @model_validator(mode="after")
    def _split_fits(self) -> Self:
        split, columns = self.split, self.columns
        given = [part for part in (split.train, split.validation, split.test) if part is not None]
        whole = abs(sum(given) - 1.0) < _NEAR and len(given) == 3
        if self.by_time:
            if not given:
                raise ValueError(f"split: missing; with columns.time it takes {_DAYS}")
            if len(given) < 3 or whole:
                raise ValueError(f"split: with columns.time it takes {_DAYS}; found {_shown(split)}")
            return self
        drawn = "with columns.group" if columns.group else "without columns.time"
        other = "leave out columns.group" if columns.group and columns.time else "name columns.time"
        if any(part >= 1.0 for part in given) or (split.train is not None and not whole) or sum(split.parts) >= 1.0:
            days = f"; for days {other}" if any(part >= 1.0 for part in given) else ""
            raise ValueError(f"split: {drawn} it takes {_PARTS}, or is left out; found {_shown(split)}{days}")
        return self

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        if self.card is not None and self.card not in self.entities:
            raise ValueError(f"card {self.card!r} is none of the entities")
        if self.columns.amount is None and any("mean" in entity.measures for entity in self.entities.values()):
            raise ValueError("the measure 'mean' needs columns.amount")
        if self.delay == 0 and any(entity.delayed for entity in self.entities.values()):
            raise ValueError("an entity is delayed, but delay is 0: windows would see the record's own label")
        return self

    @model_validator(mode="after")
    def _one_role_each(self) -> Self:
        columns = self.columns
        for name in (columns.time, columns.amount):
            if name in columns.text:
                raise ValueError(f"column {name!r} is named as text, and as time or amount, which is none")
        single = [columns.label, columns.time, columns.id, columns.group, columns.amount]
        named = [*single, *self.entities, *columns.drop]
        for name in named:
            if name is not None and named.count(name) > 1:
                raise ValueError(
                    f"column {name!r} is named twice: as label, time, id, group, amount, entity or to drop"
                )
        return self


def _shown(split: Split) -> str:
    return f"{{{', '.join(f'{name}: {part:g}' for name, part in split if part is not None)}}}"


class Train(params.Training):
    """The recipe: fully connected layers, AdamW on one cycle; an autoencoder before them, or alone."""

    epochs: Annotated[int, Field(ge=1)] = 10
    """Passes over the training split. Left out: more of a small one, see `train.least_steps`."""
    batch_size: Annotated[int, Field(ge=1)] = 1024
    """Records a step. Left out: at most an eighth of the training split."""
    labels: Literal["all", "none"] = "all"
    """`all`: learn from the labels that are known. `none`: from none; what an autoencoder says badly is suspicious."""
    model: Literal["network", "trees", "best"] = "network"
    """What answers: a `network`, boosted `trees`, or the `best` of both on the validation split, which the card tells.
    Without labels the trees are an isolation forest, and `best` may ask both together. Trees are often better on small
    tables; none of the keys that follow is theirs."""
    autoencoder: bool = False
    """Train an autoencoder first, on every record of the training split, labelled or not; what it finds is input to
    the network."""
    autoencoder_epochs: Annotated[int, Field(ge=1)] = 4
    """Of `train.epochs`, the first ones, which train that autoencoder."""
    width: Annotated[int, Field(ge=4, le=4096)] = 128
    """Units of a hidden layer."""
    layers: Annotated[int, Field(ge=1, le=16)] = 2
    """Hidden layers of the network."""
    code: Annotated[int, Field(ge=1, le=1024)] = 4
    """Numbers by which the autoencoder has to say a record."""
    dropout: params.Fraction = 0.1
    """Part of the hidden units that is left out of a step."""
    learning_rate: Annotated[float, Field(gt=0.0)] = 2e-3
    """Peak of the cycle."""
    weight_decay: Annotated[float, Field(ge=0.0)] = 0.1
    """On matrices, not on biases. Left out: more of it the smaller the training split is, see docs/training.md."""

    def fitted(self, examples: int) -> Self:
        """Return the section with batch size, epochs and weight decay that fit so many training records."""
        chosen = super().fitted(examples)
        if "weight_decay" in self.model_fields_set:
            return chosen
        return chosen._with(weight_decay=fitting_weight_decay(examples, self.learning_rate, self.weight_decay))

    @model_validator(mode="after")
    def _phases_fit(self) -> Self:
        if self.model == "trees" and self.autoencoder:
            raise ValueError("autoencoder: it is input to the network; leave it out, or set model: network or best")
        if self.autoencoder and self.labels == "none":
            raise ValueError("autoencoder: without labels it is all there is; leave it out, or set labels: all")
        if self.autoencoder and self.autoencoder_epochs >= self.epochs:
            raise ValueError("autoencoder_epochs leaves none of the epochs to the network")
        return self

    def operations(self, input: Mapping[str, Any]) -> float:
        """Return about how many multiplications and additions it takes to answer one record."""
        features = len(input["features"])
        layers = features * self.width + (self.layers - 1) * self.width**2
        return 2.0 * layers * (2 if self.autoencoder else 1)


class Workload(params.Workload):
    """A workload of records in a table."""

    kind: Literal["table"]
    prepare: Prepare
    train: Annotated[Train, Field(description=params.TRAIN)]
