"""The section `prices`: empty by default, and in one line what is wrong with it."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from components.config.errors import ConfigError
from components.config.prices import read_prices
from tests.conftest import ROOT

WHOSE = "currency: EUR, dated: '2026-11-01', source: the list of the provider"


def prices(tmp_path: Path, section: str) -> Path:
    path = tmp_path / "params.yaml"
    path.write_text(f"workloads: {{}}\n{section}\n")
    return path


@pytest.mark.parametrize("section", ["", "prices:", "prices: {}"])
def test_nothing_has_a_price_unless_it_is_said(section: str, tmp_path: Path) -> None:
    assert not read_prices(prices(tmp_path, section)).any


def test_the_shipped_file_is_read() -> None:
    assert not read_prices(ROOT / "params.yaml").any


def test_prices_are_read(tmp_path: Path) -> None:
    found = read_prices(prices(tmp_path, f"prices: {{{WHOSE}, cpu_hour: 0.04, gpu_hour: {{H200: 3.5}}}}"))
    assert found.any
    assert (found.cpu_hour, found.gpu_hour, found.dated) == (0.04, {"H200": 3.5}, "2026-11-01")


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("prices: {cpu_hour: 0.04}", "prices: prices have a currency, the day on which they held, and a source"),
        (f"prices: {{{WHOSE}, cpu_hours: 0.04}}", "prices.cpu_hours: unknown key.*Did you mean 'cpu_hour'"),
        (f"prices: {{{WHOSE}, cpu_hour: -1.0}}", "prices.cpu_hour: found -1.0; input should be greater"),
        (f"prices: {{{WHOSE.replace('EUR', 'DEM')}, kwh: 0.3}}", "prices.currency: found 'DEM'; .*it became EUR"),
        (f"prices: {{{WHOSE.replace('EUR', 'euro')}, kwh: 0.3}}", "prices.currency: found 'euro'"),
        (f"prices: {{{WHOSE.replace('2026-11-01', 'May')}, kwh: 0.3}}", "prices.dated: found 'May'"),
        ("prices: {currency: EUR, dated: 2026-11-01, source: a, kwh: 0.3}", 'prices.dated: .*in quotes, "2026-11-01"'),
        (
            f"prices: {{{WHOSE.replace('2026-11-01', str(date.today() + timedelta(days=2)))}, kwh: 0.3}}",
            "prices.dated: found .*that day is still to come",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line(section: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        read_prices(prices(tmp_path, section))
    assert len(str(caught.value).splitlines()) == 1
