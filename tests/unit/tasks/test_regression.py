import io
import logging
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import mean_absolute_error, mean_pinball_loss, r2_score, root_mean_squared_error

from components import catalogue
from components.config.errors import DataError
from components.config.gate import Better, Calibration, Gate
from components.config.params import parse
from components.inference.examples import spread
from components.kinds.baseline import limit_threads
from components.kinds.evaluation import BaselineFeatures
from components.kinds.overview import counts_by_class, first_by_class
from components.kinds.prepared import SPLITS, UNLABELLED, PreparedData, label_name, open_prepared, write_about
from components.kinds.slices import number_slices, quarter_names, write_slices
from components.kinds.table.params import Train
from components.registry.card.measurements import Estimate, _metrics, _slices
from components.registry.gate import rules
from components.registry.gate.classes import changed, class_rules
from components.registry.gate.measure import measure, stratified_sample
from components.registry.gate.predictions import EvaluationSpec, Predictions
from components.tasks.estimators import predicted_intervals, predicted_numbers
from components.tasks.regression import answers
from components.tasks.regression.answers import interval
from components.tasks.regression.objective import objective
from components.tasks.regression.objective.conformal import fewest, widening
from components.training.temperature import temperature_and_decision

if TYPE_CHECKING:
    from components.inference.bundle import Bundle

RANDOM = np.random.default_rng(0)
ROWS = {"train": 400, "validation": 200, "test": 600}
INPUT = {
    "features": ["size", "colour"],
    "definition": {"numbers": ["size"], "categories": {"colour": ["blue", "red"]}, "entities": []},
    "label_features": [],
    "typical": [1.0, 0.0],
    "amount_feature": None,
}
DECISION = {"coverage": 0.9, "quantile": 1.5}
QUICK = Gate(better=Better(resamples=200))
EVALUATION = catalogue.evaluation("table", "regression")


@pytest.fixture
def data(tmp_path: Path) -> PreparedData:
    """A prepared data set whose label is ten times the size, with an error of 5; a few labels are not known."""
    for split, count in ROWS.items():
        size, colour = RANDOM.gamma(2.0, 2.0, count), RANDOM.integers(0, 3, count)
        labels = 10 * size + RANDOM.normal(0, 5, count)
        labels[::50] = np.nan
        np.save(tmp_path / f"{split}_inputs.npy", np.column_stack([size, colour]).astype(np.float32))
        np.save(tmp_path / f"{split}_labels.npy", labels)
    write_about(tmp_path, "table", [], INPUT, ROWS, "regression")
    of_test = np.full(ROWS["test"], SPLITS.index("test"))
    write_slices(tmp_path, {"shop": ["a" if row < 100 else "b" for row in range(ROWS["test"])]}, of_test)
    return open_prepared(tmp_path)


def train(**keys: Any) -> Train:
    return parse(Train, {"epochs": 1, "batch_size": 64, **keys}, "train.")


def answered(data: PreparedData, error: float = 5.0, width: float = 8.0) -> NDArray[np.float32]:
    """Return numbers that are off by about `error`, and quantiles `width` from them."""
    inputs = np.asarray(data.inputs("test"))
    value = 10 * inputs[:, 0] + np.random.default_rng(1).normal(0, error, len(inputs))
    return np.stack([value, value - width, value + width], axis=1).astype(np.float32)


def test_metrics_are_the_fields_own(data: PreparedData) -> None:
    outputs = answered(data)
    labels = np.asarray(data.labels("test"))
    known = ~np.isnan(labels)
    low, high = interval(outputs, DECISION)
    found = EVALUATION.measure(data, outputs, DECISION, train())
    truth, value = labels[known], outputs[known, 0]
    assert found["rmse"] == pytest.approx(root_mean_squared_error(truth, value))
    assert found["mae"] == pytest.approx(mean_absolute_error(truth, value))
    assert found["r2"] == pytest.approx(r2_score(truth, value))
    ends = [(low, 0.05), (outputs[:, 0], 0.5), (high, 0.95)]
    pinball = np.mean([mean_pinball_loss(truth, end[known], alpha=level) for end, level in ends])
    assert found["pinball_loss"] == pytest.approx(pinball)
    assert found["coverage"] == pytest.approx(np.mean((low <= labels)[known] & (labels <= high)[known]))
    assert found["interval_width"] == pytest.approx(19.0, rel=1e-4)
    assert {name for name in found if name.startswith("baseline_")} == {"baseline_rmse", "baseline_mae", "baseline_r2"}
    assert 4.5 < found["baseline_rmse"] < 10.0


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["rmse", "mae", "pinball_loss"])
def test_the_deciding_metric_is_the_one_that_is_asked_for_wherever_one_looks(metric: str, data: PreparedData) -> None:
    outputs, config = answered(data), train(metric=metric)
    assert EVALUATION.metric(data, config) == metric
    assert EVALUATION.lower_is_better(metric)
    every, part = np.arange(ROWS["test"]), RANDOM.integers(0, ROWS["test"], 300)
    measured = EVALUATION.measure(data, outputs, DECISION, config)
    assert EVALUATION.value(data, outputs, DECISION, config, every) == pytest.approx(measured[metric])
    again = EVALUATION.measures(data, outputs, DECISION, config, part)[metric]
    assert EVALUATION.value(data, outputs, DECISION, config, part) == pytest.approx(again)
    assert np.isfinite(measured[f"baseline_{metric}"])
    assert np.isnan(EVALUATION.value(data, outputs, DECISION, config, np.array([0, 50])))  # no label is known


@pytest.mark.slow
def test_every_figure_can_be_drawn(data: PreparedData) -> None:
    drawn = EVALUATION.figures(data, answered(data), DECISION, train())
    assert set(drawn) == {"predicted", "residuals", "calibration"}
    for figure in drawn.values():
        figure.savefig(io.BytesIO(), format="png")


def learned(labels: NDArray[np.float64], **keys: Any) -> Any:
    return objective(train(**keys), (), labels)


@pytest.mark.slow
@pytest.mark.parametrize(("metric", "middle"), [("rmse", "mean"), ("mae", "median"), ("pinball_loss", "median")])
def test_what_is_learned_is_the_mean_or_the_median_and_the_quantiles(metric: str, middle: str) -> None:
    labels = 1e6 + 1e4 * RANDOM.gamma(1.0, 1.0, 4_000)
    goal = learned(labels, metric=metric)
    start = goal.outputs(torch.from_numpy(goal.prior)[None])[0].numpy()
    wanted = [getattr(np, middle)(labels), *np.quantile(labels, [0.05, 0.95])]
    assert start == pytest.approx(wanted, rel=1e-4)
    raw = torch.zeros(1, 3, requires_grad=True)
    optimizer = torch.optim.Adam([raw], lr=0.05)
    wrong = np.where(np.arange(4_000) % 9 == 0, np.nan, labels)
    for step in range(400):
        optimizer.param_groups[0]["lr"] = 0.05 * (1 - step / 400)
        optimizer.zero_grad()
        goal.loss(raw.expand(4_000, 3), torch.from_numpy(wrong)).backward()
        optimizer.step()
    wanted = [getattr(np, f"nan{middle}")(wrong), *np.nanquantile(wrong, [0.05, 0.95])]
    assert goal.outputs(raw.detach())[0].numpy() == pytest.approx(wanted, abs=500)
    assert goal.loss(raw, torch.tensor([float("nan")], dtype=torch.float64)).item() == 0.0


def test_no_answer_is_so_wrong_that_the_next_step_has_no_bounds() -> None:
    labels = np.random.default_rng(0).normal(50.0, 10.0, 1_000)
    asked = objective(SimpleNamespace(metric="rmse", coverage=0.9), (), labels)
    slopes, losses = [], []
    for away in (1.0, 6.0, 30.0, 3_000.0):
        raw = torch.zeros(1, 3, requires_grad=True)
        loss = asked.loss(raw, torch.tensor([labels.mean() + away * labels.std()]))
        loss.backward()
        assert raw.grad is not None
        slopes.append(-float(raw.grad[0, 0]))
        losses.append(loss.item())
    assert slopes == pytest.approx([2.0, 12.0, 12.0, 12.0], rel=1e-4)
    assert losses == sorted(losses)


def test_what_is_watched_rises_as_the_loss_falls() -> None:
    labels = RANDOM.normal(size=200)
    goal = learned(labels, metric="mae")
    near, far = (np.stack([labels + away] * 3, axis=1).astype(np.float32) for away in (0.1, 0.5))
    assert goal.MONITOR == "validation_neg_mae"
    assert goal.monitored(near, labels) == pytest.approx(-0.1, rel=1e-4)
    assert goal.monitored(near, labels) > goal.monitored(far, labels)
    assert goal.monitored(near, np.full(200, np.nan)) == 0.0


@pytest.mark.parametrize(
    ("labels", "said"),
    [([np.nan], "no label"), ([7.0, 7.0, np.nan], "every label of the train split is 7"), ([1e308, -1e308], "unit")],
)
def test_labels_that_teach_nothing_are_refused(labels: list[float], said: str) -> None:
    with warnings.catch_warnings(), pytest.raises(DataError, match=said):
        warnings.simplefilter("ignore", RuntimeWarning)
        learned(np.array(labels))


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.95])
def test_whatever_the_model_intervals_hold_as_many_as_is_stated(coverage: float) -> None:
    random, found = np.random.default_rng(2), []
    for _ in range(300):
        size = random.gamma(1.0, 1.0, (2, 300))
        labels = size * random.exponential(1.0, size.shape)  # skewed, and ever wider
        lower, upper = 0.1 * size, 0.8 * size  # of a model that is wrong about both
        wider = widening(lower[0], upper[0], labels[0], coverage)
        found.append(np.mean((lower[1] - wider <= labels[1]) & (labels[1] <= upper[1] + wider)))
    error = np.std(found) / np.sqrt(len(found))
    assert coverage - 3 * error < np.mean(found) < coverage + 1 / 300 + 3 * error


@pytest.mark.parametrize(("coverage", "least"), [(0.9, 9), (0.5, 1), (0.95, 19), (0.8, 4)])
def test_too_few_validation_examples_are_told_of(coverage: float, least: int, caplog: pytest.LogCaptureFixture) -> None:
    assert fewest(coverage) == least
    goal = learned(np.arange(100.0), coverage=coverage)
    outputs = np.zeros((least, 3), np.float32)
    with caplog.at_level(logging.WARNING):
        assert goal.decision(outputs, np.arange(float(least)), None) == {"coverage": coverage, "quantile": least - 1}
        assert not caplog.records
        assert goal.decision(outputs, np.full(least, np.nan), None)["quantile"] == 0.0
    assert f"at least {least};" in caplog.text


@given(st.lists(st.tuples(*[st.floats(-1e6, 1e6, width=32)] * 3), min_size=1), st.floats(-1e6, 1e6, width=32))
def test_a_number_always_lies_in_its_interval(rows: list[tuple[float, float, float]], wider: float) -> None:
    outputs = np.array(rows, np.float32)
    decision = {"coverage": 0.9, "quantile": wider}
    found = answers.answers(outputs, (), decision, "7")
    assert all(answer.low <= answer.value <= answer.high for answer in found)
    numbers = answers.numbers(outputs, decision)
    assert [answer.high for answer in found] == numbers["high"].tolist()
    assert found[0].model_dump().keys() == {"value", "low", "high", "coverage", "model_version"}


def test_an_answer_is_told_in_words() -> None:
    answer = {"value": 12.345678, "low": 10.0, "high": 20.0}
    assert answers.told(answer, 19.0) == ("12.346", "10 to 20", True)
    assert answers.told(answer, 21.0)[2] is False
    assert catalogue.codec("table", "regression").number_names(DECISION) == ["value", "low", "high"]


def test_a_baseline_learns_numbers_from_known_labels_alone(data: PreparedData) -> None:
    features, labels = RANDOM.normal(size=(300, 5)).astype(np.float32), RANDOM.normal(size=300)
    labels += features @ np.arange(5.0)
    labels[::3], unlabelled = np.nan, features[::3].copy()
    for estimator, most in (("linear", 1.3), ("trees", 2.6)):
        given = BaselineFeatures(features, labels, features[1::3], estimator)  # type: ignore[arg-type]
        with limit_threads(train()):
            assert root_mean_squared_error(labels[1::3], predicted_numbers(given, 0)) < most
    found = predicted_intervals(BaselineFeatures(features, labels, unlabelled, "linear"), 0.9, 0)
    truth = unlabelled @ np.arange(5.0) + RANDOM.normal(size=100)
    assert 0.8 < np.mean((found[:, 1] <= truth) & (truth <= found[:, 2])) < 0.99


def predictions(data: PreparedData, outputs: NDArray[np.float32], quantile: float = 1.5, **keys: Any) -> Predictions:
    config = train(**keys)
    spec = EvaluationSpec(EVALUATION, data, config, QUICK, EVALUATION.metric(data, config))
    about = SimpleNamespace(decision={"coverage": 0.9, "quantile": quantile}, temperature=1.0)
    return Predictions(spec, cast("Bundle", SimpleNamespace(about=about, outputs=None)), outputs)


@pytest.mark.slow
def test_slices_are_quarters_of_the_labels_and_what_the_user_names(data: PreparedData) -> None:
    found = EVALUATION.slices(data, train())
    names = list(found)
    assert [names[0].split()[:3], names[3].split()[:2]] == [["label:", "up", "to"], ["label:", "over"]]
    assert names[4:] == ["shop: a", "shop: b"]
    assert sum(mask.sum() for mask in list(found.values())[:4]) == 588
    assert all(146 <= mask.sum() <= 148 for mask in list(found.values())[:4])
    shown = list(_slices(predictions(data, answered(data))))
    assert [estimate.name for estimate in shown] == names
    assert all(_lies_within(estimate) for estimate in shown)
    measured = {estimate.name: estimate for estimate in _metrics(predictions(data, answered(data)))}
    assert _lies_within(measured["coverage"])


def _lies_within(estimate: Estimate) -> bool:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.low < estimate.value < estimate.high


def test_parts_of_labels_have_names_of_their_own(data: PreparedData) -> None:
    assert quarter_names(np.array([1, 2.5, 4])) == ["up to 1", "1 to 2.5", "2.5 to 4", "over 4"]
    assert quarter_names(np.array([1700000000.0, 1700000100.0])) == [
        "up to 1.7e+09",
        "1.7e+09 to 1.7000001e+09",
        "over 1.7000001e+09",
    ]
    np.save(data.path / "test_labels.npy", np.full(ROWS["test"], 3.0))
    assert {name: int(mask.sum()) for name, mask in number_slices(data).items()} == {"label: up to 3": 600}


def test_data_of_numbers_is_counted_by_quarters(data: PreparedData) -> None:
    counts = counts_by_class(data)
    assert list(counts)[-1] == UNLABELLED
    assert counts[UNLABELLED] == {"train": 8, "validation": 4, "test": 12}
    assert [counts[name]["train"] for name in list(counts)[:4]] == [98, 98, 98, 98]
    first = first_by_class(data)
    assert list(first) == list(counts)[:4]
    lowest = next(iter(counts))
    assert data.labels("test")[first[lowest][0]] <= float(lowest.split()[-1]) * 1.001


def test_examples_are_spread_from_the_lowest_to_the_highest(data: PreparedData) -> None:
    labels = np.asarray(data.labels("test"))
    chosen = labels[spread(labels, 5)]
    assert len(chosen) == 5
    assert {np.nanmin(labels), np.nanmax(labels)} <= set(chosen)
    assert np.median(chosen) == pytest.approx(np.nanmedian(labels), rel=0.05)
    assert len(spread(np.full(7, np.nan), 3)) == 3
    assert (label_name(data, 12.3456789), label_name(data, np.nan)) == ("12.346", UNLABELLED)


def test_corrupted_are_examples_of_every_size(data: PreparedData) -> None:
    labels = np.asarray(data.labels("test"))
    chosen = stratified_sample(labels, 50, 0)
    assert len(chosen) == 50
    assert not np.isnan(labels[chosen]).any()
    assert np.histogram(labels[chosen], np.nanquantile(labels, np.linspace(0, 1, 11)))[0].tolist() == [5] * 10


def test_a_champion_without_classes_knows_all_that_there_are(data: PreparedData) -> None:
    change = changed((), data, 50)
    assert change.known.all()
    assert class_rules(change, "prices", "1", "2") == []


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch, data: PreparedData) -> PreparedData:
    """The data, where neither cost nor corruptions nor leaks are measured: that takes a bundle."""
    monkeypatch.setattr("components.registry.gate.measure._cost", lambda *_: [])
    monkeypatch.setattr(EVALUATION, "corruptions", lambda *_: {})
    monkeypatch.setattr(EVALUATION, "behaviours", lambda *_: [])
    monkeypatch.setattr(EVALUATION, "leaks", lambda *_: [])
    return data


def verdict(ours: Predictions, theirs: Predictions | None, baseline: float = 9.0, gate: Gate | None = None) -> Any:
    found = rules.rules(measure(ours, theirs, baseline, "yes"), gate or Gate(), alone=theirs is None)
    return {rule.name: rule for rule in found}


@pytest.mark.slow
def test_of_a_loss_less_is_better_in_every_rule(plain: PreparedData) -> None:
    better, worse = (predictions(plain, answered(plain, error)) for error in (1.0, 12.0))
    promoted, refused = verdict(better, worse), verdict(worse, better)
    assert promoted["better: rmse"].passed
    assert promoted["better: rmse"].note.startswith("improvement +")
    assert promoted["baseline: rmse"].limit == "below 9"
    assert [promoted["baseline: rmse"].passed, refused["baseline: rmse"].refuses] == [True, True]
    assert refused["better: rmse"].refuses
    parts = [rule for name, rule in refused.items() if name.startswith("slice: label")]
    assert [rule.refuses for rule in parts] == [True] * 4
    spread = np.nanstd(np.asarray(plain.labels("test")))
    assert parts[0].limit == f"loses at most {0.02 * spread:.4g}"
    assert all(rule.lower_is_better for rule in [*parts, refused["better: rmse"], refused["baseline: rmse"]])
    first = verdict(predictions(plain, answered(plain, 7.5)), None, baseline=8.4)
    assert first["baseline: rmse"].warns  # by chance


@pytest.mark.slow
def test_margins_count_in_the_spread_of_the_labels(plain: PreparedData) -> None:
    spread = float(np.nanstd(np.asarray(plain.labels("test"))))
    gate = Gate.model_validate({"better": {"rule": "not_worse", "margin": 0.1}})
    near, far = (predictions(plain, answered(plain, error)) for error in (5.0, 15.0))
    assert verdict(near, predictions(plain, answered(plain, 4.5)), gate=gate)["not worse: rmse"].passed
    row = verdict(far, near, gate=gate)["not worse: rmse"]
    assert row.passed is False
    assert row.limit == f"improvement above {-0.1 * spread:+.6g} at 95%"


@pytest.mark.slow
@pytest.mark.parametrize(("quantile", "passed"), [(6.0, True), (-3.0, False)])
def test_intervals_are_held_to_the_coverage_that_they_state(quantile: float, passed: bool, plain: PreparedData) -> None:
    ours = predictions(plain, answered(plain), quantile)
    found = verdict(ours, None)
    names = [name for name in found if name.startswith("calibration")]
    assert names == ["calibration: coverage", "calibration: coverage, shop: a", "calibration: coverage, shop: b"]
    assert {found[name].passed for name in names} == {passed}
    assert not any(found[name].refuses for name in names)  # the first version, and a limit that nobody wrote
    row = found["calibration: coverage"]
    assert row.note.startswith("0.9 is stated; ")
    assert row.note.endswith(" of 588")
    written = Gate(calibration=Calibration(coverage=0.02))
    assert verdict(ours, None, gate=written)["calibration: coverage"].refuses is not passed
    champion = predictions(plain, answered(plain), 6.0)
    assert verdict(ours, champion)["calibration: coverage"].refuses is not passed


def test_a_table_learns_numbers_and_decides_by_its_validation_split(data: PreparedData) -> None:
    config = train(labels="all", width=8)
    learner = catalogue.learner("table", "regression")
    module = learner.module(data, config)
    assert learner.monitor(data, config) == "validation_neg_rmse"
    inputs, labels = next(iter(learner.loaders(data, config)[0]))
    assert module.objective.loss(module.model(inputs), labels).item() == pytest.approx(1.0, rel=0.6)
    temperature, decision = temperature_and_decision(learner, module, data, config)
    assert (temperature, decision["coverage"]) == (1.0, 0.9)
    outputs, embedding = learner.serving(module)(torch.from_numpy(np.array(data.inputs("test"))))
    assert (outputs.shape, len(embedding)) == ((600, 3), 600)
    low, high = interval(outputs.detach().numpy(), decision)
    labels = np.asarray(data.labels("test"))
    assert 0.8 < np.mean((low <= labels) & (labels <= high)) < 0.97  # 2 % of the labels are not known
