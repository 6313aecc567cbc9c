"""Pictures of every form of every format that all endpoints take."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIZES = ((28, 28), (57, 40), (17, 120), (300, 200))
ORIENTATION = 0x0112


def torture() -> dict[str, bytes]:
    """Return the files by name."""
    random = np.random.default_rng(0)
    made: dict[str, bytes] = {}
    for wide, tall in SIZES:
        pixels = _waves(wide, tall, random)
        some = {**_jpegs(pixels), **_pngs(pixels, random), **_others(pixels)}
        made |= {f"{name} {wide}x{tall}": content for name, content in some.items()}
    colour = Image.fromarray(_waves(90, 60, random))
    for orientation in range(1, 9):
        turned = Image.Exif()
        turned[ORIENTATION] = orientation
        made |= {f"{name} turned {orientation}": _file(colour, name, exif=turned) for name in ("JPEG", "PNG")}
        made[f"lossy webp turned {orientation}"] = _file(colour, "WEBP", exif=turned)
    noise = Image.fromarray(random.integers(0, 256, (100, 120, 3)).astype(np.uint8))
    made["noise"] = _file(noise, "JPEG", quality=100, subsampling=2)
    made["worst"] = _file(colour, "JPEG", quality=3)
    made["restart markers"] = _file(colour, "JPEG", restart_marker_blocks=3)
    return made


def _waves(wide: int, tall: int, random: np.random.Generator) -> NDArray[np.uint8]:
    y, x = np.mgrid[0:tall, 0:wide]
    waves = np.stack([128 + 90 * np.sin(x / (7 + 3 * k) + y / (11 - k)) for k in range(3)], -1)
    return (waves + random.normal(0, 12, waves.shape)).clip(0, 255).astype(np.uint8)


def _jpegs(pixels: NDArray[np.uint8]) -> dict[str, bytes]:
    colour = Image.fromarray(pixels)
    made = {
        f"jpeg {subsampling} {progressive}": _file(
            colour, "JPEG", quality=80, subsampling=subsampling, progressive=progressive
        )
        for subsampling in (0, 1, 2)
        for progressive in (False, True)
    }
    return {**made, "jpeg grey": _file(Image.fromarray(pixels[..., 0]), "JPEG", quality=50)}


def _pngs(pixels: NDArray[np.uint8], random: np.random.Generator) -> dict[str, bytes]:
    colour, grey = Image.fromarray(pixels), Image.fromarray(pixels[..., 0])
    clear, palette = Image.fromarray(np.dstack([pixels, pixels[..., 1]])), colour.quantize(17)
    deep = random.integers(0, 65536, pixels.shape[:2]).astype(np.uint16)
    return {
        "png": _file(colour, "PNG"),
        "png grey": _file(grey, "PNG"),
        "png clear": _file(clear, "PNG"),
        "png grey and clear": _file(clear.convert("LA"), "PNG"),
        "png palette": _file(palette, "PNG"),
        "png palette and clear": _file(palette, "PNG", transparency=3),
        "png bits": _file(grey.convert("1"), "PNG"),
        "png one grey clear": _file(grey, "PNG", transparency=100),
        "png one colour clear": _file(Image.fromarray(pixels // 64 * 64), "PNG", transparency=(64, 128, 64)),
        "png of 16 bits": _file(Image.fromarray(deep), "PNG"),
    }


def _others(pixels: NDArray[np.uint8]) -> dict[str, bytes]:
    colour, grey = Image.fromarray(pixels), Image.fromarray(pixels[..., 0])
    clear = Image.fromarray(np.dstack([pixels, pixels[..., 1]]))
    return {
        "bmp": _file(colour, "BMP"),
        "bmp grey": _file(grey, "BMP"),
        "bmp palette": _file(colour.quantize(17), "BMP"),
        "bmp bits": _file(grey.convert("1"), "BMP"),
        "lossy webp": _file(colour, "WEBP", quality=70),
        "lossless webp, clear": _file(clear, "WEBP", lossless=True, exact=True),
    }


def _file(picture: Image.Image, format: str, **how: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format=format, **how)
    return buffer.getvalue()
