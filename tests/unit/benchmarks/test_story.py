"""The ways of training again that the story is held against."""

import pytest

from benchmarks.alternatives import Inputs
from benchmarks.story import nights_of_trial, scheduled, versions_at_work


class Night:
    def __init__(self, night: int) -> None:
        self.night = night

    def __call__(self, rows: Inputs) -> list[str]:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("every", "phase", "trained"), [(1, 0, [0, 1, 2, 3, 4]), (3, 1, [None, 1, 1, 1, 4]), (3, 2, [None, None, 2, 2, 2])]
)
def test_a_schedule_has_its_last_training_at_work(every: int, phase: int, trained: list[int | None]) -> None:
    nights, first = [Night(night) for night in range(5)], Night(-1)
    found = [scheduled(nights, night, every, phase, first) for night in range(5)]
    assert found == [first if night is None else nights[night] for night in trained]


@pytest.mark.parametrize(
    ("trained", "changes", "nights"),
    [
        ([5], [(7, "promoted", "2")], [2]),
        ([3, 6, 9], [(8, "promoted", "3"), (13, "promoted", "4"), (14, "rolled back", "3")], [2, 4]),
        ([5, 8], [(8, "promoted", "2")], [3]),  # the night in which the next one was trained
        ([2], [(2, "promoted", "2")], [0]),
        ([3], [], []),
    ],
)
def test_how_long_versions_were_tried(
    trained: list[int], changes: list[tuple[int, str, str]], nights: list[int]
) -> None:
    assert nights_of_trial(trained, changes) == nights


@pytest.mark.parametrize(
    ("changes", "at_work"),
    [
        ([], ["1", "1", "1", "1"]),
        ([(0, "promoted", "3"), (2, "rolled back", "1")], ["1", "3", "3", "1"]),
        ([(1, "promoted", "2"), (1, "promoted", "3")], ["1", "1", "3", "3"]),
    ],
)
def test_what_a_night_decides_is_at_work_the_next_morning(
    changes: list[tuple[int, str, str]], at_work: list[str]
) -> None:
    assert versions_at_work(changes, 4) == at_work
