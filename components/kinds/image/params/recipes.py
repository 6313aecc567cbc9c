"""Settings that go together, chosen on validation pictures of Fashion-MNIST: a user picks one by its name.

quick     a first answer within a few minutes of one processor core, with bf16 or without, and the cheapest to serve
standard  ten minutes: it looks at pictures in full size, and twice
best      an hour and a half: the same, wider and longer, under a million parameters
transfer  a network that has learned from a million photographs; its last layers learn on: for few pictures in colour

`auto` is `transfer` for few pictures in colour, and `quick` for all others (`chosen_recipe`). Each recipe says every
key of a picture workload's section `train` but those of the machine and the seed, and of the other sort of network:
`SHAPE` means nothing to `transfer`, and `PRETRAINED` nothing to the others. `epochs` and `batch_size` are those of
large data: few pictures are seen more often, in smaller batches (`Train.fitted`).
"""

from collections.abc import Mapping
from typing import Any

AUTO = "auto"

SHAPE = ("width", "depth", "fine")
PRETRAINED = ("backbone", "tune")

RECIPES: dict[str, dict[str, Any]] = {
    "quick": {
        "epochs": 7,
        "batch_size": 256,
        "least_steps": 600,
        "width": 16,
        "depth": 2,
        "fine": False,
        "learning_rate": 0.04,
        "momentum": 0.9,
        "weight_decay": 0.02,
        "label_smoothing": 0.1,
        "flip": True,
        "shift": 1,
        "erase": 0.0,
        "vary": "auto",
        "views": 1,
    },
    "standard": {
        "epochs": 14,
        "batch_size": 256,
        "least_steps": 900,
        "width": 24,
        "depth": 3,
        "fine": True,
        "learning_rate": 0.04,
        "momentum": 0.9,
        "weight_decay": 0.02,
        "label_smoothing": 0.1,
        "flip": True,
        "shift": 1,
        "erase": 0.5,
        "vary": "auto",
        "views": 2,
    },
    "best": {
        "epochs": 60,
        "batch_size": 256,
        "least_steps": 1800,
        "width": 44,
        "depth": 3,
        "fine": True,
        "learning_rate": 0.04,
        "momentum": 0.9,
        "weight_decay": 0.02,
        "label_smoothing": 0.1,
        "flip": True,
        "shift": 2,
        "erase": 0.5,
        "vary": "auto",
        "views": 2,
    },
    "transfer": {
        "backbone": "efficientnet-lite0",
        "tune": "last",
        "epochs": 10,
        "batch_size": 64,
        "least_steps": 150,
        "learning_rate": 0.0005,
        "momentum": 0.9,
        "weight_decay": 0.02,
        "label_smoothing": 0.1,
        "flip": True,
        "shift": 2,
        "erase": 0.0,
        "vary": "auto",
        "views": 1,
    },
}

FEW = 10_000
"""Training pictures up to which `auto` begins with a pretrained network."""
FEW_LABELS = 30
"""Of a class, on average, below which pictures without labels are learned from: of a first trial alone."""
LEAST_SIDE = 32
"""Pixels of a side from which on it does: smaller pictures show it too little."""
OWN = ("width", "depth", "fine", "learning_rate", "momentum", "weight_decay")
"""Keys that are numbers of a network with fresh weights where no recipe is written with them."""


def written_recipe(given: Mapping[str, Any]) -> str:
    """Return the recipe that a section `train` asks for, of `RECIPES`, or `auto`.

    Keys that mean something to one sort of network alone say which it is.
    """
    recipe = str(given.get("recipe", AUTO))
    if recipe != AUTO:
        return recipe
    if any(given.get(key) is not None for key in PRETRAINED):
        return "transfer"
    return "quick" if any(key in given for key in OWN) else AUTO


def chosen_recipe(examples: int, input: Mapping[str, Any], supervised: bool) -> tuple[str, str]:
    """Return the recipe that `auto` is for so many training pictures, and why.

    `input` is the description of one picture that `prepare` wrote.
    """
    if not supervised:
        return "quick", "nothing is learned from labels"
    if input["channels"] == 1:
        return "quick", "the pictures are grey"
    if input["height"] < LEAST_SIDE:
        return "quick", f"pictures of {input['height']} pixels a side are small, under {LEAST_SIDE}"
    if examples > FEW:
        return "quick", f"{examples:,} training pictures are many, over {FEW:,}"
    return "transfer", f"{examples:,} training pictures in colour are few, up to {FEW:,}"


FRESH = tuple(name for name, recipe in RECIPES.items() if "backbone" not in recipe)
"""Recipes that begin with fresh weights."""
