import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components import catalogue
from components.config.params import parse
from components.kinds.prepared import SPLITS, PreparedData, open_prepared
from components.kinds.resplit import all_examples
from components.kinds.table.params import Train
from components.tasks.out_of_fold import OutOfFold, cross_validated, identities, pooled
from tests.unit.small_data import CLASSES, small_data

DECISIONS: dict[str, list[dict[str, Any]]] = {
    "classification": [{}, {}],
    "detection": [{"threshold": 0.2}, {"threshold": 0.8}],
    "regression": [{"coverage": 0.9, "quantile": 1.0}, {"coverage": 0.9, "quantile": 9.0}],
    "anomaly": [{"threshold": 0.3, "ranks": [[0.0, 0.1]]}, {"threshold": 0.9, "ranks": [[0.0, 0.2]]}],
}
WIDTHS = {"classification": 3, "detection": 2, "regression": 3, "anomaly": 1}


def train(**keys: Any) -> Train:
    return parse(Train, {"epochs": 1, "batch_size": 64, "alerts": 0.1, **keys}, "train.")


def answers(data: PreparedData, task: str) -> OutOfFold:
    """Return answers that are drawn: the even examples by the first fold, the others by the second."""
    random, count = np.random.default_rng(1), sum(data.counts.values())
    outputs = random.random((count, WIDTHS[task]))
    if task == "regression":
        value = 10 * all_examples(data, "inputs")[:, 0] + random.normal(0, 5, count)
        outputs = np.stack([value, value - 2, value + 2], axis=1)
    elif task != "anomaly":
        outputs /= outputs.sum(axis=1, keepdims=True)
    return OutOfFold(
        classes=data.classes,
        identities=identities(all_examples(data, "inputs")),
        folds=np.arange(count) % 2,
        outputs=outputs.astype(np.float32),
        baseline=outputs[::-1].astype(np.float32),
        decisions=DECISIONS[task],
        validated=10,
    )


def same(first: OutOfFold, second: OutOfFold) -> bool:
    arrays = ("identities", "folds", "outputs", "baseline")
    equal = all((getattr(first, name) == getattr(second, name)).all() for name in arrays)
    return equal and first.classes == second.classes and list(first.decisions) == list(second.decisions)


@pytest.mark.parametrize("task", CLASSES)
def test_it_comes_back_from_json_to_the_bit(task: str, tmp_path: Path) -> None:
    found = answers(small_data(tmp_path, task=task), task)
    back = OutOfFold.of_json(json.loads(json.dumps(found.to_json())))
    assert back is not None
    assert same(back, found)
    assert OutOfFold.of_json({}) is None


@pytest.mark.parametrize(
    ("task", "keys", "metric"),
    [
        ("classification", {}, "accuracy"),
        ("detection", {}, "recall"),
        ("detection", {"metric": "cost_per_1000"}, "cost_per_1000"),
        ("regression", {}, "coverage"),
        ("regression", {}, "interval_width"),
        ("anomaly", {}, "alert_rate"),
        ("anomaly", {}, "recall"),
    ],
)
def test_each_example_is_decided_by_its_own_fold(task: str, keys: Any, metric: str, tmp_path: Path) -> None:
    """What is found of all is found of each fold by its own decision, weighed by what the metric counts."""
    data = small_data(tmp_path, task=task, count=80)
    evaluation, config, found = catalogue.evaluation("table", task), train(**keys), answers(data, task)
    pool = pooled(found, data)
    every, labels = cross_validated(pool, evaluation, config), np.asarray(pool.data.labels("test"))
    values, weights = [], []
    for fold in (0, 1):
        part = np.flatnonzero(pool.folds == fold)
        values.append(evaluation.measures(pool.data, pool.outputs, found.decisions[fold], config, part)[metric])
        counted = {"recall": labels[part] == 1, "alert_rate": labels[part] != 1}.get(metric, part >= 0)
        weights.append(int(counted.sum()))
    assert every[metric] == pytest.approx(np.average(values, weights=weights))
    assert every[f"{metric}_spread"] == pytest.approx(np.std(values, ddof=1))
    if metric != "accuracy":
        assert values[0] != pytest.approx(values[1])
    value = evaluation.value(pool.data, pool.outputs, pool.decision, config, np.arange(len(labels)))
    assert every[evaluation.metric(pool.data, config)] == pytest.approx(value)


def test_the_baseline_of_all_examples_is_what_it_is_drawn_by_draw(tmp_path: Path) -> None:
    data = small_data(tmp_path, count=80)
    evaluation, pool = catalogue.evaluation("table", "classification"), pooled(answers(data, "classification"), data)
    right = pool.baseline.argmax(axis=1) == pool.data.labels("test")
    assert cross_validated(pool, evaluation, train())["baseline_accuracy"] == pytest.approx(right.mean())
    drawn = np.array([3, 3, 17, 60])
    assert pool.baseline_value(evaluation, train(), "accuracy", drawn) == pytest.approx(right[drawn].mean())


def test_examples_are_found_again_in_other_splits_and_beside_new_ones(tmp_path: Path) -> None:
    data = small_data(tmp_path / "before")
    found, later = answers(data, "classification"), small_data(tmp_path / "later", count=100, seed=1)
    moved = all_examples(data, "inputs")[::-1]
    np.save(tmp_path / "later" / "train_inputs.npy", moved)  # as many as its training split
    later = open_prepared(tmp_path / "later")
    pool = pooled(found, later)
    assert len(pool.folds) == len(moved)
    assert (pool.data.inputs("test") == moved).all()
    assert (pool.outputs == found.outputs[::-1]).all()
    assert (found.positions(identities(later.inputs("test"))) == -1).all()


def test_examples_without_a_label_are_not_measured(tmp_path: Path) -> None:
    data = small_data(tmp_path)
    labels = np.array(data.labels("train"))
    labels[:7] = -1
    np.save(tmp_path / "train_labels.npy", labels)
    found = answers(data, "classification")
    assert len(pooled(found, data).folds) == 60 - 7
    for split in SPLITS:
        np.save(tmp_path / f"{split}_labels.npy", np.full(data.counts[split], -1))
    assert len(pooled(found, data).folds) == 60  # nobody knows a label, and nobody needs to
