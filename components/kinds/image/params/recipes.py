"""Settings that go together, chosen on validation pictures of Fashion-MNIST: a user picks one by its name.

quick     a first answer within a few minutes of one processor core, with bf16 or without, and the cheapest to serve
standard  ten minutes: it looks at pictures in full size, and twice
best      an hour and a half: the same, wider and longer, under a million parameters

Each says every key of a picture workload's section `train` but those of the machine and the seed. `epochs` and
`batch_size` are those of large data: few pictures are seen more often, in smaller batches (`Train.fitted`).
"""

from typing import Any

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
}
