import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import onnxruntime
import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.torch import save
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest

from components import catalogue
from components.config.errors import ConfigError
from components.config.params import parse
from components.kinds.prepared import PreparedData, open_prepared, write_about
from components.kinds.ranking import average_precision
from components.kinds.table.evaluation import baseline_features
from components.kinds.table.learner.encoding import FeatureLayout
from components.kinds.table.learner.trees.arrays import arrays_of, rounded_down
from components.kinds.table.learner.trees.columns import Columns
from components.kinds.table.learner.trees.ensemble import TreeEnsemble
from components.kinds.table.learner.trees.fit import fit
from components.kinds.table.params import Train
from components.tasks.estimators import unusual_scores
from components.tasks.regression import answers as regression_answers
from components.training.export import TOLERANCE
from components.training.models import train_models
from components.training.restore import restored
from components.training.temperature import temperature_and_decision

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from components.kinds.contract import SupervisedObjective

ROWS = {"train": 600, "validation": 300, "test": 200}
TOWNS, COLOURS = 300, 12  # a category with more values than histograms hold, and one with fewer
INPUT = {
    "features": ["size", "age", "town", "colour"],
    "definition": {
        "categories": {"town": [f"t{i}" for i in range(TOWNS)], "colour": [f"c{i}" for i in range(COLOURS)]}
    },
    "label_features": [],
    "typical": [0.0, 0.0, 0.0, 0.0],
    "amount_feature": None,
}


def records(random: np.random.Generator, count: int, classes: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return records whose class depends on a set of colours and on two numbers, which are missing now and then."""
    size, age = random.normal(size=count).round(1), random.gamma(2.0, 10.0, count)
    town, colour = random.integers(0, TOWNS + 1, count), random.integers(0, COLOURS + 1, count)
    size[random.random(count) < 0.15] = np.nan
    labels = (
        np.isin(colour, [1, 4, 5, 9]).astype(np.int64) + (np.nan_to_num(size, nan=2.0) > 0.5) + (town > 150)
    ) % classes
    noise = random.random(count) < 0.1
    labels[noise] = random.integers(0, classes, noise.sum())
    return np.column_stack([size, age, town, colour]).astype(np.float32), labels


def prepared(path: Path, classes: int, task: str, seed: int = 0) -> PreparedData:
    random = np.random.default_rng(seed)
    for split, count in ROWS.items():
        inputs, labels = records(random, count, classes)
        inputs[:, 3][(inputs[:, 3] == 7) & (split == "train")] = 0  # a colour that training never saw
        np.save(path / f"{split}_inputs.npy", inputs)
        np.save(path / f"{split}_labels.npy", labels)
    write_about(path, "table", [str(index) for index in range(classes)], INPUT, ROWS, task)
    return open_prepared(path)


def of_numbers(path: Path) -> PreparedData:
    """Return records of a number, which is known of most; its noise is skewed."""
    data, random = prepared(path, 2, "regression"), np.random.default_rng(1)
    for split in ROWS:
        size, age, _, colour = np.array(data.inputs(split)).T
        labels = 1e4 + 1e3 * (np.nan_to_num(size) + 2 * np.isin(colour, [1, 4, 5, 9]) + age / 20)
        labels += 600 * random.exponential(size=len(labels))
        labels[random.random(len(labels)) < 0.05] = np.nan if split != "test" else labels[0]
        np.save(path / f"{split}_labels.npy", labels)
    return data


def config(**values: Any) -> Train:
    return parse(Train, {"model": "trees", **values}, "")


def graph(module: torch.nn.Module, outputs: list[str]) -> onnxruntime.InferenceSession:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            module,
            (torch.zeros(2, 4),),
            file,
            input_names=["inputs"],
            output_names=outputs,
            dynamic_axes={name: {0: "count"} for name in ["inputs", *outputs]},
            opset_version=18,
            dynamo=False,
        )
    return onnxruntime.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])


def everything() -> NDArray[np.float32]:
    """Return records of every colour, of missing and of far numbers."""
    numbers = np.array([np.nan, -1e30, -0.5, 0.0, 0.5, 1e30], dtype=np.float32)
    grid = np.meshgrid(numbers, numbers, [0, 1, 150, TOWNS], np.arange(COLOURS + 1))
    return np.column_stack([axis.ravel() for axis in grid]).astype(np.float32)


@settings(max_examples=8, deadline=None, phases=[Phase.generate])  # others trace lines, as does torch
@given(seed=st.integers(0, 2**16), classes=st.sampled_from([2, 3, 5]), leaves=st.sampled_from([2, 7, 31]))
def test_arrays_and_graph_answer_what_scikit_learn_answers(seed: int, classes: int, leaves: int) -> None:
    inputs, labels = records(np.random.default_rng(seed), 400, classes)
    columns = Columns.of(FeatureLayout.of(INPUT), inputs)
    model = HistGradientBoostingClassifier(
        max_iter=5, max_leaf_nodes=leaves, categorical_features=[0], early_stopping=False, random_state=0
    ).fit(columns.arranged(inputs), labels)
    width = 1 if classes == 2 else classes
    trees = [pair for row in model._predictors for pair in zip(row, range(width), strict=True)]
    ensemble = TreeEnsemble(arrays_of(columns, trees, model._baseline_prediction[0]))
    asked = np.concatenate([inputs, everything()])
    expected = model.decision_function(columns.arranged(asked)).reshape(len(asked), width)
    np.testing.assert_allclose(ensemble(torch.from_numpy(asked)), expected, atol=1e-5)
    (answered,) = graph(ensemble, ["raw"]).run(None, {"inputs": asked})
    np.testing.assert_allclose(answered, expected, atol=1e-5)


@given(threshold=st.floats(allow_nan=False), steps=st.integers(-2, 2))
def test_a_threshold_in_32_bit_parts_numbers_of_32_bit_as_the_one_in_64_does(threshold: float, steps: int) -> None:
    near = np.clip(threshold, np.finfo(np.float32).min, np.finfo(np.float32).max).astype(np.float32)
    with np.errstate(over="ignore"):
        for _ in range(abs(steps)):
            near = np.nextafter(near, np.float32(np.copysign(np.inf, steps)))
    assert (near <= rounded_down(np.array([threshold]))[0]) == (float(near) <= threshold)


@pytest.mark.parametrize(("task", "classes"), [("detection", 2), ("classification", 2), ("classification", 3)])
def test_trees_learn_and_are_served(tmp_path: Path, task: str, classes: int) -> None:
    data, learner = prepared(tmp_path, classes, task), catalogue.learner("table", task)
    trained = train_models(learner, data, config())
    assert trained.model == "trees"
    assert trained.curve[-1]["validation_loss"] < 0.8 * trained.curve[0]["validation_loss"]
    assert trained.curve[-1][learner.monitor(data, config())] > 0.7
    module = restored(learner, data, config(), trained.weights)
    temperature, _ = temperature_and_decision(learner, module, data, config())
    serving = learner.serving(module, temperature)
    inputs = np.concatenate([data.inputs("test"), everything()])
    outputs, embedding = graph(serving, ["probabilities", "embedding"]).run(None, {"inputs": inputs})
    np.testing.assert_allclose(outputs, serving(torch.from_numpy(inputs))[0], atol=TOLERANCE)
    np.testing.assert_allclose(outputs.sum(axis=1), 1.0, atol=1e-5)
    assert embedding.shape[0] == len(inputs)
    assert embedding.shape[1] <= 64
    again = train_models(learner, data, config())
    assert {name: array.numpy().tobytes() for name, array in again.weights.items()} == {
        name: array.numpy().tobytes() for name, array in trained.weights.items()
    }


def test_labels_that_training_lacks_are_never_answered(tmp_path: Path) -> None:
    data, learner = prepared(tmp_path, 3, "classification"), catalogue.learner("table", "classification")
    for kept in ([0, 2], [1]):
        labels = np.load(tmp_path / "train_labels.npy")
        np.save(tmp_path / "train_labels.npy", np.where(np.isin(labels, kept), labels, kept[0]))
        trained = train_models(learner, data, config())
        module = restored(learner, data, config(), trained.weights)
        answered = learner.serving(module)(torch.from_numpy(np.array(data.inputs("test"))))[0].numpy()
        assert set(answered.argmax(axis=1)) == set(kept)


def test_the_better_one_on_the_validation_split_serves(tmp_path: Path) -> None:
    data, learner = prepared(tmp_path, 2, "detection"), catalogue.learner("table", "detection")
    monitor = learner.monitor(data, config())
    for epochs in (1, 30):
        asked = config(model="best", epochs=epochs, batch_size=64, accelerator="cpu", threads=1)
        trained = train_models(learner, data, asked)
        network, trees = (trained.curve[-1][f"{name}_{monitor}"] for name in ("network", "trees"))
        assert trained.model == ("trees" if trees > network else "network")
        assert trained.curve[-1][monitor] == pytest.approx(max(network, trees))
        assert learner.model_of(trained.weights) == trained.model
        restored(learner, data, asked, trained.weights)


def test_what_trees_cannot_do_is_said() -> None:
    with pytest.raises(ConfigError, match=r"leave it out, or set"):
        config(autoencoder=True)


def unusual(path: Path, task: str = "anomaly") -> PreparedData:
    """Return records, a few of which are far from the others in both numbers: their label is 1."""
    data, random = prepared(path, 2, task), np.random.default_rng(2)
    for split in ROWS:
        inputs, odd = np.array(data.inputs(split)), random.random(ROWS[split]) < 0.05
        inputs[odd, :2] = np.column_stack([random.normal(6.0, 1.0, odd.sum()), random.normal(250.0, 9.0, odd.sum())])
        np.save(path / f"{split}_inputs.npy", inputs)
        np.save(path / f"{split}_labels.npy", odd.astype(np.int64))
    return data


def short(**values: Any) -> Train:
    return config(epochs=8, batch_size=64, accelerator="cpu", threads=1, **values)


def test_an_isolation_forest_answers_what_scikit_learn_answers(tmp_path: Path) -> None:
    data, learner = unusual(tmp_path), catalogue.learner("table", "anomaly")
    trained = train_models(learner, data, short())
    assert trained.model == "trees"
    module = restored(learner, data, short(), trained.weights)
    asked = np.concatenate([data.inputs("test"), everything()])
    seen, view = (module.model.view(torch.from_numpy(np.array(inputs))) for inputs in (data.inputs("train"), asked))
    forest = IsolationForest(n_estimators=300, random_state=short().seed).fit(seen.numpy())
    expected = -forest.score_samples(view.numpy())[:, None]
    serving = learner.serving(module)
    np.testing.assert_allclose(serving(torch.from_numpy(asked))[0], expected, atol=1e-6)
    scores, embedding = graph(serving, ["score", "embedding"]).run(None, {"inputs": asked})
    np.testing.assert_allclose(scores, expected, atol=TOLERANCE)
    assert embedding.shape[1] == module.model.width
    assert save(train_models(learner, data, short()).weights) == save(trained.weights)


@pytest.mark.parametrize("task", ["anomaly", "detection"])
def test_without_labels_the_best_is_chosen_by_those_of_the_validation_split(tmp_path: Path, task: str) -> None:
    data, learner = unusual(tmp_path, task), catalogue.learner("table", task)
    asked = short(model="best", **({"labels": "none"} if task == "detection" else {}))
    trained = train_models(learner, data, asked)
    found = {name: trained.curve[-1][f"{name}_validation_average_precision"] for name in ("joint", "network", "trees")}
    assert found[trained.model] == max(found.values())
    assert learner.model_of(trained.weights) == trained.model
    serving = learner.serving(restored(learner, data, asked, trained.weights))
    outputs = serving(torch.from_numpy(np.array(data.inputs("test"))))
    assert average_precision(np.asarray(data.labels("test")), outputs[0][:, -1].detach().numpy()) > 0.9


@pytest.mark.parametrize("kept", [-1, 0])
def test_where_no_label_tells_both_are_asked_together(tmp_path: Path, kept: int) -> None:
    data, learner = unusual(tmp_path), catalogue.learner("table", "anomaly")
    np.save(tmp_path / "validation_labels.npy", np.full(ROWS["validation"], kept))
    trained = train_models(learner, data, short(model="best"))
    assert (trained.model, learner.model_of(trained.weights)) == ("joint", "joint")
    serving = learner.serving(restored(learner, data, short(model="best"), trained.weights))
    inputs = np.concatenate([data.inputs("test"), everything()])
    answered = serving(torch.from_numpy(inputs))[0].detach().numpy()
    scores, _ = graph(serving, ["score", "embedding"]).run(None, {"inputs": inputs})
    np.testing.assert_allclose(scores, answered, atol=TOLERANCE)
    assert ((answered >= 0) & (answered <= 1)).all()
    assert average_precision(np.asarray(data.labels("test")), answered[: ROWS["test"], 0]) > 0.5  # by chance 0.05


def test_where_a_forest_may_serve_the_baseline_is_none(tmp_path: Path) -> None:
    data = unusual(tmp_path)
    features = {model: baseline_features(data, short(model=model)) for model in ("network", "best")}
    assert [found.estimator for found in features.values()] == ["trees", "distance"]
    scores = unusual_scores(features["best"], 0)
    assert np.argmax(scores) in np.flatnonzero(data.labels("test") == 1)
    assert scores.min() >= 0
    assert scores.max() <= 1


@pytest.mark.parametrize("metric", ["rmse", "mae", "pinball_loss"])
def test_trees_learn_numbers_and_their_intervals(tmp_path: Path, metric: str) -> None:
    data, learner = of_numbers(tmp_path), catalogue.learner("table", "regression")
    asked = config(metric=metric, coverage=0.8)
    trained = train_models(learner, data, asked)
    assert trained.curve[-1]["validation_loss"] < 0.6 * trained.curve[0]["validation_loss"]
    module = restored(learner, data, asked, trained.weights)
    _, decision = temperature_and_decision(learner, module, data, asked)
    inputs, labels = np.array(data.inputs("test")), np.asarray(data.labels("test"))
    serving = learner.serving(module)
    session = graph(serving, ["value", "embedding"])
    outputs, embedding = session.run(None, {"inputs": inputs})
    np.testing.assert_allclose(outputs, serving(torch.from_numpy(inputs))[0], rtol=TOLERANCE)
    assert 0 < embedding.shape[1] <= 64
    numbers = regression_answers.numbers(outputs, decision)
    away = labels - numbers["value"]
    assert np.sqrt(np.mean(away**2)) < 0.5 * labels.std()
    assert 0.7 < np.mean((numbers["low"] <= labels) & (labels <= numbers["high"])) < 0.9
    if metric == "rmse":
        assert abs(np.mean(away)) < abs(np.median(away))  # the noise is skewed: the mean is not the median
    else:
        assert abs(np.median(away)) < abs(np.mean(away))
    far = session.run(None, {"inputs": everything()})[0]
    np.testing.assert_allclose(far, serving(torch.from_numpy(everything()))[0], rtol=TOLERANCE)
    assert save(train_models(learner, data, asked).weights) == save(trained.weights)


def test_the_loss_of_trees_is_that_of_the_objective_round_by_round(tmp_path: Path) -> None:
    data, learner = of_numbers(tmp_path), catalogue.learner("table", "regression")
    fitted = fit(data, learner.objective(data, config()), 0)
    trained = train_models(learner, data, config())
    assert fitted.losses[-1] == pytest.approx(trained.curve[-1]["validation_loss"], rel=1e-5)
    np.save(tmp_path / "validation_labels.npy", np.full(ROWS["validation"], np.nan))
    assert fit(data, learner.objective(data, config()), 0).losses == []


@pytest.mark.parametrize("metric", ["rmse", "mae", "pinball_loss"])
def test_of_numbers_the_one_with_the_smaller_error_serves(tmp_path: Path, metric: str) -> None:
    data, learner = of_numbers(tmp_path), catalogue.learner("table", "regression")
    asked = config(model="best", metric=metric, epochs=1, batch_size=64, accelerator="cpu", threads=1)
    trained = train_models(learner, data, asked)
    network, trees = (trained.curve[-1][f"{name}_validation_{metric}"] for name in ("network", "trees"))
    assert 0 < trees < network, "an epoch is too short"
    assert trained.model == "trees"


def test_where_costs_decide_the_cheaper_one_serves(tmp_path: Path) -> None:
    """The ranking of one model is better, its decisions are dearer: amounts stand against it."""
    misses, labels = np.array([100.0, 1.0, 1.0, 1.0]), np.array([1, 1, 0, 0])
    ranks, saves = np.float32([0.2, 0.9, 0.3, 0.1]), np.float32([0.9, 0.1, 0.8, 0.7])
    values = {}
    for metric in ("average_precision", "cost_per_1000"):
        objective = catalogue.learner("table", "detection").objective(
            prepared(tmp_path, 2, "detection"), config(metric=metric, false_alarm=60.0)
        )
        outputs = (np.stack([1 - scores, scores], axis=1) for scores in (ranks, saves))
        values[metric] = [cast("SupervisedObjective", objective).deciding(of, labels, misses) for of in outputs]
    assert [found.metric for found in values["cost_per_1000"]] == ["cost_per_1000"] * 2
    assert [found.value for found in values["cost_per_1000"]] == [15_000.0, 250.0]
    assert values["cost_per_1000"][1].merit > values["cost_per_1000"][0].merit
    assert values["average_precision"][0].merit > values["average_precision"][1].merit


def test_the_baseline_of_trees_is_linear(tmp_path: Path) -> None:
    data = prepared(tmp_path, 2, "detection")
    features = baseline_features(data, config())
    assert features.estimator == "linear"
    assert np.isfinite(features.train).all()
    assert np.isfinite(features.test).all()
    assert baseline_features(data, config(model="network")).estimator == "trees"
