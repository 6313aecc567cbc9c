"""What lines come to: everything once, measured apart from estimated, and money only where there is a price."""

import pytest

from components.config.prices import Prices
from components.ledger.line import Line
from components.ledger.power import Power
from components.ledger.totals import gpu_price, own, totals

POWER = Power("a processor", 10.0, 1e-9, "as it is told")
FREE = Prices()


def line(id: str, part: str, cpu: float, within: str = "", wall: float = 10.0, **more: object) -> Line:
    return Line(id, "digits", part, "2026-11-01", "done", wall, cpu, within, **more)  # type: ignore[arg-type]


def test_what_is_counted_twice_is_summed_once() -> None:
    lines = [
        line("s", "train", 60.0, "f", wall=50.0, read_bytes=5),
        line("g", "gate", 5.0, "f", wall=5.0),
        line("f", "train flow", 70.0, "r", wall=60.0, read_bytes=7),
        line("r", "retrain flow", 71.0, wall=62.0, read_bytes=7),
    ]
    phase, *parts = totals(own(lines), POWER, FREE)
    assert (phase.phase, phase.runs, phase.cpu, phase.wall, phase.read) == ("training", 4, 71.0, 62.0, 7)
    assert [part.part for part in parts] == ["train", "gate", "train flow", "retrain flow"]
    assert [part.cpu for part in parts] == [60.0, 5.0, 5.0, 1.0]


def test_training_stands_beside_inference() -> None:
    lines = [line("a", "train", 1.0), line("b", "endpoint", 2.0, route="/predict", requests=4), line("c", "score", 3.0)]
    found = totals(own(lines), POWER, FREE)
    assert [(total.phase, total.part, total.cpu) for total in found] == [
        ("training", "", 1.0),
        ("training", "train", 1.0),
        ("inference", "", 5.0),
        ("inference", "endpoint /predict", 2.0),
        ("inference", "score", 3.0),
    ]


def test_energy_that_was_measured_is_told_from_what_is_estimated() -> None:
    (phase, *_) = totals([line("a", "train", 3.0, cpu_joules=100.0), line("b", "export", 3.0)], POWER, FREE)
    assert (phase.measured, phase.estimated, phase.unknown) == (100.0, 30.0, 0.0)
    (phase, *_) = totals([line("a", "train", 0.0, wall=2.0, peak_bytes=10**9)], POWER, FREE)
    assert phase.estimated == 2.0, "a GB at a watt for two seconds"


def test_a_gpu_that_tells_nothing_is_not_estimated() -> None:
    told = line("a", "train", 0.0, gpu="NVIDIA H200", gpu_seconds=8.0, gpu_joules=800.0)
    silent = line("b", "train", 0.0, gpu="NVIDIA H200", gpu_seconds=9.0)
    (phase, *_) = totals([told, silent], POWER, FREE)
    assert (phase.gpu, phase.measured, phase.unknown) == (17.0, 800.0, 9.0)


def test_money_is_hours_times_prices_and_what_has_none_is_named() -> None:
    prices = Prices(currency="EUR", dated="2026-11-01", source="a list", cpu_hour=2.0, kwh=0.5)
    (phase, *_) = totals([line("a", "train", 3600.0)], POWER, prices)
    assert phase.money == pytest.approx(2.0 + 0.5 * 0.01)
    assert phase.unpriced == ()
    (phase, *_) = totals([line("a", "train", 0.0, gpu="NVIDIA H200", gpu_seconds=3600.0)], POWER, prices)
    assert phase.unpriced == ("hours of NVIDIA H200",)


def test_a_gpus_price_is_that_of_the_longest_name_in_its_own() -> None:
    prices = {"A100": 1.0, "A100-SXM4-80GB": 2.0}
    assert gpu_price("NVIDIA A100-SXM4-80GB", prices) == 2.0
    assert gpu_price("NVIDIA A100-PCIE-40GB", prices) == 1.0
    assert gpu_price("NVIDIA H200", prices) is None
