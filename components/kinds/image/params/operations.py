"""How much work the network is, counted from its shape: to tell beforehand how long a training takes."""

_KERNEL = 9  # pixels that a convolution sees


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
