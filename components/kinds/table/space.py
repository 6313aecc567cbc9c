"""What a search may vary of a training on a table."""

from components.kinds.space import Choice, Interval, Space, by_scale
from components.kinds.table.params import Train

_RATES = 10.0  # times less, and more, than the learning rate of the section
_WIDTHS, _CODES = (32, 64, 128, 256, 512), (2, 4, 8, 16)
_LAYERS, _DROPPED = 4, 0.5


def space(config: Train, supervised: bool) -> Space:
    """Return what may be varied of the network; trees have nothing."""
    if config.model == "trees":
        return {}
    autoencodes = config.autoencoder or config.labels == "none" or not supervised
    found: Space = {
        "learning_rate": Interval(config.learning_rate / _RATES, config.learning_rate * _RATES, log=True),
        "weight_decay": by_scale(1e-3, 1.0, config.weight_decay),
        "width": Choice(tuple(sorted({*_WIDTHS, config.width}))),
        "layers": Interval(1, max(_LAYERS, config.layers), whole=True),
        "dropout": Interval(0.0, max(_DROPPED, config.dropout)),
    }
    return {**found, "code": Choice(tuple(sorted({*_CODES, config.code})))} if autoencodes else found
