"""What a search may vary of a training on sounds."""

from components.kinds.audio.params import Train
from components.kinds.space import Choice, Interval, Space, by_scale

_RATES = 5.0  # times less, and more, than the section's learning rate


def space(config: Train, supervised: bool) -> Space:
    """Return what may be varied: the network, how fast it learns, and how recordings are changed while it does.

    Of a pretrained network alone how what is put to it learns.
    """
    learning: dict[str, Choice | Interval] = {
        "learning_rate": Interval(config.learning_rate / _RATES, config.learning_rate * _RATES, log=True),
        "weight_decay": by_scale(1e-3, 0.3, config.weight_decay),
    }
    if config.backbone is not None:
        return learning | {"dropout": Interval(0.0, max(0.5, config.dropout))}
    return learning | {
        "width": Choice(tuple(sorted({16, 24, 32, 48, config.width}))),
        "dropout": Interval(0.0, max(0.5, config.dropout)),
        "speed": Interval(0.0, max(0.5, config.speed)),
        "stretch": Interval(0.0, max(0.5, config.stretch)),
        "mask": Interval(0, max(3, config.mask), whole=True),
    }
