from datetime import date

from components.watch.latency import slower
from components.watch.report import TrafficDay


def day(number: int, median_ms: float | None, rows: int = 1_000) -> TrafficDay:
    return TrafficDay(
        day=date(2026, 11, number), rows=rows, aside=0, kept=1.0, median_ms=median_ms, p99_ms=median_ms, labelled=0
    )


def test_a_day_on_which_answers_take_twice_as_long_is_told() -> None:
    before = [day(1, 1.0), day(2, 1.4), day(3, 1.2)]
    assert "half of those of 2026-11-04 took over 2.6 ms, 2.2 times as long" in slower([*before, day(4, 2.6)])
    assert not slower([*before, day(4, 2.3)])
    assert slower([*before, day(4, 5.0), day(5, 1.2)]) == ""  # it is over


def test_a_version_that_is_slower_than_those_before_it_is_told() -> None:
    assert "4.0 times as long" in slower([day(4, 4.0)], [day(1, 1.0), day(2, 1.0), day(3, 1.0)])


def test_of_few_answers_or_days_nothing_is_said() -> None:
    assert slower([]) == slower([day(1, None)]) == ""
    assert slower([day(1, 1.0), day(2, 1.0), day(3, 9.0)]) == ""
    assert slower([day(1, 1.0), day(2, 1.0), day(3, 1.0), day(4, 9.0, rows=99)]) == ""
