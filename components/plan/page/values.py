"""How a number of the plan is said, with its unit."""

from components.pages.formatting import number
from components.plan.figure import Figure

_BYTES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
_SECONDS = ((3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"))


def said(value: float | None, unit: str) -> str:
    """Return the number in the unit that suits its size; nothing is `not known`."""
    if value is None:
        return "not known"
    if value == float("inf"):
        return "no end"
    if unit == "%":
        return f"{value:.1%}"
    if unit == "s":
        return _scaled(value, _SECONDS, "µs", 1e-6)
    if unit == "B":
        return _scaled(value, _BYTES, "B", 1.0)
    if unit == "" and value == int(value):
        return f"{int(value):,}"
    return f"{_short(value)} {unit}".strip().replace(" /s", "/s")


def interval(figure: Figure) -> str:
    """Return its interval; nothing if it has none."""
    if figure.low is None or figure.high is None or figure.value is None:
        return ""
    return f"{said(figure.low, figure.unit)} to {said(figure.high, figure.unit)}"


def row(figure: Figure) -> list[str]:
    """Return a row of a table: name, number, interval, how it is known."""
    return [figure.name, said(figure.value, figure.unit), interval(figure), figure.how]


COLUMNS = ("", "value", "90 % interval", "how it is known")


def _scaled(value: float, units: tuple[tuple[float, str], ...], least: str, size: float) -> str:
    for each, name in units:
        if abs(value) >= each:
            return f"{_short(value / each)} {name}"
    return f"{_short(value / size)} {least}"


def _short(value: float) -> str:
    """Return three digits that matter."""
    size = abs(value)
    if size == 0 or size < 0.001 or size >= 1e9:
        return f"{value:.3g}"
    if size >= 100:
        return f"{value:,.0f}"
    return number(float(f"{value:.3g}")).rstrip("0").rstrip(".")
