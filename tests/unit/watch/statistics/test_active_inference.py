import numpy as np
import pytest

from components.watch.statistics.active_inference import asking_probabilities, estimate


def test_as_many_are_asked_as_wanted_and_nobody_never() -> None:
    expected = np.random.default_rng(0).beta(0.3, 2, 1_000)
    for questions in (0, 50, 900, 1_000, 2_000):
        found = asking_probabilities(expected, questions)
        assert found.sum() == pytest.approx(min(questions, 1_000))
        assert found.max() <= 1
        assert (found >= 0.2 * min(questions, 1_000) / 1_000 - 1e-12).all()
    sure, unsure = asking_probabilities(np.array([0.01, 0.5]), 0.5)
    assert unsure > 3 * sure
    assert asking_probabilities(np.empty(0), 10).shape == (0,)
    assert asking_probabilities(np.zeros(4), 2).tolist() == pytest.approx([0.5] * 4)


def test_the_interval_is_right_and_narrower_than_that_of_uniform_questions() -> None:
    covered, widths = 0, []
    for seed in range(60):
        random = np.random.default_rng(seed)
        expected = random.beta(0.3, 2, 2_000)
        losses = (random.random(2_000) < np.clip(1.3 * expected, 0, 1)).astype(np.float64)  # it expects too little
        probability = asking_probabilities(expected, 200)
        active = estimate(expected, np.where(random.random(2_000) < probability, losses, np.nan), probability)
        asked = np.where(random.random(2_000) < 0.1, losses, np.nan)
        uniform = estimate(np.full(2_000, np.nanmean(asked)), asked, np.full(2_000, 0.1))
        covered += active.low <= losses.mean() <= active.high
        widths.append(active.half_width / uniform.half_width)
    assert covered >= 52
    assert np.mean(widths) < 0.9


def test_of_one_row_nothing_is_known() -> None:
    assert np.isnan(estimate(np.ones(1), np.ones(1), np.ones(1)).estimate)
