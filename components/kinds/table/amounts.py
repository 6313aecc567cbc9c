"""What a record costs where it is missed: light, for the learner and for the evaluation."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from components.kinds.prepared import PreparedData, Split
    from components.kinds.table.codec.input import Input


def costs(data: "PreparedData[Input]", split: "Split") -> NDArray[np.float64] | None:
    """Return the amounts of the records `[N]`: to miss one that is positive costs its amount; None: there are none."""
    return None if data.input["amount_feature"] is None else np.asarray(data.array(split, "amounts"))
