"""What an export finds of unfamiliar examples: the graph's output, and from where on an example is flagged."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from components.inference.device import open_session
from components.inference.unfamiliar import UNFAMILIAR, UnfamiliarTest
from components.kinds.prepared import PreparedData
from components.kinds.unfamiliar import TellsUnfamiliar

if TYPE_CHECKING:
    from torch import nn

    from components.tasks.codec import TaskCodec

_MOST = 5_000  # validation examples, evenly spread: a rate of 1 % is then kept to 0.14 points (standard deviation)
_BATCH = 100

logger = logging.getLogger(__name__)


def tell_unfamiliar(serving: "nn.Module", data: PreparedData, codec: "TaskCodec", rate: float) -> bool:
    """Have what is exported tell how unlike training an example is, if it can; return whether it does.

    Nobody is told where the rate is 0, where the task's answers have no place for it, or where there is no validation
    split by which to say from where on an example is unfamiliar, which is logged.
    """
    if not rate or UNFAMILIAR not in codec.Answer.model_fields or not isinstance(serving, TellsUnfamiliar):
        return False
    if not data.counts["validation"]:
        logger.warning("nothing is flagged as unfamiliar: there are no validation examples to find the threshold by")
        return False
    serving.measure_unfamiliarity(data)
    return True


def unfamiliar_test(model: Path, data: PreparedData, rate: float) -> UnfamiliarTest:
    """Return the test at the stated rate, by what the graph at `model` says of the validation split."""
    session, inputs = open_session(model), data.inputs("validation")
    some = inputs[:: -(-len(inputs) // _MOST)]
    batches = (np.array(some[start : start + _BATCH]) for start in range(0, len(some), _BATCH))
    name = session.get_inputs()[0].name
    scores = np.concatenate([session.run([UNFAMILIAR], {name: batch})[0] for batch in batches])
    return UnfamiliarTest.calibrated(scores, rate)


def say_rate(test: UnfamiliarTest, asked: float) -> None:
    """Say in one line at which rate familiar examples are flagged, and why it is not the one asked for."""
    if test.rate > asked:
        logger.warning(
            "unfamiliar: %s validation examples cannot promise a false-alarm rate of %.3g, only of %.3g",
            f"{test.examples:,}", asked, test.rate,
        )  # fmt: skip
    else:
        logger.info(
            "unfamiliar: flagged above %.4g, of familiar examples at most %.3g, by %s of the validation split",
            test.threshold, test.rate, f"{test.examples:,}",
        )  # fmt: skip
