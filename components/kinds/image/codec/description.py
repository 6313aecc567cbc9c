"""A picture in a few numbers, by which those that come are compared with those that the model was validated on."""

import numpy as np
from numpy.typing import NDArray

from components.kinds.image.codec.input import Input

Float32 = NDArray[np.float32]

_DARK = 32  # of 255
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601
_AT_ONCE = 512  # pictures


def described(examples: NDArray[np.uint8], input: Input) -> dict[str, Float32]:
    """Return what pictures `[N, height, width, channels]` look like, `[N]` each, 0 to 1 but for the sharpness.

    `brightness`: the mean; `contrast`: the standard deviation; `dark`: the share of pixels below 32 of 255;
    `flat`: the share of neighbours in a row that are equal, of which noise and compression leave few;
    `saturation`: the mean distance between the strongest and the weakest colour; `sharpness`: the variance of the
    Laplacian, low where a picture is blurred (Pech-Pacheco and others 2000, "Diatom autofocusing").
    """
    starts = range(0, len(examples), _AT_ONCE)
    parts = [_described(np.asarray(examples[start : start + _AT_ONCE])) for start in starts]
    names = parts[0] if parts else _described(np.zeros((0, 3, 3, input["channels"]), dtype=np.uint8))
    return {name: np.concatenate([part[name] for part in parts] or [names[name]]) for name in names}


def _described(examples: NDArray[np.uint8]) -> dict[str, Float32]:
    colours = examples.astype(np.float32) / 255
    grey = np.matmul(colours, _LUMA, dtype=np.float32) if colours.shape[-1] == 3 else colours[..., 0]
    found: dict[str, Float32] = {
        "brightness": grey.mean(axis=(1, 2)),
        "contrast": grey.std(axis=(1, 2)),
        "dark": (grey < _DARK / 255).mean(axis=(1, 2), dtype=np.float32),
        "flat": (grey[:, :, 1:] == grey[:, :, :-1]).sum(axis=(1, 2), dtype=np.float32) / max(1, grey[0:1, :, 1:].size),
        "sharpness": _laplacian(grey).var(axis=(1, 2)) * 255**2,
    }
    if colours.shape[-1] == 3:
        found["saturation"] = (colours.max(axis=-1) - colours.min(axis=-1)).mean(axis=(1, 2))
    return found


def _laplacian(grey: NDArray[np.floating]) -> Float32:
    """Return the sum of the four neighbours less four times the pixel, of all that have four."""
    if min(grey.shape[1:]) < 3:
        return np.zeros((len(grey), 1, 1), dtype=np.float32)
    inner = grey[:, 1:-1, 1:-1]
    neighbours = grey[:, :-2, 1:-1] + grey[:, 2:, 1:-1] + grey[:, 1:-1, :-2] + grey[:, 1:-1, 2:]
    found: Float32 = neighbours - 4 * inner
    return found
