"""How many steps a training takes, of how many examples: rules that fit them to the size of the data."""

from math import ceil

_SMALLEST = 16
"""Examples of a batch, at least: fewer tell a batch norm too little."""
_PRIOR = 4_000
"""Examples against which a weight decay of 1 counts."""
_MOST_DECAY = 0.04
"""Part of a weight that a step takes away, at most."""
_PARTS = 8
"""Batches that a training split is parted into, at least, where it has examples enough."""


def fitting_batch_size(examples: int, most: int) -> int:
    """Return the largest power of two of which `examples` hold eight, at least 16 and at most `most`."""
    largest = max(_SMALLEST, 1 << (max(examples // _PARTS, 1).bit_length() - 1))
    return min(largest, most)


def fitting_epochs(steps_an_epoch: int, least_steps: int, least: int) -> int:
    """Return the epochs that make at least `least_steps` steps, and at least `least`."""
    return max(least, ceil(least_steps / max(steps_an_epoch, 1)))


def fitting_weight_decay(examples: int, learning_rate: float, least: float) -> float:
    """Return the weight decay of AdamW, at least `least`, that is larger the fewer examples there are.

    It is a prior on the weights, which has more to say against fewer examples.

    Args:
        examples: of the training split.
        learning_rate: at its peak; a step takes the product of both from a weight.
        least: what large data takes.
    """
    return max(least, float(f"{min(_PRIOR / max(examples, 1), _MOST_DECAY / learning_rate):.3g}"))
