"""Splits that are spans of time; and no record of a known compromised card is in the test."""

from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from components.config.errors import DataError
from components.kinds.prepared import SPLITS
from components.kinds.table import params
from components.kinds.table.codec.features import DAY
from components.kinds.table.prepare.clean import Times
from components.kinds.table.prepare.labels import LABEL
from components.kinds.table.prepare.split import SPLIT
from components.kinds.table.prepare.table import TIME

_YEAR = 365 * DAY


@dataclass(frozen=True)
class Spans:
    """Where the splits lie, milliseconds since 1970: train, validation, the delay, test; the end of each is outside."""

    train: tuple[int, int]
    validation: tuple[int, int]
    test: tuple[int, int]

    def texts(self) -> dict[str, list[str]]:
        """Return them for people."""
        return {split: [_date(time) for time in getattr(self, split)] for split in SPLITS}


def spans(times: Times, split: "params.Split", delay: float) -> tuple[Spans, list[str]]:
    """Return the spans that end with the day of the last label, and what there is to say of them.

    Raises:
        DataError: no label is known, or the records span too few days up to the last one.
    """
    if times.last_label is None:
        raise DataError("no record that can be used has a label; see prepare.columns.label")
    first, last = times.first, times.last_label
    days_train, days_validation, days_test = split.days
    day, end = first // DAY * DAY, (last // DAY + 1) * DAY
    test = end - round(days_test * DAY)
    known = test - round(delay * DAY)
    validation = known - round(days_validation * DAY)
    train = validation - round(days_train * DAY)
    unlabelled = f"the last label is of {_date(last)}, later records (to {_date(times.last)}) have none yet"
    later = times.last >= end
    if train < day:
        asked, there = (end - train) / DAY, (end - day) / DAY
        lengths = ((days_train, "train"), (days_validation, "validation"), (delay, "delay"), (days_test, "test"))
        counted = ". Numbers of hours or days? See prepare.time_format" if last < 5 * _YEAR else ""
        raise DataError(
            f"the table has {there:g} days ({_date(first)} to {_date(last)}{'; ' + unlabelled if later else ''}), "
            f"but the splits ask for {asked:g}: {', '.join(f'{days:g} {name}' for days, name in lengths)} "
            f"(prepare.split, prepare.delay){counted}"
        )
    said = [f"{unlabelled}: the splits end with the last label"] if later else []
    return Spans((train, validation), (validation, known), (test, end)), said


def assign(frame: pl.LazyFrame, spans: Spans, card: str | None, delay: float, labelled: bool = True) -> pl.LazyFrame:
    """Return `frame` with `SPLIT`.

    A test record needs a label, unless none is `labelled`, and a card that is not known to be compromised on its day:
    one with a positive record from the start of the training on, on a day that ended at least `delay` days before
    (Fraud Detection Handbook, chapter 5, "Validation strategies"). The labels of the test records are all looked at,
    whatever part of them is drawn for training: so every part is evaluated on the same records.
    """
    time, span = pl.col(TIME), {name: getattr(spans, name) for name in SPLITS}
    within = [(time >= span[name][0]) & (time < span[name][1]) for name in SPLITS]
    usable = pl.col(LABEL) >= 0 if labelled else pl.lit(value=True)
    if card is not None:
        frame = frame.join(_compromised(frame, spans, card, delay), on=card, how="left", maintain_order="left")
        usable &= (time < pl.col(_KNOWN)).fill_null(True)
    train, validation, test = within
    split = pl.when(train).then(0).when(validation).then(1).when(test & usable).then(2).otherwise(-1)
    return frame.with_columns(split.cast(pl.Int8).alias(SPLIT)).drop(_KNOWN, strict=False)


def counts(frame: pl.LazyFrame, spans: Spans, total: int) -> tuple[dict[str, int], str]:
    """Return how many records each split has, and a sentence that says what becomes of all `total` that can be used.

    Raises:
        DataError: a split has none.
    """
    grouped = frame.group_by(SPLIT, _beside(spans).alias(_PART)).len().collect(engine="streaming")
    found = {(split, part): count for split, part, count in grouped.iter_rows()}
    sizes: dict[str, int] = {
        split: sum(count for key, count in found.items() if key[0] == at) for at, split in enumerate(SPLITS)
    }
    rest = {part: found.get((-1, part), 0) for part in (_DELAY, _UNUSED, _LATER)}
    for split in SPLITS:
        if not sizes[split]:
            why = f" ({rest[_UNUSED]:,} {_UNUSED})" if split == "test" and rest[_UNUSED] else ""
            where = f"the {split} split, {' to '.join(spans.texts()[split])}{why}"
            raise DataError(f"no record falls into {where}; see prepare.split, and the times of the table")
    rest = {_OLDER: total - sum(sizes.values()) - sum(rest.values()), **rest}
    used = zip(SPLITS, ("train", "validate", "test"), strict=True)
    parts = [*(f"{sizes[split]:,} {verb}" for split, verb in used), *(f"{n:,} {part}" for part, n in rest.items() if n)]
    return sizes, f"of {total:,} records {', '.join(parts)}"


def _beside(spans: Spans) -> pl.Expr:
    """Return the part of the table that a record of no split lies in."""
    time = pl.col(TIME)
    later = pl.when(time < spans.test[0]).then(pl.lit(_DELAY)).when(time < spans.test[1]).then(pl.lit(_UNUSED))
    return pl.when(time < spans.train[0]).then(pl.lit(_OLDER)).otherwise(later.otherwise(pl.lit(_LATER)))


_PART = "journeyman:part"
_OLDER, _DELAY, _LATER = "are older than these", "lie in the delay", "are later than the last label"
_UNUSED = "on the days of the test have no label, or a card known for fraud"
_KNOWN = "journeyman:known"


def _compromised(frame: pl.LazyFrame, spans: Spans, card: str, delay: float) -> pl.LazyFrame:
    """Return the cards with a positive record, and the midnight from which each is known for it."""
    positive = frame.filter(pl.col(LABEL) == 1, pl.col(TIME) >= spans.train[0], pl.col(card).is_not_null())
    first = positive.group_by(card).agg(pl.col(TIME).min()).collect(engine="streaming")
    known = (first[TIME] // DAY + 1) * DAY + round(delay * DAY)  # and from the next midnight on, for a broken delay
    return first.select(card).with_columns(((known + DAY - 1) // DAY * DAY).alias(_KNOWN)).lazy()


def _date(time: int) -> str:
    return datetime.fromtimestamp(time / 1_000, UTC).strftime("%Y-%m-%d")
