"""The queue is held against closed forms: M/M/1, M/D/1, and a worker that takes all that waits."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.plan.queue import latencies, percentile, workers_needed
from components.plan.service_time import ServiceTime

RANDOM = np.random.default_rng(1)
EXPONENTIAL = RANDOM.exponential(1.0, 200_000)
MANY = 100_000


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_exponential_times_one_by_one_are_m_m_1(load: float) -> None:
    found = latencies(ServiceTime(0.0, 0.01, 1.0, 0.0, EXPONENTIAL / EXPONENTIAL.mean()), 100 * load, MANY)
    rate = 100 * (1 - load)  # the time in an M/M/1 system is exponential with the rate mu - lambda
    assert found.mean() == pytest.approx(1 / rate, rel=0.06)
    assert np.quantile(found, 0.99) == pytest.approx(math.log(100) / rate, rel=0.1)


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_constant_times_one_by_one_are_m_d_1(load: float) -> None:
    found = latencies(ServiceTime(0.01, 0.0, 1.0, 0.0, np.ones(1)), 100 * load, MANY)
    assert found.mean() == pytest.approx(0.01 + 0.01 * load / (2 * (1 - load)), rel=0.04)  # Pollaczek and Khinchine


def test_what_an_answer_takes_besides_is_added_to_each() -> None:
    own = ServiceTime(0.001, 0.0, 1.0, 0.0, np.ones(1))
    later = latencies(ServiceTime(0.001, 0.0, 1.0, 0.5, np.ones(1)), 100.0, 1_000)
    assert later == pytest.approx(latencies(own, 100.0, 1_000) + 0.5)


@settings(max_examples=25)
@given(turn=st.floats(1e-5, 1e-2), each=st.floats(1e-5, 1e-2), together=st.integers(1, 32), load=st.floats(0.05, 0.9))
def test_no_answer_is_faster_than_the_work(turn: float, each: float, together: int, load: float) -> None:
    service = ServiceTime(turn, each, together, 0.0, np.ones(1))
    assert latencies(service, load * service.capacity, 500).min() >= service.alone * (1 - 1e-6)
    assert percentile(service, service.capacity) == math.inf


@settings(max_examples=25)
@given(load=st.floats(0.05, 0.8), more=st.floats(1.01, 1.2))
def test_one_by_one_nobody_is_faster_under_more_load(load: float, more: float) -> None:
    service = ServiceTime(0.01, 0.0, 1.0, 0.0, np.array([0.5, 1.0, 1.5]))
    idle, busy = (latencies(service, 100 * each, 500) for each in (load, load * more))
    assert (busy >= idle - 1e-9).all()  # by the same arrivals, closer to each other


def test_turns_of_many_make_room() -> None:
    alone = ServiceTime(0.009, 0.001, 1.0, 0.0, np.ones(1))
    together = ServiceTime(0.009, 0.001, 10.0, 0.0, np.ones(1))
    assert alone.capacity == pytest.approx(100)
    assert together.capacity == pytest.approx(10 / 0.019)
    assert percentile(together, 95.0) < percentile(alone, 95.0)


@given(rate=st.floats(1.0, 1e5), capacity=st.floats(1.0, 1e3))
def test_the_fewest_workers_are_found(rate: float, capacity: float) -> None:
    def predicted(each: float) -> float:
        return math.inf if each >= capacity else 1.0 / (capacity - each)

    found = workers_needed(rate, 2.0 / capacity, predicted, most=2**20)
    assert found is not None
    assert predicted(rate / found) <= 2.0 / capacity
    assert found == 1 or predicted(rate / (found - 1)) > 2.0 / capacity


def test_a_latency_that_no_worker_has_is_not_planned() -> None:
    assert workers_needed(10.0, 0.001, lambda rate: 0.002) is None
    assert percentile(ServiceTime(0.004, 0.001, 4.0, 0.5, np.ones(3)), 0.0) == pytest.approx(0.505)
