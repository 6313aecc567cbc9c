import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import lightning
import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score
from sklearn.tree import DecisionTreeClassifier
from torch.nn import functional

from components import catalogue
from components.config.errors import ConfigError
from components.config.params import parse
from components.kinds.batches import AllBatches, TrainingBatches
from components.kinds.prepared import PreparedData, open_prepared, write_about
from components.kinds.table.learner.autoencoder import Autoencoder, View, suspicion
from components.kinds.table.learner.cuts import cuts
from components.kinds.table.learner.encoding import Encoding, FeatureLayout
from components.kinds.table.learner.network import Network
from components.kinds.table.learner.schedule import two_cycles
from components.kinds.table.params import Train
from components.tasks.detection.answers import decide
from components.tasks.detection.objective.threshold import cheapest, choose, highest_share
from components.training.hardware import make_repeatable
from components.training.loop import fit
from components.training.temperature import temperature_and_decision

learner = catalogue.learner("table")
RANDOM = np.random.default_rng(0)
ROWS = {"train": 3_000, "validation": 1_000, "test": 800}
FEATURES = ["amount", "age", "weekend", "night", "shop_risk_7d", "colour", "town"]
INPUT = {
    "features": FEATURES,
    "definition": {"categories": {"colour": ["blue", "red"], "town": ["a", "b", "c"]}},
    "label_features": ["shop_risk_7d"],
    "typical": [50.0, 40.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    "amount_feature": 0,
}
LAYOUT = FeatureLayout.of(INPUT)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    yield
    torch.use_deterministic_algorithms(False)


def records(count: int, labelled: float = 1.0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return records of which one in ten is positive: those of a large amount, and most of a risky shop."""
    amount, age = RANDOM.gamma(2.0, 30.0, count), RANDOM.normal(40, 12, count)
    age[RANDOM.random(count) < 0.1] = np.nan
    risk = np.where(RANDOM.random(count) < 0.07, RANDOM.random(count), 0.0)
    labels = (amount > 150) | ((risk > 0.1) & (RANDOM.random(count) < 0.8))
    flags = RANDOM.random((count, 2)) < 0.3
    codes = np.stack([RANDOM.integers(1, 3, count), RANDOM.integers(0, 4, count)], axis=1)
    inputs = np.column_stack([amount, age, flags, risk, codes]).astype(np.float32)
    known = RANDOM.random(count) < labelled
    return inputs, np.where(known, labels, -1).astype(np.int64)


def written(path: Path, labelled: float = 1.0) -> PreparedData:
    """Write a prepared data set."""
    for split, count in ROWS.items():
        inputs, labels = records(count, 1.0 if split == "test" else labelled)
        np.save(path / f"{split}_inputs.npy", inputs)
        np.save(path / f"{split}_labels.npy", labels)
        np.save(path / f"{split}_amounts.npy", inputs[:, 0].astype(np.float64))
    write_about(path, "table", ["0", "1"], INPUT, ROWS)
    return open_prepared(path)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> PreparedData:
    return written(tmp_path_factory.mktemp("prepared"))


@pytest.fixture(scope="module")
def partly(tmp_path_factory: pytest.TempPathFactory) -> PreparedData:
    return written(tmp_path_factory.mktemp("partly"), labelled=0.1)


def train(**keys: Any) -> Train:
    return parse(Train, {"epochs": 3, "batch_size": 64, "width": 32, "accelerator": "cpu", **keys}, "train.")


class Done(NamedTuple):
    module: lightning.LightningModule
    curve: list[dict[str, float]]


def trained(data: PreparedData, **keys: Any) -> Done:
    left = fit(learner, data, train(**keys))
    module = learner.module(data, train(**keys))
    module.load_state_dict(left.weights)
    return Done(module, left.curve)


def scores(
    module: lightning.LightningModule, inputs: NDArray[np.float32], temperature: float = 1.0
) -> NDArray[np.float32]:
    with torch.inference_mode():
        outputs, embedding = learner.serving(module, temperature)(torch.from_numpy(np.array(inputs)))
    assert embedding.shape[1] <= 64
    assert embedding.dtype == torch.float32
    return outputs.numpy()


def decision(module: lightning.LightningModule, data: PreparedData, config: Train) -> dict[str, Any]:
    """Return what the validation split finds best to decide by."""
    return temperature_and_decision(learner, module, data, config)[1]


def test_an_epoch_is_every_record_once_and_the_next_one_is_whole_too() -> None:
    inputs, labels = records(50)
    inputs[:, 0] = np.arange(50)
    batches = TrainingBatches(inputs, labels, 10, seed=0, unlabelled=0)
    orders = []
    for _ in range(3):
        iterator = iter(batches)
        parts = [next(iterator)[0] for _ in range(len(batches))]  # as Lightning does: never asks for one more
        orders.append(torch.cat(parts)[:, 0].tolist())
        assert sorted(orders[-1]) == list(range(50))
    assert orders[0] != orders[1] != orders[2]


def test_few_labels_are_seen_as_often_as_many_in_as_many_steps() -> None:
    inputs, labels = records(6_400)
    inputs[:, 0] = np.arange(6_400)
    labels[np.arange(6_400) % 4 > 0] = -1
    batches = TrainingBatches(inputs, labels, 128, seed=0, unlabelled=1)
    unlabelled, labelled = list(batches), list(batches)
    assert len(unlabelled) == len(labelled) == len(batches) == 50
    assert torch.cat([batch[0][:, 0] for batch in unlabelled]).unique().numel() == 6_400
    assert {len(batch[1]) for batch in labelled} == {32}
    assert torch.cat([batch[0][:, 0] for batch in labelled]).sort().values.tolist() == list(range(0, 6_400, 4))
    labels[100:] = -1  # too few to fill the steps in one pass
    few = list(TrainingBatches(inputs, labels, 128, seed=0, unlabelled=0))
    assert len(few) == 50
    assert {len(batch[1]) for batch in few} == {16}
    assert all((batch[1] >= 0).all() for batch in few)


def test_a_batch_is_a_pure_function_of_seed_epoch_and_index() -> None:
    inputs, labels = records(50)
    inputs = np.nan_to_num(inputs)

    def third_of_second_epoch(seed: int) -> torch.Tensor:
        torch.manual_seed(int(RANDOM.integers(1000)))  # the global generator has no say
        batches = TrainingBatches(inputs, labels, 10, seed, unlabelled=0)
        list(batches)
        return list(batches)[2][0]

    assert torch.equal(third_of_second_epoch(1), third_of_second_epoch(1))
    assert not torch.equal(third_of_second_epoch(1), third_of_second_epoch(2))


def test_iterating_goes_on_from_its_state_and_from_one_phase_to_the_next() -> None:
    inputs, labels = records(2_000, labelled=0.3)
    inputs = np.nan_to_num(inputs)
    whole = TrainingBatches(inputs, labels, 100, seed=0, unlabelled=1)
    expected = [*whole, *whole]
    first = TrainingBatches(inputs, labels, 100, seed=0, unlabelled=1)
    list(first)
    iterator = iter(first)
    next(iterator), next(iterator)
    second = TrainingBatches(inputs, labels, 100, seed=0, unlabelled=1)
    second.load_state_dict(first.state_dict())
    rest = list(second)
    assert len(rest) == 18
    assert all(torch.equal(a[0], b[0]) for a, b in zip(rest, expected[22:], strict=True))


def test_every_record_is_validated_once() -> None:
    inputs, labels = records(50)
    batches = AllBatches(inputs, labels, 15)
    assert [len(labels) for _, labels in batches] == [12, 13, 12, 13]
    assert len(batches) == 4


def test_cuts_are_those_of_a_tree_and_chance_gives_none() -> None:
    values = RANDOM.normal(size=4_000)
    labels = (RANDOM.random(4_000) < np.where(values > 1.5, 0.6, 0.02)).astype(np.int64)
    stump = DecisionTreeClassifier(criterion="entropy", max_depth=1, min_samples_leaf=5).fit(values[:, None], labels)
    assert cuts(values, labels) == pytest.approx([stump.tree_.threshold[0]])
    assert cuts(np.append(values, np.nan), np.append(labels, 1)) == cuts(values, labels)
    assert all(cuts(RANDOM.normal(size=4_000), labels) == [] for _ in range(20))
    assert cuts(np.zeros(4_000), labels) == cuts(np.full(4_000, np.nan), labels) == cuts(values[:3], labels[:3]) == []


def test_encoding_fills_gaps_says_so_and_takes_unknown_categories() -> None:
    inputs, _ = records(500)
    encoding = Encoding(LAYOUT, inputs, [(0, 150.0)])
    encoded = encoding(torch.from_numpy(inputs))
    assert encoded.shape == (500, encoding.width)
    assert torch.isfinite(encoded).all()
    assert abs(encoded[:, 0].mean().item()) < 0.05
    step, gap = encoded[:, 10], encoded[:, 11]
    assert torch.equal(step, torch.from_numpy((inputs[:, 0] > 150).astype(np.float32)))
    assert torch.equal(gap, torch.from_numpy(np.isnan(inputs[:, 1]).astype(np.float32)))
    unknown = encoding(torch.tensor([[50.0, 40.0, 0.0, 0.0, 0.0, 0.0, 0.0]]))
    assert (unknown[:, 12:] == 0).all()  # untrained: in the middle
    assert torch.isfinite(encoding(torch.tensor([[9e15, -9e15, 0.0, 0.0, 1.0, 2.0, 3.0]]))).all()


def test_untaught_it_gives_the_share_of_positives(data: PreparedData) -> None:
    make_repeatable(0, 1)
    module = learner.module(data, train())
    labels = np.asarray(data.labels("train"))
    found = scores(module, data.inputs("train"))
    assert found.shape == (3_000, 2)
    assert found.dtype == np.float32
    assert found.sum(axis=1) == pytest.approx(1.0)
    assert found[:, 1] == pytest.approx(labels.mean(), rel=0.01)
    entropy = -(labels.mean() * np.log(labels.mean()) + (1 - labels.mean()) * np.log(1 - labels.mean()))
    loss = functional.binary_cross_entropy(torch.from_numpy(found[:, 1]), torch.tensor(labels).float())
    assert loss.item() == pytest.approx(entropy, rel=0.01)


def test_one_batch_can_be_learned_by_heart() -> None:
    torch.manual_seed(0)
    inputs, _ = records(64)
    labels = torch.arange(64) % 2
    encoding = Encoding(LAYOUT, inputs, [])
    network = Network(encoding.width, 64, 2, 0.0, np.zeros(1, np.float32))
    optimizer = torch.optim.AdamW([*network.parameters(), *encoding.parameters()], lr=0.01)
    for _ in range(300):
        raw, _ = network(encoding(torch.from_numpy(inputs)))
        loss = functional.binary_cross_entropy_with_logits(raw[:, 0], labels.float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05


@pytest.mark.slow
def test_it_learns_what_there_is_to_learn_and_logs_every_epoch(data: PreparedData) -> None:
    done = trained(data, epochs=8)
    labels = np.asarray(data.labels("test"))
    found = scores(done.module, data.inputs("test"))[:, 1]
    assert average_precision_score(labels, found) > 0.75
    assert abs(found.mean() - labels.mean()) < 0.03  # plain log loss: probabilities mean what they say
    assert len(done.curve) == 8
    wanted = {"epoch", "step", "train_loss", "learning_rate", "validation_loss", "validation_average_precision"}
    assert all(set(point) == wanted and np.isfinite(list(point.values())).all() for point in done.curve)


def test_shuffled_labels_teach_nothing(tmp_path: Path) -> None:
    data = written(tmp_path)
    for split in ROWS:
        path = tmp_path / f"{split}_labels.npy"
        np.save(path, RANDOM.permutation(np.load(path)))
    labels = np.asarray(data.labels("test"))
    found = scores(trained(data).module, data.inputs("test"))[:, 1]
    assert average_precision_score(labels, found) < 1.5 * labels.mean()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights(partly: PreparedData) -> None:
    first, second, other = (trained(partly, autoencoder=True, autoencoder_epochs=1, seed=seed) for seed in (1, 1, 2))
    states = [done.module.state_dict() for done in (first, second, other)]
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())
    assert not all(torch.equal(value, states[2][name]) for name, value in states[0].items())


@pytest.mark.slow
@pytest.mark.parametrize("keys", [{}, {"autoencoder": True, "autoencoder_epochs": 1}, {"labels": "none"}])
def test_bf16_is_finite_and_served_in_32_bit(data: PreparedData, keys: dict[str, Any]) -> None:
    done = trained(data, precision="bf16-mixed", **keys)
    found = scores(done.module, data.inputs("test"))
    assert np.isfinite(found).all()
    assert found.dtype == np.float32
    assert all(np.isfinite(list(point.values())).all() for point in done.curve)
    assert {value.dtype for value in done.module.state_dict().values()} <= {torch.float32, torch.int64}


@pytest.mark.slow
@pytest.mark.parametrize("temperature", [0.3, 0.9, 1.0, 1.3, 4.0])
def test_at_every_temperature_the_same_is_decided(data: PreparedData, temperature: float) -> None:
    module = trained(data, epochs=2).module
    inputs = torch.from_numpy(np.array(data.inputs("validation")))
    labels, objective = np.asarray(data.labels("validation")), learner.objective(data, train())
    with torch.inference_mode():
        plain, found = (learner.serving(module, at)(inputs)[0].numpy() for at in (1.0, temperature))
        raw = learner.raw(module, inputs)
    assert found[:, 1] == pytest.approx((raw[:, 0] / temperature).sigmoid().numpy(), abs=1e-6)
    before, after = (objective.decision(outputs, labels, None) for outputs in (plain, found))
    assert (decide(plain, before) == decide(found, after)).all()
    assert 0 < decide(found, after).sum() < len(found)


def test_a_suspicion_has_no_temperature(data: PreparedData) -> None:
    objective = learner.objective(data, train(labels="none"))
    assert objective.temperature(np.zeros((100, 1), np.float32), np.arange(100) % 2) is None


@pytest.mark.slow
@pytest.mark.parametrize("keys", [{}, {"autoencoder": True, "autoencoder_epochs": 1}, {"labels": "none"}])
def test_the_exported_graph_agrees_and_is_rebuilt_from_its_weights(
    partly: PreparedData, keys: dict[str, Any], tmp_path: Path
) -> None:
    done = trained(partly, **keys)
    make_repeatable(5, 1)
    module = learner.module(partly, train(**keys))
    module.load_state_dict(done.module.state_dict())
    assert decision(module, partly, train(**keys)) == decision(done.module, partly, train(**keys))
    path = str(tmp_path / "model.onnx")
    examples = np.array(partly.inputs("test"))
    examples[0] = np.nan_to_num(examples[0], nan=1.0)
    examples[1, :5] = np.nan
    examples[2, 5:] = 0.0
    examples[3, 0] = 9e15
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.filterwarnings("ignore", ".*legacy TorchScript-based ONNX export.*", DeprecationWarning)
        warnings.filterwarnings("ignore", "The feature will be removed", DeprecationWarning)  # torch's of itself
        torch.onnx.export(
            learner.serving(module, 1.7),
            (torch.from_numpy(examples[:2]),),
            path,
            input_names=["inputs"],
            output_names=["probabilities", "embedding"],
            dynamic_axes={name: {0: "count"} for name in ("inputs", "probabilities", "embedding")},
            opset_version=18,
            dynamo=False,
        )
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for count in (1, 2, 800):
        answered, embedding = session.run(None, {"inputs": examples[:count]})
        assert embedding.shape[0] == count
        assert answered == pytest.approx(scores(module, examples[:count], 1.7), abs=1e-5)
        assert np.isfinite(answered).all()


def test_the_autoencoder_comes_first_and_then_stays(partly: PreparedData) -> None:
    config = train(autoencoder=True, autoencoder_epochs=2, epochs=4)
    make_repeatable(config.seed, 1)
    module = learner.module(partly, config)
    after: list[dict[str, torch.Tensor]] = [{name: value.clone() for name, value in module.state_dict().items()}]

    class Watch(lightning.Callback):
        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            after.append({name: value.clone() for name, value in pl_module.state_dict().items()})

    trainer = lightning.Trainer(
        accelerator="cpu", devices=1, max_epochs=4, logger=False, callbacks=[Watch()], log_every_n_steps=10,
        enable_checkpointing=False, enable_model_summary=False, enable_progress_bar=False, num_sanity_val_steps=0,
    )  # fmt: skip
    trainer.fit(module, *learner.loaders(partly, config))

    def moved(epoch: int) -> set[str]:
        names = (name for name in after[0] if not torch.equal(after[epoch][name], after[epoch + 1][name]))
        return {name.split(".")[1] for name in names if name.startswith("model.")}

    assert moved(0) == moved(1) == {"autoencoder"}
    assert moved(2) == moved(3) == {"encoding", "network", "trust"}


def test_without_labels_none_is_looked_at(data: PreparedData, tmp_path: Path) -> None:
    blind = written(tmp_path)
    for split in ("train", "validation", "test"):
        hidden = np.array(data.inputs(split))
        hidden[:, FEATURES.index("shop_risk_7d")] = RANDOM.random(len(hidden))
        np.save(tmp_path / f"{split}_inputs.npy", hidden)
        np.save(tmp_path / f"{split}_labels.npy", np.full(len(hidden), -1))
    seeing, hidden_from = trained(data, labels="none"), trained(blind, labels="none")
    states = [done.module.state_dict() for done in (seeing, hidden_from)]
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())
    assert [point["validation_average_precision"] for point in hidden_from.curve] == [0.0, 0.0, 0.0]
    found = scores(seeing.module, data.inputs("validation"))[:, 1]
    flagged = (found >= np.float32(decision(seeing.module, data, train(labels="none"))["threshold"])).mean()
    assert flagged == pytest.approx(0.01)


@pytest.mark.slow
def test_what_is_extreme_is_said_badly() -> None:
    torch.manual_seed(0)
    inputs, _ = records(2_000)
    autoencoder = Autoencoder(View(LAYOUT, inputs, LAYOUT.from_labels), 32, 4)
    optimizer = torch.optim.AdamW(autoencoder.parameters(), lr=0.01)
    batch = torch.from_numpy(inputs)
    for _ in range(600):
        loss = autoencoder.loss(batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    error, code = autoencoder.eval()(batch)
    assert code.shape == (2_000, 4)
    assert 0.3 < error.mean().item() < 1.5
    odd = torch.tensor([[amount, 40.0, 0.0, 0.0, 0.0, 1.0, 1.0] for amount in (50.0, 500.0, 5e3, 5e4)])
    told = suspicion(autoencoder(odd)[0])
    assert told[0] < 0.5
    assert (told.diff() > 0).all()
    assert told[-1] < 1.0


def test_the_threshold_costs_least() -> None:
    for _ in range(50):
        found = RANDOM.integers(0, 12, 40).astype(np.float32) / 16
        positive, misses = RANDOM.random(40) < 0.3, RANDOM.random(40).astype(np.float32) * 20

        def cost(threshold: float, found: Any = found, positive: Any = positive, misses: Any = misses) -> float:
            flagged = found >= threshold
            return float(misses[positive & ~flagged].sum() + 5.0 * (flagged & ~positive).sum())

        best = min(cost(threshold) for threshold in [*found, 1.0])
        assert cost(cheapest(found, positive, misses, 5.0)) == pytest.approx(best)
    assert cheapest(found, np.zeros(40, bool), misses, 5.0) == 1.0


def test_the_threshold_where_nothing_is_known() -> None:
    found, misses = np.linspace(0, 0.99, 100, dtype=np.float32), np.full(100, 45, np.float32)
    assert choose(found, np.full(100, -1), misses, train(false_alarm=5.0)) == pytest.approx(0.1)
    assert choose(found, np.zeros(100, np.int64), misses, train(false_alarm=5.0)) == pytest.approx(0.1)
    assert choose(found, np.full(100, -1), misses, train(alerts=0.05), supervised=False) == pytest.approx(0.95)
    assert (found >= highest_share(found, 0.001)).sum() == 1
    labels = np.full(100, -1)
    labels[[40, 80]] = 0, 1
    assert choose(found, labels, misses, train()) == pytest.approx(0.8)


def test_the_threshold_that_a_share_of_right_alarms_or_of_positives_found_asks_for() -> None:
    found = np.linspace(0, 0.99, 100, dtype=np.float32)
    labels = (np.arange(100) % 3 == 0).astype(np.int64)
    labels[80:] = 1
    for least in (0.5, 0.7, 0.9, 1.0 - 1e-9):
        flagged = found >= choose(found, labels, None, train(least_precision=least))
        assert labels[flagged].mean() >= least
        lower = found >= found[~flagged].max()
        assert labels[lower].mean() < least
    for least in (0.3, 0.75, 0.999):
        flagged = found >= choose(found, labels, None, train(least_recall=least))
        assert labels[flagged].sum() / labels.sum() >= least
        assert (labels[flagged].sum() - 1) / labels.sum() < least
    with pytest.raises(ConfigError, match="leave one out"):
        train(least_precision=0.5, least_recall=0.5)


def test_a_table_without_amounts_costs_one_a_miss(data: PreparedData) -> None:
    plain = PreparedData(data.path, data.kind, data.classes, {**data.input, "amount_feature": None}, data.counts)
    assert learner.costs(plain, "validation") is None
    assert learner.costs(data, "validation") == pytest.approx(data.inputs("validation")[:, 0])


def test_each_phase_has_a_cycle_of_its_own() -> None:
    rates = np.array([two_cycles(step, 40, 100) for step in range(101)])
    assert rates[:40].max() > 0.99
    assert rates[40:].max() > 0.99
    assert rates[39] < 0.01
    assert rates[100] < 0.01
    assert (rates >= 0).all()


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"labels": "none", "autoencoder": True}, "without labels it is all there is"),
        ({"autoencoder": True, "autoencoder_epochs": 3}, "leaves none of the epochs"),
        ({"labels": "some"}, "'all' or 'none'"),
        ({"alerts": 0.0}, "alerts"),
    ],
)
def test_a_wrong_recipe_is_refused(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        train(**keys)


@pytest.mark.parametrize("model", ["network", "trees"])
def test_records_like_none_of_training_are_told(model: str, data: PreparedData) -> None:
    serving = learner.serving(learner.module(data, train(model=model)))
    if model == "trees":
        config = train(model=model)
        module = learner.module(data, config)
        module.load_state_dict(learner.fit_whole(data, config)[0], strict=False)
        serving = learner.serving(module)
    serving.measure_unfamiliarity(data)

    def told(examples: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.no_grad():
            found: NDArray[np.float32] = serving(torch.from_numpy(examples))[2].numpy()
        return found

    usual = np.array(data.inputs("test"))
    threshold = np.quantile(told(usual), 0.99)
    far, missing, unknown, endless = (usual.copy() for _ in range(4))
    far[:, FEATURES.index("age")] = 400.0
    missing[:, FEATURES.index("amount")] = np.nan  # which is always there in training
    unknown[:, FEATURES.index("colour")] = 0.0
    endless[:, FEATURES.index("amount")] = np.inf
    assert [float((told(some) > threshold).mean()) for some in (far, missing, endless)] == [1.0] * 3
    assert (told(unknown) > threshold).mean() > 0.5
    gap = usual.copy()
    gap[:, FEATURES.index("age")] = np.nan  # which is missing in training, too
    assert (told(gap) > threshold).mean() < 0.2
