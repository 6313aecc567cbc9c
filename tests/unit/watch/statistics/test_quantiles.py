import numpy as np
import pytest

from components.watch.statistics.quantiles import SECONDS


@pytest.mark.parametrize("part", [0.01, 0.5, 0.99])
def test_a_quantile_is_told_to_within_a_hundredth(part: float) -> None:
    seconds = np.random.default_rng(0).lognormal(-5, 2, 10_000)
    found = SECONDS.quantile(SECONDS.count(seconds), part)
    assert found == pytest.approx(np.quantile(seconds, part, method="lower"), rel=0.01)


def test_counts_of_parts_are_those_of_the_whole_and_what_is_outside_counts_as_the_nearest() -> None:
    seconds = np.array([0.0, 1e-9, 0.001, 3.5, 1e9], dtype=np.float32)
    assert np.array_equal(SECONDS.count(seconds[:2]) + SECONDS.count(seconds[2:]), SECONDS.count(seconds))
    assert SECONDS.count(seconds).sum() == 5
    assert SECONDS.quantile(np.zeros(SECONDS.bins, dtype=np.int64), 0.5) is None
