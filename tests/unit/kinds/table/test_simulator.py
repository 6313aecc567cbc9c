from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from components.config import params
from components.config.errors import ConfigError
from components.kinds.table.source import plane, simulator
from components.kinds.table.source.simulator import Simulation, scaled, transactions

SMALL = Simulation(customers=200, terminals=400, days=60, side=20.0, seed=7)
HANDBOOK_ROWS, HANDBOOK_FRAUD = 1_754_155, 0.008369


def test_the_same_settings_give_the_same_table() -> None:
    assert _table(SMALL).equals(_table(SMALL))
    assert not _table(SMALL).equals(_table(SMALL.model_copy(update={"seed": 8})))


def test_a_day_does_not_depend_on_how_many_there_are() -> None:
    week = _table(SMALL.model_copy(update={"days": 7}))
    assert _table(SMALL).slice(0, week.num_rows).equals(week)


@pytest.fixture(scope="module")
def full() -> dict[str, np.ndarray]:
    return _by_name(Simulation())


def test_the_default_has_the_handbooks_size(full: dict[str, np.ndarray]) -> None:
    """5,000 means of U(0, 4) have a standard error of 0.8 %, the handbook's as ours: three of the difference's."""
    assert len(full["amount"]) == pytest.approx(HANDBOOK_ROWS, rel=3 * np.sqrt(2) * 0.0082)
    assert 0.007 < full["fraud"].mean() < 0.010
    assert full["fraud"].mean() == pytest.approx(HANDBOOK_FRAUD, rel=0.15)
    assert set(full["customer_id"]) <= set(range(5_000))
    assert set(full["terminal_id"]) == set(range(10_000))


def test_it_is_a_table_in_order_of_time(full: dict[str, np.ndarray]) -> None:
    assert (full["transaction_id"] == np.arange(len(full["time"]))).all()
    assert (np.diff(full["time"]) >= np.timedelta64(0)).all()
    assert full["time"][0] >= np.datetime64("2018-04-01")
    assert full["time"][-1] < np.datetime64("2018-10-01")
    assert (full["amount"] >= 0).all()
    assert (full["amount"].round(2) == full["amount"]).all()


def test_people_pay_at_noon_and_within_their_means(full: dict[str, np.ndarray]) -> None:
    second = full["time"].astype(np.int64) // 1000 % 86_400
    assert second.mean() == pytest.approx(43_200, abs=100)
    assert second.std() == pytest.approx(18_320, abs=200)  # of N(43200, 20000) cut at 2.16 deviations on both sides
    honest = full["fraud"] == 0
    count = np.bincount(full["customer_id"], minlength=5_000)
    paid = np.bincount(full["customer_id"][honest], full["amount"][honest], minlength=5_000)
    mean = (paid / np.maximum(count, 1))[count > 200]
    assert 4 < mean.min() < mean.max() < 112
    assert count.max() / 183 == pytest.approx(4 * 0.969, abs=0.6)


def test_amounts_over_the_threshold_are_fraud(full: dict[str, np.ndarray]) -> None:
    over = full["amount"] > simulator.THRESHOLD
    assert over.sum() > 1_000
    assert full["fraud"][over].all()


def test_a_compromised_terminal_is_fraud_for_28_days() -> None:
    table, day = _columns(SMALL)
    drawn = simulator.compromised_terminals(SMALL, 0)
    assert len(drawn) == 2
    for today in range(SMALL.days):
        compromised = simulator.compromised_terminals(SMALL, today)
        assert set(drawn) <= set(compromised) or today >= 28
        assert 2 <= len(compromised) <= 56
        assert table["fraud"][(day == today) & np.isin(table["terminal_id"], compromised)].all()


def test_a_compromised_customer_pays_five_times_as_much_a_third_of_the_time_for_14_days() -> None:
    calm = SMALL.model_copy(update={"compromised_customers": 0, "days": 30})
    hit = calm.model_copy(update={"compromised_customers": 40})
    before, day = _columns(calm)
    after, _ = _columns(hit)
    taken = after["amount"] != before["amount"]
    assert after["amount"][taken] == pytest.approx(before["amount"][taken] * 5, abs=0.005)
    assert after["fraud"][taken].all()
    assert (after["fraud"][~taken] == before["fraud"][~taken]).all()
    first = simulator.compromised_customers(hit, 0)
    assert len(first) == 40
    exposed = np.zeros(len(day), dtype=bool)
    for today in range(hit.days):
        compromised = simulator.compromised_customers(hit, today)
        assert set(first) <= set(compromised) or today >= 14
        exposed |= (day == today) & np.isin(after["customer_id"], compromised)
    assert not taken[~exposed].any()
    assert taken[exposed].mean() == pytest.approx(1 / 3, abs=0.02)


def test_what_no_scenario_touches_is_no_fraud() -> None:
    quiet = SMALL.model_copy(update={"compromised_customers": 0, "compromised_terminals": 0})
    table, _ = _columns(quiet)
    assert (table["fraud"] == (table["amount"] > 220)).all()


@pytest.mark.parametrize("radius", [0.3, 5.0, 33.0, 500.0])
def test_the_grid_finds_what_all_pairs_find(radius: float) -> None:
    random = np.random.default_rng(0)
    places, points = random.uniform(0, 100, (1_500, 2)), random.uniform(0, 100, (700, 2))
    near = ((places[:, None] - points[None]) ** 2).sum(axis=2) < radius**2
    found = plane.neighbours(places, points, radius, 100.0)
    assert (found.counts == near.sum(axis=1)).all()
    for place, start, count in zip(range(len(places)), found.starts, found.counts, strict=True):
        assert set(found.points[start : start + count]) == set(np.flatnonzero(near[place]))


def test_points_in_reach_are_equally_likely() -> None:
    random = np.random.default_rng(0)
    found = plane.neighbours(np.full((2, 2), 0.5), random.uniform(0, 1, (20, 2)), 2.0, 1.0)
    drawn = found.draw(np.tile([0, 1], 10_000), random)
    times = np.bincount(drawn, minlength=20)
    assert (abs(times - 1_000) < 5 * np.sqrt(1_000)).all()


def test_nobody_pays_where_no_terminal_is() -> None:
    lonely = Simulation(customers=50, terminals=1, days=5, side=1e6, compromised_terminals=1)
    assert [batch.num_rows for batch in transactions(lonely)] == [0] * 5


def test_days_come_one_by_one() -> None:
    century = SMALL.model_copy(update={"days": 36_525})
    batches = list(islice(transactions(century), 3))
    assert [pc.min(batch["time"]).as_py().day for batch in batches] == [1, 2, 3]


def test_scaled_keeps_the_density() -> None:
    large = scaled(Simulation(), 4)
    assert (large.customers, large.terminals, large.side) == (20_000, 40_000, 200.0)
    assert (large.compromised_customers, large.compromised_terminals) == (12, 8)
    small = scaled(Simulation(compromised_customers=0), 0.01)
    assert (small.customers, small.compromised_terminals, small.compromised_customers) == (50, 1, 0)
    rows = [next(transactions(simulation)).num_rows for simulation in (Simulation(), large)]
    assert rows[1] / rows[0] == pytest.approx(4, rel=0.05)


def test_a_start_is_a_date_however_yaml_reads_it() -> None:
    assert params.parse(Simulation, {"start": "2024-02-29"}, "") == params.parse(
        Simulation, params.yaml.safe_load("start: 2024-02-29"), ""
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"customer": 5}, r"x: customer: unknown key\. .*Did you mean 'customers'\?"),
        ({"customers": 0}, r"x: customers: found 0; .*greater than or equal to 1"),
        ({"days": "many"}, r"x: days: found 'many'; .*valid integer"),
        ({"start": "2024-02-30"}, r"x: start: found '2024-02-30'; .*day"),
        ({"radius": 0.0}, r"x: radius: found 0\.0; .*greater than 0"),
        ({"customers": 2}, r"compromised_customers is 3, but there are only 2 to draw from"),
    ],
)
def test_wrong_settings_are_answered_in_one_line(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        params.parse(Simulation, settings, "x: ")


def _table(simulation: Simulation) -> pa.Table:
    return pa.Table.from_batches(transactions(simulation), simulator.SCHEMA)


def _by_name(simulation: Simulation) -> dict[str, np.ndarray]:
    return {name: column.to_numpy() for name, column in zip(simulator.SCHEMA.names, _table(simulation), strict=True)}


def _columns(simulation: Simulation) -> tuple[dict[str, np.ndarray], np.ndarray]:
    table = _by_name(simulation)
    return table, (table["time"] - np.datetime64(simulation.start)) // np.timedelta64(1, "D")
