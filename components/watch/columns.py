"""The columns by which drift is measured: what an example looks like, and what was answered to it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components import catalogue
from components.inference.bundle import About

OUTPUT = "output: "
"""What names of columns of outputs begin with."""
ANSWER = f"{OUTPUT}answer"
_MOST_CLASSES = 20  # whose probabilities are columns of their own


def columns(about: About, examples: NDArray[Any], outputs: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
    """Return the columns of N examples, `[N]` each: those of inputs by the names of their kind, then of outputs.

    Args:
        about: the bundle's description.
        examples: `[N, ...]` as the model takes them.
        outputs: `[N, K]`, what it made of them.
    """
    codec = catalogue.codec(about.kind, about.task)
    found: dict[str, NDArray[Any]] = dict(codec.described(examples, about.input))
    return found | _outputs(codec, outputs, about.classes, about.decision)


def _outputs(
    codec: Any, outputs: NDArray[np.float32], classes: Sequence[str], decision: Mapping[str, Any]
) -> dict[str, NDArray[Any]]:
    """Return the class, the numbers of the answer, and the probability of each of a few classes (BBSD: Lipton 2018)."""
    found = {f"{OUTPUT}{name}": values for name, values in codec.numbers(outputs, decision).items()}
    decided = codec.decide(outputs, decision)
    if decided is not None:
        found[ANSWER] = np.array([*classes, ""])[decided] if len(classes) else decided.astype(str)
    if 2 < outputs.shape[1] == len(classes) <= _MOST_CLASSES:
        found |= {f"{OUTPUT}{name}": outputs[:, index] for index, name in enumerate(classes)}
    return found
