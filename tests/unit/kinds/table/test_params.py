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
            r"without columns.time it takes .* \{validation: 0.15, .* for days name columns",
        ),
        (
            "columns: {label: a, time: null}, split: {train: 0.5}",
            r"split: without .* or is left out; found \{train: 0.5\}$",
        ),
        ("columns: {label: a}, split: {validation: 0.5, test: 0.5}", r"split: without .* or is left out; found"),
        (
            "columns: {label: a, time: t}, split: {test: 0.2}",
            r"with columns.time it takes days, as \{train: 60, .*",
        ),
        (
            "columns: {label: a, time: t}, split: {train: 0.7, validation: 0.15, test: 0.15}",
            r"with columns.time it takes days",
        ),
        (
            f"columns: {{label: a, time: t, group: g}}, {SPLIT}",
            r"with columns.group it takes .*; for days leave out columns.g",
        ),
        (
            "columns: {label: a}, entities: {b: {measures: [count]}}",
            r"windows, which look back .*: name the column that says",
        ),
        (
            "columns: {label: a, time: t, group: g}, entities: {b: {measures: [count]}}",
            r"so the splits have to be spans of it: leave out columns.group, or entities",
        ),
        ("columns: {label: a}, delay: 3", r"delay is about columns.time, which names no column: name it, or leave out"),
        ("columns: {label: a, group: a}", r"column 'a' is named twice: as label, time, id, group, amount"),
        ("columns: {label: a, time: t}", r"split: missing; with columns.time it takes days, as \{train: 60"),
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


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("columns: {label: a}", (0.15, 0.15)),
        ("columns: {label: a, time: null}, split: {test: 0.3}", (0.15, 0.3)),
        ("columns: {label: a, group: g}, split: {train: 0.7, validation: 0.1, test: 0.2}", (0.1, 0.2)),
        ("columns: {label: a, group: g, time: t}", (0.15, 0.15)),
    ],
)
def test_splits_are_drawn_where_no_time_is_named_or_a_group_is(text: str, parts: tuple[float, float]) -> None:
    config = read(text)
    assert (config.by_time, config.split.parts) == (False, parts)


def test_splits_are_spans_of_days_where_a_time_is_named() -> None:
    config = read("columns: {label: a, time: t}, split: {train: 0.5, validation: 0.25, test: 2}")
    assert (config.by_time, config.split.days) == (True, (0.5, 0.25, 2.0))
