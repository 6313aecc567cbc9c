"""How much work the network is, counted from its shape: to tell beforehand how long a training takes."""

from itertools import pairwise

from components.config.backbone import ConvNeXt, EfficientNetLite, Stage, read_backbone

_KERNEL = 9  # pixels that a convolution sees
_STEM = 4  # pixels of a side that ConvNeXt's first layer makes one place of


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
    """Return about how many weights a backbone has: those of its kernels."""
    match network := read_backbone(name).network:
        case EfficientNetLite():
            return _efficientnet_weights(network)
        case ConvNeXt():
            return _convnext_weights(network)


def backbone_operations(name: str, size: int) -> list[float]:
    """Return about how many multiplications and additions each part of a backbone takes of a picture of that size."""
    described = read_backbone(name)
    pixels = float(described.side(size) ** 2)
    match network := described.network:
        case EfficientNetLite():
            return _efficientnet_operations(network, pixels)
        case ConvNeXt():
            return _convnext_operations(network, pixels)


def learning_operations(name: str, size: int) -> list[float]:
    """Return those, as many more as its layers take longer to learn than their operations elsewhere."""
    slower = read_backbone(name).network.SLOWER
    return [slower * operations for operations in backbone_operations(name, size)]


def backbone_cut(name: str, tune: str) -> int:
    """Return how many of a backbone's parts stay as they are."""
    network = read_backbone(name).network
    parts = len(network.stages) + 2
    return {"head": parts, "last": parts - network.LAST, "all": 0}[tune]


def _efficientnet_weights(network: EfficientNetLite) -> float:
    total, before = _KERNEL * 3 * network.stem, network.stem
    for stage in network.stages:
        for _ in range(stage.repeats):
            inside = before * stage.expand
            total += before * inside * (stage.expand > 1) + inside * (stage.kernel**2 + stage.width)
            before = stage.width
    return float(total + before * network.head)


def _efficientnet_operations(network: EfficientNetLite, pixels: float) -> list[float]:
    """Return those of each part: the first layer, the stages, and the last convolution."""
    pixels /= 4
    parts, before = [2 * _KERNEL * 3 * network.stem * pixels], network.stem
    for stage in network.stages:
        parts.append(_efficientnet_stage(before, stage, pixels))
        before, pixels = stage.width, pixels / stage.stride**2
    return [*parts, 2 * before * network.head * pixels]


def _efficientnet_stage(before: int, stage: Stage, pixels: float) -> float:
    """Return the operations of a stage that is given maps of so many pixels and `before` channels."""
    total = 0.0
    for index in range(stage.repeats):
        inside, after = before * stage.expand, pixels if index else pixels / stage.stride**2
        total += 2 * (before * inside * pixels * (stage.expand > 1) + inside * (stage.kernel**2 + stage.width) * after)
        before, pixels = stage.width, after
    return total


def _convnext_weights(network: ConvNeXt) -> float:
    stem, *halvings = _convnext_reductions(network)
    blocks = [stage.repeats * _convnext_block(stage.width) for stage in network.stages]
    return float(stem + sum(halvings) + sum(blocks))


def _convnext_operations(network: ConvNeXt, pixels: float) -> list[float]:
    """Return those of each part: the first layer, the stages, and the last norm, which counts for nothing."""
    stem, *halvings = _convnext_reductions(network)
    pixels /= _STEM**2
    parts = [2 * stem * pixels]
    for index, (stage, halving) in enumerate(zip(network.stages, (0, *halvings), strict=True)):
        parts.append(2 * (halving + stage.repeats * _convnext_block(stage.width)) * pixels / 4**index)
    return [*parts, 0.0]


def _convnext_reductions(network: ConvNeXt) -> list[int]:
    """Return the weights of the layers that make maps smaller: the first one, and one before each later stage."""
    widths = [stage.width for stage in network.stages]
    return [3 * _STEM**2 * widths[0], *(4 * before * after for before, after in pairwise(widths))]


def _convnext_block(width: int) -> int:
    """Return the weights of a depthwise convolution of 7 x 7, and of two layers, four times as wide between them."""
    return width * (49 + 2 * 4 * width)
