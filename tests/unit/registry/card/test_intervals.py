import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.registry.card.intervals import bootstrapped, wilson


@pytest.mark.parametrize(
    ("right", "count", "expected"),
    [(81, 263, (0.2553, 0.3662)), (15, 148, (0.0624, 0.1605)), (0, 20, (0.0, 0.1611)), (1, 29, (0.0061, 0.1718))],
)
def test_a_share_has_wilsons_interval(right: int, count: int, expected: tuple[float, float]) -> None:
    """The figures are those of Newcombe 1998, Statistics in Medicine 17:857, table I, method 3."""
    assert wilson(right, count) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(
    ("correct", "count", "expected"),
    [
        (81, 263, (0.2552885198782742, 0.36620957698280004)),
        (1, 29, (0.006113214292762653, 0.17175521879320288)),
        (9000, 9100, (0.986653239867703, 0.9909560517985976)),
    ],
)
def test_it_is_the_formula_to_the_last_digits(correct: int, count: int, expected: tuple[float, float]) -> None:
    assert wilson(correct, count) == pytest.approx(expected, rel=1e-13)


@given(st.integers(1, 10_000).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count))))
def test_a_share_lies_in_its_interval_and_that_within_nought_and_one(found: tuple[int, int]) -> None:
    low, high = wilson(*found)
    assert 0.0 <= low <= found[0] / found[1] <= high <= 1.0
    assert low < high


@pytest.mark.parametrize(("right", "count"), [(0, 0), (2, 1), (-1, 3)])
def test_of_nothing_there_is_no_share(right: int, count: int) -> None:
    with pytest.raises(ValueError, match="is no share"):
        wilson(right, count)


def test_the_bootstrap_of_a_share_finds_about_what_wilson_does() -> None:
    right = np.arange(500) < 400
    found = bootstrapped(lambda places: {"share": float(right[places].mean())}, np.arange(500), seed=1)
    assert found["share"] == pytest.approx(wilson(400, 500), abs=0.01)


def test_what_most_draws_cannot_tell_has_no_interval() -> None:
    found = bootstrapped(lambda places: {"none": float("nan"), "some": float(places.mean())}, np.arange(9), seed=0)
    assert list(found) == ["some"]


@pytest.mark.parametrize(("positives", "known"), [(1, False), (2, False), (8, True)])
def test_a_bound_that_might_be_any_draw_without_a_value_is_not_told(positives: int, known: bool) -> None:
    def largest(places: np.ndarray) -> dict[str, float]:
        there = values[places]
        return {"mean": float(there[there > 0].mean()) if (there > 0).any() else float("nan")}

    values = np.append(np.zeros(200 - positives), np.arange(1, positives + 1))
    assert ("mean" in bootstrapped(largest, np.arange(200), seed=0)) is known


def test_draws_that_are_all_the_same_are_no_certainty() -> None:
    found = bootstrapped(lambda places: {"precision": 1.0, "one": float(places.mean())}, np.zeros(1, np.int64), seed=0)
    assert found == {}
