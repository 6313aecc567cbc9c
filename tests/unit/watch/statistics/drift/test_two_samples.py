import numpy as np
import pytest

from components.watch.statistics.drift.two_samples import classifier_test, mmd


@pytest.mark.slow
def test_samples_of_one_distribution_are_not_told_apart() -> None:
    found = []
    for seed in range(12):
        random = np.random.default_rng(seed)
        old, new = random.normal(0, 1, (200, 16)), random.normal(0, 1, (100, 16))
        found.append((classifier_test(old, new).p_value, mmd(old, new, permutations=60).p_value))
    assert (np.array(found) < 0.05).sum(axis=0).max() <= 3
    assert np.median(found) > 0.2


def test_a_shift_of_all_directions_is_found() -> None:
    random = np.random.default_rng(0)
    old, new = random.normal(0, 1, (300, 16)), random.normal(0.4, 1, (150, 16))
    classifier, discrepancy = classifier_test(old, new), mmd(old, new, permutations=100)
    assert classifier.size > 0.4
    assert classifier.p_value < 1e-6
    assert discrepancy.p_value == 1 / 101


@pytest.mark.slow
def test_new_customers_are_no_drift() -> None:
    wrong = [0, 0, 0]
    for seed in range(8):
        random = np.random.default_rng(seed)
        centres = random.normal(0, 1, (90, 16))
        groups = random.integers(0, 60, 400), random.integers(60, 90, 200)
        old, new = (centres[group] + random.normal(0, 0.3, (len(group), 16)) for group in groups)
        found = classifier_test(old, new, groups), mmd(old, new, groups, 60), classifier_test(old, new)
        wrong = [count + (each.p_value < 0.01) for count, each in zip(wrong, found, strict=True)]
    assert wrong[0] <= 1
    assert wrong[1] <= 1
    assert wrong[2] == 8  # as if each row were another customer


def test_of_few_groups_nothing_is_said() -> None:
    same = np.ones((100, 3))
    assert classifier_test(same[:10], same).p_value == 1.0
    assert classifier_test(same, same, (np.arange(100) % 5, np.arange(100) % 50)).p_value == 1.0
    assert classifier_test(same, same).p_value > 0.4
