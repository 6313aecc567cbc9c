"""What the bundle says of a record: JSON, written by `prepare`."""

from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict


class Input(TypedDict):
    """The records that the model takes."""

    definition: Mapping[str, Any]
    """`codec.features.Definition`: which features a record has."""
    schema: Mapping[str, Any]
    """`codec.schema.Schema`: the columns that a caller sends."""
    features: list[str]
    """Their names: numbers first, then categories."""
    typical: list[float]
    """The median of each feature; 0 for categories."""
    amount_feature: int | None
    """Index of the feature that is the amount; None: there is none."""
    label_features: list[str]
    """Features that are made from labels."""
    history: Literal["endpoint", "caller"]
    """Who remembers what came before a record; without entities nobody does."""
    split_by: NotRequired[Literal["content", "group"]]
    """How the records were split; left out: by time."""
    passed_over: NotRequired[list[str]]
    """Columns of the table that are no features; a caller may send them along."""
