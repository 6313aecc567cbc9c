"""The page: every number says how it is known, and nothing is asked of another address."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from components.config.errors import ConfigError
from components.config.prices import Prices
from components.ledger.measure import processor
from components.ledger.power import Power
from components.ledger.totals import Total
from components.plan.contents import Made
from components.plan.demand import demand
from components.plan.figure import Figure
from components.plan.hosts import Host
from components.plan.page import markdown, page
from components.plan.page.values import interval, said
from components.plan.past import Past
from components.plan.planned import Given, planned
from components.plan.power_law import Point
from components.system.processes import cores
from tests.unit.plan.made import made_model, made_probe

TRAIN = Total("training", "train", 1, wall=60.0, cpu=50.0, peak=10**9, estimated=200.0)
WHOLE = Total("training", "", 3, wall=100.0, cpu=80.0, peak=10**9, estimated=320.0, money=0.5)
EXPORT = Total("training", "export", 1, wall=40.0, cpu=30.0, peak=10**9, estimated=120.0)
PAST = Past(WHOLE, [TRAIN, EXPORT], ["backbone"], [], None, "2026-11-30", "A processor, 2 cores")
POWER = Power("A processor", 4.0, 1e-10, "4 W a core")
PRICES = Prices(
    currency="EUR", dated="2026-11-01", source="a list", cpu_hour=0.05, kwh=0.3, transfer=0.1, gpu_hour={"H200": 3.0}
)
GIVEN = Given(
    workload="digits",
    objective="the best accuracy",
    metric="accuracy",
    demand=demand("50/s", 4.0, "20ms", "weekly"),
    models=[made_model(), made_model("int8", 5.0, made_probe(turn=0.0002, each=0.00005))],
    past=PAST,
    power=POWER,
    prices=Prices(),
    made=[Made("1", 0.9, 80.0, "quick float32")],
    points=[Point(size, 2.0 * size**-0.4, 2000, 1.0) for size in (250, 500, 1000)],
    aged=[],
    lower_is_better=False,
    by_chance=True,
    baseline=0.8,
    hosts=[],
    hosts_file=None,
)
TODAY = date(2026, 11, 30)


def figures(given: Given) -> list[Figure]:
    made = planned(given, TODAY)
    lists = [made.training, made.hosts, made.beyond, made.value, made.even]
    lists += [figures for served in made.served for figures in (served.service, served.figures)]
    return [figure for figures in lists for figure in figures]


@pytest.mark.parametrize("prices", [Prices(), PRICES])
def test_no_number_is_without_a_source_and_intervals_hold_their_numbers(prices: Prices) -> None:
    found = figures(replace(GIVEN, prices=prices))
    assert len(found) > 30
    for figure in found:
        assert figure.source
        assert (figure.value is None) == (figure.known == "not known")
        if figure.low is not None and figure.high is not None and figure.value is not None:
            assert figure.low <= figure.value * (1 + 1e-9)
            assert figure.value <= figure.high * (1 + 1e-9)
    money = [figure for figure in found if figure.name.startswith("money")]
    assert all((figure.value is None) != prices.any for figure in money)


def test_money_is_cores_held_and_energy() -> None:
    own = planned(replace(GIVEN, prices=PRICES), TODAY).first
    by_name = {figure.name: figure for figure in own.figures}
    energy = by_name["energy a month"].value
    assert energy is not None
    assert by_name["money a month"].value == pytest.approx(2 * 730.485 * 0.05 + 0.3 * energy)
    trained = {figure.name: figure.value for figure in planned(replace(GIVEN, prices=PRICES), TODAY).training}
    assert trained["money a month"] == pytest.approx(0.5 * GIVEN.demand.trainings)
    assert trained["devices that pay, at most"] == 8  # of 60 seconds 60 / 8 are left, and 60 / 16 would save little


def test_the_page_needs_nothing_else_and_says_what_markdown_says() -> None:
    made = planned(replace(GIVEN, models=[made_model(probe=made_probe(waited=5.0)), *GIVEN.models[1:]]), TODAY)
    html, text = page(made), markdown(made)
    assert not re.findall(r'(?:src|href)="(?!data:)', html)
    assert "<script" not in html
    for words in ("Both phases", "Inference: float32", "Break-even", "What is assumed", "other work had the machine"):
        assert words in html
        assert words in text
    assert html.count("<svg") == 6  # p99 of two models and the share of training, wide and narrow
    assert "| replicas | 2 |" in text


@pytest.mark.parametrize("reached", [0.8, None])
def test_what_the_baseline_reaches_is_in_it(reached: float | None) -> None:
    made = planned(replace(GIVEN, baseline=reached), TODAY)
    (figure,) = [each for each in made.value if each.name == "accuracy of the baseline"]
    assert (figure.value, figure.known) == (reached, "not known" if reached is None else "measured")
    assert "accuracy of the baseline" in page(made)


def test_what_no_model_can_do_is_said_in_one_line() -> None:
    with pytest.raises(ConfigError) as caught:
        planned(replace(GIVEN, demand=demand("1/s", 1.0, "0.1ms", "weekly")), TODAY)
    assert str(caught.value).startswith("--p99 0.1ms: an answer of int8 alone takes 0.25 ms of a core, which no number")


def test_what_its_way_makes_too_slow_is_planned_with_a_warning() -> None:
    made = planned(replace(GIVEN, demand=demand("1/s", 1.0, "0.3ms", "weekly")), TODAY)
    assert [each.fleet for each in made.served] == [None, None]
    assert "No number of workers of float32 keeps p99 within 0.3 ms" in made.warnings[0]
    assert "no number keeps p99 within 300 µs" in page(made)


def test_other_machines_are_compared_with_this_one() -> None:
    speeds = {"matrix_fp32": 10.0, "matrix_bf16": 10.0, "convolution_fp32": 10.0, "convolution_bf16": 10.0}
    about = {"processor": processor(), "cores": cores(), "memory_gb": 8.0, "disk_write": 1.0, "memory": 5.0}
    own = Host.model_validate({"name": "here", "measured": "2026-11-30", **about, **speeds})
    twice = dict.fromkeys(speeds, 20.0)
    other = own.model_copy(update={"name": "box", "processor": "Another", "memory": 5.0, "hour": 0.2, **twice})
    gpu = other.model_copy(update={"name": "box-gpu", "gpu": "H200"})
    given = replace(GIVEN, prices=PRICES, hosts=[own, other, gpu], hosts_file=Path("hosts.yaml"))
    found = {figure.name: figure for figure in planned(given, TODAY).hosts}
    there = found["time of one training on box"]
    assert there.low == pytest.approx(50.0)
    assert there.high == pytest.approx(100.0)  # of a training that memory alone decides
    assert there.value == pytest.approx(100 / 2**0.8)
    assert found["time of one training on box-gpu"].low == pytest.approx(70.0)
    assert found["replicas on box-gpu"].value is None
    assert found["money a month on box"].value == pytest.approx(2 * 0.2 * 730.485)
    with pytest.raises(ConfigError, match="no line of this machine"):
        planned(replace(given, hosts=[other]), TODAY)


def test_numbers_are_said_in_units_that_suit_them() -> None:
    assert [said(value, "s") for value in (0.00005, 0.0196, 1.5, 90.0, 7200.0)] == [
        "50 µs",
        "19.6 ms",
        "1.5 s",
        "1.5 min",
        "2 h",
    ]
    assert [said(value, "B") for value in (12.0, 1.5e6, 2e9)] == ["12 B", "1.5 MB", "2 GB"]
    assert (said(15000.0, "/s"), said(0.25, "%"), said(None, "s"), said(3, "")) == (
        "15,000/s",
        "25.0%",
        "not known",
        "3",
    )
    assert interval(Figure("a", 2.0, "h", "fitted", "", 1.0, 3.0)) == "1 h to 3 h"
