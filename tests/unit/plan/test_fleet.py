"""How many workers and replicas, by numbers that can be worked out by hand."""

from datetime import date

import pytest

from components.plan.demand import MONTH, Demand
from components.plan.even import HORIZON, break_even, training_share
from components.plan.fleet import fleet, memory
from tests.unit.plan.made import EACH, TURN, made_model, made_probe

CAPACITY = 32 / (TURN + 32 * EACH)
"""Of one worker, about 8,900 requests a second."""


def asked(rate: float, p99: float = 0.05, peak: float = 1.0) -> Demand:
    return Demand(rate, peak, p99, 4.0, "weekly")


def test_a_little_needs_one_worker_and_a_spare_replica() -> None:
    own = fleet(made_model(), asked(10.0), cores=8)
    assert own is not None
    assert (own.workers, own.replicas, own.cores) == (1, 2, 2)
    assert own.cpu.value == pytest.approx(TURN + EACH, rel=0.01)
    assert TURN + EACH < own.p99.value < 0.002


@pytest.mark.parametrize("cores", [1, 2, 4])
def test_what_is_left_when_a_replica_is_lost_keeps_up(cores: int) -> None:
    own = fleet(made_model(), asked(0.9 * CAPACITY, peak=5.0), cores)
    assert own is not None
    assert own.workers == cores
    assert own.workers * (own.replicas - 1) * CAPACITY > 4.5 * CAPACITY
    assert own.p99.value <= 0.05
    used = own.used(asked(0.9 * CAPACITY, peak=5.0))
    assert EACH * 0.9 * CAPACITY < used.value / MONTH < (TURN + EACH) * 0.9 * CAPACITY + own.idle + 1e-9


def test_a_machine_that_is_twice_as_fast_needs_half_as_many() -> None:
    demand = asked(20 * CAPACITY)
    here, there = fleet(made_model(), demand, 1), fleet(made_model(), demand, 1, speed=2.0)
    assert here is not None
    assert there is not None
    assert (there.replicas - 1) / (here.replicas - 1) == pytest.approx(0.5, abs=0.05)


def test_workers_that_are_in_each_others_way_make_replicas_more() -> None:
    demand = asked(20 * CAPACITY)
    crowded = made_model(probe=made_probe(several={1: 1.0, 2: 1.5}))
    free, slow = fleet(made_model(), demand, 2), fleet(crowded, demand, 2)
    assert free is not None
    assert slow is not None
    assert (slow.replicas - 1) / (free.replicas - 1) == pytest.approx(1.5, abs=0.1)


def test_nothing_makes_one_answer_faster() -> None:
    assert fleet(made_model(), asked(1.0, p99=0.0005), cores=4) is None


def test_memory_goes_on_as_it_was_measured() -> None:
    assert [memory(made_probe(), count) for count in (1, 2, 4)] == [1e8, 1.4e8, 2.2e8]


def test_a_cheaper_model_pays_by_what_it_saves() -> None:
    demand = asked(10.0)
    dear, cheap = made_model(), made_model("int8", 30.0, made_probe(turn=TURN / 2, each=EACH / 2))
    fleets = [fleet(model, demand, 2) for model in (cheap, dear)]
    assert fleets[0] is not None
    assert fleets[1] is not None
    found = break_even(cheap, fleets[0], dear, fleets[1])
    assert found.value == pytest.approx(30.0 / ((TURN + EACH) / 2), rel=0.02)
    never = break_even(dear, fleets[1], cheap, fleets[0])
    assert never.value is None
    assert "never: it takes" in never.source
    unknown = break_even(made_model("version 3", None), fleets[0], dear, fleets[1])
    assert unknown.known == "not known"


def test_the_share_of_training_goes_to_that_of_one_rate_by_the_other() -> None:
    shares = training_share(100.0, 300.0, asked(1.0), date(2026, 11, 30))
    assert len(shares) == HORIZON
    assert all(0.0 < share < 1.0 for _, share in shares)
    assert shares[0][1] > 0.9
    assert shares[-1][1] == pytest.approx(400 / 700, abs=0.02)  # four trainings a month
