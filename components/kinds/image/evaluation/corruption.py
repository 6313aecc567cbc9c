"""What happens to pictures between a lens and a model, in three severities (idea: Hendrycks and Dietterich 2019).

They have five severities for pictures of 224 pixels, and gentler ones for 32 (ImageNet-C, CIFAR-10-C). The constants
here span about what the latter do; lengths are parts of the picture's side, so that they mean the same at any size.

Written out here: the authors' own code is for pictures of one size, one by one, and needs OpenCV and scikit-image.
"""

import io
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from components.kinds.evaluation import Corruption

_BATCH = 1_000_000  # values that are computed at a time
_BRIGHTER = (0.1, 0.2, 0.3)  # of the full scale
_CONTRAST = (0.75, 0.5, 0.3)  # that is left
_NOISE = (0.04, 0.08, 0.12)  # standard deviation, of the full scale
_BLUR = (0.0125, 0.02, 0.03)  # standard deviation, of a side; one of fewer pixels than 32 counts as 32
_SHIFT = (0.04, 0.08, 0.12)  # of a side, one pixel at least
_ANGLE = (5.0, 10.0, 20.0)  # degrees
_QUALITY = (80, 50, 25)  # of the JPEG encoder
_FULL = 255.0
_REACH = 3.0  # standard deviations after which a blur's weights end

Pictures = NDArray[np.uint8]
Float32 = NDArray[np.float32]
_OnBatch = Callable[[Pictures, int, np.random.Generator], "Float32 | Pictures"]


def corrupt(corruption: _OnBatch, pictures: Pictures, severity: int, seed: int) -> Pictures:
    """Return the pictures corrupted; what is drawn for one depends on its index among them."""
    random = np.random.default_rng(seed)
    size = max(1, _BATCH // max(1, pictures[:1].size))
    corrupted = np.empty_like(pictures)
    for start in range(0, len(pictures), size):
        part = corruption(pictures[start : start + size], severity - 1, random)
        corrupted[start : start + size] = np.clip(np.rint(part), 0, _FULL)
    return corrupted


def _brighter(pictures: Pictures, level: int, random: np.random.Generator) -> Float32:
    return pictures + np.float32(_BRIGHTER[level] * _FULL)


def _flatter(pictures: Pictures, level: int, random: np.random.Generator) -> Float32:
    """Bring each picture nearer to its mean."""
    mean = pictures.mean(axis=(1, 2), keepdims=True, dtype=np.float32)
    flat: Float32 = mean + np.float32(_CONTRAST[level]) * (pictures - mean)
    return flat


def _noisy(pictures: Pictures, level: int, random: np.random.Generator) -> Float32:
    noise = random.standard_normal(pictures.shape, dtype=np.float32)
    return pictures + np.float32(_NOISE[level] * _FULL) * noise


def _blurred(pictures: Pictures, level: int, random: np.random.Generator) -> Float32:
    """Weigh each pixel's neighbours by a Gaussian; the edge repeats itself."""
    height, width = pictures.shape[1:3]
    rows, columns = (_gaussian(side, _BLUR[level] * max(32, min(height, width))) for side in (height, width))
    blurred: Float32 = np.einsum("rh,nhwc,sw->nrsc", rows, pictures.astype(np.float32), columns, optimize=True)
    return blurred


def _gaussian(side: int, deviation: float) -> Float32:
    """Return `[side, side]`: the weights of the pixels of a line in each pixel of the blurred one."""
    reach = max(1, round(_REACH * deviation))
    offsets = np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * (offsets / deviation) ** 2)
    weights = np.zeros((side, side))
    neighbours = np.clip(np.arange(side)[:, None] + offsets, 0, side - 1)
    np.add.at(weights, (np.arange(side)[:, None], neighbours), kernel / kernel.sum())
    return weights.astype(np.float32)


def _shifted(pictures: Pictures, level: int, random: np.random.Generator) -> Pictures:
    """Move each in one of the eight directions; the edge repeats itself."""
    step = max(1, round(_SHIFT[level] * min(pictures.shape[1:3])))
    return moved(pictures, *(step * _DIRECTIONS[random.integers(0, len(_DIRECTIONS), len(pictures))]).T)


def moved(pictures: Pictures, down: NDArray[np.int64], right: NDArray[np.int64]) -> Pictures:
    """Return pictures `[n, H, W, C]` moved by so many pixels `[n]`; the edge repeats itself."""
    height, width = pictures.shape[1:3]
    rows = np.clip(np.arange(height) - down[:, None], 0, height - 1)
    columns = np.clip(np.arange(width) - right[:, None], 0, width - 1)
    there: Pictures = pictures[np.arange(len(pictures))[:, None, None], rows[:, :, None], columns[:, None, :]]
    return there


_DIRECTIONS = np.array([(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if down or right])


def _rotated(pictures: Pictures, level: int, random: np.random.Generator) -> Float32:
    """Turn each about its middle, one way or the other; the edge repeats itself."""
    left = random.integers(0, 2, len(pictures)).astype(np.bool_)
    turned = np.empty(pictures.shape, dtype=np.float32)
    for way, chosen in ((1.0, left), (-1.0, ~left)):
        turned[chosen] = _turned(pictures[chosen], way * _ANGLE[level])
    return turned


def _turned(pictures: Pictures, angle: float) -> Float32:
    """Return pictures turned by `angle` degrees, each pixel a weighted mean of the four that it comes from."""
    height, width = pictures.shape[1:3]
    down, right = np.mgrid[:height, :width] - np.array([(height - 1) / 2, (width - 1) / 2])[:, None, None]
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    rows = np.clip((height - 1) / 2 + cosine * down - sine * right, 0, height - 1)
    columns = np.clip((width - 1) / 2 + sine * down + cosine * right, 0, width - 1)
    top, before = rows.astype(np.int64), columns.astype(np.int64)
    below, after = (rows - top)[None, ..., None], (columns - before)[None, ..., None]
    bottom, behind = np.minimum(top + 1, height - 1), np.minimum(before + 1, width - 1)
    upper = (1 - after) * pictures[:, top, before] + after * pictures[:, top, behind]
    lower = (1 - after) * pictures[:, bottom, before] + after * pictures[:, bottom, behind]
    turned: Float32 = ((1 - below) * upper + below * lower).astype(np.float32)
    return turned


def _compressed(pictures: Pictures, level: int, random: np.random.Generator) -> Pictures:
    return np.stack([_jpeg(picture, _QUALITY[level]) for picture in pictures])


def _jpeg(picture: Pictures, quality: int) -> Pictures:
    file = io.BytesIO()
    grey = picture.shape[2] == 1
    Image.fromarray(picture[..., 0] if grey else picture).save(file, format="JPEG", quality=quality)
    with Image.open(file) as again:
        return np.asarray(again).reshape(picture.shape)


_ON_BATCH: Mapping[str, _OnBatch] = {
    "brightness": _brighter,
    "contrast": _flatter,
    "noise": _noisy,
    "blur": _blurred,
    "shift": _shifted,
    "rotation": _rotated,
    "jpeg": _compressed,
}
CORRUPTIONS: Mapping[str, Corruption] = {name: partial(corrupt, corruption) for name, corruption in _ON_BATCH.items()}
"""Of pictures uint8 `[n, H, W, C]`."""
