"""What whoever runs an endpoint may set, read once from the environment: `JOURNEYMAN_<FIELD>`.

What belongs to a model's answers is in `params.yaml` instead, section `serve`, and comes with the bundle.
"""

import os
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from components.config.errors import ConfigError

PREFIX = "JOURNEYMAN_"


class Options(BaseModel):
    """The settings of one endpoint; each worker has the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    queue: Annotated[int, Field(ge=1)] = 128
    """Requests that one worker has in hand at most; whoever comes then is told to come later (429)."""
    deadline: Annotated[float, Field(gt=0.0)] = 5.0
    """Seconds from a request's arrival to its answer; what has no answer by then is given up (504)."""
    memory: str | None = None
    """Address (SQLAlchemy's form) of the database in which the endpoint remembers; a file beside the models."""

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Return what the environment says, an empty variable being none.

        Raises:
            ConfigError: a value that its setting does not take; the message names the variable.
        """
        given = os.environ if environment is None else environment
        found = {name: value for name in cls.model_fields if (value := given.get(variable(name)))}
        try:
            return cls.model_validate(found)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            name = variable(str(first["loc"][0]))
            raise ConfigError(f"{name}: {first['msg'][:1].lower()}{first['msg'][1:]}") from error


def variable(field: str) -> str:
    """Return the name of the variable that sets `field`."""
    return PREFIX + field.upper()
