import subprocess
import sys
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
    assert tuple(RECIPES) == get_args(Train.model_fields["recipe"].annotation)
    for name, recipe in RECIPES.items():
        assert parse(Train, {"recipe": name}, "").model_dump().items() >= {"recipe": name, **recipe}.items()


def test_who_says_nothing_gets_the_quick_one() -> None:
    assert parse(Train, {}, "") == parse(Train, {"recipe": "quick"}, "")


def test_what_the_user_says_wins() -> None:
    train = parse(Train, {"recipe": "best", "epochs": 1, "width": 8}, "")
    assert (train.epochs, train.width, train.depth) == (1, 8, RECIPES["best"]["depth"])


def test_who_does_not_flip_gets_one_view() -> None:
    assert parse(Train, {"recipe": "best", "flip": False}, "").views == 1


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"recipe": "bets"}, r"train\.recipe: found 'bets'; input should be 'quick', 'standard', 'best' or 'transfer'"),
        ({"recipe": ["best"]}, r"train\.recipe: found \['best'\]; input should be 'quick'"),
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
