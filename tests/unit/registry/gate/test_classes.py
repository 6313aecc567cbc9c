from pathlib import Path

import numpy as np
import pytest

from components.kinds.prepared import PreparedData
from components.registry.gate.classes import changed, class_rules


def data(path: Path, **counts: int) -> PreparedData:
    np.save(path / "test_labels.npy", np.repeat(np.arange(len(counts)), list(counts.values())))
    return PreparedData(path, "image", tuple(counts), {}, {"test": sum(counts.values())})


def test_the_same_classes_in_another_order_are_no_change(tmp_path: Path) -> None:
    change = changed(("cup", "bowl"), data(tmp_path, bowl=3, cup=4), 50)
    assert change.known.all()
    assert class_rules(change, "mugs", "1", "2") == []


def test_examples_without_a_label_are_no_change(tmp_path: Path) -> None:
    prepared = data(tmp_path, bowl=3, cup=4)
    np.save(tmp_path / "test_labels.npy", np.array([-1, 0, 1, -1]))
    assert changed(("bowl", "cup"), prepared, 50).known.all()


@pytest.mark.parametrize(("count", "gained"), [(60, True), (50, True), (15, True), (14, False), (1, False), (0, False)])
def test_a_new_class_needs_examples_to_be_judged_by(count: int, gained: bool, tmp_path: Path) -> None:
    change = changed(("cup", "plate"), data(tmp_path, bowl=count, cup=30, plate=200), 50)
    assert (change.gained == ("bowl",), change.small == ("bowl",)) == (gained, not gained)
    assert change.known.sum() == 230
    (rule,) = class_rules(change, "mugs", "1", "2")
    assert (rule.name, rule.passed) == (("classes: gained", True) if gained else ("classes: small", None))
    assert "'bowl'" in rule.note


def test_beside_large_classes_the_limit_of_slices_is_enough(tmp_path: Path) -> None:
    assert changed(("cup",), data(tmp_path, bowl=50, cup=900), 50).gained == ("bowl",)
    assert changed(("cup",), data(tmp_path, bowl=49, cup=900), 50).small == ("bowl",)


def test_a_class_that_is_gone_refuses_and_says_what_to_do(tmp_path: Path) -> None:
    change = changed(("cup", "fork"), data(tmp_path, bowl=20, cup=30), 50)
    lost, gained = class_rules(change, "mugs", "1", "2")
    assert (lost.name, lost.refuses, gained.passed) == ("classes: lost", True, True)
    assert lost.note == (
        "version 1 knows 'fork', of which today's data has nothing: bring it back, or decide by hand: "
        'python -m flows.promote mugs 2 --reason "…"'
    )
