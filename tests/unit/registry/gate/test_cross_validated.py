from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from components import catalogue
from components.config.gate import Gate
from components.config.params import parse
from components.inference.bundle import Bundle
from components.kinds.prepared import SPLITS, PreparedData
from components.kinds.resplit import all_examples
from components.kinds.slices import write_slices
from components.kinds.table.params import Train
from components.registry.gate.cross_validated import FoldPredictions, cross_validated_rules, fold_predictions
from components.registry.gate.measure import _chance, _overall, _slices
from components.registry.gate.predictions import EvaluationSpec, Predictions
from components.registry.gate.verdict import Rule
from components.registry.version import Version
from components.tasks.out_of_fold import OutOfFold, identities
from tests.unit.small_data import small_data

COUNT = 150
CONFIG = parse(Train, {"epochs": 1, "batch_size": 64}, "train.")


@dataclass(frozen=True)
class Registered:
    """A version, as far as its answers are asked for."""

    number: str
    answers: OutOfFold | None

    def stored(self, name: str, read: Callable[[Path], Any]) -> Any:
        return None if self.answers is None else self.answers.to_json()


@pytest.fixture
def data(tmp_path: Path) -> PreparedData:
    return small_data(tmp_path, count=COUNT)


def right_but_for(data: PreparedData, wrong: int) -> NDArray[np.float32]:
    """Return probabilities of all examples: the label's, but for the first `wrong` of them."""
    labels = all_examples(data, "labels")
    named = np.where(np.arange(COUNT) < wrong, (labels + 1) % 3, labels)
    return np.eye(3, dtype=np.float32)[named] * 0.7 + np.float32(0.1)


def answers(data: PreparedData, wrong: int, baseline_wrong: int = 20) -> OutOfFold:
    return OutOfFold(
        classes=data.classes,
        identities=identities(all_examples(data, "inputs")),
        folds=np.arange(COUNT) % 5,
        outputs=right_but_for(data, wrong),
        baseline=right_but_for(data, baseline_wrong),
        decisions=[{}] * 5,
        validated=20,
    )


def on_test_split(data: PreparedData) -> Predictions:
    evaluation = catalogue.evaluation("table", "classification")
    spec = EvaluationSpec(evaluation, data, CONFIG, Gate(), "accuracy")
    bundle = cast("Bundle", SimpleNamespace(about=SimpleNamespace(decision={})))
    return Predictions(spec, bundle, np.zeros((data.counts["test"], 3), dtype=np.float32))


def judged(
    data: PreparedData, ours: OutOfFold | None, theirs: OutOfFold | None, alone: bool = False
) -> tuple[FoldPredictions | None, list[Rule]]:
    challenger, champion = (
        cast("Version", Registered(number, found)) for number, found in (("2", ours), ("1", theirs))
    )
    on_test = on_test_split(data)
    return fold_predictions(challenger, None if alone else champion, on_test, None if alone else on_test)


def test_both_are_compared_pair_by_pair_on_all_examples(data: PreparedData) -> None:
    folds, (row,) = judged(data, answers(data, 5), answers(data, 14))
    assert folds is not None
    found = _overall(folds.challenger, folds.champion)
    assert (found.challenger, found.champion, found.count) == (145 / COUNT, 136 / COUNT, COUNT)
    assert found.difference is not None
    assert found.difference.above(0.0) == pytest.approx(0.5**9 / 2)  # McNemar's mid-p: nine gained, none lost
    assert (row.name, row.challenger, row.champion) == ("cross-validated: accuracy", 145 / COUNT, 136 / COUNT)
    assert row.note.startswith("over 150 examples, 5 folds, ± ")
    assert {comparison.count for comparison in _slices(folds.challenger, folds.champion)} == {50}


def test_named_slices_are_judged_by_all_examples(data: PreparedData) -> None:
    splits = np.repeat(np.arange(3), [data.counts[split] for split in SPLITS])
    write_slices(data.path, {"shop": ["here", "there"] * (COUNT // 2)}, splits)
    folds, _ = judged(data, answers(data, 10), answers(data, 2))
    assert folds is not None
    found = {slice_.name: slice_ for slice_ in _slices(folds.challenger, folds.champion)}
    here = found["shop: here"]
    assert (here.count, here.challenger, here.champion) == (75, 70 / 75, 74 / 75)
    assert here.difference is not None
    assert here.difference.value == pytest.approx(-4 / 75)


def test_the_first_is_held_against_the_baseline_of_its_folds_pair_by_pair(data: PreparedData) -> None:
    folds, _ = judged(data, answers(data, 20, baseline_wrong=18), None, alone=True)
    assert folds is not None
    assert folds.champion is None
    assert folds.baseline() == pytest.approx(132 / COUNT)
    paired = _chance(folds.challenger, 132 / COUNT, folds)
    alone = _chance(replace(folds.challenger), 132 / COUNT, None)
    assert 0.0 < paired == pytest.approx(1.645 * np.sqrt(2 / COUNT * (1 - 2 / COUNT) / COUNT), rel=0.3)
    assert alone > 4 * paired  # both are wrong on the same examples, which independent ones would hardly be


def test_a_champion_of_other_data_is_compared_on_what_both_answered(data: PreparedData) -> None:
    theirs = answers(data, 14)
    kept = np.arange(COUNT) >= 60
    older = replace(
        theirs, **{name: getattr(theirs, name)[kept] for name in ("identities", "folds", "outputs", "baseline")}
    )
    folds, (row,) = judged(data, answers(data, 70), older)
    assert folds is not None
    found = _overall(folds.challenger, folds.champion)
    assert (found.challenger, found.champion, found.count) == (80 / 90, 1.0, 90)
    assert "both on the 90 that both have" in row.note


@pytest.mark.parametrize(("kept", "told"), [(0, "answered none"), (30, "answered only 30 of them")])
def test_a_champion_without_such_answers_is_compared_on_the_test_split_and_that_is_said(
    kept: int, told: str, data: PreparedData
) -> None:
    theirs = answers(data, 14)
    few = replace(theirs, **{name: getattr(theirs, name)[:kept] for name in ("identities", "folds", "outputs")})
    folds, (row,) = judged(data, answers(data, 5), few if kept else None)
    assert folds is None
    assert f"version 1 {told} out of fold: compared on the 30 of the test split" in row.note


def test_a_champion_that_does_not_know_a_class_is_not_asked_about_it(data: PreparedData) -> None:
    theirs = answers(data, 0)
    older = replace(theirs, classes=("c", "a"), outputs=theirs.outputs[:, [2, 0]])
    folds, _ = judged(data, answers(data, 0), older)
    assert folds is not None
    assert folds.champion is not None
    assert folds.champion.known is not None
    labels = all_examples(data, "labels")
    assert (folds.champion.known == (labels != 1)).all()
    assert _overall(folds.challenger, folds.champion).champion == 1.0


def test_one_that_was_not_cross_validated_is_judged_as_ever(data: PreparedData) -> None:
    assert judged(data, None, answers(data, 5)) == (None, [])


def test_rules_say_by_which_answers_they_go() -> None:
    rules = [Rule(name="better: accuracy", passed=True, note="+0.1"), Rule(name="leak: same", passed=True)]
    assert [rule.note for rule in cross_validated_rules(rules)] == ["+0.1; cross-validated", ""]
