import subprocess
import sys
from dataclasses import dataclass
from typing import get_args

import pytest

from components.config.errors import ConfigError
from components.config.params import Training, parse
from components.kinds.image.params import Train
from components.kinds.image.params.recipes import PRETRAINED, RECIPES, SHAPE
from tests.conftest import ROOT


def test_every_recipe_says_everything_but_the_machine_and_the_seed() -> None:
    own = set(Train.model_fields) - set(Training.model_fields) - {"recipe"}
    for name, recipe in RECIPES.items():
        others = set(SHAPE if name == "transfer" else PRETRAINED)
        assert set(recipe) == own - others | {"epochs", "batch_size", "least_steps"}


def test_every_recipe_can_be_chosen() -> None:
    assert tuple(RECIPES) == get_args(Train.model_fields["recipe"].annotation)[1:]
    for name, recipe in RECIPES.items():
        assert parse(Train, {"recipe": name}, "").model_dump().items() >= {"recipe": name, **recipe}.items()


@dataclass
class Facts:
    counts: dict[str, int]
    input: dict[str, int]


def facts(examples: int = 300, side: int = 64, channels: int = 3) -> Facts:
    return Facts({"train": examples}, {"height": side, "width": side, "channels": channels})


@pytest.mark.parametrize(
    ("data", "supervised", "recipe", "why"),
    [
        (facts(), True, "transfer", "300 training pictures in colour are few, up to 10,000"),
        (facts(examples=10_000, side=32), True, "transfer", "10,000 training pictures in colour are few"),
        (facts(examples=10_001), True, "quick", "10,001 training pictures are many, over 10,000"),
        (facts(side=31), True, "quick", "pictures of 31 pixels a side are small, under 32"),
        (facts(channels=1), True, "quick", "the pictures are grey"),
        (facts(), False, "quick", "nothing is learned from labels"),
    ],
)
def test_who_says_nothing_gets_what_suits_the_data(data: Facts, supervised: bool, recipe: str, why: str) -> None:
    asked = parse(Train, {"epochs": 3, "seed": 7}, "")
    decided = asked.decided(data, supervised)
    assert decided == parse(Train, {"epochs": 3, "seed": 7, "recipe": recipe}, "")
    assert decided.model_fields_set == {"epochs", "seed"}
    assert asked.undecided() == {"recipe": "auto"}
    assert decided.undecided() == {}
    assert asked.pretrained() is None
    assert f"recipe: auto is {recipe}" in asked.reason(data, supervised)
    assert why in asked.reason(data, supervised)


@pytest.mark.parametrize(
    ("written", "recipe"),
    [
        ({"tune": "head"}, "transfer"),
        ({"backbone": "efficientnet-lite0"}, "transfer"),
        ({"width": 8}, "quick"),
        ({"recipe": "auto", "learning_rate": 0.01}, "quick"),
        ({"recipe": "best"}, "best"),
    ],
)
def test_a_key_of_one_sort_of_network_says_which(written: dict[str, object], recipe: str) -> None:
    train = parse(Train, written, "")
    assert train.recipe == recipe
    assert train.decided(facts()) is train
    assert (train.undecided(), train.reason(facts())) == ({}, "")


def test_what_the_user_says_wins() -> None:
    train = parse(Train, {"recipe": "best", "epochs": 1, "width": 8}, "")
    assert (train.epochs, train.width, train.depth) == (1, 8, RECIPES["best"]["depth"])


def test_who_does_not_flip_gets_one_view() -> None:
    assert parse(Train, {"recipe": "best", "flip": False}, "").views == 1


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"recipe": "bets"}, r"train\.recipe: found 'bets'; input should be 'auto', 'quick', 'standard', "),
        ({"recipe": ["best"]}, r"train\.recipe: found \['best'\]; input should be 'auto'"),
        ({"flip": False, "views": 2}, r"views: 2 shows mirrored pictures"),
        ({"views": 3}, r"train\.views: found 3; input should be 1 or 2"),
    ],
)
def test_what_is_wrong_is_answered_in_one_line(content: dict[str, object], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected) as caught:
        parse(Train, content, "train.")
    assert "\n" not in str(caught.value)


def test_recipes_need_nothing_but_python() -> None:
    recipes = ROOT / "components" / "kinds" / "image" / "params" / "recipes.py"
    done = subprocess.run([sys.executable, "-I", "-S", recipes], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
