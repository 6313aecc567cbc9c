"""What a card tells beyond the metrics: with intervals, slice by slice, and how it is when inputs are corrupted.

It is measured once, while the test split is at hand, and kept in the version's `card.json`.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from components import catalogue
from components.config.params import Workload
from components.inference.bundle import Bundle
from components.kinds.baseline import PREFIX as BASELINE
from components.kinds.baseline import limit_threads
from components.kinds.calibration import reliability
from components.kinds.cross_validation import SPREAD
from components.kinds.evaluation import SEVERITIES, Mask
from components.kinds.prepared import PreparedData
from components.registry.card.columns import ColumnWorth, columns_worth
from components.registry.card.intervals import bootstrapped, wilson
from components.registry.gate.comparable import unfit
from components.registry.gate.measure import stratified_sample, with_inputs
from components.registry.gate.predictions import EvaluationSpec, Predictions, predict
from components.tasks.out_of_fold import OutOfFold, cross_validated, pooled

Int64 = NDArray[np.int64]

_COVERAGES = (1.0, 0.99, 0.98, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5)


class _Measurement(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True)


class Estimate(_Measurement):
    """A measure, and its 95 % interval where that can be told."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    count: int
    """Examples."""


class CrossValidatedMetric(Estimate):
    """A measure over all examples, each answered out of fold."""

    spread: float | None = None
    """Standard deviation over the folds."""
    baseline: float | None = None
    """What a baseline reaches that learned from the same folds."""


class CrossValidated(_Measurement):
    """What was found by cross-validation."""

    folds: int
    examples: int
    metrics: tuple[CrossValidatedMetric, ...]
    """The deciding one first."""


class CalibrationBin(_Measurement):
    """Examples of about the same probability."""

    predicted: float = Field(validation_alias=AliasChoices("predicted", "promised"))
    """Mean probability."""
    observed: float = Field(validation_alias=AliasChoices("observed", "found"))
    """Share of the answers that were right; cards of format 2 had other words."""
    low: float
    high: float
    count: int


class RobustnessCurve(_Measurement):
    """The deciding metric under one corruption."""

    name: str
    values: tuple[float, ...]
    """At severity 0, which is none, to 3."""
    flagged: tuple[float, ...] = Field(default=(), exclude_if=lambda found: not found)
    """The share that is flagged as unfamiliar at each; nothing where the model cannot tell."""


class Coverage(_Measurement):
    """What is right of the answers where the most unfamiliar examples get none."""

    coverage: float
    """The part of the test split that is answered."""
    right: float
    """The part of those answers that are right."""


class UnfamiliarExamples(_Measurement):
    """What is flagged of the test split as like nothing that the model was trained on."""

    rate: float
    """What is stated: the part of familiar examples that is flagged, at most."""
    validated_on: int
    """Validation examples by which the threshold was found."""
    false_alarms: Estimate
    """The part of the test split that is flagged."""
    abstains: bool = False
    """Whether flagged examples get no answer."""
    flagged_right: float | None = None
    """The part of the flagged test examples that would be answered rightly; None: none is flagged, or not known."""
    coverage: tuple[Coverage, ...] = ()
    """Nothing where an answer is not simply right or wrong."""


class Measurements(_Measurement):
    """All of it."""

    metric: str
    """The deciding one."""
    lower_is_better: bool = False
    """Whether that is a loss or a cost."""
    metrics: tuple[Estimate, ...]
    """Of the whole test split; one that cannot be drawn again is left out."""
    slices: tuple[Estimate, ...]
    calibration: tuple[CalibrationBin, ...] = ()
    """Nothing where what the model answers is no probability."""
    robustness: tuple[RobustnessCurve, ...] = ()
    unfamiliar: UnfamiliarExamples | None = Field(default=None, exclude_if=lambda found: found is None)
    """Where the model can tell."""
    cross_validated: CrossValidated | None = Field(default=None, exclude_if=lambda found: found is None)
    """Where the test split is small."""
    columns: tuple[ColumnWorth, ...] = Field(default=(), exclude_if=lambda found: not found)
    """What each is worth, the most first; nothing where examples are made of no columns."""


def measure_card(
    bundle: Bundle, data: PreparedData, workload: Workload, answers: OutOfFold | None = None
) -> Measurements | None:
    """Return what the bundle does on the test split; None where it does not take this data any more.

    `answers`: what models like it answered out of fold, if they did.
    """
    evaluation = catalogue.evaluation(data.kind, data.task)
    spec = EvaluationSpec(evaluation, data, workload.train, workload.gate, evaluation.metric(data, workload.train))
    if unfit(bundle, spec) is not None:
        return None
    with limit_threads(workload.train):
        predictions = predict(spec, bundle)
        return Measurements(
            metric=spec.metric,
            lower_is_better=spec.scale.lower_is_better,
            metrics=tuple(_metrics(predictions)),
            slices=tuple(_slices(predictions)),
            calibration=tuple(_bins(predictions)),
            robustness=tuple(_curves(predictions)),
            unfamiliar=_unfamiliar(predictions),
            cross_validated=None if answers is None else _cross_validated(predictions, answers),
            columns=tuple(columns_worth(predictions)),
        )


def _cross_validated(predictions: Predictions, found: OutOfFold) -> CrossValidated:
    spec, answers = predictions.spec, pooled(found, predictions.spec.data)
    pooled_spec = replace(spec, data=answers.data)
    of_folds = replace(predictions, spec=pooled_spec, outputs=answers.outputs, decides_by=answers.decision)
    beside = cross_validated(answers, spec.evaluation, spec.config)
    metrics = [
        CrossValidatedMetric(
            **estimate.model_dump(),
            spread=beside.get(f"{estimate.name}{SPREAD}"),
            baseline=beside.get(f"{BASELINE}{estimate.name}"),
        )
        for estimate in _metrics(of_folds)
    ]
    metrics.sort(key=lambda metric: (metric.name != spec.metric, metric.name))
    return CrossValidated(folds=int(answers.folds.max()) + 1, examples=len(answers.folds), metrics=tuple(metrics))


def _metrics(predictions: Predictions) -> Iterator[Estimate]:
    every, correct = np.arange(len(predictions.outputs)), predictions.correct()
    bounds = bootstrapped(predictions.measures, every, predictions.spec.config.seed)
    if correct is not None:
        bounds[predictions.spec.metric] = wilson(int(correct.sum()), len(every))
    for name, value in predictions.measures(every).items():
        if not np.isfinite(value):
            continue
        low, high = bounds.get(name, (None, None))
        yield Estimate(name=name, value=value, low=low, high=high, count=len(every))


def _slices(predictions: Predictions) -> Iterator[Estimate]:
    for name, mask in predictions.spec.evaluation.slices(predictions.spec.data, predictions.spec.config).items():
        indices = np.flatnonzero(mask)
        if not len(indices):
            continue
        correct: Mask | None = predictions.slice_correct(indices)
        share = None if correct is None else wilson(int(correct[indices].sum()), len(indices))
        low, high = share or _bootstrapped(predictions, indices)
        yield Estimate(name=name, value=predictions.slice_value(indices), low=low, high=high, count=len(indices))


def _bootstrapped(predictions: Predictions, indices: Int64) -> tuple[float, float] | tuple[None, None]:
    def metrics(drawn: Int64) -> dict[str, float]:
        return {"value": predictions.value(drawn)}

    return bootstrapped(metrics, indices, predictions.spec.config.seed).get("value", (None, None))


def _bins(predictions: Predictions) -> Iterator[CalibrationBin]:
    spec = predictions.spec
    if not spec.evaluation.is_probabilistic(spec.config):
        return
    curve = reliability(predictions.outputs, np.asarray(spec.data.labels("test")))
    columns = (curve.predicted.tolist(), curve.observed.tolist(), curve.count.tolist())
    for predicted, observed, count in zip(*columns, strict=True):
        low, high = wilson(round(observed * count), count)
        yield CalibrationBin(predicted=predicted, observed=observed, low=low, high=high, count=count)


def _curves(predictions: Predictions) -> Iterator[RobustnessCurve]:
    """Corrupt the examples that the gate corrupts, at every severity."""
    spec, seed = predictions.spec, predictions.spec.config.seed
    indices = stratified_sample(np.asarray(spec.data.labels("test")), spec.gate.robustness.examples, seed)
    examples = spec.data.inputs("test")[indices]
    for name, corrupt in spec.evaluation.corruptions(spec.data, spec.config).items():
        inputs = (corrupt(examples, severity, seed) for severity in SEVERITIES)
        corrupted = [predictions, *(with_inputs(predictions, there, indices) for there in inputs)]
        values = tuple(each.value(indices) for each in corrupted)
        if np.isfinite(values).all():  # so few examples may have no such metric
            flags = [each.flagged for each in corrupted]
            flagged = tuple(float(flag[indices].mean()) for flag in flags if flag is not None)
            yield RobustnessCurve(name=name, values=values, flagged=flagged)


def _unfamiliar(predictions: Predictions) -> UnfamiliarExamples | None:
    if (flags := predictions.flagged) is None:
        return None
    test = predictions.bundle.unfamiliar_test
    assert test is not None  # it flags
    count, correct = len(flags), predictions.correct()
    low, high = wilson(int(flags.sum()), count)
    alarms = Estimate(name="false alarms", value=float(flags.mean()), low=low, high=high, count=count)
    return UnfamiliarExamples(
        rate=test.rate,
        validated_on=test.examples,
        false_alarms=alarms,
        abstains=bool(predictions.bundle.about.serve.get("abstain")),
        flagged_right=float(correct[flags].mean()) if correct is not None and flags.any() else None,
        coverage=() if correct is None else tuple(_coverage(predictions, correct)),
    )


def _coverage(predictions: Predictions, correct: Mask) -> Iterator[Coverage]:
    """Answer ever fewer of the test examples, the most unfamiliar left out first (risk and coverage: El-Yaniv 2010)."""
    assert predictions.unfamiliar is not None  # by which it flags
    right = correct[np.argsort(predictions.unfamiliar, kind="stable")]
    for coverage in _COVERAGES:
        if answered := round(coverage * len(right)):
            yield Coverage(coverage=coverage, right=float(right[:answered].mean()))
