"""`journeyman.toml` in the project's folder: the settings that a team shares, by the names of their variables.

    [environment]
    MLFLOW_TRACKING_URI = "postgresql+pg8000://mlflow:${MLFLOW_PASSWORD}@db.example.org/mlflow"
    JOURNEYMAN_CHAMPIONS = "s3://models/champions"

`${NAME}` is a variable of whoever reads the file: so no password stands in it. Before the `@` of an address it is put
in as an address has it (`passwords.quoted`). What the environment says itself wins.
"""

import os
import re
import tomllib
from difflib import get_close_matches
from pathlib import Path

from components.config.errors import ConfigError
from components.config.passwords import HIDDEN, quoted, without_password

FILE = Path("journeyman.toml")
TABLE = "environment"
SET = "JOURNEYMAN_TEAM"
"""The variable with what the file said when `env.sh` was read, as JSON: such a value is no choice of the user's own."""

NAMES = frozenset(
    {
        "JOURNEYMAN_ALERT_MAIL",
        "JOURNEYMAN_ALERT_SMTP",
        "JOURNEYMAN_ALERT_WEBHOOK",
        "JOURNEYMAN_API_KEYS",
        "JOURNEYMAN_API_KEYS_FILE",
        "JOURNEYMAN_ARTIFACTS",
        "JOURNEYMAN_BURST",
        "JOURNEYMAN_CHAMPIONS",
        "JOURNEYMAN_CORS",
        "JOURNEYMAN_DEADLINE",
        "JOURNEYMAN_FOLLOW_EVERY",
        "JOURNEYMAN_LEDGER",
        "JOURNEYMAN_LOG",
        "JOURNEYMAN_LOG_BYTES",
        "JOURNEYMAN_LOG_DAYS",
        "JOURNEYMAN_LOG_DIR",
        "JOURNEYMAN_LOG_REQUESTS",
        "JOURNEYMAN_LOG_SHARE",
        "JOURNEYMAN_LOG_SYNC",
        "JOURNEYMAN_MEMORY",
        "JOURNEYMAN_METRICS",
        "JOURNEYMAN_MIRROR",
        "JOURNEYMAN_PARTITIONS",
        "JOURNEYMAN_QUEUE",
        "JOURNEYMAN_QUEUE_BYTES",
        "JOURNEYMAN_RATE",
        "JOURNEYMAN_SERVER_TIMEOUT",
        "JOURNEYMAN_SHARDS",
        "JOURNEYMAN_SHARD_CACHE",
        "JOURNEYMAN_SHARD_CACHE_BYTES",
        "JOURNEYMAN_STUDIES",
        "JOURNEYMAN_TRACING",
        "JOURNEYMAN_TRACING_SHARE",
    }
)
"""Of the settings of this project those that a team may share; the others are one process's own."""

_PREFIXES = (
    "AWS_",
    "AZURE_",
    "BENTOML_",
    "DVC_",
    "FSSPEC_",
    "GLOO_",
    "GOOGLE_",
    "MLFLOW_",
    "NCCL_",
    "OTEL_",
    "PET_",
    "PREFECT_",
    "SBATCH_",
    "SLURM_",
)
"""Variables of the tools themselves, which have their own names for them."""
_OTHERS = frozenset({"MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "PREFECT_API_URL", "AWS_ENDPOINT_URL"})
_SECRETS = re.compile(r"PASSWORD|SECRET|TOKEN|API_KEYS?$|AUTH_STRING")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_LIKE_ONE = re.compile(r"\$(?:\{[^}]*\}?|[A-Za-z_][A-Za-z0-9_]*)")
_USER = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*(?=@)")
"""What stands before the `@` of an address."""
_NEAR = 0.9
"""How alike a variable of a tool is to one that has to do with this project for it to be taken for a slip."""


def read_team(root: Path) -> dict[str, str]:
    """Return what the file of the project in `root` sets; nothing where there is none.

    Raises:
        ConfigError: it is no TOML, names what is no setting, has a secret in it, or wants a variable that is not set.
    """
    return {name: _value(name, value) for name, value in _table(root).items()}


def written_passwords(root: Path) -> list[str]:
    """Return the settings of the file that have a password in their address which is no `${NAME}`."""
    as_shown = {name: _VARIABLE.sub(HIDDEN, str(value)) for name, value in _table(root).items()}
    return [name for name, value in as_shown.items() if without_password(value) != value]


def _table(root: Path) -> dict[str, object]:
    path = root / FILE
    try:
        said = tomllib.loads(path.read_bytes().decode("utf-8-sig"))  # some editors begin it with a mark
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        raise ConfigError(f"{FILE}: it is no text in UTF-8; save it as such") from error
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{FILE}: {getattr(error, 'strerror', None) or error}") from error
    if other := sorted(said.keys() - {TABLE}):
        raise ConfigError(f"{FILE}: {other[0]} is unknown; settings stand below the line [{TABLE}]")
    table = said.get(TABLE, {})
    if not isinstance(table, dict):
        raise ConfigError(f"{FILE}: {TABLE} has to be a table: settings stand below the line [{TABLE}]")
    return table


def _value(name: str, value: object) -> str:
    _must_be_setting(name)
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | float):
        raise ConfigError(f"{FILE}: {name} has to be a text or a number")
    text = str(value)
    if _SECRETS.search(name) and not _VARIABLE.fullmatch(text):
        raise ConfigError(
            f"{FILE}: {name} is a secret, and the file is everybody's: leave it to each one's environment"
        )
    if odd := [found[0] for found in _LIKE_ONE.finditer(text) if not _VARIABLE.fullmatch(found[0])]:
        raise ConfigError(f"{FILE}: {name} has {odd[0]}: a variable is written ${{NAME}}")
    user = found.end() if (found := _USER.match(text)) else 0
    put = quoted if user else str
    made = _VARIABLE.sub(lambda found: put(_variable(name, found[1])), text[:user])
    made += _VARIABLE.sub(lambda found: _variable(name, found[1]), text[user:])
    if not made.strip():
        raise ConfigError(f"{FILE}: {name} is empty; leave the line out for what is usual")
    if not made.isprintable():
        raise ConfigError(f"{FILE}: {name} has a line break or another control character in it")
    return made


def _must_be_setting(name: str) -> None:
    known = name in NAMES or name in _OTHERS
    if not known and not name.startswith(_PREFIXES):
        near = get_close_matches(name.strip().upper(), sorted(NAMES | _OTHERS), 1)
        raise ConfigError(f"{FILE}: {name} is no setting" + (f"; did you mean {near[0]}?" if near else ""))
    longer = name.startswith(tuple(f"{other}_" for other in _OTHERS))  # as AWS_ENDPOINT_URL_S3
    if not known and not longer and (near := get_close_matches(name, sorted(_OTHERS), 1, _NEAR)):
        raise ConfigError(f"{FILE}: {name} is read by nobody; did you mean {near[0]}?")


def _variable(name: str, wanted: str) -> str:
    if value := os.environ.get(wanted):
        return value
    how = "not set" if wanted not in os.environ else "empty"
    raise ConfigError(f"{FILE}: {name} wants the variable {wanted}, which is {how}; export {wanted}=...")
