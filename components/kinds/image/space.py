"""What a search may vary of a training on pictures, around the recipe."""

from components.kinds.image.params import Train
from components.kinds.space import Choice, Interval, Space, by_scale

_SHARES = (0.5, 0.75, 1.0, 1.5, 2.0)  # of the width that the recipe has
_RATES = 5.0  # times less, and more, than the recipe's learning rate


def space(config: Train, supervised: bool) -> Space:
    """Return what may be varied: the network, how fast it learns, and how pictures are changed while it does.

    What is true of the pictures is not varied: whether a mirror image (`flip`) is one. Nor is how long it learns.
    """
    if not supervised:
        return {}  # measured, not learned by steps
    learned: Space = {
        "learning_rate": Interval(config.learning_rate / _RATES, config.learning_rate * _RATES, log=True),
        "weight_decay": by_scale(1e-3, 0.3, config.weight_decay),
        "label_smoothing": Interval(0.0, max(0.2, config.label_smoothing)),
    }
    if config.backbone:
        return {**learned, "tune": Choice(tuple(sorted({"head", "last", config.tune or "last"})))}
    assert config.width
    assert config.depth
    return {
        **learned,
        "width": Choice(tuple(sorted({max(4, round(share * config.width)) for share in _SHARES}))),
        "depth": Interval(1, max(4, config.depth), whole=True),
        "shift": Interval(0, max(3, config.shift), whole=True),
        "erase": Interval(0.0, max(0.6, config.erase)),
    }
