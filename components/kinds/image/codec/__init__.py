"""Pictures as callers send them <-> the arrays that the model takes. The same code prepares data and serves."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from pydantic import BaseModel, Field

from components.config.errors import BadRequest

FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
MAX_PIXELS = 50_000_000  # about a 50-megapixel camera; what is larger is refused before it is decoded

_SMALL = 8192  # bytes of a file

_AT_MOST = f"at most {MAX_PIXELS:,} are taken"
_READABLE = "PNG, JPEG, WebP or BMP"


class Request(BaseModel):
    """What `POST /predict` takes: one upload."""

    picture: bytes = Field(description=f"A picture, {_READABLE}, grey or colour, any size.")


class Answer(BaseModel):
    """What `POST /predict` answers."""

    label: str = Field(description="The most probable class.")
    probability: float = Field(description="Its probability, 0 to 1.")
    probabilities: dict[str, float] = Field(description="Every class with its probability; they add up to 1.")
    model_version: str = Field(description="The registered version that gave this answer.")


class Reader:
    """Rows -> examples. Nothing is remembered from one picture to the next."""

    def __init__(self, workload: str, input: Mapping[str, Any], files: Path, memory: str | None) -> None:
        self._input = input

    def quick(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Whether it is one picture of few bytes and pixels."""
        return len(rows) == 1 and _small(rows[0]["picture"])

    def read(self, rows: Sequence[Mapping[str, Any]]) -> NDArray[np.uint8]:
        """Return the pictures of `rows` as `[N, height, width, channels]`.

        Raises:
            BadRequest: a row that `decode` does not take.
        """
        return np.stack([decode(row, self._input) for row in rows])

    def learn(self, labels: Sequence[Mapping[str, Any]]) -> int:
        """Return 0: no picture is remembered."""
        return 0

    def close(self) -> None:
        """Nothing is held open."""


Explained = explain = None  # pictures are not explained


def labelled(input: Mapping[str, Any]) -> None:
    """Nothing is remembered of a picture, so nothing is to be told of it later."""


def request(input: Mapping[str, Any]) -> type[Request]:
    """Return what `POST /predict` takes."""
    return Request


def fields(input: Mapping[str, Any]) -> dict[str, tuple[str, bool]]:
    """Return the fields of a row: MLflow's types of them, and whether they may not be missing."""
    return {"picture": ("binary", True)}


def rows(request: Request) -> list[dict[str, Any]]:
    """Return the request as rows, as `decode` takes them: one."""
    return [{"picture": request.picture}]


def decode(row: Mapping[str, Any], input: Mapping[str, Any]) -> NDArray[np.uint8]:
    """Return the row's picture as `[height, width, channels]`, 0 to 255.

    Turned upright by its EXIF orientation, cropped about its centre to the aspect ratio that `input` asks for,
    and resampled to its size.

    Args:
        row: `{"picture": the bytes of a PNG, JPEG, WebP or BMP file}`.
        input: `height`, `width` and `channels` (1 grey, 3 colour) that the model takes.

    Raises:
        BadRequest: the bytes are no readable picture, or one of too many pixels.
    """
    data = row["picture"]
    if not data:
        raise BadRequest("the picture is empty (0 bytes)")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise BadRequest(f"the picture has {picture.width} x {picture.height} pixels, {_AT_MOST}")
            return _array(picture, input)
    except UnidentifiedImageError as error:
        raise BadRequest(f"not a {_READABLE} picture") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadRequest(f"the picture has too many pixels, {_AT_MOST}") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise BadRequest(f"the picture is damaged: {error}") from error


def encode(example: NDArray[np.uint8]) -> dict[str, Any]:
    """Return `[height, width, channels]` as a row that decodes to the same array (PNG is lossless)."""
    buffer = io.BytesIO()
    picture = Image.fromarray(example[..., 0] if example.shape[-1] == 1 else example)
    picture.save(buffer, format="PNG", compress_level=1)
    return {"picture": buffer.getvalue()}


def decide(probabilities: NDArray[np.float32], decision: Mapping[str, float]) -> NDArray[np.int64]:
    """Return the class that each of `[N, classes]` is taken for: the most probable."""
    best: NDArray[np.int64] = probabilities.argmax(axis=1)
    return best


def answers(
    probabilities: NDArray[np.float32], classes: Sequence[str], decision: Mapping[str, float], version: str
) -> list[Answer]:
    """Return the answers to `[N, classes]`."""
    return [
        Answer(
            label=classes[best],
            probability=float(row[best]),
            probabilities=dict(zip(classes, map(float, row), strict=True)),
            model_version=version,
        )
        for row, best in zip(probabilities, decide(probabilities, decision), strict=True)
    ]


def _small(data: bytes) -> bool:
    """Whether the file is at most 8 KiB, and holds no more than some 10,000 pixels, as far as its head tells.

    A few bytes of PNG, WebP or BMP may stand for many pixels, of JPEG for a hundred pixels each at most.
    """
    if len(data) > _SMALL:
        return False
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return int.from_bytes(data[16:20]) * int.from_bytes(data[20:24]) <= 2 * _SMALL
    return data[:2] == b"\xff\xd8" or (data[:4] != b"RIFF" and data[:2] != b"BM")


def _array(picture: Image.Image, input: Mapping[str, Any]) -> NDArray[np.uint8]:
    mode, size = ("L" if input["channels"] == 1 else "RGB"), (input["width"], input["height"])
    upright = ImageOps.exif_transpose(picture)
    if upright.mode.startswith("I"):  # 16 bits a pixel; convert() would clip them
        upright = Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
    coloured = upright if upright.mode == mode else upright.convert(mode)
    fitted = coloured if coloured.size == size else ImageOps.fit(coloured, size, Image.Resampling.BILINEAR)
    return np.asarray(fitted).reshape(input["height"], input["width"], input["channels"])
