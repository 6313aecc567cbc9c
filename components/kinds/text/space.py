"""What a search may vary of a training on texts."""

from components.kinds.space import Choice, Interval, Space, by_scale
from components.kinds.text.params import Train

_RATES = 10.0  # times less, and more, than the learning rate of the section
_WIDTHS = (32, 64, 96, 128)


def space(config: Train, supervised: bool) -> Space:
    """Return what may be varied of the network."""
    return {
        "learning_rate": Interval(config.learning_rate / _RATES, config.learning_rate * _RATES, log=True),
        "weight_decay": by_scale(1e-4, 0.1, config.weight_decay),
        "width": Choice(tuple(sorted({*_WIDTHS, config.width}))),
        "dropout": Interval(0.0, max(0.8, config.dropout)),
        "label_smoothing": Interval(0.0, max(0.2, config.label_smoothing)),
    }
