import numpy as np
import pytest

from components.watch.statistics.ascending import Ascending

LARGEST = np.uint64(2**64 - 1)


@pytest.mark.parametrize("count", [0, 1, 7, 1_000, 100_000])
@pytest.mark.parametrize("spread", ["evenly", "few values", "close together", "ends"])
def test_it_finds_what_searchsorted_finds(spread: str, count: int) -> None:
    random = np.random.default_rng(count)
    values = {
        "evenly": random.integers(0, LARGEST, count, dtype=np.uint64, endpoint=True),
        "few values": random.integers(0, 5, count, dtype=np.uint64) << np.uint64(61),
        "close together": random.integers(0, 3 * count + 1, count, dtype=np.uint64),
        "ends": np.where(random.random(count) < 0.5, np.uint64(0), LARGEST),
    }[spread]
    numbers = np.sort(values)
    odd = random.integers(0, LARGEST, 500, dtype=np.uint64, endpoint=True)
    near = values[:500] + random.integers(0, 3, len(values[:500]), dtype=np.uint64) - np.uint64(1)
    ends = np.array([0, 1, LARGEST - np.uint64(1), LARGEST], dtype=np.uint64)
    wanted = np.concatenate([values[:500], near, odd, ends])
    index = Ascending(numbers)
    first = index.first(wanted)
    np.testing.assert_array_equal(first, np.searchsorted(numbers, wanted, "left"))
    np.testing.assert_array_equal(index.counts(wanted, first), np.searchsorted(numbers, wanted, "right") - first)
