"""Figures as a person reads them."""

from collections.abc import Mapping


def listed(figures: Mapping[str, float]) -> str:
    """Return figures on one line, four places each, and none of a whole number: `epoch 4, train_loss 0.2310`."""
    return ", ".join(f"{name} {_figure(value)}" for name, value in figures.items())


def _figure(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else f"{value:.4f}"
