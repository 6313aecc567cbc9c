import numpy as np

from components.watch.statistics.choosing import choose, spread


def test_as_many_as_said_each_with_its_probability() -> None:
    random = np.random.default_rng(0)
    probabilities = np.array([1.0, 0.1, 0.02, 0.38, 0.9, 0.6])  # 3 in all
    counts, trials = np.zeros(6), 20_000
    order = random.permutation(6)
    for _ in range(trials):
        chosen = choose(probabilities, order, random)
        assert len(chosen) == 3
        counts[chosen] += 1
    error = 4 * np.sqrt(probabilities * (1 - probabilities) / trials)
    assert np.all(np.abs(counts / trials - probabilities) <= error)


def test_what_does_not_add_up_is_one_more_or_less() -> None:
    random = np.random.default_rng(0)
    sizes = [len(choose(np.full(5, 0.3), np.arange(5), random)) for _ in range(2_000)]
    assert set(sizes) == {1, 2}
    assert abs(np.mean(sizes) - 1.5) < 0.05
    assert len(choose(np.empty(0), np.empty(0, dtype=np.int64), random)) == 0


def test_like_stands_beside_like_and_few_alike_are_chosen() -> None:
    random = np.random.default_rng(0)
    centres = random.normal(size=(10, 8)) * 20
    points = np.repeat(centres, 30, axis=0) + random.normal(size=(300, 8))
    shuffled = random.permutation(300)
    order = spread(points[shuffled])
    assert sorted(order) == list(range(300))
    groups = shuffled // 30
    met = [len(set(groups[choose(np.full(300, 10 / 300), order, random)])) for _ in range(50)]
    by_chance = [len(set(groups[random.choice(300, 10, replace=False)])) for _ in range(50)]
    assert np.mean(met) > np.mean(by_chance) + 1
