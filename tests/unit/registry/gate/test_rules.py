"""Every rule by itself, on numbers made up for it."""

import numpy as np
import pytest

from components.config.gate import Behaviours, Better, Calibration, Cost, Robustness, Slices
from components.kinds.evaluation import Behaviour, Leak
from components.registry.gate import rules
from components.registry.gate.evidence import (
    CalibrationComparison,
    CorruptedComparison,
    MetricComparison,
    Scale,
    StatedComparison,
)
from components.registry.gate.statistics import Estimated, PairedAnswers, Resampled
from components.registry.gate.verdict import Rule


def compared(gained: int, lost: int, count: int = 1000, name: str = "accuracy") -> MetricComparison:
    return MetricComparison(name, 0.9 + (gained - lost) / count, 0.9, PairedAnswers(gained, lost, count), count)


def passed(found: list[Rule]) -> list[bool | None]:
    return [rule.passed for rule in found]


@pytest.mark.parametrize(
    ("gained", "lost", "limits", "expected"),
    [
        (60, 30, Better(), True),
        (45, 40, Better(), False),  # better, but not by more than chance
        (30, 60, Better(), False),
        (0, 0, Better(), False),
        (60, 30, Better(margin=0.03), False),  # better, but not by three points
        (45, 40, Better(confidence=0.5), True),
        (0, 0, Better(confidence=0.5), False),
        (40, 45, Better(rule="not_worse", margin=0.03), True),
        (0, 0, Better(rule="not_worse", margin=0.01), True),
        (40, 45, Better(rule="not_worse", margin=0.006), False),  # chance may hide six in a thousand
        (30, 60, Better(rule="not_worse", margin=0.03), False),
    ],
)
def test_better_by_more_than_chance(gained: int, lost: int, limits: Better, expected: bool) -> None:
    rule = rules.better(compared(gained, lost), limits)
    assert rule.passed is expected
    assert rule.name == f"{'not worse' if limits.rule == 'not_worse' else 'better'}: accuracy"
    assert " to " in rule.note


@pytest.mark.parametrize(("gained", "lost", "expected"), [(3, 5, True), (0, 0, True), (5, 80, False), (1, 2, True)])
def test_who_knows_more_need_only_not_be_shown_to_lose(gained: int, lost: int, expected: bool) -> None:
    rule = rules.not_worse(compared(gained, lost), Slices())
    assert (rule.passed, rule.name) == (expected, "not worse: accuracy")
    assert "on the classes that both know" in rule.note


def test_of_one_training_no_chance_is_asked() -> None:
    limits = Better().model_copy(update={"rule": "not_worse", "margin": 0.002, "confidence": 0.5})
    assert rules.better(compared(3, 5), limits).passed
    assert not rules.better(compared(3, 6), limits).passed
    assert rules.better(compared(0, 0), limits.model_copy(update={"margin": 0.0})).passed


def test_the_first_champion_has_nothing_to_be_better_than() -> None:
    rule = rules.better(MetricComparison("accuracy", 0.9), Better())
    assert rule.passed is None
    assert "no champion" in rule.note


def test_the_baseline_must_be_beaten() -> None:
    assert rules.baseline(compared(0, 0), 0.89, True).passed
    assert rules.baseline(compared(0, 0), 0.9, True).passed is False
    assert rules.baseline(compared(0, 0), 0.95, False).passed is None
    assert rules.baseline(compared(0, 0), None, True).passed is None


def test_who_is_no_worse_than_the_baseline_but_by_chance_is_warned() -> None:
    tie, near, far = (
        rules.baseline(MetricComparison("accuracy", value), 0.9, True, 0.05) for value in (0.9, 0.86, 0.84)
    )
    assert [rule.passed for rule in (tie, near, far)] == [False] * 3
    assert [rule.refuses for rule in (tie, near, far)] == [False, False, True]
    assert rules.baseline(MetricComparison("accuracy", 1.0), 1.0, True, 0.0).warns
    assert rules.baseline(MetricComparison("accuracy", 1.0), 1.0, True).refuses


def test_a_slice_that_loses_is_named_and_a_small_one_is_left() -> None:
    found = [
        compared(10, 12, 200, "class: cup"),
        compared(0, 30, 200, "class: plate"),
        MetricComparison("class: fork", 0.0, 1.0, None, 20),
        compared(2, 6, 200, "class: knife"),  # two points, the margin, and within chance
    ]
    judged = list(rules.slices(found, Slices()))
    assert passed(judged) == [True, False, None, True]
    assert [rule.name for rule in judged][1] == "slice: class: plate"
    assert judged[2].note == "20 examples, fewer than 50"


def test_what_cannot_be_told_from_chance_says_so_and_is_not_judged() -> None:
    unknown = Estimated(-0.9, None, missing=69)
    found = MetricComparison("shop: a", 0.1, 1.0, unknown, 200)
    others = [compared(0, 30, 200, "class: plate")]
    rows = list(rules.slices([found, *others], Slices()))
    assert passed(rows) == [None, False]
    assert rows[0].note == "69 of 200 draws have no value: too few examples to tell it from chance"
    (corrupted,) = rules.robustness([CorruptedComparison(found, 0.2)], Robustness(kept=0.3))
    assert (corrupted.passed, "69 of 200 draws" in corrupted.note) == (True, True)  # of the champion nothing is known
    (corrupted,) = rules.robustness([CorruptedComparison(found, 0.9)], Robustness(kept=0.3))
    assert corrupted.passed is False  # what is absolute holds
    better = rules.better(
        MetricComparison("average_precision", 0.9, 0.1, Resampled(0.8, np.full(1500, 0.8), 500)), Better()
    )
    assert better.passed is False  # nothing shows it
    assert better.note.endswith("; 500 of 2,000 draws have no value")


def test_corrupted_examples_without_the_metric_are_not_judged() -> None:
    found = MetricComparison("missing", float("nan"), float("nan"), Estimated(float("nan"), None, 200), 1)
    (rule,) = rules.robustness([CorruptedComparison(found, float("nan"))], Robustness())
    assert (rule.passed, rule.challenger, rule.champion) == (None, None, None)
    assert rule.note == "1 corrupted examples have no such metric"


def test_many_slices_are_judged_together() -> None:
    one = compared(2, 18, 200, "one")  # eight points: by itself more than chance
    assert passed(list(rules.slices([one], Slices()))) == [False]
    others = [compared(8, 8, 200, str(index)) for index in range(30)]
    assert all(passed(list(rules.slices([one, *others], Slices()))))


def test_without_a_champion_no_slice_is_judged() -> None:
    assert passed(list(rules.slices([MetricComparison("class: cup", 0.2, count=300)], Slices()))) == [None]


def calibrated(
    error: float, champion: float | None = None, brier: float = 0.1, before: float | None = None
) -> CalibrationComparison:
    return CalibrationComparison(
        MetricComparison("expected error", error, champion), 0.01, MetricComparison("Brier", brier, before), 0.18
    )


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (calibrated(0.059), [True, True]),
        (calibrated(0.061), [False, True]),
        (calibrated(0.039, 0.01), [True, True]),
        (calibrated(0.041, 0.01), [False, True]),  # three points more than the champion's
        (calibrated(0.02, brier=0.19), [True, False]),  # less than the frequencies of the classes tell
        (calibrated(0.02, brier=0.112, before=0.1), [True, False]),
        (calibrated(0.02, brier=0.109, before=0.1), [True, True]),
    ],
)
def test_a_probability_means_what_it_says(found: CalibrationComparison, expected: list[bool]) -> None:
    assert passed(list(rules.calibration(found, Calibration()))) == expected


def test_a_limit_of_ones_own_for_the_brier_score() -> None:
    assert passed(list(rules.calibration(calibrated(0.0, brier=0.06), Calibration(brier=0.05)))) == [True, False]


def test_scores_that_are_no_probabilities_are_not_judged() -> None:
    (rule,) = rules.calibration(None, Calibration())
    assert rule.passed is None


def test_robustness_is_held_against_the_champion_and_against_nothing() -> None:
    found = [
        CorruptedComparison(compared(20, 40, name="noise"), 0.93),
        CorruptedComparison(compared(20, 150, name="blur"), 0.93),
        CorruptedComparison(MetricComparison("jpeg", 0.2), 0.93),
        CorruptedComparison(MetricComparison("shift", 0.6), 0.93),
    ]
    judged = list(rules.robustness(found, Robustness()))
    assert passed(judged) == [True, False, False, True]
    assert judged[1].name == "robustness: blur"
    assert judged[2].limit == "at least 0.279"


FAILING = [CorruptedComparison(MetricComparison("noise", 0.11), 0.72)]
ODD = [Behaviour("shift", "invariance", 60, 100)]


def test_the_first_version_is_warned_of_limits_that_nobody_wrote() -> None:
    found = [
        *rules.robustness(FAILING, Robustness(), alone=True),
        *rules.behaviours(ODD, [], Behaviours(), alone=True),
        *rules.calibration(calibrated(0.2, brier=0.3), Calibration(), alone=True),
    ]
    assert passed(found) == [False] * 4
    assert [rule.warns for rule in found] == [True] * 4
    assert {rule.row()[4] for rule in found} == {"warns"}


def test_the_first_version_is_refused_by_limits_that_the_user_wrote() -> None:
    found = [
        *rules.robustness(FAILING, Robustness(kept=0.3), alone=True),
        *rules.behaviours(ODD, [], Behaviours(invariance=0.8), alone=True),
        *rules.calibration(calibrated(0.2, brier=0.3), Calibration(error=0.05, brier=0.2), alone=True),
    ]
    assert [rule.refuses for rule in found] == [True] * 4
    other = list(rules.robustness(FAILING, Robustness(severity=2), alone=True))
    assert [rule.warns for rule in other] == [True]


def test_beside_a_champion_a_default_limit_refuses_unless_the_champion_is_no_better_there() -> None:
    as_good, worse = compared(10, 30, name="noise"), compared(10, 150, name="noise")
    found = list(rules.robustness([CorruptedComparison(as_good, 4.0), CorruptedComparison(worse, 4.0)], Robustness()))
    assert passed(found) == [False, False]
    assert [rule.refuses for rule in found] == [False, True]
    found = list(rules.behaviours(ODD, [Behaviour("shift", "invariance", 59, 100)], Behaviours()))
    assert [rule.refuses for rule in found] == [False]
    found = list(rules.behaviours(ODD, [Behaviour("shift", "invariance", 70, 100)], Behaviours()))
    assert [rule.refuses for rule in found] == [True]
    found = list(rules.calibration(calibrated(0.2, 0.2, 0.3, 0.3), Calibration()))
    assert [rule.refuses for rule in found] == [False, False]
    found = list(rules.calibration(calibrated(0.2, 0.1, 0.3, 0.2), Calibration()))
    assert [rule.refuses for rule in found] == [True, True]


def test_behaviour_is_a_share_and_a_small_number_is_no_proof() -> None:
    asked = [
        Behaviour("mirror", "invariance", 95, 100),
        Behaviour("shift", "invariance", 60, 100),
        Behaviour("noise", "direction", 15, 20),  # 75 %, by chance
        Behaviour("plain", "minimum", 0, 0),
    ]
    judged = list(rules.behaviours(asked, [Behaviour("mirror", "invariance", 9, 10)], Behaviours()))
    assert passed(judged) == [True, False, True, None]
    assert judged[0].champion == 0.9
    assert judged[1].name == "behaviour: shift (invariance)"


def costs(time: float, size: float, memory: float) -> list[MetricComparison]:
    return [
        MetricComparison("milliseconds", time, 3.0),
        MetricComparison("megabytes", size, 20.0),
        MetricComparison("memory", memory, 100.0),
    ]


def test_what_an_answer_costs_is_a_ratio_to_the_champions() -> None:
    assert passed(list(rules.cost(costs(5.9, 39.0, 149.0), Cost(), False))) == [True, True, True]
    assert passed(list(rules.cost(costs(6.1, 41.0, 151.0), Cost(), False))) == [False, False, False]
    assert passed(list(rules.cost(costs(6.1, 41.0, 151.0), Cost(), True))) == [None, None, None]
    tiny = [MetricComparison("milliseconds", 4.9, 0.1), MetricComparison("megabytes", 9.0, 0.1)]
    assert passed(list(rules.cost(tiny, Cost(), False))) == [True, True]
    assert passed(list(rules.cost([MetricComparison("memory", 500.0)], Cost(), False))) == [None]


def test_what_is_ordinary_for_a_recipe_is_no_reason_to_refuse_it_unless_somebody_wrote_a_limit() -> None:
    large = [MetricComparison("milliseconds", 15.0, 1.0), MetricComparison("megabytes", 13.7, 1.0)]
    large.append(MetricComparison("memory", 300.0, 90.0))
    ordinary = {"milliseconds": 20.0, "megabytes": 20.0, "memory_megabytes": 400.0}
    assert passed(list(rules.cost(large, Cost(), False))) == [False, False, False]
    assert passed(list(rules.cost(large, Cost().sensible(ordinary), False))) == [True, True, True]
    written = Cost(milliseconds=10.0, megabytes=50.0)
    assert passed(list(rules.cost(large, written.sensible(ordinary), False))) == [False, True, True]


def test_a_leak_says_how_much_and_what() -> None:
    few, many = rules.leaks([Leak("same", 1, 1000, "3 is 8"), Leak("near", 9, 1000, "5 is 7")], 0.005)
    assert (few.passed, many.passed) == (True, False)
    assert many.note == "9 of 1,000, 5 is 7"


def test_data_that_nothing_vouches_for_is_refused() -> None:
    assert rules.validated(None).passed is False
    assert rules.validated("prepare kept to its limits").passed


def test_average_precision_is_judged_by_its_draws() -> None:
    random = np.random.default_rng(0)
    sure = Resampled(0.02, random.normal(0.02, 0.005, 2000))
    unsure = Resampled(0.02, random.normal(0.02, 0.03, 2000))
    assert rules.better(MetricComparison("average_precision", 0.62, 0.60, sure), Better()).passed
    assert not rules.better(MetricComparison("average_precision", 0.62, 0.60, unsure), Better()).passed


LOSS = Scale(unit=10.0, lower_is_better=True)


def test_of_a_loss_only_so_much_more_may_come_of_corruptions() -> None:
    def corrupted(loss: float, champion: float | None = None) -> CorruptedComparison:
        difference = None if champion is None else Estimated(champion - loss, 0.01)
        return CorruptedComparison(MetricComparison("noise", loss, champion, difference, scale=LOSS), 3.0)

    found = [corrupted(9.9), corrupted(10.1), corrupted(9.0, 8.7), corrupted(9.0, 8.3)]
    judged = list(rules.robustness(found, Robustness()))
    assert passed(judged) == [True, False, True, False]  # 0.05 of the unit is 0.5
    assert judged[0].limit == "at most 10"
    assert judged[2].limit == "at most 10, loses at most 0.5"
    assert passed(list(rules.robustness([corrupted(1e9)], Robustness(kept=0.0)))) == [True]


def test_where_nothing_is_corrupted_robustness_is_not_judged() -> None:
    (rule,) = rules.robustness([], Robustness())
    assert (rule.name, rule.passed) == ("robustness", None)


def stated(
    name: str, share: float, hits: int, count: int, least: bool, champion: float | None = None
) -> StatedComparison:
    found = MetricComparison(name, hits / count, champion, count=count)
    return StatedComparison(name, share, found, hits, 1_000_000, least, part="," in name)


def test_a_stated_share_is_kept_within_a_margin_and_chance() -> None:
    found = [
        stated("coverage", 0.9, 8_800, 10_000, True),
        stated("coverage", 0.9, 8_700, 10_000, True),
        stated("coverage", 0.9, 40, 50, True),  # by chance
        stated("coverage, shop: a", 0.9, 8_100, 10_000, True),
        stated("coverage, shop: b", 0.9, 7_800, 10_000, True),
        stated("alert rate", 0.01, 150, 10_000, False),
        stated("alert rate", 0.01, 190, 10_000, False),
        stated("alert rate", 0.01, 4, 100, False),
    ]
    judged = list(rules.stated(found, Calibration()))
    assert passed(judged) == [True, False, True, True, False, True, False, True]
    assert [judged[1].limit, judged[4].limit, judged[6].limit] == [
        "at least 0.88 beyond chance",
        "at least 0.8 beyond chance",
        "at most 0.015 beyond chance",
    ]
    assert all(rule.refuses for rule in judged if rule.passed is False)
    assert not any(rule.refuses for rule in rules.stated(found, Calibration(), alone=True))
    worse = stated("alert rate", 0.01, 190, 10_000, False, champion=0.02)
    assert [rule.refuses for rule in rules.stated([worse], Calibration())] == [False]
    assert [rule.refuses for rule in rules.stated([worse], Calibration(alerts=1.5))] == [True]


def test_more_false_alarms_than_are_stated_refuse_who_replaces_one_that_keeps_to_them() -> None:
    def judged(hits: int, champion: float | None, **limits: float) -> Rule:
        found = stated("false alarms", 0.01, hits, 10_000, False, champion)
        (rule,) = rules.stated([found], Calibration(**limits), champion is None, "unfamiliar")
        return rule

    kept, many, first, written = judged(150, 0.01), judged(190, 0.01), judged(190, None), judged(190, None, alerts=1.5)
    assert (kept.name, kept.passed) == ("unfamiliar: false alarms", True)
    assert [rule.refuses for rule in (kept, many, first, written)] == [False, True, False, True]
    assert first.warns


def test_no_improvement_of_a_loss_is_written_as_none() -> None:
    same = MetricComparison("rmse", 45.0, 45.0, Resampled(0.0, np.zeros(2_000)), 500, LOSS)
    rule = rules.better(same, Better())
    assert (rule.passed, rule.note) == (False, "improvement +0 (+0 to +0)")
    less = MetricComparison("rmse", 45.0, 46.25, Resampled(1.25, np.linspace(1.0, 1.5, 2_000)), 500, LOSS)
    assert rules.better(less, Better()).note == "improvement +1.25 (+1.025 to +1.475)"
