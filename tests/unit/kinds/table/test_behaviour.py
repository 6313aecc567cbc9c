from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from components import catalogue
from components.config.params import parse
from components.kinds.contract import Score
from components.kinds.prepared import PreparedData, open_prepared, write_about
from components.kinds.table.evaluation.plain import plainest
from components.kinds.table.params import Train

ROWS = {"train": 4_000, "validation": 10, "test": 3_000}
INPUT = {
    "amount_feature": None,
    "features": ["amount", "weekend", "night", "shop_risk_7d", "colour"],
    "definition": {"numbers": ["amount"], "categories": {"colour": ["blue", "red"]}},
    "label_features": ["shop_risk_7d"],
}
DECISION = {"threshold": 0.5}


@pytest.fixture
def data(tmp_path: Path) -> PreparedData:
    """Records that are positive where the amount is large or the shop risky; a label in five is not known."""
    random = np.random.default_rng(0)
    for split, count in ROWS.items():
        amount, risk = random.gamma(2.0, 30.0, count), np.where(random.random(count) < 0.1, random.random(count), 0.0)
        labels = ((amount > 150) | (risk > 0.3)).astype(np.int64)
        amount[random.random(count) < 0.02] = np.nan
        if split == "train":
            labels[::5] = -1
        flags, colour = random.random((count, 2)) < 0.3, random.integers(0, 3, count)
        inputs = np.column_stack([amount, flags, risk, colour]).astype(np.float32)
        np.save(tmp_path / f"{split}_inputs.npy", inputs)
        np.save(tmp_path / f"{split}_labels.npy", labels)
    write_about(tmp_path, "table", ["0", "1"], INPUT, ROWS)
    return open_prepared(tmp_path)


def train(**keys: Any) -> Train:
    return parse(Train, {"epochs": 1, "batch_size": 64, **keys}, "train.")


def learned(data: PreparedData) -> Score:
    known = np.flatnonzero(data.labels("train") >= 0)
    with threadpool_limits(1):
        trees = HistGradientBoostingClassifier(max_iter=40, random_state=0)
        trees.fit(data.inputs("train")[known], data.labels("train")[known])

    def score(examples: NDArray[np.float32]) -> NDArray[np.float32]:
        found: NDArray[np.float32] = trees.predict_proba(examples).astype(np.float32)
        return found

    return score


def told(positive: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.stack([1 - positive, positive], axis=1).astype(np.float32)


def shares(data: PreparedData, score: Score, **keys: Any) -> dict[str, float]:
    return {
        one.name: one.passed / one.count
        for one in catalogue.evaluation("table").behaviours(data, score, DECISION, train(**keys))
    }


def test_a_model_that_has_learned_behaves(data: PreparedData) -> None:
    found = catalogue.evaluation("table").behaviours(data, learned(data), DECISION, train())
    assert {one.sort for one in found} == {"invariance", "direction", "minimum"}
    assert len(found) == 5
    assert all(one.passed / one.count > 0.98 for one in found)


def test_one_that_is_turned_round_is_found_out(data: PreparedData) -> None:
    right = learned(data)
    found = shares(data, lambda examples: right(examples)[:, ::-1])
    assert found["more risk, not less suspicious"] < 0.2
    assert found["the plainest negatives pass"] < 0.1
    assert found["the plainest positives are flagged"] < 0.1


def test_one_that_looks_at_the_company_is_found_out(data: PreparedData) -> None:
    def score(examples: NDArray[np.float32]) -> NDArray[np.float32]:
        return told(np.arange(len(examples)) % 3 / 2)

    assert shares(data, score)["in other company"] < 0.8


def test_one_that_looks_at_the_last_digit_is_found_out(data: PreparedData) -> None:
    def score(examples: NDArray[np.float32]) -> NDArray[np.float32]:
        return told(np.nan_to_num(examples[:, 0]) * 1_000 % 2)

    assert shares(data, score)["numbers a thousandth larger"] < 0.8


def test_without_labels_nothing_is_asked_of_them(data: PreparedData) -> None:
    found = shares(data, learned(data), labels="none")
    assert set(found) == {"in other company", "numbers a thousandth larger", "the plainest negatives pass"}


def test_the_plainest_are_what_counting_tells(data: PreparedData) -> None:
    negative, positive = plainest(data)
    labels, inputs = np.asarray(data.labels("test")), np.asarray(data.inputs("test"))
    assert (labels[negative] == 0).all()
    assert (labels[positive] == 1).all()
    assert len(negative) == np.ceil((labels == 0).sum() / 10)
    assert len(positive) == np.ceil((labels == 1).sum() / 10)
    assert (inputs[negative, 3] == 0).all()
    assert ((inputs[positive, 3] > 0.3) | (inputs[positive, 0] > 150)).all()


def test_without_a_known_label_nothing_is_plain(data: PreparedData) -> None:
    np.save(data.path / "train_labels.npy", np.full(ROWS["train"], -1))
    assert [len(places) for places in plainest(data)] == [0, 0]
