import io
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, precision_score, recall_score, roc_auc_score

from components import catalogue
from components.config.gate import Better, Calibration, Gate
from components.config.params import parse
from components.inference.examples import spread
from components.kinds.evaluation import BaselineFeatures
from components.kinds.overview import counts_by_class, first_by_class
from components.kinds.prepared import UNLABELLED, PreparedData, open_prepared, write_about
from components.kinds.table.params import Train
from components.registry.gate import rules
from components.registry.gate.measure import measure
from components.registry.gate.predictions import EvaluationSpec, Predictions
from components.tasks.anomaly import answers
from components.tasks.anomaly.evaluation import shown
from components.tasks.anomaly.evaluation.metrics import stability_index
from components.tasks.anomaly.objective import objective, threshold
from components.tasks.estimators import isolation_scores
from components.tasks.evaluation_data import EvaluationData
from components.training.temperature import temperature_and_decision

if TYPE_CHECKING:
    from components.inference.bundle import Bundle

RANDOM = np.random.default_rng(0)
ROWS = {"train": 600, "validation": 500, "test": 1_000}
INPUT = {
    "features": ["size", "speed"],
    "definition": {"numbers": ["size", "speed"], "categories": {}, "entities": []},
    "label_features": [],
    "typical": [0.0, 0.0],
    "amount_feature": None,
}
EVALUATION = catalogue.evaluation("table", "anomaly")


@pytest.fixture
def data(tmp_path: Path) -> PreparedData:
    """A prepared data set whose anomalies lie far out; of the training split no label is known, of others a few."""
    for split, count in ROWS.items():
        inputs, labels = RANDOM.normal(size=(count, 2)), np.zeros(count, np.int64)
        labels[::40] = 1
        inputs[labels == 1] *= 4
        labels[1::10] = -1
        np.save(tmp_path / f"{split}_inputs.npy", inputs.astype(np.float32))
        np.save(tmp_path / f"{split}_labels.npy", np.full(count, -1) if split == "train" else labels)
    write_about(tmp_path, "table", ["normal", "anomaly"], INPUT, ROWS, "anomaly")
    return open_prepared(tmp_path)


@pytest.fixture
def unlabelled(data: PreparedData) -> PreparedData:
    """The same without any label."""
    for split, count in ROWS.items():
        np.save(data.path / f"{split}_labels.npy", np.full(count, -1))
    return data


def train(**keys: Any) -> Train:
    return parse(Train, {"epochs": 1, "batch_size": 64, "alerts": 0.02, **keys}, "train.")


def scored(data: PreparedData, split: Any = "test") -> NDArray[np.float32]:
    """Return how far out examples lie, 0 to 1."""
    away = (np.asarray(data.inputs(split)) ** 2).mean(axis=1, keepdims=True)
    return np.asarray(away / (away + 1), np.float32)


def decided(data: PreparedData, **keys: Any) -> dict[str, Any]:
    goal: Any = objective(train(**keys), data.classes, data.labels("train"))
    return dict(goal.decision(scored(data, "validation"), np.asarray(data.labels("validation")), None))


def test_the_threshold_is_reached_by_the_stated_share_of_those_not_known_to_be_anomalies(data: PreparedData) -> None:
    validated, labels = scored(data, "validation"), np.asarray(data.labels("validation"))
    decision = decided(data)
    flagged = answers.decide(validated, decision)
    assert flagged[labels != 1].sum() == round(0.02 * (labels != 1).sum())
    assert flagged[labels == 1].mean() > 0.5
    np.save(data.path / "validation_labels.npy", np.ones(ROWS["validation"], np.int64))
    assert answers.decide(validated, decided(data)).sum() == 10  # they are all that is there


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), min_size=1), st.floats(0.01, 0.99))
def test_no_more_are_flagged_than_is_stated_however_many_are_alike(scores: list[float], alerts: float) -> None:
    values = np.array(scores, np.float32)
    assert (values >= np.float32(threshold(values, alerts))).sum() <= max(1, round(alerts * len(values)))


@given(st.lists(st.floats(0, 1, width=32), min_size=2, max_size=300))
def test_a_rank_is_the_share_that_is_lower_and_rises_with_the_score(scores: list[float]) -> None:
    values = np.array(scores, np.float32)
    goal: Any = objective(train(), (), np.array([]))
    decision = goal.decision(values[:, None], np.full(len(values), -1), None)
    asked = np.sort(np.append(values, [0.0, 1.0]).astype(np.float32))
    found = answers.ranks(asked, decision)
    assert ((found >= 0) & (found <= 1)).all()
    assert (np.diff(found) >= -1e-12).all()
    assert (found[asked > values.max()] == 1.0).all()
    assert (found[asked < values.min()] == 0.0).all()


def test_a_rank_is_close_where_examples_are_unusual(data: PreparedData) -> None:
    values, decision = scored(data, "validation")[:, 0], decided(data)
    lower = np.array([(values < value).mean() for value in values])
    assert np.abs(answers.ranks(values, decision) - lower).max() < 0.02
    assert answers.ranks(values.max(keepdims=True), decision)[0] > 0.995


def test_an_answer_has_score_rank_and_threshold() -> None:
    decision = {"threshold": 0.5, "ranks": [[0.0, 0.1], [0.5, 0.3], [1.0, 0.7]]}
    usual, odd = answers.answers(np.array([[0.3], [0.9]], np.float32), ("normal", "anomaly"), decision, "3")
    assert usual.model_dump() == {
        "label": "normal",
        "score": pytest.approx(0.3),
        "rank": pytest.approx(0.5),
        "threshold": 0.5,
        "model_version": "3",
    }
    assert (odd.label, odd.rank) == ("anomaly", 1.0)
    assert answers.told(odd.model_dump(), "anomaly") == ("anomaly", "0.900, above 100.0%", True)
    assert answers.told(odd.model_dump(), UNLABELLED)[2] is None
    assert catalogue.codec("table", "anomaly").number_names(decision) == ["score", "rank"]


def test_metrics_are_the_fields_own(data: PreparedData) -> None:
    outputs, decision, labels = scored(data), decided(data), np.asarray(data.labels("test"))
    found = EVALUATION.measure(data, outputs, decision, train())
    known, flagged = labels >= 0, answers.decide(outputs, decision)
    assert EVALUATION.metric(data, train()) == "average_precision"
    assert found["average_precision"] == pytest.approx(average_precision_score(labels[known], outputs[known, 0]))
    assert found["roc_auc"] == pytest.approx(roc_auc_score(labels[known], outputs[known, 0]))
    assert found["recall"] == pytest.approx(recall_score(labels[known], flagged[known]))
    assert found["precision"] == pytest.approx(precision_score(labels[known], flagged[known]))
    assert found["alert_rate"] == pytest.approx(flagged[labels != 1].mean())
    assert found["stated_alert_rate"] == 0.02
    assert found["population_stability_index"] < 0.1
    assert {name for name in found if name.startswith("baseline_")} == {
        "baseline_average_precision",
        "baseline_roc_auc",
    }
    value = EVALUATION.value(data, outputs, decision, train(), np.arange(ROWS["test"]))
    assert value == pytest.approx(found["average_precision"])
    assert np.isnan(EVALUATION.value(data, outputs, decision, train(), np.flatnonzero(labels == 0)))


def test_without_labels_what_is_left_is_how_well_the_rate_of_alerts_is_kept(unlabelled: PreparedData) -> None:
    outputs, decision = scored(unlabelled), decided(unlabelled)
    found = EVALUATION.measure(unlabelled, outputs, decision, train())
    assert set(found) == {
        "alert_rate",
        "alert_rate_deviation",
        "stated_alert_rate",
        "population_stability_index",
    }
    metric = EVALUATION.metric(unlabelled, train())
    assert (metric, EVALUATION.lower_is_better(metric)) == ("alert_rate_deviation", True)
    assert found[metric] == pytest.approx(abs(found["alert_rate"] - 0.02))
    assert EVALUATION.value(unlabelled, outputs, decision, train(), np.arange(ROWS["test"])) == found[metric]
    assert EVALUATION.slices(unlabelled, train()) == {}
    assert EVALUATION.corruptions(unlabelled, train()) == {}


@pytest.mark.slow
@pytest.mark.parametrize("labelled", [True, False])
def test_every_figure_can_be_drawn(labelled: bool, data: PreparedData, request: pytest.FixtureRequest) -> None:
    found = data if labelled else request.getfixturevalue("unlabelled")
    drawn = EVALUATION.figures(found, scored(found), decided(found), train())
    assert set(drawn) == ({"scores", "precision_recall"} if labelled else {"scores"})
    for figure in drawn.values():
        figure.savefig(io.BytesIO(), format="png")


def test_scores_that_have_moved_are_seen() -> None:
    goal: Any = objective(train(), (), np.array([]))
    values = RANDOM.random(5_000).astype(np.float32)
    decision = goal.decision(values[:, None], np.full(5_000, -1), None)
    assert stability_index(RANDOM.random(5_000).astype(np.float32), decision) < 0.02
    assert stability_index((0.5 + RANDOM.random(5_000) / 2).astype(np.float32), decision) > 0.25
    assert np.isfinite(stability_index(np.zeros(10, np.float32), decision))


def test_a_table_learns_from_no_label(data: PreparedData) -> None:
    config, learner = train(width=8), catalogue.learner("table", "anomaly")
    torch.manual_seed(0)
    module = learner.module(data, config)
    _, labels = next(iter(learner.loaders(data, config)[0]))
    assert (labels == -1).all()
    temperature, decision = temperature_and_decision(learner, module, data, config)
    assert temperature == 1.0
    outputs, _ = learner.serving(module)(torch.from_numpy(np.array(data.inputs("test"))))
    assert outputs.shape == (ROWS["test"], 1)
    assert ((outputs >= 0) & (outputs <= 1)).all()
    assert 0.0 < learner.objective(data, config).monitored(outputs.detach().numpy(), np.array([])) < 1.0
    assert 0.0 < answers.decide(outputs.detach().numpy(), decision).mean() < 0.2


def test_a_forest_is_the_baseline_and_asks_no_label() -> None:
    features = RANDOM.normal(size=(400, 3)).astype(np.float32)
    features[:, 2] = np.nan
    odd = np.array([[9.0, 9.0, np.nan], [0.0, 0.0, np.nan]], np.float32)
    far, near = isolation_scores(BaselineFeatures(features, np.full(400, -1), odd, "trees"), 0)
    assert 0 < near < far < 1


def test_data_without_labels_is_counted_and_shown(unlabelled: PreparedData) -> None:
    assert counts_by_class(unlabelled) == {UNLABELLED: ROWS}
    assert first_by_class(unlabelled) == {UNLABELLED: [0]}
    assert spread(np.asarray(unlabelled.labels("test")), 3) == [0, 499, 999]
    told, names, wrong = shown(EvaluationData(unlabelled, train()), scored(unlabelled), decided(unlabelled))
    assert set(names) == {UNLABELLED}
    assert (wrong > 0).sum() == sum(text.startswith("anomaly") for text in told)


def test_examples_of_both_classes_are_chosen_and_none_without_a_label(data: PreparedData) -> None:
    labels = np.asarray(data.labels("test"))
    assert sorted(labels[spread(labels, 6)].tolist()) == [0, 0, 0, 1, 1, 1]
    counts = counts_by_class(data)
    assert list(counts) == ["normal", "anomaly", UNLABELLED]
    assert counts[UNLABELLED]["train"] == ROWS["train"]


def verdict(
    data: PreparedData,
    outputs: NDArray[np.float32],
    limit: float,
    gate: Gate,
    alone: bool = False,
    baseline: float | None = None,
) -> Any:
    def predictions(scores: NDArray[np.float32], limit: float) -> Predictions:
        config = train()
        spec = EvaluationSpec(EVALUATION, data, config, gate, EVALUATION.metric(data, config))
        about = SimpleNamespace(decision={**decided(data), "threshold": limit})
        return Predictions(spec, cast("Bundle", SimpleNamespace(about=about, outputs=None)), scores)

    champion = None if alone else predictions(scored(data), decided(data)["threshold"])
    found = rules.rules(measure(predictions(outputs, limit), champion, baseline, "yes"), gate, alone=alone)
    return {rule.name: rule for rule in found}


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch, data: PreparedData) -> PreparedData:
    """The data, where nothing is measured that takes a bundle."""
    monkeypatch.setattr("components.registry.gate.measure._cost", lambda *_: [])
    for name in ("behaviours", "leaks"):
        monkeypatch.setattr(EVALUATION, name, lambda *_: [])
    monkeypatch.setattr(EVALUATION, "corruptions", lambda *_: {})
    return data


def test_more_alerts_than_stated_are_refused(plain: PreparedData) -> None:
    gate = Gate(better=Better(resamples=200))
    kept = decided(plain)["threshold"]
    found = verdict(plain, scored(plain), kept, gate)
    assert found["calibration: alert rate"].passed
    assert found["calibration: alert rate"].limit == "at most 0.03 beyond chance"
    assert [name for name in found if name.startswith("slice")] == ["slice: class: normal", "slice: class: anomaly"]
    many = verdict(plain, scored(plain), 0.5, gate)
    assert many["calibration: alert rate"].refuses
    assert many["slice: class: normal"].refuses
    assert verdict(plain, scored(plain), 0.5, gate, alone=True)["calibration: alert rate"].warns
    written = gate.model_copy(update={"calibration": Calibration(alerts=2.0)})
    assert verdict(plain, scored(plain), 0.5, written, alone=True)["calibration: alert rate"].refuses


def test_a_first_version_is_warned_of_a_baseline_that_is_better_by_chance(plain: PreparedData) -> None:
    gate, limit, outputs = Gate(), decided(plain)["threshold"], scored(plain)
    reached = EVALUATION.value(plain, outputs, decided(plain), train(), np.arange(ROWS["test"]))
    near, far = (verdict(plain, outputs, limit, gate, True, reached + more) for more in (0.005, 0.4))
    assert near["baseline: average_precision"].warns
    assert far["baseline: average_precision"].refuses


def test_without_labels_a_champion_is_replaced_if_it_no_longer_keeps_its_rate(
    plain: PreparedData, unlabelled: PreparedData
) -> None:
    gate = Gate(better=Better(resamples=200))
    found = verdict(unlabelled, scored(unlabelled), decided(unlabelled)["threshold"], gate)
    assert found["better: alert_rate_deviation"].passed is False  # as good is not better
    assert (found["baseline: alert_rate_deviation"].passed, found["robustness"].passed) == (None, None)
    assert not [name for name in found if name.startswith("slice")]
