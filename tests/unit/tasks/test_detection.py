"""What a detection goes by, and what its answers cost at work."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from components.kinds.deciding import COSTS
from components.tasks.detection.live import rates
from components.tasks.detection.objective import Detection
from components.tasks.rates import at_the_same_costs

LABELS = np.array([1, 0, 0, 1, -1])
SCORES = np.array([0.9, 0.6, 0.2, 0.4, 0.5], np.float32)
OUTPUTS = np.column_stack([1 - SCORES, SCORES])
MISSES = np.array([30.0, 1.0, 1.0, 10.0, 1.0])


def config(**more: Any) -> Any:
    return SimpleNamespace(**{"false_alarm": 5.0, "least_precision": None, "least_recall": None} | more)


def test_a_decision_says_what_mistakes_cost_where_its_threshold_goes_by_that() -> None:
    decision = Detection(config(), 0.5).decision(OUTPUTS, LABELS, MISSES)
    assert decision[COSTS] == {"miss": 20.0, "false_alarm": 5.0}
    assert Detection(config(), 0.5).decision(OUTPUTS, LABELS, None)[COSTS]["miss"] == 1.0
    assert COSTS not in Detection(config(least_recall=0.5), 0.5).decision(OUTPUTS, LABELS, MISSES)


def test_answers_at_work_cost_what_the_decision_says() -> None:
    known = LABELS >= 0
    decision = {"threshold": 0.5, COSTS: {"miss": 20.0, "false_alarm": 5.0}}
    found = rates(OUTPUTS[known], LABELS[known], decision, OUTPUTS)
    assert next(iter(found)) == "recall"  # by which harm is told
    assert found["cost"].value == pytest.approx((5.0 + 20.0) / 4)
    assert found["cost"].losses.tolist() == [0.0, 0.25, 0.0, 1.0]
    assert "cost" not in rates(OUTPUTS[known], LABELS[known], {"threshold": 0.5}, OUTPUTS)


def test_two_versions_pay_the_same() -> None:
    dear, cheap, silent = {"threshold": 0.1, COSTS: {"miss": 9.0}}, {COSTS: {"miss": 1.0}}, {"threshold": 0.2}
    assert [each[COSTS] for each in at_the_same_costs(dear, cheap)] == [cheap[COSTS]] * 2
    assert [each[COSTS] for each in at_the_same_costs(dear, silent)] == [dear[COSTS]] * 2
    assert at_the_same_costs(silent, silent) == (silent, silent)
