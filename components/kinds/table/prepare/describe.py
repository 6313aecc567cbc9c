"""What the bundle says of one example: its features, and the columns that a caller sends for them."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from components.kinds.column import ROW
from components.kinds.table.codec import features
from components.kinds.table.codec.features import Definition, Entity
from components.kinds.table.codec.input import Input
from components.kinds.table.codec.schema import Schema
from components.kinds.table.prepare.table import TIME, Table

if TYPE_CHECKING:
    from components.kinds.table.params import Prepare


_UNUSED = ("time", "text")
"""Types of columns of which no feature is made."""


def define(schema: Schema, config: "Prepare") -> tuple[Definition, Schema]:
    """Return the features that the columns give, and the columns that a caller sends."""
    columns = config.columns
    named = {columns.time, columns.id, *config.entities}
    others = schema.without([*filter(None, [columns.label, columns.group]), *columns.drop]).columns
    sent = {name: column for name, column in others.items() if name in named or column.type not in _UNUSED}
    used = {name: column for name, column in sent.items() if name not in named}
    numbers = [name for name, column in used.items() if column.type in ("integer", "number", "boolean")]
    categories = {name: column.values or () for name, column in used.items() if column.type == "category"}
    dates = {name: column.parts or ("days",) for name, column in used.items() if column.type == "date"}
    entities = [Entity(name=name, **dict(entity)) for name, entity in config.entities.items()]
    definition = Definition(
        time=columns.time,
        id=columns.id,
        amount=columns.amount,
        decimals=config.decimals,
        delay=config.delay,
        entities=tuple(entities),
        numbers=tuple(numbers),
        categories=categories,
        dates=dates,
    )
    return definition, schema.model_copy(update={"columns": sent, "task": None})


def describe(out: Path, definition: Definition, table: Table, sent: Schema, config: "Prepare") -> Input:
    """Return the description of one example that the bundle carries."""
    columns = [*table.frame.collect_schema().names(), *config.columns.drop]
    numbers = list(definition.numbers)
    described: Input = {
        "definition": definition.model_dump(mode="json"),
        "schema": sent.model_dump(mode="json", exclude_none=True),
        "features": features.names(definition),
        "typical": _typical(out, definition),
        "amount_feature": numbers.index(definition.amount) if definition.amount else None,
        "label_features": features.label_features(definition),
        "history": config.history,
        "passed_over": sorted({*columns} - {*sent.columns, ROW, TIME}),
    }
    if not config.by_time:
        described["split_by"] = "group" if config.columns.group else "content"
    return described


def _typical(out: Path, definition: Definition) -> list[float]:
    """Return the median of each feature in the train split; 0 for categories, and where every value is missing."""
    inputs = np.load(out / "train_inputs.npy", mmap_mode="r")
    medians = []
    for index in range(inputs.shape[1] - len(definition.categories)):
        values = np.asarray(inputs[:, index])
        values = values[~np.isnan(values)]
        medians.append(float(np.median(values)) if len(values) else 0.0)
    return medians + [0.0] * len(definition.categories)
