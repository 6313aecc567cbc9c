from typing import Any

import pytest

from components import catalogue
from components.config.params import parse
from components.kinds.image.params import Train as Pictures
from components.kinds.prepared import PreparedData
from components.kinds.table.params import Train as Records
from components.training.plan import training_plan

SMALL = {"height": 32, "width": 32, "channels": 3}


def pictures(**keys: Any) -> Pictures:
    return parse(Pictures, keys, "train.")


@pytest.mark.parametrize("recipe", ["quick", "standard", "best"])
@pytest.mark.parametrize("examples", [30, 150, 300, 2_000, 4_500])
def test_few_pictures_are_seen_more_often_in_smaller_batches(recipe: str, examples: int) -> None:
    config = pictures(recipe=recipe)
    plan = training_plan(config, examples, SMALL)
    assert config.least_steps <= plan.steps < config.least_steps + plan.steps // plan.epochs + config.epochs * 20
    assert 16 <= plan.batch_size <= max(16, examples // 8)
    assert plan.left_out == 0
    assert plan.warning is None


@pytest.mark.parametrize("recipe", ["quick", "standard", "best"])
def test_large_data_is_learned_as_the_recipe_says(recipe: str) -> None:
    config = pictures(recipe=recipe)
    assert config.fitted(57_000) == config


def test_what_the_user_wrote_stays_and_few_steps_are_told_with_what_to_write() -> None:
    config = pictures(epochs=10, batch_size=64)
    plan = training_plan(config, 300, SMALL)
    assert (plan.epochs, plan.batch_size, plan.steps) == (10, 64, 50)
    assert plan.warning == (
        "50 training steps may be too few to learn anything: "
        "leave out train.epochs and train.batch_size, and 600 steps of 32 are taken"
    )
    assert training_plan(pictures(batch_size=64), 300, SMALL).epochs == 120
    assert training_plan(pictures(epochs=10), 300, SMALL).batch_size == 32


def test_a_table_that_says_neither_gets_steps_enough() -> None:
    config = parse(Records, {}, "train.")
    assert str(training_plan(config, 2_500, {"features": ["a", "b"]})).startswith("603 steps of at most 256 examples: ")
    large = training_plan(config, 1_000_000, {"features": ["a", "b"]})
    assert (large.epochs, large.batch_size) == (10, 1024)


def test_a_small_table_has_more_weight_decay_and_what_the_user_wrote_stays() -> None:
    config = parse(Records, {}, "train.")
    decays = [config.fitted(examples).weight_decay for examples in (20, 400, 4_000, 40_000, 1_000_000)]
    assert decays == [20.0, 10.0, 1.0, 0.1, 0.1]
    fast = parse(Records, {"learning_rate": 0.1}, "train.").fitted(20)
    assert fast.weight_decay * fast.learning_rate == pytest.approx(0.04), "more would undo the weights in few steps"
    assert parse(Records, {"weight_decay": 0.01}, "train.").fitted(20).weight_decay == 0.01


def test_the_plan_is_one_sentence() -> None:
    assert str(training_plan(pictures(), 300, SMALL)).startswith(
        "600 steps of at most 32 examples: 60 epochs of 10 steps over 300 training examples, no example left out; "
    )


def test_a_table_has_a_plan_too() -> None:
    config = parse(Records, {"epochs": 10, "batch_size": 1024}, "train.")
    plan = training_plan(config, 2_500, {"features": ["a", "b"]})
    assert (plan.steps, plan.left_out) == (20, 452)
    assert plan.warning == (
        "20 training steps may be too few to learn anything: "
        "leave out train.epochs and train.batch_size, and 603 steps of 256 are taken"
    )
    assert training_plan(config, 1_000_000, {"features": ["a", "b"]}).warning is None


@pytest.mark.parametrize("kind", ["pictures", "records"])
@pytest.mark.parametrize("batch_size", [7, 40, 400, 1_000])
def test_the_plan_is_what_the_batches_do(kind: str, batch_size: int, request: pytest.FixtureRequest) -> None:
    data: PreparedData = request.getfixturevalue(kind)
    section: Any = Pictures if kind == "pictures" else Records
    config = parse(section, {"epochs": 2, "batch_size": batch_size}, "train.")
    training, _ = catalogue.learner(data.kind).loaders(data, config)
    plan = training_plan(config, data.counts["train"], data.input)
    sizes = [len(labels) for _, labels in training]
    assert plan.steps == plan.epochs * len(sizes)
    assert plan.batch_size >= max(sizes)
    assert plan.left_out == data.counts["train"] - sum(sizes)
