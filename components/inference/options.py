"""What whoever runs an endpoint may set, read once from the environment: `JOURNEYMAN_<FIELD>`.

What belongs to a model's answers is in `params.yaml` instead, section `serve`, and comes with the bundle.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from components.config.errors import ConfigError
from components.inference.device import Device

PREFIX = "JOURNEYMAN_"
_NEVER_EMPTY = ("api_keys", "api_keys_file")  # a secret that did not arrive is no leave for everyone


def _listed(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",")) if isinstance(text, str) else text


def _whole(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError(f"name the folder by its whole path, as {path.absolute()}: workers stand in another folder")
    return path


class Options(BaseModel):
    """The settings of one endpoint; each worker has the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    queue: Annotated[int, Field(ge=1)] = 128
    """Requests that one worker has in hand at most; whoever comes then is told to come later (429)."""
    queue_bytes: Annotated[int, Field(ge=1)] = 64 * 2**20
    """Bytes of bodies that one worker has in hand at most; likewise."""
    deadline: Annotated[float, Field(gt=0.0)] = 5.0
    """Seconds from a request's arrival to its answer; what has no answer by then is given up (504)."""
    device: Device | None = None
    """Where models run: `cpu`, `gpu`, or `auto`, a GPU where there is one; as the bundle says (`serve.device`)."""
    memory: str | None = None
    """Address (SQLAlchemy's form) of the database in which the endpoint remembers; a file beside the models."""
    api_keys_file: Path | None = None
    """File of the API keys that open (`gateway.keys`); it is read again when it changes."""
    api_keys: str | None = Field(default=None, repr=False)
    """Lines as in that file, separated by commas."""
    rate: Annotated[float, Field(gt=0.0)] | None = None
    """Questions a second that each key may put to one worker; None: any number."""
    burst: Annotated[int, Field(ge=1)] | None = None
    """How many of them at once; those of one second."""
    cors: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    """Origins whose pages may ask from a browser, separated by commas."""
    metrics: Literal["open", "keys", "off"] = "open"
    """Who may read `/metrics` and `/watch`: everyone, whoever has a key, nobody."""
    log_requests: bool = False
    """Whether each request is written to standard output as a line of JSON."""
    tracing: str | None = None
    """Address (OTLP over HTTP) that spans are sent to; None: there are none."""
    tracing_share: Annotated[float, Field(ge=0.0, le=1.0)] = 1.0
    """Of the requests that are traced where their callers have not decided it."""
    champions: str | None = None
    """Address at which champions are published, to be followed: a directory, or what fsspec knows; nobody is."""
    follow_every: Annotated[float, Field(gt=0.0)] = 1.0
    """Seconds between two looks at the pointer there."""
    log: Literal["off", "best", "required"] = "best"
    """What is answered is logged before the answer is sent; where that cannot be, `best` answers all the same."""
    log_sync: Literal["second", "always"] = "second"
    """When the log is on the disk: a second later at most, or before the answer is sent."""
    log_dir: Annotated[Path, AfterValidator(_whole)] | None = None
    """The folder of the logs, one in it for each workload; `log` in BentoML's home."""
    log_share: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    """Of the rows that are logged: all of an entity (a row without one by chance), or nothing."""
    log_bytes: Annotated[int, Field(ge=2**25)] = 4 * 2**30
    """Bytes of a workload's log at most; the oldest goes, and the log says so."""
    log_days: Annotated[int, Field(ge=1)] = 400
    """Days that it is kept."""
    ledger: Literal["on", "off"] = "on"
    """Whether the endpoint measures what each route costs; the lines are in `ledger` beside the folder of the logs."""
    version: str | None = None
    """The one version to answer with, whoever is champion: the Bento's, or a published one."""

    @property
    def keyed(self) -> bool:
        """Whether a key is asked for."""
        return self.api_keys_file is not None or self.api_keys is not None

    @property
    def looks_at_each(self) -> bool:
        """Whether something is to be written down of each request, those included that come while there is no room."""
        return self.log_requests or self.tracing is not None

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Return what the environment says, an empty variable being none, but where that would open a door.

        Raises:
            ConfigError: a value that its setting does not take; the message names the variable.
        """
        given = os.environ if environment is None else environment
        found = {name: given[variable(name)] for name in cls.model_fields if variable(name) in given}
        found = {name: value for name, value in found.items() if value or name in _NEVER_EMPTY}
        try:
            return cls.model_validate(found)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            name = variable(str(first["loc"][0]))
            said = first["msg"].removeprefix("Value error, ")
            raise ConfigError(f"{name}: {said[:1].lower()}{said[1:]}") from error


def variable(field: str) -> str:
    """Return the name of the variable that sets `field`."""
    return PREFIX + field.upper()
