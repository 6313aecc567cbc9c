"""How numbers, moments and names are said to a person."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from components.kinds import formatting

_PROPER = {"f1": "F1", "roc": "ROC", "auc": "AUC", "jpeg": "JPEG", "rmse": "RMSE", "mae": "MAE", "r2": "R²"}


def number(value: float | None) -> str:
    """Return the number with four digits that matter; nothing for what is none."""
    return "" if value is None or not math.isfinite(value) else formatting.number(value)


def share(value: float) -> str:
    """Return a share as per cent."""
    return f"{value:.1%}"


def spread(estimate: Mapping[str, Any]) -> str:
    """Return the interval of an estimate; nothing if it has none."""
    return "" if estimate.get("low") is None else f"{number(estimate['low'])} to {number(estimate['high'])}"


def name(key: str) -> str:
    """Return a key as words."""
    said = " ".join(_PROPER.get(word, word) for word in key.replace("_", " ").split())
    return said[:1].upper() + said[1:]


def day(moment: str) -> str:
    """Return the day and the minute, UTC, of a moment in ISO 8601."""
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M} UTC"
