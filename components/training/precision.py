"""Which of a workload's two bundles is served: float32, or int8 where that is asked for and good enough."""

from collections.abc import Mapping

from components.kinds.formatting import number
from components.training.served import Precision, Served

_ROUNDING = 1e-9  # part of the margin: a difference of two numbers is not exact


def choose(
    wanted: Precision,
    margin: float,
    metric: str,
    values: Mapping[Precision, float],
    gains: bool,
    lower_is_better: bool = False,
) -> Served:
    """Return which bundle is served, and why.

    Args:
        wanted: the precision that `params.yaml` asks for.
        margin: how much of the metric int8 may lose.
        metric: the name of the deciding metric.
        values: what each bundle reached on the test split.
        gains: whether there is a layer in int8 at all.
        lower_is_better: whether the metric is a loss or a cost.
    """
    found = f"{metric} {number(values['int8'])} against {number(values['float32'])} in float32"
    if wanted == "float32":
        return Served(precision="float32", reason=f"asked for; int8 has {found}" if gains else "asked for")
    if not gains:
        return Served(precision="float32", reason="int8 is asked for, but no layer gains by it")
    lost = (values["int8"] - values["float32"]) * (1.0 if lower_is_better else -1.0)
    if lost <= margin + _ROUNDING * margin:  # what is not a number is not
        return Served(precision="int8", reason=f"asked for, and good enough: {found}")
    reason = f"int8 is asked for, but loses more than {number(margin)}: {found}"
    return Served(precision="float32", reason=reason)
