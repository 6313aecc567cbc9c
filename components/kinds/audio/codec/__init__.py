"""Recordings as callers send them <-> the samples that the model takes. The same code prepares data and serves."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from components.kinds.audio.codec import sound
from components.kinds.audio.codec.explain import Effect as Effect
from components.kinds.audio.codec.explain import explain as explain
from components.kinds.audio.codec.input import Input
from components.kinds.plain import PlainReader
from components.kinds.plain import entities as entities
from components.kinds.plain import key as key
from components.kinds.plain import labelled as labelled
from components.kinds.plain import remembers as remembers
from components.kinds.upload import Shown, Upload

WARNS = False
_SMALL = 32_768  # bytes of a WAV file, which takes a fraction of a millisecond
_QUIET = 0.001  # of the full scale


class Request(BaseModel):
    """What `POST /predict` takes: one upload."""

    sound: bytes = Field(
        description="A recording: WAV, FLAC or OGG, of any rate, mono or stereo.",
        json_schema_extra={"x-media-types": list(sound.FORMATS.values())},
    )


class Reader(PlainReader):
    """Rows -> samples."""

    def __init__(self, workload: str, input: Input, serve: Mapping[str, Any], files: Path, memory: str | None) -> None:
        self._input, self._most = input, float(serve.get("max_seconds", sound.MAX_SECONDS))

    def is_cheap(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Whether it is one small WAV file."""
        return len(rows) == 1 and len(rows[0]["sound"]) <= _SMALL and rows[0]["sound"].startswith(b"RIFF")

    def read(self, rows: Sequence[Mapping[str, Any]]) -> NDArray[np.int16]:
        """Return the recordings of `rows`, `[N, length]`.

        Raises:
            BadRequest: a row that cannot be read.
        """
        return np.stack([sound.decode(row["sound"], self._input, self._most) for row in rows])


def request(input: Input) -> type[Request]:
    """Return what `POST /predict` takes."""
    return Request


def fields(input: Input) -> dict[str, tuple[str, bool]]:
    """Return MLflow's type of the recording, and that it may not be missing."""
    return {"sound": ("binary", True)}


def rows(request: Request) -> list[dict[str, Any]]:
    """Return the request as rows: one."""
    return [{"sound": request.sound}]


def upload(row: Mapping[str, Any]) -> Upload:
    """Return what the row's file is."""
    return Upload(sound.head(row["sound"]).format, None, None, len(row["sound"]))


def shown(example: NDArray[np.int16], input: Input) -> Shown:
    """Return samples `[length]` as a WAV file, to be heard."""
    return Shown("audio/wav", sound.encode(example, input["rate"]))


def described(examples: NDArray[np.int16], input: Input) -> dict[str, NDArray[Any]]:
    """Return what recordings `[N, length]` sound like, `[N]` each.

    `loudness`: decibels below the full scale; `peak`: 0 to 1; `silence`: the part of the samples below a thousandth;
    `crossings`: times a second that the sign changes, more the higher it sounds.
    """
    samples = np.asarray(examples).astype(np.float32) / 32_768
    crossings = (np.signbit(samples[:, 1:]) != np.signbit(samples[:, :-1])).mean(axis=1)
    return {
        "loudness": 10 * np.log10((samples**2).mean(axis=1) + 1e-10),
        "peak": np.abs(samples).max(axis=1),
        "silence": (np.abs(samples) < _QUIET).mean(axis=1),
        "crossings": crossings * input["rate"],
    }
