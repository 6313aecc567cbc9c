"""Which of a workload's bundles is served: float32, or float16 or int8 where that is asked for and good enough."""

from collections.abc import Mapping

from components.kinds.formatting import number
from components.training.served import Precision, Served

_NO_LAYER: dict[Precision, str] = {"float16": "can compute in it", "int8": "gains by it"}
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
        margin: how much of the metric the other precision may lose.
        metric: the name of the deciding metric.
        values: what each bundle reached on the test split.
        gains: whether there is a layer in the other precision, of what is asked for, else int8, at all.
        lower_is_better: whether the metric is a loss or a cost.
    """
    other: Precision = "int8" if wanted == "float32" else wanted
    found = f"{metric} {number(values[other])} against {number(values['float32'])} in float32"
    if wanted == "float32":
        return Served(precision="float32", reason=f"asked for; {other} has {found}" if gains else "asked for")
    if not gains:
        return Served(precision="float32", reason=f"{other} is asked for, but no layer {_NO_LAYER[other]}")
    lost = (values[other] - values["float32"]) * (1.0 if lower_is_better else -1.0)
    if lost <= margin + _ROUNDING * margin:  # what is not a number is not
        return Served(precision=other, reason=f"asked for, and good enough: {found}")
    reason = f"{other} is asked for, but loses more than {number(margin)}: {found}"
    return Served(precision="float32", reason=reason)
