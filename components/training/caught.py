"""What a bundle flags as unfamiliar: of the test split as it is, and corrupted."""

from typing import TYPE_CHECKING, Any

import numpy as np

from components.inference.bundle import Bundle
from components.kinds.evaluation import SEVERITIES
from components.kinds.prepared import PreparedData

if TYPE_CHECKING:
    from components.tasks.evaluation import TaskEvaluation

FALSE_ALARMS = "unfamiliar_false_alarms"
"""The share of the test split that is flagged."""
CAUGHT = "unfamiliar_caught_"
"""With a corruption behind it: the share that is flagged of test examples that are badly corrupted so."""
STRANGERS = "strangers"
"""Stands there for examples that are known to be none of the classes."""
_MOST = 200  # test examples that are corrupted, evenly spread


def caught(bundle: Bundle, data: PreparedData, evaluation: "TaskEvaluation", config: Any) -> dict[str, float]:
    """Return the share that is flagged of strangers, and of test examples that are badly corrupted, by metric.

    Nothing where the bundle cannot tell, or the deciding metric says nothing of corrupted examples.
    """
    if bundle.unfamiliar_test is None:
        return {}
    inputs = data.inputs("test")
    some = np.array(inputs[:: -(-len(inputs) // _MOST)])
    corruptions = evaluation.corruptions(data, config).items()
    flagged = {name: bundle.flags(bundle.scored(corrupt(some, SEVERITIES[-1], 0))) for name, corrupt in corruptions}
    if (strangers := data.strangers()) is not None:
        flagged[STRANGERS] = bundle.flags(bundle.scored(np.array(strangers)))
    return {f"{CAUGHT}{name}": float(flags.mean()) for name, flags in flagged.items() if flags is not None}
