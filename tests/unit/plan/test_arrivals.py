"""What was measured at random arrivals stands beside what the queue says, and between the loads it is read off."""

import os
import subprocess
import sys
from typing import Any

import httpx
import numpy as np
import pytest

from components.config.errors import EndpointError
from components.inference.smoke.client import EndpointClient
from components.plan import probe
from components.plan.arrivals import PARTS, Arrivals, with_arrivals
from components.plan.predicted import predictor
from components.plan.probe import probe_from_json
from components.plan.queue import latencies, percentile
from components.plan.service_time import Level, ServiceTime, fitted, residual_ratios
from components.plan.workers import pinned
from tests.unit.plan.made import EACH, TURN, made_probe

SERVICE = ServiceTime(TURN, EACH, 4.0, 0.0001, np.ones(1))


def arrivals(
    load: float, times: float, service: ServiceTime = SERVICE, requests: int = 5_000, together: float = 1.0
) -> Arrivals:
    """Return a window in which every answer took `times` as long as is played, and a tenth more of the processor."""
    rate, turns = load * service.capacity, round(requests / together)
    found = times * np.quantile(latencies(service, load * service.limit), PARTS)
    cpu = 1.1 * (turns * TURN + requests * EACH)
    return Arrivals(rate, Level(64, requests, turns, cpu, requests / rate, 0.0), found.tolist())


def test_at_a_load_that_was_measured_it_is_what_was_measured() -> None:
    found = with_arrivals(SERVICE, [arrivals(0.2, 1.5), arrivals(0.8, 3.0)])
    for load, times in ((0.2, 1.5), (0.8, 3.0), (0.05, 1.5), (0.9, 3.0)):
        for part in (0.5, 0.99):
            rate = load * SERVICE.capacity
            assert percentile(found, rate, part) == pytest.approx(times * percentile(SERVICE, rate, part), rel=1e-6)
    between = percentile(found, 0.5 * SERVICE.capacity) / percentile(SERVICE, 0.5 * SERVICE.capacity)
    assert between == pytest.approx((1.5 * 3.0) ** 0.5)
    assert percentile(found, 0.0) == pytest.approx(1.5 * percentile(SERVICE, 0.0))
    assert percentile(found, SERVICE.capacity) == float("inf")
    assert with_arrivals(SERVICE, []) is SERVICE


def test_where_the_worker_is_slower_the_load_is_what_counts() -> None:
    found = with_arrivals(SERVICE, [arrivals(0.2, 1.5), arrivals(0.8, 3.0)]).slower(2.0)
    rate = 0.8 * found.capacity
    assert found.capacity == pytest.approx(SERVICE.capacity / 2)
    assert percentile(found, rate) == pytest.approx(3.0 * percentile(SERVICE.slower(2.0), rate))


def test_few_answers_tell_no_tail() -> None:
    odd = arrivals(0.5, 1.0, requests=50)
    slow = Arrivals(odd.rate, odd.level, [*odd.quantiles[:-2], 9.0, 9.0])  # one of fifty
    found = with_arrivals(SERVICE, [slow])
    assert percentile(found, odd.rate) == pytest.approx(percentile(SERVICE, odd.rate), rel=0.01)


def test_windows_of_one_rate_count_alike() -> None:
    found = with_arrivals(SERVICE, [arrivals(0.5, 1.0), arrivals(0.5, 4.0)])
    rate = 0.5 * SERVICE.capacity
    assert percentile(found, rate) == pytest.approx(2.0 * percentile(SERVICE, rate))


def test_the_line_is_that_of_arrivals_and_the_most_that_of_all_who_ask() -> None:
    made = made_probe(arrivals=[arrivals(load, 1.0, together=1 + 2 * load) for load in (0.2, 0.5, 0.8)])
    service = fitted(made.levels, made.latencies, made.arrived)
    assert (service.turn, service.each) == (pytest.approx(1.1 * TURN, rel=0.01), pytest.approx(1.1 * EACH, rel=0.01))
    assert service.capacity == pytest.approx(32 / (TURN + 32 * EACH))
    assert residual_ratios(made.levels) == pytest.approx(np.ones(6))
    off = residual_ratios(made.levels, made.arrived)
    assert off == pytest.approx(np.array([1 / 1.1] * 6 + [1.0] * 3), rel=0.01)
    assert probe_from_json(made.to_json()) == made


def test_of_turns_of_one_request_the_line_is_that_of_all() -> None:
    made = made_probe(arrivals=[arrivals(load, 1.0) for load in (0.2, 0.5, 0.8)])
    service = fitted(made.levels, made.latencies, made.arrived)
    assert service.each == pytest.approx(EACH, rel=0.1)
    assert len(predictor(made).drawn) == 20


def test_a_window_in_which_the_endpoint_was_overloaded_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = iter(range(100))

    def window(*_: object) -> tuple[Level, np.ndarray[Any, Any]]:
        if next(asked) % 5 == 4:  # at the highest of the rates
            raise EndpointError("1 of 100 requests were not answered 200")
        return Level(64, 100, 100, 0.1, 1.0, 0.0), np.full(100, 0.001)

    monkeypatch.setattr(probe, "_window", window)
    monkeypatch.setattr(probe, "worker_processes", lambda supervisor: [])
    client = EndpointClient("http://127.0.0.1:1", httpx.Client(), 0)
    found = probe._at_random(client, [{"x": 1}], 0.1, 0.0, SERVICE, made_probe().levels)
    assert len(found) == 12
    assert len({each.rate for each in found}) == 4


def test_the_interval_knows_that_windows_differ() -> None:
    alike = predictor(made_probe(arrivals=[arrivals(load, 2.0) for load in (0.2, 0.5, 0.8)]))
    differ = predictor(made_probe(arrivals=[arrivals(load, by) for load in (0.2, 0.5, 0.8) for by in (1.0, 4.0)]))
    for made, least in ((alike, 1.0), (differ, 2.0)):
        value, low, high = made.latency(0.5 * made.service.capacity, 1)
        assert low <= value <= high
        assert high / low > least


def test_the_caller_has_a_core_of_its_own_while_it_asks() -> None:
    mine = os.sched_getaffinity(0)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as worker:
        with pinned([worker.pid]):
            inside, its = os.sched_getaffinity(0), os.sched_getaffinity(worker.pid)
        assert (os.sched_getaffinity(0), os.sched_getaffinity(worker.pid)) == (mine, mine)
        with pinned([worker.pid] * len(mine)):
            assert os.sched_getaffinity(0) == mine
        worker.communicate(b"\n")
    assert (inside | its, len(inside)) == (mine, 1 if len(mine) > 1 else len(mine))
    assert not inside & its or len(mine) == 1
