"""Champion and challenger that know other classes: what both know is compared, and what the change means is said.

A class that is new may make a challenger worth its place that is not better on the classes of before, if the test split
has examples enough to judge it by. A class that is gone is a decision: whoever meant it puts the challenger to work by
hand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from components.inference.bundle import Bundle
from components.kinds.evaluation import Mask
from components.kinds.prepared import PreparedData
from components.registry.gate.verdict import Rule

if TYPE_CHECKING:
    import onnxruntime

_PART = 0.5  # of the test examples of the smallest class that both know, which a new one needs to be judged


@dataclass(frozen=True)
class Change:
    """How the classes of today's data differ from the champion's."""

    lost: tuple[str, ...]
    """Those that the champion knows alone."""
    gained: tuple[str, ...]
    """New ones that the test split can judge."""
    small: tuple[str, ...]
    """New ones of which it has too few examples."""
    known: Mask
    """Test examples of classes that both know, `[N]`."""


class InTodaysClasses(Bundle):
    """A bundle that answers in the classes of today's data: those that it does not know are never its answer."""

    def __init__(self, path: Path, classes: Sequence[str]) -> None:
        super().__init__(path)
        self._today = classes

    def outputs(self, inputs: NDArray[Any], run: "onnxruntime.RunOptions | None" = None) -> NDArray[np.float32]:
        """Return `[N, classes of today]`."""
        return in_todays_classes(super().outputs(inputs, run), self.about.classes, self._today)


def in_todays_classes(given: NDArray[np.float32], classes: Sequence[str], today: Sequence[str]) -> NDArray[np.float32]:
    """Return outputs `[N, classes]` as `[N, classes of today]`; what is given to classes that are gone is left out.

    Of a task whose outputs are no classes, they are what they are.
    """
    if given.shape[1] != len(classes):
        return given
    known = [name for name in classes if name in today]
    answers = np.zeros((len(given), len(today)), dtype=np.float32)
    answers[:, [today.index(name) for name in known]] = given[:, [classes.index(name) for name in known]]
    return answers


def changed(champion: Sequence[str], data: PreparedData, smallest: int) -> Change:
    """Return how the classes differ.

    Args:
        champion: those that it knows.
        data: today's.
        smallest: test examples with which a new class can be judged in any case; fewer are enough beside small classes.
    """
    labels = np.asarray(data.labels("test"))
    if not data.classes:
        return Change((), (), (), known=np.ones(len(labels), dtype=np.bool_))
    found = np.bincount(labels[labels >= 0], minlength=len(data.classes))  # records may have no label
    counts = dict(zip(data.classes, found.tolist(), strict=True))
    before, number = set(champion), {name: index for index, name in enumerate(data.classes)}
    both = [name for name in data.classes if name in before]
    enough = max(1.0, min([float(smallest), *(_PART * counts[name] for name in both)]))
    new = [name for name in data.classes if name not in before]
    return Change(
        lost=tuple(name for name in champion if name not in number),
        gained=tuple(name for name in new if counts[name] >= enough),
        small=tuple(name for name in new if counts[name] < enough),
        known=~np.isin(labels, [number[name] for name in new]),
    )


def class_rules(change: Change, workload: str, champion: str, challenger: str) -> list[Rule]:
    """Return the rows that tell of a change of classes; none where there is none.

    Args:
        change: the change.
        workload: whose versions they are.
        champion: number of the version at work.
        challenger: number of the version that is evaluated.
    """
    rows = []
    if change.lost:
        note = (
            f"version {champion} knows {_named(change.lost)}, of which today's data has nothing: bring it back, or "
            f'decide by hand: python -m flows.promote {workload} {challenger} --reason "…"'
        )
        rows.append(Rule(name="classes: lost", passed=False, note=note))
    if change.gained:
        note = f"{_named(change.gained)}; version {champion} is compared with on the classes that both know"
        rows.append(Rule(name="classes: gained", passed=True, note=note))
    if change.small:
        note = f"{_named(change.small)}: too few test examples to judge it, so it is no reason to replace a champion"
        rows.append(Rule(name="classes: small", passed=None, note=note))
    return rows


def _named(classes: Sequence[str]) -> str:
    some = ", ".join(map(repr, classes[:5]))
    return some if len(classes) <= 5 else f"{some} and {len(classes) - 5} more"
