"""Signals as callers send them <-> arrays: a number for each sample, by its column."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, FiniteFloat, create_model

from components.config.errors import BadRequest
from components.kinds.plain import PlainReader
from components.kinds.plain import entities as entities
from components.kinds.plain import key as key
from components.kinds.plain import labelled as labelled
from components.kinds.plain import remembers as remembers

Effect = explain = None
WARNS = False


class Reader(PlainReader):
    """Rows -> float32 `[N, length]`."""

    def __init__(self, workload: str, input: Any, serve: Mapping[str, Any], files: Path, memory: str | None) -> None:
        self._samples = input["samples"]

    def read(self, rows: Sequence[Mapping[str, Any]]) -> NDArray[Any]:
        """Return the signals.

        Raises:
            BadRequest: a sample is missing, or no number.
        """
        try:
            found = np.array([[row[name] for name in self._samples] for row in rows], dtype=np.float32)
        except (KeyError, TypeError, ValueError) as error:
            raise BadRequest(f"a sample is missing or no number: {error}") from error
        if not np.isfinite(found).all():
            raise BadRequest("a sample is not finite")
        return found


def request(input: Any) -> type[BaseModel]:
    """Return what `POST /predict` takes: the samples by their columns."""
    samples: dict[str, Any] = dict.fromkeys(input["samples"], (FiniteFloat, ...))
    return create_model("Request", __config__=ConfigDict(extra="forbid"), **samples)


def fields(input: Any) -> dict[str, tuple[str, bool]]:
    """Return MLflow's type of each sample, and that it may not be missing."""
    return dict.fromkeys(input["samples"], ("double", True))


def rows(request: BaseModel) -> list[dict[str, Any]]:
    """Return the request as rows: one."""
    return [request.model_dump()]


def described(examples: NDArray[Any], input: Any) -> dict[str, NDArray[Any]]:
    """Return what signals `[N, length]` look like, `[N]` each: their mean, and how much they swing."""
    return {"mean": examples.mean(axis=1), "swing": examples.std(axis=1)}
