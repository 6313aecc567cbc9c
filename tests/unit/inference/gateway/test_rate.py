import pytest

from components.inference.gateway import rate
from components.inference.gateway.rate import Rate


def test_a_burst_passes_and_then_the_rate() -> None:
    limit = Rate(rate=2, burst=5)
    assert [limit.wait("shop", 100.0) for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    assert limit.wait("shop", 100.4) == 1
    assert [limit.wait("shop", 100.5), limit.wait("shop", 100.5)] == [0, 1]
    passed = sum(limit.wait("shop", 101 + step / 100) == 0 for step in range(1000))
    assert 19 <= passed <= 21


def test_each_key_has_a_bucket_of_its_own() -> None:
    limit = Rate(rate=1, burst=1)
    assert [limit.wait(name, 0.0) for name in ("shop", "till", "shop", "till")] == [0, 0, 1, 1]


def test_it_says_in_how_many_seconds_to_come_again() -> None:
    limit = Rate(rate=0.1, burst=1)
    assert limit.wait("shop", 0.0) == 0
    assert limit.wait("shop", 3.0) == 7
    assert limit.wait("shop", 9.9) == 1
    assert limit.wait("shop", 10.0) == 0


def test_idle_time_fills_no_more_than_the_bucket() -> None:
    limit = Rate(rate=10, burst=3)
    limit.wait("shop", 0.0)
    assert [limit.wait("shop", 1e6) for _ in range(4)] == [0, 0, 0, 1]


def test_full_buckets_are_forgotten_and_empty_ones_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, "_MANY", 10)
    limit = Rate(rate=1, burst=2)
    for number in range(1000):
        limit.wait(f"key-{number}", number * 0.5)
    assert len(limit._buckets) <= 10
    assert [limit.wait("key-999", 499.5), limit.wait("key-999", 499.5)] == [0, 1]
