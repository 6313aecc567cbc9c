"""What every section of `params.yaml` is made of."""

from pathlib import PurePath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from components.config.settings import CORRECTIONS

Fraction = Annotated[float, Field(ge=0.0, lt=1.0)]


def _corrections(path: str) -> str:
    if PurePath(path).parent != CORRECTIONS or PurePath(path).suffix != ".csv":
        raise ValueError(f"expected a CSV file in {CORRECTIONS}, which DVC knows, as {CORRECTIONS}/garments.csv")
    return path


Corrections = Annotated[str, AfterValidator(_corrections)]
"""The file of corrections of labels."""


def _label(value: object) -> object:
    """Return the name of a label, which YAML may read as a number; as true it may be any word for yes.

    Raises:
        ValueError: it is not known which.
    """
    if isinstance(value, bool):
        raise ValueError(f"expected the name of a label, which YAML reads as {str(value).lower()}: write it in quotes")
    return str(value) if isinstance(value, int | float) else value


Label = Annotated[str, BeforeValidator(_label)]
"""The name of a label."""


class Section(BaseModel):
    """A part of `params.yaml`: strict types, no unknown keys, not to be changed."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
