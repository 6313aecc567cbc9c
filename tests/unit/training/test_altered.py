"""A frozen section stays as it is, of whichever sort it is."""

from dataclasses import FrozenInstanceError, dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from components.config.params import Training
from components.training.altered import altered


@dataclass(frozen=True)
class Section:
    epochs: int
    batch_size: int

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise ValueError("batch_size")


@dataclass(frozen=True, slots=True)
class Slots:
    epochs: int
    batch_size: int


class Fixed(NamedTuple):
    epochs: int
    batch_size: int


@pytest.mark.parametrize("sort", [Training, Section, Slots, SimpleNamespace])
def test_the_copy_has_the_values_and_the_section_its_own(sort: Any) -> None:
    section = sort(epochs=3, batch_size=8)
    other = altered(section, batch_size=4)
    assert type(other) is sort
    assert (section.epochs, section.batch_size, other.epochs, other.batch_size) == (3, 8, 3, 4)
    with pytest.raises(AttributeError, match="has no 'batch'"):
        altered(section, batch=4)


def test_what_a_section_refuses_stays_refused() -> None:
    with pytest.raises(ValueError, match="batch_size"):
        altered(Section(3, 8), batch_size=0)
    with pytest.raises(AttributeError):
        altered(Fixed(3, 8), batch_size=4)
    with pytest.raises(FrozenInstanceError):
        altered(Section(3, 8), batch_size=4).epochs = 1  # type: ignore[misc]
