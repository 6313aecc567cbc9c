"""What every section of `params.yaml` is made of."""

from pathlib import PurePath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from components.config.settings import CORRECTIONS

Fraction = Annotated[float, Field(ge=0.0, lt=1.0)]


def _corrections(path: str) -> str:
    if PurePath(path).parent != CORRECTIONS or PurePath(path).suffix != ".csv":
        raise ValueError(f"expected a CSV file in {CORRECTIONS}, which DVC knows, as {CORRECTIONS}/garments.csv")
    return path


Corrections = Annotated[str, AfterValidator(_corrections)]
"""The file of corrections of labels."""


class Section(BaseModel):
    """A part of `params.yaml`: strict types, no unknown keys, not to be changed."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
