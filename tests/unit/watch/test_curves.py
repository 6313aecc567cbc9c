from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from components.watch.curves import curves
from components.watch.watch import watch
from tests.unit.watch.at_work import FIRST, AtWork, make_bundle


def test_each_curve_has_a_point_a_day(tmp_path: Path) -> None:
    at_work, bundle = AtWork(tmp_path / "log" / "w"), make_bundle(tmp_path / "bundle")
    for day in range(3):
        at_work.day(day, rows=100)
    as_of = datetime.combine(FIRST.date(), datetime.min.time(), UTC) + timedelta(days=3)
    (version,) = watch(at_work.log(), lambda _: bundle, as_of, timedelta(0), 0.02).versions
    found = curves(version)
    days = [date(2026, 11, number) for number in (2, 3, 4)]
    assert found["traffic/rows"] == dict.fromkeys(days, 100.0)
    for name in ("quality/accuracy", "expected/accuracy", "drift/columns"):
        assert list(found[name]) == days
    low, value, high = (found[f"quality/accuracy{end}"][days[0]] for end in ("/low", "", "/high"))
    assert low < value < high
