"""Measure challenger and champion side by side on today's test split, by the very code that serves them."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.inference.bundle import MODEL
from components.inference.footprint import milliseconds, peak_megabytes
from components.kinds.examination import Mask
from components.registry.gate.belief import belief
from components.registry.gate.facts import Compared, Facts, Spoilt
from components.registry.gate.sitting import Int64, Sitting
from components.registry.gate.statistics import Difference, bootstrap, estimated, of_answers

_ONE_SIDED = 1.645  # standard errors, which chance passes in one of twenty cases


def measure(ours: Sitting, theirs: Sitting | None, baseline: float | None, validated: str | None) -> Facts:
    """Return everything that the rules judge by.

    Args:
        ours: the challenger.
        theirs: the champion, who was asked the same; None: there is none to compare with.
        baseline: what the baseline reaches on the same test split.
        validated: what shows that the training data passed validation.
    """
    paper = ours.paper
    alike = theirs if theirs and theirs.known is None else None  # who can be asked about every class
    return Facts(
        overall=_overall(ours, theirs),
        whole=ours.value(np.arange(len(ours.probabilities))),
        slices=list(_slices(ours, theirs)),
        calibration=belief(ours, alike) if paper.exam.believable(paper.config) else None,
        spoilt=list(_spoilt(ours, theirs)),
        behaviours=ours.behaviours(),
        before=theirs.behaviours() if theirs else (),
        cost=_cost(ours, theirs),
        leaks=paper.exam.leaks(paper.data, paper.config),
        baseline=baseline,
        chance=0.0 if baseline is None else _chance(ours, baseline),
        validated=validated,
    )


def _chance(ours: Sitting, baseline: float) -> float:
    """Return by how much chance makes the challenger look worse than the baseline; 0 where no share of answers counts.

    The baseline's own answers are not kept, so both are taken for independent: rather too much than too little.
    """
    right = ours.right()
    if right is None:
        return 0.0
    variances = [share * (1.0 - share) for share in (float(right.mean()), baseline)]
    return _ONE_SIDED * math.sqrt(sum(variances) / len(right))


def _overall(ours: Sitting, theirs: Sitting | None) -> Compared:
    name, paper, every = ours.paper.metric, ours.paper, np.arange(len(ours.probabilities))
    if theirs is None:
        return Compared(name, ours.value(every), count=len(every))
    every = theirs.among(every)
    difference = _answers(ours.right(), theirs.right(), every) or bootstrap(
        ours.value, theirs.value, every, paper.gate.better.resamples, paper.config.seed
    )
    return Compared(name, ours.value(every), theirs.value(every), difference, len(every))


def _answers(right: Mask | None, before: Mask | None, places: Int64) -> Difference | None:
    """Return the difference on the test examples at `places`; None where the metric is no mean of right answers."""
    return None if right is None or before is None else of_answers(right[places], before[places])


def _slices(ours: Sitting, theirs: Sitting | None) -> Iterator[Compared]:
    paper = ours.paper
    for name, mask in paper.exam.slices(paper.data).items():
        places = np.flatnonzero(mask)
        if not len(places):  # a class that today's test split does not have
            continue
        if theirs is None or not len(both := theirs.among(places)):
            yield Compared(name, ours.slice_value(places), count=len(places))
            continue
        places, difference = both, None
        if len(places) >= paper.gate.slices.smallest:
            right, before = ours.slice_right(places), theirs.slice_right(places)
            difference = _answers(right, before, places) or estimated(
                ours.value, theirs.value, places, paper.config.seed
            )
        yield Compared(name, ours.slice_value(places), theirs.slice_value(places), difference, len(places))


def _spoilt(ours: Sitting, theirs: Sitting | None) -> Iterator[Spoilt]:
    paper, limits, seed = ours.paper, ours.paper.gate.robustness, ours.paper.config.seed
    labels = np.asarray(paper.data.labels("test"))
    pool = np.arange(len(labels)) if theirs is None else theirs.among(np.arange(len(labels)))
    places = pool[of_each_class(labels[pool], limits.examples, seed)]
    examples, unspoilt = paper.data.inputs("test")[places], ours.value(places)
    for name, spoil in paper.exam.corruptions(paper.data, paper.config).items():
        inputs = spoil(examples, limits.severity, seed)
        one = answering(ours, inputs, places)
        if theirs is None:
            yield Spoilt(Compared(name, one.value(places), count=len(places)), unspoilt)
            continue
        other = answering(theirs, inputs, places)
        difference = _answers(one.right(), other.right(), places) or estimated(one.value, other.value, places, seed)
        yield Spoilt(Compared(name, one.value(places), other.value(places), difference, len(places)), unspoilt)


def answering(sitting: Sitting, inputs: NDArray[Any], places: Int64) -> Sitting:
    """Return its answers to the test split if the examples at `places` were `inputs`."""
    answers = sitting.probabilities.copy()
    answers[places] = sitting.bundle.probabilities(inputs)
    return replace(sitting, probabilities=answers)


def of_each_class(labels: Int64, most: int, seed: int) -> Int64:
    """Return the places, in order, of at most `most` examples: of each class as many, as far as there are."""
    random, left, chosen = np.random.default_rng(seed), most, []
    classes = sorted((np.flatnonzero(labels == label) for label in np.unique(labels)), key=len)
    for place, members in enumerate(classes):  # the smallest first: what they do not fill is left to the others
        chosen.append(random.permutation(members)[: left // (len(classes) - place)])
        left -= len(chosen[-1])
    return np.sort(np.concatenate(chosen))


def _cost(ours: Sitting, theirs: Sitting | None) -> list[Compared]:
    bundles = [ours.bundle, *([theirs.bundle] if theirs else [])]
    example = np.array(ours.paper.data.inputs("test")[:1])
    found = {
        "milliseconds": milliseconds(bundles, example),
        "megabytes": [(bundle.path / MODEL).stat().st_size / 1e6 for bundle in bundles],
        "memory": [peak_megabytes(bundle.path) for bundle in bundles],
    }
    return [Compared(name, values[0], values[1] if theirs else None) for name, values in found.items()]
