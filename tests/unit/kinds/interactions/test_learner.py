from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from components import catalogue
from components.inference.bundle import open_session
from components.kinds.interactions import learner
from components.kinds.interactions.codec.input import Input
from components.kinds.interactions.learner.batches import WeighedBatches, example_weights
from components.kinds.interactions.learner.ease import weights
from components.kinds.interactions.learner.vectors import Vectors, VectorScorer
from components.kinds.interactions.params import Train
from components.kinds.prepared import PreparedData
from components.kinds.suggestions import ranked
from components.tasks.ranking.objective import Ranking
from components.training.export import write_onnx
from components.training.models import train_models
from components.training.restore import restored
from components.training.temperature import raw

FAST = Train(epochs=4, batch_size=32, width=8, threads=1)


def module(shop: PreparedData[Input], model: str) -> Any:
    config = FAST.model_copy(update={"model": model})
    objective = Ranking(len(shop.classes), "ndcg_at_10")
    torch.manual_seed(0)
    made = learner.module(shop, config, objective)
    if model == "ease":
        made.load_state_dict(learner.fit_whole(shop, config, objective)[0])
    else:
        torch.nn.init.normal_(made.network.recent)
        torch.nn.init.normal_(made.network.items)
    return made


def test_the_weights_of_pairs_are_those_of_ridge_regressions() -> None:
    """Each item is regressed on all others by least squares with a penalty, which is what EASE solves at once."""
    taken = (np.random.default_rng(0).random((80, 7)) < 0.3).astype(np.float64)
    found = weights(taken.T @ taken, 5.0)
    for item in range(7):
        others = np.delete(np.arange(7), item)
        alone = np.linalg.solve(
            taken[:, others].T @ taken[:, others] + 5.0 * np.eye(6), taken[:, others].T @ taken[:, item]
        )
        np.testing.assert_allclose(found[others, item], alone)
        assert found[item, item] == 0.0


@pytest.mark.parametrize("model", ["ease", "network"])
def test_the_ranking_is_that_of_the_scores_without_what_is_named(model: str, shop: PreparedData[Input]) -> None:
    made = module(shop, model)
    inputs = np.array(shop.inputs("test")[:200])
    inputs[0] = 0
    inputs[inputs > shop.input["items"]] = 0
    found = ranked(learner.raw(made, torch.from_numpy(inputs)).numpy())
    recent = torch.from_numpy(inputs[:, :6]).long()
    scorer = made.ranker().scorer
    scores = scorer.scores(scorer.look(recent), recent).numpy()
    for row, example in enumerate(inputs):
        allowed = np.setdiff1d(np.arange(shop.input["items"]), example - 1)
        expected = allowed[np.lexsort((allowed, -scores[row, allowed]))][: found.items.shape[1]]
        assert found.items[row][: len(expected)].tolist() == expected.tolist()
        assert set(found.because[row].tolist()) <= {*(example[:6] - 1).tolist(), -1}
    assert (found.because[0] == -1).all()
    assert (np.diff(found.scores, axis=1) <= 0).all()
    assert ((found.parts >= 0) & (found.parts <= 1)).all()


def test_a_suggestion_names_the_recent_item_that_speaks_for_it_most(shop: PreparedData[Input]) -> None:
    made = module(shop, "ease")
    scorer, items = made.ranker().scorer, [4, 9, 2]
    example = torch.zeros(1, 14, dtype=torch.int32)
    example[0, :3] = torch.tensor(items) + 1
    found = ranked(learner.raw(made, example).numpy())
    for place in range(5):
        spoken = [
            int(scorer.pairs[item + 1, found.items[0, place]] * scorer.weights[at]) for at, item in enumerate(items)
        ]
        assert found.because[0, place] == items[int(np.argmax(spoken))]
        positive = np.maximum(spoken, 0)
        assert found.parts[0, place] == pytest.approx(positive.max() / positive.sum())


def test_whole_numbers_score_as_the_network_does(shop: PreparedData[Input]) -> None:
    torch.manual_seed(0)
    network = Vectors(shop.input, 16, torch.randn(shop.input["items"]))
    recent = torch.from_numpy(np.array(shop.inputs("test")[:300, :6])).long()
    recent = torch.where(recent > shop.input["items"], 0, recent)
    scorer = VectorScorer(network)
    with torch.inference_mode():
        exact = network(recent)
        whole = scorer.scores(scorer.look(recent), recent).float() / scorer.scale
    assert (exact - whole).abs().max() < 0.02 * exact.std()


@pytest.mark.filterwarnings("ignore:The feature will be removed:DeprecationWarning")
@pytest.mark.parametrize("model", ["ease", "network"])
def test_the_graph_ranks_to_the_bit_as_torch_does_one_or_many(
    model: str, shop: PreparedData[Input], tmp_path: Path
) -> None:
    served = learner.serving(module(shop, model))
    write_onnx(served, shop.inputs("test"), tmp_path / "model.onnx", ["ranking", "embedding"])
    inputs = np.array(shop.inputs("test")[:150])
    inputs[:5] = 0
    inputs[5] = np.arange(1, 15)
    with torch.inference_mode():
        expected = [part.numpy() for part in served(torch.from_numpy(inputs))]
    session = open_session(tmp_path / "model.onnx")
    together = session.run(None, {"inputs": inputs})
    alone = [session.run(None, {"inputs": example[None]}) for example in inputs]
    for place, (one, other) in enumerate(zip(together, expected, strict=True)):
        assert (one == other).all()
        assert (np.concatenate([answer[place] for answer in alone]) == other).all()


def test_the_better_of_both_serves_and_is_better_than_what_is_popular(shop: PreparedData[Input]) -> None:
    task, evaluation = catalogue.learner("interactions", "ranking"), catalogue.evaluation("interactions", "ranking")
    config = FAST.model_copy(update={"model": "best", "epochs": 6})
    trained = train_models(task, shop, config)
    reached = {name: trained.curve[-1][f"{name}_validation_ndcg_at_10"] for name in ("network", "ease")}
    assert trained.model == max(reached, key=lambda name: reached[name])
    outputs = raw(task, restored(task, shop, config, trained.weights), shop.inputs("test"))
    found = evaluation.measure(shop, outputs, {}, config)
    assert found["ndcg_at_10"] > found["baseline_ndcg_at_10"]


def test_of_very_many_items_the_network_alone_is_asked(shop: PreparedData[Input]) -> None:
    many = PreparedData(shop.path, shop.kind, shop.classes, {**shop.input, "items": 6_000}, shop.counts)
    assert Train().decided(many).model == "network"
    assert Train(model="ease").decided(many).model == "ease"
    assert Train().decided(shop).model == "best"


def test_what_was_shown_rarely_counts_for_more() -> None:
    found = example_weights(np.array([0.5, 0.5, 0.5, 0.01, 1e-9]), 20.0)
    assert found.mean() == pytest.approx(1.0)
    assert found[0] == found[1] < found[3]
    assert found[3] == pytest.approx(20.0 * found[0])  # the inverse is 50 times as large
    assert found[4] == found[3]


def test_a_batch_brings_the_weights_of_its_examples() -> None:
    inputs, labels = np.arange(40, dtype=np.int32)[:, None], np.arange(40)[::-1].copy()
    batches = WeighedBatches(inputs, labels, 8, 0, np.arange(40, dtype=np.float32))
    seen = [torch.cat(parts) for parts in zip(*batches, strict=True)]
    assert sorted(seen[0][:, 0].tolist()) == list(range(40))
    assert (seen[1] == 39 - seen[0][:, 0]).all()
    assert (seen[2] == seen[0][:, 0]).all()


def test_weights_make_the_loss_a_weighted_mean(shop: PreparedData[Input]) -> None:
    made = module(shop, "network")
    made.config = FAST.model_copy(update={"dropout": 0.0})
    inputs, labels = (torch.from_numpy(np.array(part[:6])) for part in (shop.inputs("train"), shop.labels("train")))
    each = functional.cross_entropy(made.network(inputs[:, :6].long()), labels, reduction="none")
    some = torch.tensor([2.0, 0.0, 0.0, 0.0, 0.0, 4.0])
    assert made.loss(inputs, labels, some).item() == pytest.approx(((2 * each[0] + 4 * each[5]) / 6).item(), rel=1e-5)
