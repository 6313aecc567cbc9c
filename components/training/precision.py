"""Which of a workload's two bundles is served: float32, or int8 where that is asked for and good enough."""

from collections.abc import Mapping

from components.training.served import Precision, Served


def choose(wanted: Precision, margin: float, metric: str, values: Mapping[Precision, float], gains: bool) -> Served:
    """Return which bundle is served, and why.

    Args:
        wanted: the precision that `params.yaml` asks for.
        margin: how much of the metric int8 may lose.
        metric: the name of the deciding metric; higher is better.
        values: what each bundle reached on the test split.
        gains: whether there is a layer in int8 at all.
    """
    found = f"{metric} {values['int8']:.4f} against {values['float32']:.4f} in float32"
    if wanted == "float32":
        return Served(precision="float32", reason=f"asked for; int8 has {found}" if gains else "asked for")
    if not gains:
        return Served(precision="float32", reason="int8 is asked for, but no layer is heavy enough to gain by it")
    if values["int8"] >= values["float32"] - margin:  # what is not a number is not
        return Served(precision="int8", reason=f"asked for, and good enough: {found}")
    reason = f"int8 is asked for, but loses more than {margin:.4f}: {found}"
    return Served(precision="float32", reason=reason)
