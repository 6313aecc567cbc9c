"""What the labels of examples that stand alone ask for: a class, one of two that is to be found, or a number.

Kinds whose examples are files or texts read their labels by it, as strings.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.config.errors import DataError
from components.kinds.folders import label_text

TASKS = ("classification", "detection", "regression")
_TRUTH = {"0": "1", "false": "true", "no": "yes", "n": "y"}
_DISTINCT = 0.5  # part of the examples, from which on so many labels are no classes
_FEW = 50  # examples of which each may have a label of its own


@dataclass(frozen=True)
class Asked:
    """A task, its classes, of two the negative one first, and the labels."""

    task: str
    classes: list[str]
    labels: NDArray[Any]
    """`[N]`, int64 indices of `classes`, or of a regression float64."""


def asked(said: Sequence[str], positive: str | None, task: str | None, of: str) -> Asked:
    """Return what the labels ask for.

    Args:
        said: the label of each example.
        positive: `prepare.positive`, the class that is to be found.
        task: that is asked; None: a detection where a class is to be found, else a classification.
        of: what the examples are called: `texts`.

    Raises:
        DataError: the task is none that such examples have, or the labels are none of it.
    """
    chosen = task or ("detection" if positive is not None else "classification")
    if chosen not in TASKS:
        raise DataError(f"task: {chosen}: of {of} {', '.join(TASKS[:-1])} or {TASKS[-1]} is asked")
    if chosen == "regression":
        return Asked(chosen, [], _numbers(said))
    counts = Counter(said)
    refuse_cases(counts)
    if len(counts) < 2:
        raise DataError(f"all {of} have the label {next(iter(counts), '')!r}: there is nothing to tell")
    if len(said) > _FEW and len(counts) > _DISTINCT * len(said):
        other = "write task: regression, if they are numbers to be told" if _are_numbers(counts) else "name another"
        raise DataError(f"{len(counts):,} labels of {len(said):,} {of} are no classes: {other}")
    classes = _two(counts, positive and label_text(positive)) if chosen == "detection" else sorted(counts)
    number = {label: index for index, label in enumerate(classes)}
    return Asked(chosen, classes, np.array([number[label] for label in said], dtype=np.int64))


def contradicting(keys: NDArray[np.uint64], labels: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which of N examples are there with another label too, by the keys of their content."""
    names = np.unique(labels, return_inverse=True)[1].astype(np.uint64)
    both = np.unique(np.stack([keys, names], axis=1), axis=0)[:, 0]
    once, times = np.unique(both, return_counts=True)
    return np.isin(keys, once[times > 1])


def refuse_cases(counts: Mapping[str, int]) -> None:
    """Refuse labels that differ in case alone, by how many examples each has; single letters may be labels.

    Raises:
        DataError: two do.
    """
    known: dict[str, str] = {}
    for label in sorted(counts):
        other = known.setdefault(label.casefold(), label)
        if other != label and len(label) > 1:
            raise DataError(
                f"the labels {other!r} ({counts[other]:,}) and {label!r} ({counts[label]:,}) differ in case alone: "
                "write both the same way, or, if they are two, name one otherwise"
            )


def true_of(two: Sequence[str]) -> str | None:
    """Return which of two labels is the true one by its word, as `yes` beside `no`; None: neither is."""
    return next((label for label in two if _TRUTH.get(two[1 - two.index(label)].casefold()) == label.casefold()), None)


def _are_numbers(labels: Counter[str]) -> bool:
    try:
        return all(isfinite(float(label)) for label in labels)
    except ValueError:
        return False


def _two(counts: Counter[str], positive: str | None) -> list[str]:
    two = sorted(counts)
    if len(two) != 2:
        raise DataError(f"task: detection needs two labels, and there are {len(two):,}")
    found = positive if positive is not None else true_of(two)
    if found not in two:
        raise DataError(f"the labels are {two[0]!r} and {two[1]!r}: write in prepare.positive which is to be found")
    return [label for label in two if label != found] + [found]


def _numbers(said: Sequence[str]) -> NDArray[np.float64]:
    try:
        numbers = np.array([float(label) for label in said], dtype=np.float64)
    except ValueError as error:
        raise DataError(f"a regression tells numbers: {error}; or write task: classification") from error
    if not all(map(isfinite, numbers)):
        raise DataError("a regression tells numbers, and a label is none; or write task: classification")
    return numbers
