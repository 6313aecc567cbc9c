"""Pictures as callers send them <-> the arrays that the model takes. The same code prepares data and serves."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, Field, create_model

from components.kinds.image.codec import picture
from components.kinds.image.codec.cost import is_cheap
from components.kinds.image.codec.depth import Deep
from components.kinds.image.codec.description import described as described
from components.kinds.image.codec.file import FORMATS, FURTHER, MAX_PIXELS, DecodeLimits, listed
from components.kinds.image.codec.head import uploaded
from components.kinds.image.codec.input import Input
from components.kinds.plain import PlainReader
from components.kinds.plain import entities as entities
from components.kinds.plain import key as key
from components.kinds.plain import labelled as labelled
from components.kinds.plain import remembers as remembers
from components.kinds.upload import Shown, Upload

ENDPOINT_LIMITS = DecodeLimits()
"""The formats that every endpoint takes, up to the default size."""
TRAINING_LIMITS = DecodeLimits((*FORMATS, *FURTHER))
"""What training takes: every format that can be read. Those it met are in `input`, and its endpoint takes them too."""


def _picture(formats: Sequence[str]) -> Any:
    return Field(
        description=f"A picture: {listed(formats)}, grey or colour, any size.",
        json_schema_extra={"x-media-types": [_MEDIA_TYPES.get(name, f"image/{name.lower()}") for name in formats]},
    )


_MEDIA_TYPES = {"PPM": "image/x-portable-anymap", "JPEG2000": "image/jp2"}


class Request(BaseModel):
    """What `POST /predict` takes: one upload."""

    picture: bytes = _picture(FORMATS)


class Reader(PlainReader):
    """Rows -> pictures."""

    def __init__(self, workload: str, input: Input, serve: Mapping[str, Any], files: Path, memory: str | None) -> None:
        self._input = input
        formats = tuple(serve.get("formats", FORMATS))
        taken = _formats(input) if formats == FORMATS else formats  # a user's own list is kept to
        self._limits = DecodeLimits(taken, serve.get("max_pixels", MAX_PIXELS))

    def is_cheap(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Whether it is one picture of few bytes and pixels."""
        return len(rows) == 1 and is_cheap(rows[0]["picture"])

    def read(self, rows: Sequence[Mapping[str, Any]]) -> NDArray[np.uint8]:
        """Return the pictures of `rows` as `[N, height, width, channels]`.

        Raises:
            BadRequest: a row that `decode` does not take.
        """
        pictures = [decode(row, self._input, self._limits) for row in rows]
        return pictures[0][np.newaxis] if len(pictures) == 1 else np.stack(pictures)


Effect = explain = None  # pictures have no features that could move an answer
HEAT = True
WARNS = False


def request(input: Input) -> type[Request]:
    """Return what `POST /predict` takes."""
    formats = _formats(input)
    return (
        Request if formats == FORMATS else create_model("Request", __base__=Request, picture=(bytes, _picture(formats)))
    )


def _formats(input: Input) -> tuple[str, ...]:
    """Return what an endpoint takes: what all take, and what the training pictures were besides."""
    return (*FORMATS, *(name for name in input.get("formats", ()) if name not in FORMATS))


def fields(input: Input) -> dict[str, tuple[str, bool]]:
    """Return the fields of a row: MLflow's types of them, and whether they may not be missing."""
    return {"picture": ("binary", True)}


def rows(request: Request) -> list[dict[str, Any]]:
    """Return the request as rows, as `decode` takes them: one."""
    return [{"picture": request.picture}]


def upload(row: Mapping[str, Any]) -> Upload:
    """Return what the row's file is."""
    return uploaded(row["picture"])


def shown(example: NDArray[np.uint8], input: Input) -> Shown:
    """Return `[height, width, channels]` as a PNG."""
    return Shown("image/png", encode(example)["picture"])


def decode(row: Mapping[str, Any], input: Input, limits: DecodeLimits = ENDPOINT_LIMITS) -> NDArray[np.uint8]:
    """Return the row's picture as `[height, width, channels]`, 0 to 255.

    Args:
        row: `{"picture": the bytes of the file}`.
        input: `height`, `width` and `channels` (1 grey, 3 colour) that the model takes, the `background` of what is
            transparent, 0 black to 255 white, and the `levels` of black and white where pictures have more than 8 bits.
        limits: what is decoded at all.

    Raises:
        BadRequest: the bytes are no readable picture, or one of too many pixels.
    """
    return picture.decode(row["picture"], input, limits)


def depth(row: Mapping[str, Any], limits: DecodeLimits = ENDPOINT_LIMITS) -> Deep | None:
    """Return the values of the row's picture if it has more than 8 bits a pixel and can be read, else None."""
    return picture.depth(row["picture"], limits)


def encode(example: NDArray[np.uint8]) -> dict[str, Any]:
    """Return `[height, width, channels]` as a row that decodes to the same array (PNG is lossless)."""
    buffer = io.BytesIO()
    Image.fromarray(example[..., 0] if example.shape[-1] == 1 else example).save(buffer, format="PNG", compress_level=1)
    return {"picture": buffer.getvalue()}
