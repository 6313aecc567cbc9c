import math
from pathlib import Path

import numpy as np
import pytest

from components.kinds.evaluation import BaselineFeatures
from components.kinds.prepared import PreparedData, open_prepared, write_about, write_splits
from components.kinds.suggestions import COLUMNS, gains, places, ranked, width
from components.tasks.evaluation_data import EvaluationData
from components.tasks.ranking import answers, evaluation, live
from components.tasks.ranking.evaluation import off_policy
from components.tasks.ranking.evaluation.popular import popular_rankings
from components.tasks.ranking.objective import objective

NAMES = [f"i{item}" for item in range(30)]


class Config:
    metric: str | None = None


def rankings(*lists: list[int]) -> np.ndarray:
    """Outputs of 30 items whose suggestions are these, of falling scores, each because of item 3."""
    most = width(30) // COLUMNS
    outputs = np.full((len(lists), COLUMNS * most), -1.0, dtype=np.float32)
    for row, items in enumerate(lists):
        outputs[row, : len(items)] = items
        outputs[row, most : 2 * most] = np.arange(most, 0, -1)
        outputs[row, 2 * most : 2 * most + 1] = 3
        outputs[row, 3 * most :] = 0.5
    return outputs


@pytest.fixture
def data(tmp_path: Path) -> PreparedData:
    train = np.repeat(np.arange(24), np.arange(24, 0, -1))  # item 0 is taken 24 times, item 23 once
    train = np.concatenate([train[train < 20], train[train >= 20]])
    labels = np.concatenate([train, [1, 2], [0, 5, 9, 23, 27]])
    splits = np.repeat([0, 1, 2], [len(train), 2, 5])
    counts = write_splits(tmp_path, splits, inputs=np.zeros((len(labels), 3), np.int32), labels=labels)
    write_about(tmp_path, "interactions", NAMES, {}, counts, "ranking")
    return open_prepared(tmp_path)


def test_what_a_list_earns_is_by_where_the_right_item_stands() -> None:
    stands = places(np.array([[4, 2, 7], [4, 2, 7], [-1, -1, -1]]), np.array([7, 4, 0]))
    assert stands.tolist() == [2, 0, 20]
    assert gains("ndcg_at_10", np.array([0, 2, 9, 10, 20])).tolist() == pytest.approx(
        [1.0, 1 / math.log2(4), 1 / math.log2(11), 0.0, 0.0]
    )
    assert gains("recall_at_20", np.array([0, 19, 20])).tolist() == [1.0, 1.0, 0.0]


@pytest.mark.parametrize("classes", [2, 15, 79, 80, 81, 100_000])
def test_the_columns_are_never_as_many_as_the_classes(classes: int) -> None:
    assert width(classes) != classes
    assert width(classes) % COLUMNS == 0
    assert width(classes) // COLUMNS <= classes


def test_an_answer_names_items_and_reasons() -> None:
    (answer,) = answers.answers(rankings([7, 2]), NAMES, {}, "5")
    assert [one.item for one in answer.suggestions] == ["i7", "i2"]
    assert [one.because for one in answer.suggestions] == ["i3", None]
    assert answers.told(answer.model_dump(), "i2") == ("i7", "20", True)
    assert answers.told(answer.model_dump(), "i9")[2] is False
    assert answers.told({"suggestions": []}, "i9") == ("nothing", "", False)
    assert answers.decide(rankings([7, 2], []), {}).tolist() == [7, 0]
    assert list(answers.numbers(np.zeros((0, 3), np.float32), {})) == ["score"]


def test_the_metrics_are_over_all_items(data: PreparedData) -> None:
    outputs = rankings([0, 1], [1, 5], [1, 2], [23], [0])
    asked, every = EvaluationData(data, Config()), np.arange(5)
    found = evaluation.measures(asked, outputs, {}, every)
    assert found["ndcg_at_10"] == pytest.approx((1 + 1 / math.log2(3) + 1) / 5)
    assert found["recall_at_20"] == pytest.approx(3 / 5)
    taken = np.bincount(data.labels("train"), minlength=30)
    shown = np.array([0, 1, 1, 5, 1, 2, 23, 0])
    assert found["novelty_at_10"] == pytest.approx(-np.log2(taken[shown] / taken.sum()).mean())
    assert evaluation.whole(asked, outputs, {}) == {"coverage_at_10": 5 / 24}
    assert evaluation.value(asked, outputs, {}, np.array([0, 0, 2])) == pytest.approx(2 / 3)
    assert math.isnan(evaluation.value(asked, outputs, {}, np.array([], dtype=np.int64)))
    assert evaluation.correct(asked, outputs, {}) is None
    by_share = EvaluationData(data, type("C", (), {"metric": "recall_at_20"}))
    assert evaluation.correct(by_share, outputs, {}).tolist() == [True, True, False, True, False]
    told, labels, wrong = evaluation.shown(asked, outputs, {})
    assert (told[0], labels[0], wrong[0] < 0 < wrong[2]) == ("i0, i1", "i0", True)
    assert set(evaluation.figures(asked, outputs, {}, outputs)) == {"recall", "items"}


def test_what_was_shown_rarely_weighs_more_where_that_is_known(data: PreparedData) -> None:
    outputs = rankings([0], [1], [9], [23], [0])
    np.save(data.path / "test_propensity.npy", np.array([0.5, 0.1, 0.1, 0.5, 0.5]))
    asked = EvaluationData(data, Config())
    found = evaluation.measures(asked, outputs, {}, np.arange(5))
    assert found["snips_ndcg_at_10"] == pytest.approx((2 + 10 + 2) / (2 + 10 + 10 + 2 + 2))
    assert found["ndcg_at_10"] == pytest.approx(3 / 5)
    assert evaluation.baseline_metrics(asked, outputs)["snips_ndcg_at_10"] == found["snips_ndcg_at_10"]


def test_the_estimates_are_those_of_the_other_way() -> None:
    """Items 0, 1, 2 earn 0.1, 0.5, 0.9 on average; a log that shows them as 0.6, 0.3, 0.1 is asked of 0.1, 0.3, 0.6."""
    random = np.random.default_rng(0)
    worth, shown, wanted = np.array([0.1, 0.5, 0.9]), np.array([0.6, 0.3, 0.1]), np.array([0.1, 0.3, 0.6])
    items = random.choice(3, 40_000, p=shown)
    rewards = (random.random(len(items)) < worth[items]).astype(float)
    log = rewards, shown[items], wanted[items]
    truth, wrong = float(worth @ wanted), np.array([0.3, 0.3, 0.3])
    expected = np.full(len(items), wrong @ wanted)
    good = off_policy.doubly_robust(*log, worth[items], np.full(len(items), worth @ wanted))
    for found in (
        off_policy.ips(*log),
        off_policy.snips(*log),
        off_policy.doubly_robust(*log, wrong[items], expected),
        good,
    ):
        assert abs(found.value - truth) < 3 * found.error < 0.06
    assert good.error < off_policy.snips(*log).error < off_policy.ips(*log).error
    assert math.isnan(off_policy.snips(rewards, shown[items], np.zeros(len(items))).value)


def test_the_slices_part_the_test_split_by_popularity_and_newness(data: PreparedData) -> None:
    slices = evaluation.slices(EvaluationData(data, Config()))
    parts = [slices[f"taken: {name}"] for name in ("often", "sometimes", "rarely")]
    assert np.stack(parts).sum(axis=0).tolist() == [1] * 4 + [0]  # the last was never in training
    assert [mask.tolist().index(True) for mask in parts] == [0, 1, 3]
    assert len(slices) == 5
    assert (slices["item: new"] | slices["item: old"]).tolist() == [True] * 4 + [False]


def test_the_baseline_suggests_what_is_popular_and_was_not_seen() -> None:
    labels = np.repeat(np.arange(6), [1, 2, 3, 4, 5, 6])
    seen = np.array([[0, 0], [6, 5]], dtype=np.float32)  # by their number from 1: items 5 and 4
    features = BaselineFeatures(np.zeros((len(labels), 0), np.float32), labels, seen, "distance")
    found = ranked(popular_rankings(features, 30))
    assert found.items[0, :7].tolist() == [5, 4, 3, 2, 1, 0, -1]
    assert found.items[1, :5].tolist() == [3, 2, 1, 0, -1]


def test_the_objective_and_what_is_measured_at_work_agree(data: PreparedData) -> None:
    import torch

    made = objective(Config(), data.classes, data.labels("train"))
    outputs, labels = rankings([0, 1], [1, 5], [9], []), np.array([0, 5, 3, -1])
    reached = (1 + 1 / math.log2(3)) / 3
    assert made.monitored(outputs, labels) == pytest.approx(reached)
    assert made.deciding(outputs, labels, None)[:2] == ("ndcg_at_10", pytest.approx(reached))
    loss = made.loss(torch.from_numpy(outputs), torch.from_numpy(labels))
    assert loss.item() == pytest.approx(1 - reached)
    rates = live.rates(outputs[:3], labels[:3], {}, outputs)
    assert rates["ndcg_at_10"].value == pytest.approx(reached)
    assert rates["recall_at_20"].value == pytest.approx(2 / 3)
