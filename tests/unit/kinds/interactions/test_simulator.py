import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from components.kinds.interactions.source.simulator import SCHEMA, Shop, Simulation, interactions, scaled

FEW = Simulation(users=200, items=40, days=30, visits=1.0, newcomers=0.3)


def test_the_same_seed_gives_the_same_shop_and_another_seed_another() -> None:
    one, same, other = (
        pa.Table.from_batches(list(interactions(simulation)), SCHEMA)
        for simulation in (FEW, FEW, FEW.model_copy(update={"seed": 1}))
    )
    assert one.equals(same)
    assert not one.equals(other)
    times = one["time"].to_numpy()
    assert (np.diff(times) >= np.timedelta64(0)).all()
    assert one.num_rows > 500


def test_the_propensity_is_the_probability_of_being_shown() -> None:
    """Of a place that shows item i with probability p_i the mean of 1 / p_i is the number of items."""
    shop, found = Shop(FEW), []
    for _ in range(FEW.days):
        there, shown = shop.there, shop.day()
        assert ((shown.propensity > 0.0) & (shown.propensity <= 1.0)).all()
        found.append((len(shown.items), (1.0 / shown.propensity).mean() / there))
    counts, means = np.array(found).T
    assert np.average(means, weights=counts) == pytest.approx(1.0, abs=0.03)


def test_nobody_takes_an_item_twice_nor_one_that_is_not_there_yet() -> None:
    shop, pairs = Shop(FEW), set()
    for _ in range(FEW.days):
        there, shown = shop.there, shop.day()
        assert shown.items.max() < there
        taken = list(zip(shown.users[shown.taken].tolist(), shown.items[shown.taken].tolist(), strict=True))
        assert len(set(taken)) == len(taken)
        assert not pairs & set(taken)
        pairs |= set(taken)


def test_what_is_liked_is_taken_and_suggested_more_often() -> None:
    shop = Shop(FEW)
    shown = [shop.day() for _ in range(FEW.days)]
    users, items, taken = (
        np.concatenate([getattr(day, name) for day in shown]) for name in ("users", "items", "taken")
    )
    liked = (shop.tastes[users] * shop.vectors[items]).sum(axis=1)
    assert liked[taken].mean() > liked[~taken].mean() + 1.0
    assert np.corrcoef(shop.popular, np.bincount(items, minlength=40))[0, 1] > 0.5


def test_it_grows_by_a_factor_and_refuses_parts_above_one() -> None:
    assert (scaled(FEW, 4.0).users, scaled(FEW, 4.0).items) == (800, 80)
    with pytest.raises(ValidationError, match="explore and similar: parts of what is shown, together at most 1"):
        Simulation(explore=0.7, similar=0.4)
