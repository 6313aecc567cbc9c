import numpy as np
import pytest

from components.watch.statistics.delayed import matured, weights


def test_a_cohort_counts_once_its_delay_is_over() -> None:
    time = np.array(["2026-01-01T12:00", "2026-01-03T12:00"], dtype="datetime64[us]")
    now = np.datetime64("2026-01-08T12:00", "us")
    assert matured(time, np.timedelta64(7, "D"), now).tolist() == [True, False]


def test_weights_are_one_by_the_odds_and_zero_for_what_is_unknown() -> None:
    known, odds = np.array([True, False, True]), np.array([0.5, 0.0, 1.0])
    assert weights(known, odds).tolist() == [2.0, 0.0, 1.0]
    with pytest.raises(ValueError, match="1 labels are known whose probability was 0"):
        weights(~known, odds)
