import io
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, brier_score_loss, precision_score, recall_score, roc_auc_score
from sklearn.metrics import log_loss as sklearn_log_loss

from components import catalogue
from components.config.gate import Gate, Slices
from components.config.params import parse
from components.kinds.prepared import SPLITS, PreparedData, open_prepared, write_about
from components.kinds.slices import write_slices
from components.kinds.table.codec.features import DAY
from components.kinds.table.evaluation import baseline_features
from components.kinds.table.evaluation.cards import card_precision
from components.kinds.table.params import Train
from components.registry.card.measurements import _slices as shown_slices
from components.registry.gate import rules
from components.registry.gate.measure import _slices as slices_of
from components.registry.gate.predictions import EvaluationSpec, Predictions
from components.tasks.detection.evaluation.baselines import baseline as estimated
from components.tasks.detection.evaluation.metrics import log_loss

RANDOM = np.random.default_rng(0)
ROWS = {"train": 2_000, "validation": 500, "test": 1_500}
INPUT = {
    "features": ["amount", "shop_risk_7d", "colour"],
    "definition": {"categories": {"colour": ["blue", "red"]}},
    "label_features": ["shop_risk_7d"],
    "typical": [50.0, 0.0, 0.0],
    "amount_feature": 0,
}
DECISION = {"threshold": 0.3}
evaluation = catalogue.evaluation("table")


def baseline(data: PreparedData, config: Train) -> NDArray[np.float32]:
    """Return the baseline's scores of the test records."""
    return estimated(baseline_features(data, config), config.labels == "all", config.seed)[:, 1]


@pytest.fixture
def data(tmp_path: Path) -> PreparedData:
    """A prepared data set in which large amounts are positive, and half of the training labels are not known."""
    for split, count in ROWS.items():
        amount, risk = RANDOM.gamma(2.0, 30.0, count), RANDOM.random(count)
        labels = ((amount > 130) | (RANDOM.random(count) < 0.02)).astype(np.int64)
        if split != "test":
            labels[::2] = -1
        amount[RANDOM.random(count) < 0.01] = np.nan
        inputs = np.column_stack([amount, risk, RANDOM.integers(0, 3, count)]).astype(np.float32)
        np.save(tmp_path / f"{split}_inputs.npy", inputs)
        np.save(tmp_path / f"{split}_labels.npy", labels)
        np.save(tmp_path / f"{split}_amounts.npy", np.nan_to_num(amount))
        np.save(tmp_path / f"{split}_times.npy", np.sort(RANDOM.integers(0, 7 * DAY, count)))
        np.save(tmp_path / f"{split}_cards.npy", RANDOM.integers(-1, 300, count))
    write_about(tmp_path, "table", ["0", "1"], INPUT, ROWS)
    return open_prepared(tmp_path)


def train(**keys: Any) -> Train:
    return parse(Train, {"epochs": 1, "batch_size": 64, **keys}, "train.")


def guesses(data: PreparedData) -> NDArray[np.float32]:
    """Return probabilities that are correct more often than not."""
    noise = RANDOM.random(ROWS["test"])
    positive = np.clip(0.6 * np.asarray(data.labels("test")) * noise + 0.4 * RANDOM.random(len(noise)), 0, 1)
    return np.stack([1 - positive, positive], axis=1).astype(np.float32)


def naive_card_precision(cards: Any, days: Any, labels: Any, scores: Any, most: int) -> float:
    """Return the same, card by card."""
    found: set[int] = set()
    shares = []
    for day in sorted(set(days)):
        rows = [row for row in range(len(days)) if days[row] == day and cards[row] >= 0 and cards[row] not in found]
        best = {card: max(scores[row] for row in rows if cards[row] == card) for card in {cards[row] for row in rows}}
        compromised = {cards[row] for row in rows if labels[row] == 1}
        looked = sorted(best, key=lambda card: (-best[card], card))[:most]
        hits = [card for card in looked if card in compromised]
        shares.append(len(hits) / most)
        found |= set(hits)
    return sum(shares) / len(shares)


def test_card_precision_is_that_of_the_handbook() -> None:
    for most in (1, 5, 40):
        cards, days = RANDOM.integers(-1, 30, 400), RANDOM.integers(0, 6, 400)
        labels, scores = (RANDOM.random(400) < 0.1).astype(np.int64), RANDOM.integers(0, 50, 400) / 50
        expected = naive_card_precision(cards, days, labels, scores, most)
        assert card_precision(cards, days, labels, scores, most) == pytest.approx(expected)


def test_a_card_that_was_found_is_not_looked_into_again() -> None:
    cards, days = np.array([7, 8, 7, 8]), np.array([0, 0, 1, 1])
    labels, scores = np.array([1, 0, 1, 1]), np.array([0.9, 0.1, 0.9, 0.1])
    assert card_precision(cards, days, labels, scores, 1) == 1.0  # 7 on the first day, 8 on the second


def test_metrics_are_the_fields_own(data: PreparedData) -> None:
    labels, amounts = np.asarray(data.labels("test")), np.asarray(data.array("test", "amounts"))
    probabilities = guesses(data)
    scores = probabilities[:, 1]
    found = evaluation.measure(data, probabilities, DECISION, train(false_alarm=3.0))
    flagged = scores >= np.float32(0.3)
    assert found["average_precision"] == pytest.approx(average_precision_score(labels, scores))
    assert found["roc_auc"] == pytest.approx(roc_auc_score(labels, scores))
    assert found["log_loss"] == pytest.approx(sklearn_log_loss(labels, scores.astype(np.float64)), rel=1e-5)
    assert found["precision"] == pytest.approx(precision_score(labels, flagged))
    assert found["recall"] == pytest.approx(recall_score(labels, flagged))
    cost = sum(
        amount if label and not flag else 3.0 if flag and not label else 0.0
        for label, flag, amount in zip(labels, flagged, amounts, strict=True)
    )
    assert found["cost_per_1000"] == pytest.approx(1000 * cost / len(labels))
    assert found["flag_nothing_cost_per_1000"] == pytest.approx(1000 * amounts[labels == 1].sum() / len(labels))
    beside = {name.removeprefix("baseline_") for name in found if name.startswith("baseline_")}
    believed = {"log_loss", "expected_calibration_error", "brier_score"}
    assert beside == {"average_precision", "roc_auc", "card_precision_100", *believed}
    assert found["brier_score"] == pytest.approx(brier_score_loss(labels, scores), rel=1e-5)
    assert all(np.isfinite(value) for value in found.values())


def test_a_sure_mistake_costs_a_finite_log_loss() -> None:
    assert log_loss(np.array([1, 0]), np.array([0.0, 1.0], np.float32)) == pytest.approx(-np.log(1e-7))


def test_without_cards_or_amounts_there_is_less_to_say(data: PreparedData) -> None:
    (data.path / "test_cards.npy").unlink()
    plain = replace(data, input={**data.input, "amount_feature": None})
    found = evaluation.measure(plain, guesses(data), {"threshold": 1.0}, train())
    assert not any("card" in name for name in found)
    assert found["cost_per_1000"] == found["flag_nothing_cost_per_1000"]
    assert found["cost_per_1000"] == pytest.approx(1000 * np.asarray(data.labels("test")).mean())
    assert found["precision"] == found["recall"] == 0.0


def test_without_labels_a_score_is_no_probability(data: PreparedData) -> None:
    found = evaluation.measure(data, guesses(data), DECISION, train(labels="none"))
    assert not any(word in name for name in found for word in ("log_loss", "brier", "calibration"))
    assert set(evaluation.figures(data, guesses(data), DECISION, train(labels="none"))) == {
        "precision_recall",
        "cost",
        "scores",
    }


def test_the_baseline_learns_from_known_labels_alone(data: PreparedData) -> None:
    before = baseline(data, train())
    assert average_precision_score(data.labels("test"), before) > 0.7
    inputs = np.array(data.inputs("train"))
    inputs[::2] = RANDOM.random((1_000, 3)) * 2  # those whose label is not known
    np.save(data.path / "train_inputs.npy", inputs)
    assert (baseline(data, train()) == before).all()


def test_the_baseline_without_labels_sees_none_of_their_making(data: PreparedData) -> None:
    before = baseline(data, train(labels="none"))
    for split in ("train", "test"):
        inputs = np.array(data.inputs(split))
        inputs[:, 1] = 0.0
        np.save(data.path / f"{split}_inputs.npy", inputs)
        np.save(data.path / f"{split}_labels.npy", np.full(ROWS[split], -1))
    assert (baseline(data, train(labels="none")) == before).all()


@pytest.mark.slow
@pytest.mark.parametrize("threshold", [0.3, 1.0])
def test_every_figure_can_be_drawn(data: PreparedData, threshold: float) -> None:
    drawn = evaluation.figures(data, guesses(data), {"threshold": threshold}, train())
    assert set(drawn) == {"precision_recall", "cost", "scores", "calibration"}
    for figure in drawn.values():
        figure.savefig(io.BytesIO(), format="png")


def test_a_bundle_for_other_features_does_not_fit(data: PreparedData) -> None:
    assert evaluation.accepts(INPUT | {"typical": [40.0, 0.0, 0.0]}, data)
    assert not evaluation.accepts(INPUT | {"features": ["amount", "colour", "shop_risk_7d"]}, data)
    assert not evaluation.accepts(INPUT | {"definition": {"categories": {"colour": ["blue", "green", "red"]}}}, data)


def test_values_are_the_metric_wherever_one_looks(data: PreparedData) -> None:
    probabilities, labels = guesses(data), np.asarray(data.labels("test"))
    scores = probabilities[:, 1]
    everywhere, places = np.arange(len(labels)), RANDOM.integers(0, len(labels), 2_000)
    found = evaluation.value(data, probabilities, DECISION, train(), everywhere)
    assert found == pytest.approx(evaluation.measure(data, probabilities, DECISION, train())["average_precision"])
    found = evaluation.value(data, probabilities, DECISION, train(), places)
    assert found == pytest.approx(average_precision_score(labels[places], scores[places]))
    every = evaluation.measures(data, probabilities, DECISION, train(), everywhere)
    whole = evaluation.measure(data, probabilities, DECISION, train())
    own = {name for name in whole if not name.startswith("baseline_")}
    assert own - set(every) == {"card_precision_100", "expected_calibration_error"}
    assert every == pytest.approx({name: whole[name] for name in every})
    some = evaluation.measures(data, probabilities, DECISION, train(), places)
    assert some["roc_auc"] == pytest.approx(roc_auc_score(labels[places], scores[places]))
    assert evaluation.correct(data, probabilities, DECISION, train()) is None
    assert evaluation.is_probabilistic(train())
    assert not evaluation.is_probabilistic(train(labels="none"))


def test_slices_are_judged_by_what_is_in_them(data: PreparedData) -> None:
    of_test = np.full(ROWS["test"], SPLITS.index("test"))
    write_slices(data.path, {"shop": ["b" if row % 3 else "a" for row in range(ROWS["test"])]}, of_test)
    probabilities, labels = guesses(data), np.asarray(data.labels("test"))
    slices = evaluation.slices(data, train())
    assert list(slices) == ["class: 0", "class: 1", "shop: a", "shop: b"]
    correct = {
        name: evaluation.slice_correct(data, probabilities, DECISION, train(), mask) for name, mask in slices.items()
    }
    flagged = probabilities[:, 1] >= np.float32(0.3)
    assert correct["class: 1"][slices["class: 1"]].mean() == pytest.approx(recall_score(labels, flagged))
    assert correct["class: 0"][slices["class: 0"]].mean() == pytest.approx(recall_score(labels, flagged, pos_label=0))
    shop = np.arange(ROWS["test"]) % 3 == 0
    assert (slices["shop: a"] == shop).all()
    assert correct["shop: a"] is None  # average precision judges it
    assert evaluation.slice_correct(data, probabilities, DECISION, train(), np.flatnonzero(shop)) is None


def test_a_metric_never_becomes_another_one_in_a_draw(data: PreparedData) -> None:
    probabilities, labels = guesses(data), np.asarray(data.labels("test"))
    negatives, silent = np.flatnonzero(labels == 0)[:200], np.flatnonzero(probabilities[:, 1] < 0.3)[:200]
    assert np.isnan(evaluation.value(data, probabilities, DECISION, train(), negatives))
    found = evaluation.measures(data, probabilities, DECISION, train(), negatives)
    assert {name for name, value in found.items() if np.isnan(value)} == {"average_precision", "roc_auc", "recall"}
    assert np.isnan(evaluation.measures(data, probabilities, DECISION, train(), silent)["precision"])


@pytest.mark.slow
@pytest.mark.parametrize(("positives", "judged"), [(0, True), (1, False), (40, True)])
def test_a_slice_is_judged_by_one_metric_in_every_draw_or_says_why_not(
    positives: int, judged: bool, data: PreparedData
) -> None:
    labels = np.asarray(data.labels("test"))
    places = np.concatenate([np.flatnonzero(labels == 1)[:positives], np.flatnonzero(labels == 0)[: 200 - positives]])
    inside = np.isin(np.arange(len(labels)), places)
    write_slices(
        data.path, {"shop": ["a" if one else "b" for one in inside]}, np.full(len(inside), SPLITS.index("test"))
    )
    spec = EvaluationSpec(evaluation, data, train(), Gate(), "average_precision")
    bundle = SimpleNamespace(about=SimpleNamespace(decision=DECISION))
    ours, theirs = (Predictions(spec, bundle, guesses(data)) for _ in range(2))
    (found,) = [one for one in slices_of(ours, theirs) if one.name == "shop: a"]
    (rule,) = rules.slices([found], Slices(margin=0.9))
    assert (rule.passed is None) is not judged
    shown = {one.name: one for one in shown_slices(ours)}["shop: a"]
    assert (shown.low is not None) is judged
    if positives:
        assert found.challenger == pytest.approx(average_precision_score(labels[inside], ours.outputs[inside, 1]))
    else:
        assert found.challenger == pytest.approx(np.mean(ours.outputs[inside, 1] < np.float32(0.3)))
    if not judged:
        assert "of 200 draws have no value: too few examples" in rule.note
