"""Ask a live endpoint about held-out examples and hold its answers against the bundle it should be serving."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from components.config.errors import EndpointError
from components.inference.bundle import Bundle
from components.inference.endpoint import running_endpoint
from components.kinds import catalogue
from components.kinds.prepared import PreparedData

_TOLERANCE = 1e-5  # of a probability, which crosses as JSON


@dataclass(frozen=True)
class Asked:
    """One held-out example and what the endpoint said of it."""

    place: int
    """Row of the test split."""
    actual: str
    answered: str
    probability: float
    milliseconds: float


def check_endpoint(bento: str, bundle: Path, version: str, data: PreparedData, count: int = 10) -> list[Asked]:
    """Serve the Bento, ask it about `count` examples spread over the test split, and end it.

    Raises:
        EndpointError: it does not answer, answers for another version, or otherwise than the bundle does.
    """
    reference, codec = Bundle(bundle), catalogue.codec(data.kind)
    inputs, labels = data.inputs("test"), data.labels("test")
    asked = []
    with running_endpoint(bento) as endpoint:
        for place in np.linspace(0, len(labels) - 1, num=min(count, len(labels)), dtype=int):
            began = time.perf_counter()
            answer = endpoint.ask(codec.encode(inputs[place]))
            milliseconds = (time.perf_counter() - began) * 1e3
            (expected,) = reference.probabilities(inputs[place][None])
            if answer["model_version"] != version:
                raise EndpointError(f"{bento} answers for version {answer['model_version']}, not {version}")
            if abs(answer["probability"] - float(expected.max())) > _TOLERANCE:
                raise EndpointError(f"{bento} answers otherwise than its bundle: {answer} against {expected.tolist()}")
            actual = data.classes[labels[place]]
            asked.append(Asked(int(place), actual, answer["label"], answer["probability"], milliseconds))
    return asked
