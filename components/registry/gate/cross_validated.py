"""Out-of-fold answers of both versions: what a small test split cannot tell, all examples together can.

A cross-validation judges how a model was made, not its weights: each example was answered by a model that was trained
like the version and never saw it. Two exports of one training differ in their weights alone: the test split judges
them.
"""

from dataclasses import dataclass, replace

import numpy as np

from components.kinds.cross_validation import SPREAD
from components.kinds.evaluation import Mask
from components.kinds.formatting import number
from components.registry.answers import version_answers
from components.registry.gate.classes import changed, in_todays_classes
from components.registry.gate.predictions import Int64, Predictions
from components.registry.gate.verdict import Rule
from components.registry.version import Version
from components.tasks.out_of_fold import OutOfFold, PooledAnswers, cross_validated, pooled

GROUP = "cross-validated"
"""Of the row that says so."""
JUDGED = ("better", "not worse", "baseline", "slice", "calibration")
"""Groups of rules that go by these answers where there are any."""


@dataclass(frozen=True)
class FoldPredictions:
    """What the models of the folds answer to all examples, as if these were the test split."""

    challenger: Predictions
    champion: Predictions | None
    """Its known examples are those that its own cross-validation had, of classes that it knows."""
    answers: PooledAnswers
    """The challenger's."""

    def baseline(self) -> float | None:
        """Return the deciding metric of the baseline of the same folds; None: it says nothing of a baseline."""
        spec, answers = self.challenger.spec, self.answers
        return spec.evaluation.baseline_measures(spec.data, answers.baseline, spec.config).get(spec.metric)

    def above_baseline(self, indices: Int64) -> float:
        """Return the deciding metric on the examples at `indices`, less that of the baseline, pair by pair."""
        spec = self.challenger.spec
        other = self.answers.baseline_value(spec.evaluation, spec.config, spec.metric, indices)
        return self.challenger.value(indices) - other


def fold_predictions(
    challenger: Version, current: Version | None, ours: Predictions, theirs: Predictions | None
) -> tuple[FoldPredictions | None, list[Rule]]:
    """Return the out-of-fold answers to judge by, if there are any, and what has to be said of them.

    Args:
        challenger: the version that is judged.
        current: the version at work, if there is one.
        ours: the challenger's answers to the test split.
        theirs: the champion's; None: it cannot be compared with.
    """
    if (found := version_answers(challenger)) is None:
        return None, []
    answers = pooled(found, ours.spec.data)
    spec = replace(ours.spec, data=answers.data)
    mine = replace(ours, spec=spec, outputs=answers.outputs, decides_by=answers.decision)
    if theirs is None or current is None:
        folds = FoldPredictions(mine, None, answers)
        return folds, [_told(folds)]
    other, tested = version_answers(current), len(ours.outputs)
    known = np.zeros(len(answers.folds), dtype=np.bool_) if other is None else _known(other, theirs, answers)
    if other is None or known.sum() <= tested:
        there = f"only {known.sum():,} of them" if other else "none"
        note = f"version {current.number} answered {there} out of fold: compared on the {tested:,} of the test split"
        return None, [_row(mine, None, answers, note)]
    at = other.positions(answers.identities)
    beside = replace(
        theirs,
        spec=spec,
        outputs=in_todays_classes(other.outputs[at], other.classes, spec.data.classes),
        decides_by=other.decision(at),
        known=None if known.all() else known,
    )
    folds = FoldPredictions(mine, beside, answers)
    return folds, [_told(folds)]


def cross_validated_rules(found: list[Rule]) -> list[Rule]:
    """Return the rules, each that went by the answers of the folds with a word that it did."""
    return [
        rule.model_copy(update={"note": "; ".join(filter(None, [rule.note, GROUP]))}) if rule.group in JUDGED else rule
        for rule in found
    ]


def _known(other: OutOfFold, theirs: Predictions, answers: PooledAnswers) -> Mask:
    """Return which examples the champion's cross-validation had, of classes that it knows, `[N]`."""
    there = other.positions(answers.identities) >= 0
    known: Mask = there & changed(other.classes, answers.data, theirs.spec.gate.slices.smallest).known
    return known


def _told(folds: FoldPredictions) -> Rule:
    mine, theirs = folds.challenger, folds.champion
    both = "" if theirs is None or theirs.known is None else f", both on the {theirs.known.sum():,} that both have"
    before = None if theirs is None else theirs.value(theirs.of_known_classes(np.arange(len(theirs.outputs))))
    return _row(mine, before, folds.answers, f"{', '.join(JUDGED[:-1])} and {JUDGED[-1]} go by it{both}")


def _row(mine: Predictions, before: float | None, answers: PooledAnswers, note: str) -> Rule:
    spec, count = mine.spec, int(answers.folds.max()) + 1
    spread = cross_validated(answers, spec.evaluation, spec.config).get(f"{spec.metric}{SPREAD}")
    told = f"over {len(answers.folds):,} examples, {count} folds" + (f", ± {number(spread)}" if spread else "")
    return Rule(
        name=f"{GROUP}: {spec.metric}",
        champion=before,
        challenger=mine.value(np.arange(len(mine.outputs))),
        passed=True,
        note=f"{told}; {note}",
        lower_is_better=spec.scale.lower_is_better,
    )
