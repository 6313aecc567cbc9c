"""A section of the parameters with other values in it; the one that was given stays as it is."""

import copy
from dataclasses import is_dataclass, replace
from typing import Any, TypeVar

SectionT = TypeVar("SectionT")


def altered(section: SectionT, **values: Any) -> SectionT:
    """Return a copy of `section` with `values` in the place of its own.

    Args:
        section: a pydantic model, a dataclass, or an object whose attributes can be set: the training loop takes any,
            and needs no pydantic.
        values: by attribute.

    Raises:
        AttributeError, TypeError: the section has no such attribute, or is frozen in a way of its own.
    """
    if unknown := [name for name in values if not hasattr(section, name)]:
        raise AttributeError(f"{type(section).__name__} has no {unknown[0]!r}")
    if callable(model_copy := getattr(section, "model_copy", None)):
        return model_copy(update=values)  # type: ignore[no-any-return]
    if is_dataclass(section) and not isinstance(section, type):
        return replace(section, **values)
    other = copy.copy(section)
    for name, value in values.items():
        setattr(other, name, value)
    return other
