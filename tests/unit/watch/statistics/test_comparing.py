import numpy as np
import pytest
from scipy.special import beta

from components.watch.statistics.comparing import capital, compare, discordant


def test_the_evidence_is_that_of_the_formula() -> None:
    won = np.array([1, 0, 1, 1, 0, 1], dtype=bool)
    lost = np.array([0, 0, 0, 0, 1, 0], dtype=bool)
    expected = []
    for count in range(1, 7):
        w, l = won[:count].sum(), lost[:count].sum()  # noqa: E741 - as the formula has them
        expected.append(2.0 ** (w + l) * beta(w + 0.5, l + 0.5) / beta(0.5, 0.5))
    np.testing.assert_allclose(np.exp(discordant(won, lost)), expected)


def test_ties_are_no_evidence() -> None:
    same = np.zeros(1_000)
    found = compare(same, same)
    assert (found.decision, found.evidence, found.rows) == ("open", 1.0, 1_000)
    nothing = compare(np.empty(0), np.empty(0))
    assert (nothing.decision, nothing.course) == ("open", ())


def test_as_good_a_challenger_is_seldom_promoted_or_stopped_though_one_looks_after_every_row() -> None:
    random, trials, rows = np.random.default_rng(0), 1_000, 2_000
    draws = random.random((trials, rows))
    logs = discordant(draws < 0.05, draws > 0.95)
    assert ((logs.max(axis=1)) >= np.log(20)).mean() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / trials)
    gains = random.choice([-0.6, 0.0, 0.3], size=(300, rows), p=[0.1, 0.7, 0.2])  # a mean of zero, and skewed
    assert np.mean([capital(each).max() >= np.log(40) for each in gains]) <= 0.025 + 3 * np.sqrt(0.025 / 300)


@pytest.mark.parametrize(("sign", "decision"), [(1, "better"), (-1, "worse")])
def test_a_difference_is_found_in_its_direction(sign: int, decision: str) -> None:
    random = np.random.default_rng(1)
    champion = (random.random(3_000) < 0.15).astype(float)
    other = np.where(random.random(3_000) < np.where(champion > 0, 0.5, 0.03), 1 - champion, champion)
    champion, challenger = (champion, other) if sign > 0 else (other, champion)
    found = compare(champion, challenger)
    assert found.decision == decision
    assert np.sign(found.difference) == sign
    assert found.decided is not None
    assert len(found.course) <= 61
    assert found.course[0][0] == 1
    assert found.course[-1] == (3_000, found.evidence)
    assert dict(found.course)[found.decided] >= 20
    assert compare(champion[: found.decided], challenger[: found.decided]).decision == decision
    assert compare(champion[: found.decided - 1], challenger[: found.decided - 1]).decision == "open"


def test_costs_and_weights_are_bet_on() -> None:
    random = np.random.default_rng(2)
    before = random.random(2_000)
    after = np.clip(before - 0.05 + random.normal(0, 0.1, 2_000), 0, 1)
    assert compare(before, after).decision == "better"
    assert compare(after, before).decision == "worse"
    weights = np.where(random.random(2_000) < 0.5, 1.0, 4.0)
    assert compare(before, after, weights).decision == "better"
    turned = np.where(weights > 2, before - after, after - before)  # better where it counts four times
    assert compare(np.full(2_000, 0.5), np.clip(0.5 - turned, 0, 1), weights).difference > 0


def test_before_seldom_rows_come_nothing_is_decided_that_they_would_turn_round() -> None:
    """The challenger wins each common row, and loses as much on rows that are asked about fifty times less often."""
    random, decided, trials = np.random.default_rng(3), 0, 200
    for _ in range(trials):
        seldom = random.random(100) < 0.02
        weights = np.where(seldom, 100.0, 2.0)
        before = np.where(seldom, random.random(100) > 0.98, True).astype(float)
        after = 1 - before
        decided += any(compare(before[:n], after[:n], weights[:n], most=100.0).decision != "open" for n in (5, 20, 100))
    assert decided / trials <= 0.05


def test_what_was_known_before_labels_were_asked_for_is_not_forgotten() -> None:
    before, after = np.ones(60), np.zeros(60)
    weights = np.concatenate([np.ones(40), np.full(20, 4.0)])
    alike = compare(before[:40], after[:40])
    found = compare(before, after, weights, most=50.0)
    assert (found.decision, found.decided) == ("better", alike.decided)
    assert found.evidence > alike.evidence / 2


@pytest.mark.parametrize("cost", [1.0, 0.6], ids=["right or wrong", "costs"])
@pytest.mark.parametrize(("sign", "decision"), [(1, "better"), (-1, "worse")])
def test_a_few_labels_that_stand_for_many_do_not_hide_what_the_others_say(
    sign: int, decision: str, cost: float
) -> None:
    random = np.random.default_rng(4)
    drawn = random.random(400)
    gained = np.where(drawn < 0.13, 1.0, np.where(drawn > 0.97, -1.0, 0.0)) * sign
    weights = np.where(np.arange(400) % 10 == 5, 30.0, 1.0)
    gained[weights > 1] = 0.0
    gained[5] = -sign  # the first of them says the contrary
    found = compare((gained > 0) * cost, (gained < 0) * cost, weights, most=50.0)
    assert found.decision == decision
    assert found.evidence > 100


@pytest.mark.parametrize("cost", [1.0, 0.6], ids=["right or wrong", "costs"])
def test_with_labels_that_stand_for_many_as_good_a_challenger_is_seldom_promoted_or_stopped(cost: float) -> None:
    random, trials, rows = np.random.default_rng(5), 500, 600
    decided = 0
    for _ in range(trials):
        drawn, weights = random.random(rows), np.where(random.random(rows) < 0.1, 50.0, 1.0)
        gained = np.where(drawn < 0.1, 1.0, np.where(drawn > 0.9, -1.0, 0.0))
        decided += compare((gained > 0) * cost, (gained < 0) * cost, weights, most=50.0).decision != "open"
    assert decided / trials <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / trials)
