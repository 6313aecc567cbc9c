"""Measure challenger and champion side by side on today's test split, by the very code that serves them."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.inference.bundle import MODEL
from components.inference.footprint import milliseconds, peak_megabytes
from components.kinds.evaluation import Mask
from components.registry.gate.calibration import compare_calibration
from components.registry.gate.cross_validated import FoldPredictions
from components.registry.gate.evidence import CorruptedComparison, Evidence, MetricComparison, Scale
from components.registry.gate.predictions import Int64, Predictions
from components.registry.gate.stated import compare_false_alarms, compare_stated
from components.registry.gate.statistics import Difference, bootstrap, estimated, paired_answers, standard_error

_ONE_SIDED = 1.645  # standard errors, which chance passes in one of twenty cases


def measure(
    challenger: Predictions,
    champion: Predictions | None,
    baseline: float | None,
    validated: str | None,
    folds: FoldPredictions | None = None,
) -> Evidence:
    """Return everything that the rules judge by.

    Args:
        challenger: the challenger.
        champion: the champion, who was asked the same; None: there is none to compare with.
        baseline: what the baseline reaches on the same test split.
        validated: what shows that the training data passed validation.
        folds: the answers of both out of fold, which say more than those to the test split, where there are any.
    """
    spec = challenger.spec
    ours, theirs = (folds.challenger, folds.champion) if folds else (challenger, champion)
    of_all_classes = theirs if theirs and theirs.known is None else None
    probabilistic = spec.evaluation.is_probabilistic(spec.config)
    baseline = folds.baseline() if folds else baseline
    return Evidence(
        overall=_overall(ours, theirs),
        whole=ours.value(np.arange(len(ours.outputs))),
        slices=list(_slices(ours, theirs)),
        calibration=compare_calibration(ours, of_all_classes) if probabilistic else None,
        stated=list(compare_stated(ours, of_all_classes if folds else theirs)),
        unfamiliar=list(compare_false_alarms(challenger, champion)),
        corrupted=list(_corrupted(challenger, champion)),
        behaviours=challenger.behaviours(),
        before=champion.behaviours() if champion else (),
        cost=_cost(challenger, champion),
        leaks=spec.evaluation.leaks(spec.data, spec.config),
        baseline=baseline,
        chance=0.0 if baseline is None else _chance(challenger, baseline, folds),
        validated=validated,
    )


def _chance(challenger: Predictions, baseline: float, folds: FoldPredictions | None) -> float:
    """Return by how much chance makes the challenger look worse than the baseline.

    Out of fold both are compared pair by pair. The baseline's answers to the test split are not kept, so there both are
    taken for independent: rather too much than too little. A metric that is no share of right answers is taken to vary
    as the challenger's does.
    """
    if folds is not None:
        every, seed = np.arange(len(folds.answers.folds)), challenger.spec.config.seed
        return _ONE_SIDED * standard_error(folds.above_baseline, every, seed)
    correct = challenger.correct()
    if correct is None:
        error = standard_error(challenger.value, np.arange(len(challenger.outputs)), challenger.spec.config.seed)
        return _ONE_SIDED * math.sqrt(2.0) * error
    variances = [share * (1.0 - share) for share in (float(correct.mean()), baseline)]
    return _ONE_SIDED * math.sqrt(sum(variances) / len(correct))


def _overall(challenger: Predictions, champion: Predictions | None) -> MetricComparison:
    name, spec, every = challenger.spec.metric, challenger.spec, np.arange(len(challenger.outputs))
    if champion is None:
        return MetricComparison(name, challenger.value(every), count=len(every), scale=spec.scale)
    every = champion.of_known_classes(every)
    difference = _paired(challenger.correct(), champion.correct(), every) or bootstrap(
        challenger.merit, champion.merit, every, spec.gate.better.resamples, spec.config.seed
    )
    return MetricComparison(name, challenger.value(every), champion.value(every), difference, len(every), spec.scale)


def _paired(correct: Mask | None, before: Mask | None, indices: Int64) -> Difference | None:
    """Return the difference on the test examples at `indices`; None where the metric is no mean of correct answers."""
    return None if correct is None or before is None else paired_answers(correct[indices], before[indices])


def _slices(challenger: Predictions, champion: Predictions | None) -> Iterator[MetricComparison]:
    spec = challenger.spec
    for name, mask in spec.evaluation.slices(spec.data, spec.config).items():
        indices = np.flatnonzero(mask)
        if not len(indices):  # a class that today's test split does not have
            continue
        scale = spec.scale if challenger.slice_correct(indices) is None else Scale()
        if champion is None or not len(both := champion.of_known_classes(indices)):
            yield MetricComparison(name, challenger.slice_value(indices), count=len(indices), scale=scale)
            continue
        indices, difference = both, None
        if len(indices) >= spec.gate.slices.smallest:
            correct, before = challenger.slice_correct(indices), champion.slice_correct(indices)
            difference = _paired(correct, before, indices) or estimated(
                challenger.merit, champion.merit, indices, spec.config.seed
            )
        yield MetricComparison(
            name, challenger.slice_value(indices), champion.slice_value(indices), difference, len(indices), scale
        )


def _corrupted(challenger: Predictions, champion: Predictions | None) -> Iterator[CorruptedComparison]:
    spec, limits, seed = challenger.spec, challenger.spec.gate.robustness, challenger.spec.config.seed
    labels = np.asarray(spec.data.labels("test"))
    pool = np.arange(len(labels)) if champion is None else champion.of_known_classes(np.arange(len(labels)))
    indices = pool[stratified_sample(labels[pool], limits.examples, seed)]
    examples, uncorrupted = spec.data.inputs("test")[indices], challenger.value(indices)
    for name, corrupt in spec.evaluation.corruptions(spec.data, spec.config).items():
        inputs = corrupt(examples, limits.severity, seed)
        ours = with_inputs(challenger, inputs, indices)
        theirs = with_inputs(champion, inputs, indices) if champion else None
        yield CorruptedComparison(_compare(name, ours, theirs, indices), uncorrupted)


def _compare(name: str, ours: Predictions, theirs: Predictions | None, indices: Int64) -> MetricComparison:
    """Return the deciding metric of both on the test examples at `indices`, with a standard error of the difference."""
    scale = ours.spec.scale
    if theirs is None:
        return MetricComparison(name, ours.value(indices), count=len(indices), scale=scale)
    difference = _paired(ours.correct(), theirs.correct(), indices) or estimated(
        ours.merit, theirs.merit, indices, ours.spec.config.seed
    )
    return MetricComparison(name, ours.value(indices), theirs.value(indices), difference, len(indices), scale)


def with_inputs(predictions: Predictions, inputs: NDArray[Any], indices: Int64) -> Predictions:
    """Return what it would predict on the test split if the examples at `indices` were `inputs`."""
    found = predictions.bundle.scored(inputs)
    outputs, unfamiliar = (
        _replaced(*pair, indices)
        for pair in ((predictions.outputs, found.outputs), (predictions.unfamiliar, found.unfamiliar))
    )
    assert outputs is not None
    return replace(predictions, outputs=outputs, unfamiliar=unfamiliar)


def _replaced(
    values: NDArray[np.float32] | None, others: NDArray[np.float32] | None, indices: Int64
) -> NDArray[np.float32] | None:
    if values is None or others is None:
        return None
    changed = values.copy()
    changed[indices] = others
    return changed


def stratified_sample(labels: NDArray[Any], most: int, seed: int) -> Int64:
    """Return the indices, in order, of at most `most` examples: of each class as many, as far as there are.

    Labels that are numbers count by their tenths; those that are not known are left out.
    """
    random, left, chosen = np.random.default_rng(seed), most, []
    strata = _tenths(labels) if labels.dtype.kind == "f" else labels
    classes = sorted((np.flatnonzero(strata == label) for label in np.unique(strata[~np.isnan(strata)])), key=len)
    for index, members in enumerate(classes):  # the smallest first: what they do not fill is left to the others
        chosen.append(random.permutation(members)[: left // (len(classes) - index)])
        left -= len(chosen[-1])
    return np.sort(np.concatenate(chosen))


def _tenths(labels: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the tenth of the known labels that each lies in, `[N]`; not a number where it is not known."""
    limits = np.nanquantile(labels, np.linspace(0.1, 0.9, 9))
    return np.where(np.isnan(labels), np.nan, np.searchsorted(limits, labels).astype(np.float64))


def _cost(challenger: Predictions, champion: Predictions | None) -> list[MetricComparison]:
    bundles = [challenger.bundle, *([champion.bundle] if champion else [])]
    example = np.array(challenger.spec.data.inputs("test")[:1])
    found = {
        "milliseconds": milliseconds(bundles, example),
        "megabytes": [(bundle.path / MODEL).stat().st_size / 1e6 for bundle in bundles],
        "memory": [peak_megabytes(bundle.path) for bundle in bundles],
    }
    return [MetricComparison(name, values[0], values[1] if champion else None) for name, values in found.items()]
