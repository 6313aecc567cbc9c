import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.config.errors import ConfigError
from components.kinds.asked import asked
from components.kinds.draw import TEST, TRAIN, VALIDATION
from components.kinds.examples.splits import Examples, given_splits, split_examples, write_examples
from components.kinds.prepared import SPLITS, Split, open_prepared

COUNT = 120


def examples(given: list[Split | None] | None = None, groups: bool = True, **arrays: Any) -> Examples:
    """Return examples of two classes and of twelve groups, `g0` to `g11`, ten of each."""
    inputs = np.arange(COUNT, dtype=np.int32)[:, None] + np.zeros((1, 3), dtype=np.int32)
    told = asked(["even" if number % 2 == 0 else "odd" for number in range(COUNT)], None, None, "numbers")
    names = [f"g{number // 10}" for number in range(COUNT)] if groups else []
    rows = np.arange(COUNT)
    return Examples(arrays.get("inputs", inputs), rows, told, given_splits(given or [None] * COUNT), names)


def test_a_group_is_in_one_split() -> None:
    found = split_examples(examples(), 0.2, 0.2).reshape(12, 10)
    assert (found == found[:, :1]).all()
    assert set(found.ravel().tolist()) == {TRAIN, VALIDATION, TEST}


def test_groups_that_test_are_named_and_others_validate_by_what_is_in_them() -> None:
    found = split_examples(examples(), 0.2, 0.2, ["g3", "g7"], by_content=True)
    assert np.flatnonzero(found == TEST).tolist() == [*range(30, 40), *range(70, 80)]
    left = found[found != TEST].reshape(10, 10)
    assert any(len(set(group.tolist())) == 2 for group in left)


def test_splits_are_as_given_and_chance_draws_what_none_is_given() -> None:
    given: list[Split | None] = ["test" if number % 3 == 0 else None for number in range(COUNT)]
    found = split_examples(examples(given), 0.2, 0.2)
    assert ((found == TEST) == (np.arange(COUNT) % 3 == 0)).all()
    assert (found == VALIDATION).any()
    with pytest.raises(ConfigError, match=r"prepare\.test_groups: the folders of the source say the splits"):
        split_examples(examples(given), 0.2, 0.2, ["g1"])


def test_a_group_that_is_none_is_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"prepare\.test_groups: x, y: no group; there are g0, g1, g10, .* and 4 more"
    ):
        split_examples(examples(), 0.2, 0.2, ["g1", "y", "x"])


@pytest.mark.parametrize("drawn", [True, False])
def test_copies_of_test_examples_are_not_written_and_keys_are_where_chance_has_drawn(
    tmp_path: Path, drawn: bool
) -> None:
    inputs = np.arange(COUNT, dtype=np.int32)[:, None] + np.zeros((1, 3), dtype=np.int32)
    inputs[5] = inputs[0]  # one example, with both labels
    given = None if drawn else [*["test"], *["train"] * 60, *["validation"] * 59]
    several = examples(given, groups=False, inputs=inputs)  # type: ignore[arg-type]
    splits = split_examples(several, 0.2, 0.2)
    assert np.flatnonzero(several.contradicting).tolist() == [0, 5]
    assert np.flatnonzero(several.copied(splits)).tolist() == ([] if drawn else [5])
    assert several.empty(splits) is None
    write_examples(tmp_path, "text", {"length": 3}, several, splits)
    data = open_prepared(tmp_path)
    assert data.drawn is drawn
    assert sum(data.counts.values()) == (COUNT if drawn else COUNT - 1)
    rows = np.concatenate([data.array(split, "rows") for split in SPLITS])
    assert (5 in rows) is drawn
    assert json.loads((tmp_path / "prepared.json").read_text())["input"] == {"length": 3}


def test_the_first_split_without_an_example_is_named() -> None:
    assert examples().empty(np.full(COUNT, TRAIN, dtype=np.int8)) == "validation"
