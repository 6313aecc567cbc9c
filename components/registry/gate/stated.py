"""What a model states of its answers beside probabilities: the coverage of intervals, the rate of alerts."""

from collections.abc import Iterator

import numpy as np

from components.kinds.evaluation import Mask, Stated
from components.kinds.slices import read_slices
from components.registry.gate.evidence import MetricComparison, StatedComparison
from components.registry.gate.predictions import Predictions


def compare_stated(challenger: Predictions, champion: Predictions | None) -> Iterator[StatedComparison]:
    """Yield the share that the challenger states, and the champion's beside it; nothing where none is stated.

    A least share is looked at in the slices of `prepare.slices` as well, those that are large enough. Not in parts by
    the label: whoever asks does not know it, and intervals rightly hold fewer of the rare numbers.
    """
    ours, theirs = challenger.stated(), champion.stated() if champion else None
    if ours is None:
        return
    yield from _compared(ours.name, ours, theirs, ours.counted)
    if not ours.at_least:
        return
    spec = challenger.spec
    for name, mask in read_slices(spec.data).items():
        within = mask & ours.counted
        if within.sum() >= spec.gate.slices.smallest:
            yield from _compared(f"{ours.name}, {name}", ours, theirs, within, part=True)


def compare_false_alarms(challenger: Predictions, champion: Predictions | None) -> Iterator[StatedComparison]:
    """Yield which share of the test split is flagged as unfamiliar, beside the stated one; nothing where none is."""
    ours, theirs = _false_alarms(challenger), _false_alarms(champion) if champion else None
    if ours is not None:
        yield from _compared(ours.name, ours, theirs, ours.counted)


def _false_alarms(predictions: Predictions) -> Stated | None:
    if (flagged := predictions.flagged) is None:
        return None
    test = predictions.bundle.unfamiliar_test
    assert test is not None  # it flags
    return Stated("false alarms", test.rate, flagged, np.ones_like(flagged), test.examples, at_least=False)


def _compared(
    name: str, ours: Stated, theirs: Stated | None, within: Mask, part: bool = False
) -> Iterator[StatedComparison]:
    count, hits = int(within.sum()), int(ours.hits[within].sum())
    if not count:
        return
    champion = None if theirs is None else float(np.mean(theirs.hits[within]))
    found = MetricComparison(name, hits / count, champion, count=count)
    yield StatedComparison(name, ours.share, found, hits, ours.calibrated_on, ours.at_least, part)
