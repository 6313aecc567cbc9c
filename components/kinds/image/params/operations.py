"""How much work the network is, counted from its shape: to tell beforehand how long a training takes."""

from components.config.backbone import Stage, read_backbone

_KERNEL = 9  # pixels that a convolution sees
SLOWER = 3.0
"""Times as long as its operations a backbone takes to learn; measured with EfficientNet-Lite0."""


def operations(size: tuple[int, int, int], width: int, depth: int, fine: bool) -> float:
    """Return about how many multiplications and additions a picture of this height, width and channels takes.

    A stage's first convolution sees the picture before it is halved; the others do where `fine`.
    """
    height, wide, channels = size
    pixels, before, total = float(height * wide), 8 * channels, 0.0
    for stage in range(3):
        after, halved = width << stage, pixels / 4
        others = pixels if fine else halved
        total += 2 * _KERNEL * after * (before * pixels + after * (depth - 1) * others)
        before, pixels = after, halved
    return total


def weights(width: int, depth: int) -> float:
    """Return about how many weights a network with fresh ones has: those of its kernels."""
    stages = [(width << stage >> 1 if stage else 24, width << stage) for stage in range(3)]
    return float(sum(_KERNEL * after * (before + after * (depth - 1)) for before, after in stages))


def backbone_weights(name: str) -> float:
    """Return about how many weights a backbone has."""
    network = read_backbone(name).network
    total, before = _KERNEL * 3 * network.stem, network.stem
    for stage in network.stages:
        for _ in range(stage.repeats):
            inside = before * stage.expand
            total += before * inside * (stage.expand > 1) + inside * (stage.kernel**2 + stage.width)
            before = stage.width
    return float(total + before * network.head)


def backbone_operations(name: str, size: int) -> list[float]:
    """Return about how many multiplications and additions each part of a backbone takes of a picture of that size.

    The parts are the first layer, the stages, and the last convolution. Layers that see one channel at a time take as
    long as several times as many operations elsewhere, so that all count as more.
    """
    described = read_backbone(name)
    pixels = (described.side(size) / 2) ** 2
    parts, before = [SLOWER * 2 * _KERNEL * 3 * described.network.stem * pixels], described.network.stem
    for stage in described.network.stages:
        parts.append(SLOWER * _stage(before, stage, pixels))
        before, pixels = stage.width, pixels / stage.stride**2
    return [*parts, SLOWER * 2 * before * described.network.head * pixels]


def _stage(before: int, stage: Stage, pixels: float) -> float:
    """Return the operations of a stage that is given maps of so many pixels and `before` channels."""
    total = 0.0
    for index in range(stage.repeats):
        inside, after = before * stage.expand, pixels if index else pixels / stage.stride**2
        total += 2 * (before * inside * pixels * (stage.expand > 1) + inside * (stage.kernel**2 + stage.width) * after)
        before, pixels = stage.width, after
    return total
