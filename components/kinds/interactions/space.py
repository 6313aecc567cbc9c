"""What a search may vary of a training on interactions."""

from components.kinds.interactions.params import Train
from components.kinds.space import Choice, Interval, Space, by_scale

_RATES = 10.0  # times less, and more, than the learning rate of the section
_WIDTHS = (16, 32, 48, 64)


def space(config: Train, supervised: bool) -> Space:
    """Return what may be varied of the network; nothing of EASE, which looks for its own numbers."""
    if config.model == "ease":
        return {}
    return {
        "learning_rate": Interval(config.learning_rate / _RATES, config.learning_rate * _RATES, log=True),
        "weight_decay": by_scale(1e-3, 0.5, config.weight_decay),
        "width": Choice(tuple(sorted({*_WIDTHS, config.width}))),
        "dropout": Interval(0.0, max(0.6, config.dropout)),
    }
