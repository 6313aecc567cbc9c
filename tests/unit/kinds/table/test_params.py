"""What `params.yaml` says of a table, and what is said of it where it cannot be meant."""

import pytest
import yaml

from components.config.errors import ConfigError
from components.config.params import parse
from components.kinds.table.params import Prepare

SPLIT = "split: {train: 1, validation: 1, test: 1}"


def read(text: str) -> Prepare:
    return parse(Prepare, yaml.safe_load(f"{{{text}}}"), "params.yaml: workloads.a.prepare.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f"columns: {{label: a}}, {SPLIT}",
            r"columns.time: missing; a table needs a column that says when each record",
        ),
        (
            f"columns: {{label: a, time: null}}, {SPLIT}",
            r"columns.time: found None; .* a table needs a column that says",
        ),
        (f"columns: {{time: t}}, {SPLIT}", r"columns.label: missing; name the column that is to be told"),
        ("columns: {label: a, time: t}", r"split: missing; days of each, as \{train: 60"),
        (
            f"columns: {{label: No, time: t}}, {SPLIT}",
            r"columns.label: found False; .* which YAML reads as false: write it",
        ),
        (f"columns: {{label: a, time: t, drop: [on]}}, {SPLIT}", r"columns.drop.0: found True; .* write it in quotes"),
        (f"columns: {{label: a, time: t}}, {SPLIT}, limits: {{invalid: 1.5}}", r"limits.invalid: found 1.5; "),
    ],
)
def test_what_cannot_be_meant_is_said_in_one_line(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        read(text)
    assert "\n" not in str(caught.value)


def test_names_of_columns_may_be_numbers() -> None:
    config = read(f"columns: {{label: 2024, time: 7, drop: [8]}}, entities: {{5: {{measures: [count]}}}}, {SPLIT}")
    assert (config.columns.label, config.columns.time, config.columns.drop) == ("2024", "7", ["8"])
    assert list(config.entities) == ["5"]


def test_limits_are_counts_or_parts_or_off() -> None:
    limits = read(f"columns: {{label: a, time: t}}, {SPLIT}, limits: {{invalid: 3, future: 0.2, unknown: null}}").limits
    assert (limits.invalid, limits.future, limits.unknown, limits.out_of_range) == (3, 0.2, None, 0.01)
