"""What a search may vary is what `params.yaml` takes, and what a section has is within it."""

from typing import Any

import numpy as np
import pytest

from components.kinds.image.params import Train as Pictures
from components.kinds.image.space import space as of_pictures
from components.kinds.space import Choice, Interval, Value
from components.kinds.table.params import Train as Records
from components.kinds.table.space import space as of_records

SECTIONS: list[tuple[Any, Any, dict[str, Any]]] = [
    (Pictures, of_pictures, {"recipe": "quick"}),
    (Pictures, of_pictures, {"recipe": "standard", "shift": 9, "erase": 0.9}),
    (Pictures, of_pictures, {"recipe": "best", "weight_decay": 0.0}),
    (Pictures, of_pictures, {"recipe": "transfer", "tune": "all"}),
    (Records, of_records, {}),
    (Records, of_records, {"model": "best", "width": 48, "weight_decay": 0.0}),
    (Records, of_records, {"labels": "none", "code": 3}),
    (Records, of_records, {"autoencoder": True, "layers": 7, "dropout": 0.9}),
]


@pytest.mark.parametrize(("section", "space", "written"), SECTIONS)
def test_what_the_section_has_is_within_and_whatever_is_drawn_is_taken(section: Any, space: Any, written: Any) -> None:
    config, random = section.model_validate(written), np.random.default_rng(0)
    dimensions = space(config, True)
    assert dimensions
    for name, dimension in dimensions.items():
        assert dimension.nearest(getattr(config, name)) == getattr(config, name), name
    for _ in range(50):
        drawn = {name: one(dimension, random) for name, dimension in dimensions.items()}
        found = section.model_validate({**written, **drawn})
        assert {name: getattr(found, name) for name in drawn} == drawn


def test_what_takes_no_such_key_has_nothing_to_vary() -> None:
    assert of_records(Records(model="trees"), True) == {}
    assert of_pictures(Pictures.model_validate({"recipe": "quick"}), False) == {}


def one(dimension: Interval | Choice, random: np.random.Generator) -> Value:
    if isinstance(dimension, Choice):
        return dimension.values[random.integers(len(dimension.values))]
    drawn = random.choice([dimension.low, dimension.high, random.uniform(dimension.low, dimension.high)])
    return int(drawn) if dimension.whole else float(drawn)
