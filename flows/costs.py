"""What a flow uses, as a line of the ledger: around the flow, wherever it runs."""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import ParamSpec, TypeVar

from components.ledger.measure import metered

Given = ParamSpec("Given")
Result = TypeVar("Result")


def measure(part: str) -> Callable[[Callable[Given, Result]], Callable[Given, Result]]:
    """Have a flow, whose first argument is a workload, measure the process from its start; `part` is the flow's name.

    A flow within a flow is counted in both lines, and once in their sum. An argument `version` or `number` is the
    version that it is for.
    """

    def around(flow: Callable[Given, Result]) -> Callable[Given, Result]:
        @wraps(flow)
        def run(*args: Given.args, **kwargs: Given.kwargs) -> Result:
            given = signature(flow).bind(*args, **kwargs)
            given.apply_defaults()
            with metered(str(given.arguments["workload"]), part, whole=True) as meter:
                if meter:
                    meter.version = str(given.arguments.get("version") or given.arguments.get("number") or "")
                return flow(*args, **kwargs)

        return run

    return around
