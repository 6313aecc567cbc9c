"""What has become slower than chance and the margin explain is told, and nothing else."""

import numpy as np
import pytest

from benchmarks.perf import changes


def ratios(mean: float, seed: int, spread: float = 0.03) -> list[float]:
    random = np.random.default_rng(seed)
    return (mean * (1 + spread * random.standard_normal(8))).tolist()


def test_a_step_that_takes_a_fifth_more_is_slower() -> None:
    change = changes({"step": ratios(1.1, 0)}, {"step": ratios(1.32, 1)})["step"]
    assert change.value == pytest.approx(1.2, abs=0.05)
    assert change.low < change.value < change.high
    assert change.slower


def test_what_is_as_before_is_not() -> None:
    found = [changes({"step": ratios(1.1, seed)}, {"step": ratios(1.1, seed + 100)})["step"] for seed in range(50)]
    assert not any(change.slower for change in found)
    faster = changes({"step": ratios(1.1, 0)}, {"step": ratios(0.8, 1)})["step"]
    assert not faster.slower
    assert faster.high < 1


def test_what_one_of_both_has_not_is_left_out() -> None:
    assert changes({"old": [1.0, 1.1]}, {"new": [1.0, 1.1]}) == {}
