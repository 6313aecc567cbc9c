"""What is known of a workload at work up to some moment: a report of each version, as JSON.

It is a function of the log, of the bundles and of the history alone: asked again for the same moment it says the same,
but for what was found of trials, of which the last is kept.
"""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from components.watch.trials import Trial


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")


class Estimate(_Part):
    """A figure and its interval; none where nothing is known."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    rows: int = 0


class DayEstimate(Estimate):
    """The same of one day."""

    day: date


class TrafficDay(_Part):
    """One day's rows."""

    day: date
    rows: int
    aside: int
    """Of the page and of the flow's own questions."""
    kept: float
    """The part of its rows that is in the log."""
    median_ms: float | None
    p99_ms: float | None
    labelled: int
    unfamiliar: float | None = None
    """The share of its answers that were given to examples like nothing in training; None: no answer says."""


class Quality(_Part):
    """One metric of matured labels, or what it is expected to be."""

    metric: str
    lower_is_better: bool
    reference: Estimate
    """On the validation split."""
    now: Estimate
    """Of all days so far; its interval holds however often one looks."""
    days: tuple[DayEstimate, ...]


class SliceQuality(_Part):
    """One part of the labelled answers: a class, or a quarter of the numbers."""

    slice: str
    metric: str
    lower_is_better: bool
    reference: Estimate
    """On the validation split."""
    now: Estimate
    """Of all days so far; all slices' intervals together hold with 95 %, however often one looks."""
    since: date | None = None
    """Since when it is worse than the reference allows; None: it is not known to be."""


Problem = Literal["missing", "out of range", "unknown category"]
"""What may be wrong with a value: it is null or not a number; it is below the least or above the largest of validation;
it is of no category that validation had, of the commonest where there are many."""


class DayShare(_Part):
    """A share of one day's rows."""

    day: date
    share: float


class DataProblem(_Part):
    """What is wrong with a column more often than on the validation split."""

    column: str
    problem: Problem
    expected: float
    """The share of rows on the validation split."""
    days: tuple[DayShare, ...]


class Range(_Part):
    """What numbers lie within, and the one in the middle."""

    least: int
    median: int
    largest: int


class UploadDay(_Part):
    """The files that callers sent on one day."""

    day: date
    rows: int
    """Of which the log says it."""
    formats: dict[str, int]
    """How many were of which."""
    width: Range | None
    """In pixels, as they lie in the file; None: no format was there whose head says it."""
    height: Range | None
    bytes: Range
    """To within 1 %."""
    smaller: float | None
    """The share of those of known size that have fewer pixels a side than the model takes."""


class StrangeRow(_Part):
    """An answered row that lies outside of what the model was validated on."""

    id: str
    """Of its event: `python -m flows.log --row ID` tells all of it."""
    columns: int
    """How many of its columns lie outside."""
    why: tuple[str, ...]
    """A sentence for each of the first few of them."""


class ColumnDrift(_Part):
    """One column of the latest day, beside what the model was validated on."""

    column: str
    size: float
    """Kolmogorov-Smirnov distance, or total variation of categories; 0 to 1."""
    threshold: float
    bins: tuple[str, ...]
    expected: tuple[float, ...]
    """Share of each bin on the validation split."""
    now: tuple[float, ...]


class EmbeddingDrift(_Part):
    """How far the embeddings of the latest day that is over are from those of validation."""

    day: date
    rows: int
    """Answers that were looked at."""
    size: float
    """How well a classifier tells both apart: 0 where it can only guess, 1 where it is always right."""
    p_value: float
    """How often chance alone brings samples of rows that are independent as far."""
    watched: bool = False
    """Whether the version's bundle has counts of embeddings, by which there is an alarm as by any other column."""


class DriftDay(_Part):
    """One day's drift."""

    day: date
    rows: int
    drifted: tuple[str, ...]


class Verdict(_Part):
    """What it comes to."""

    verdict: Literal["well", "look", "harm"]
    rule: str
    """Which rule says so."""
    since: date | None = None
    sure: str
    """How sure it is."""
    do: str
    """What to do next."""


class VersionReport(_Part):
    """One version."""

    version: str
    since: datetime
    until: datetime
    traffic: tuple[TrafficDay, ...]
    unfamiliar_rate: float | None = None
    """What is stated: the part of familiar examples that is flagged, at most; None: the version cannot tell."""
    quality: tuple[Quality, ...] = ()
    slices: tuple[SliceQuality, ...] = ()
    """Those that are worse than the reference allows first."""
    expected: Quality | None = None
    doubt: str = ""
    """Why what is expected is not to be believed; empty: nothing says so."""
    active: Quality | None = None
    """By what is expected and the labels that were asked for together; its rows are those labels, and its interval
    holds for one look. None: fewer than 30 were."""
    drift: tuple[DriftDay, ...] = ()
    embedding: EmbeddingDrift | None = None
    """None: it cannot be known."""
    columns: tuple[ColumnDrift, ...] = ()
    """Those that drifted on the latest day first, then by the size of their effect."""
    data: tuple[DataProblem, ...] = ()
    """The largest share first."""
    uploads: tuple[UploadDay, ...] = ()
    """None: examples are no files, or the log says nothing of them."""
    strange: tuple[StrangeRow, ...] = ()
    """Of the latest day that has such rows, those that lie outside in most columns first."""
    open_questions: tuple[str, ...] = ()
    """What cannot be said, and why."""
    verdict: Verdict


class Lost(_Part):
    """Rows that are not in the log."""

    since: datetime
    until: datetime
    rows: int
    why: str


class Report(_Part):
    """What `flows.watch` says."""

    format: Literal[1] = 1
    workload: str
    as_of: datetime
    versions: tuple[VersionReport, ...]
    """The one that answered last is the last."""
    refused: dict[str, int] = Field(default_factory=dict)
    lost: tuple[Lost, ...] = ()
    labels: int = 0
    unmatched_labels: int = 0
    """Labels that name no row of the log."""
    slower: str = ""
    """That answers have become slower than they were; empty: they have not."""
    trials: tuple[Trial, ...] = ()
    """Under way, or lately ended; the latest first."""
    waiting: tuple[str, ...] = ()
    """Versions that nothing but a person keeps from work."""

    @property
    def verdict(self) -> Verdict:
        """That of the version that answered last."""
        return self.versions[-1].verdict
