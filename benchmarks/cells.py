"""Long series of measurements in cells: each is written as soon as it is finished, and not measured again."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks import harness
from components.system.files import write_json

Cell = dict[str, Any]
"""What was measured, beside the key of the cell."""


def measured(
    keys: Iterable[Mapping[str, Any]], measure: Callable[[Mapping[str, Any]], Cell], file: Path | None
) -> list[Cell]:
    """Return the cells of these keys, in their order; of those that the file has, nothing is measured again.

    The file may have cells of other keys, which stay there: {"machine", "cells": [{**key, **figures}, ...]}.
    """
    there, found = kept(file), []
    for key in keys:
        cell = next((cell for cell in there if key.items() <= cell.items()), None)
        if cell is None:
            cell = {**key, **measure(key)}
            there.append(cell)
            if file:
                write_json(file, {"machine": harness.machine(), "cells": there})
        found.append(cell)
    return found


def kept(file: Path | None) -> list[Cell]:
    """Return the cells that the file has; none where there is no file."""
    found: list[Cell] = json.loads(file.read_text())["cells"] if file and file.exists() else []
    return found
