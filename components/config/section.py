"""What every section of `params.yaml` is made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Fraction = Annotated[float, Field(ge=0.0, lt=1.0)]


class Section(BaseModel):
    """A part of `params.yaml`: strict types, no unknown keys, not to be changed."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
