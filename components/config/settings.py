"""Where state and servers are. Everything local is under `state/`: delete it and you are new again."""

import json
import os
from pathlib import Path

from components.config.passwords import without_password
from components.config.team import SET, read_team

STATE = Path("state")
ARTIFACTS = Path("artifacts")
INBOX = Path("data/inbox")
LIVE = INBOX / ".live"
"""Answers that are learnt from, a folder in it for each workload: `records.parquet` and `manifest.parquet`."""
SCHEMAS = Path("data/schemas")
CORRECTIONS = Path("data/corrections")
"""Files of labels that are put right, which `prepare.corrections` names."""
UNLABELLED = Path("data/unlabelled")
"""What may be learned from besides, without labels: folders that sections name. Every `ingest` depends on it."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")
MEMORY = "JOURNEYMAN_MEMORY"
"""The variable with the address (SQLAlchemy's form) of the database in which endpoints remember."""
CHAMPIONS = "JOURNEYMAN_CHAMPIONS"
"""The variable with the address at which champions are published, and endpoints follow them."""
SHARDS = "JOURNEYMAN_SHARDS"
"""The variable with the address at which the shards of prepared pictures lie; see `kinds/shards`."""
SHARD_CACHE = "JOURNEYMAN_SHARD_CACHE"
"""The variable with the folder in which shards that lie elsewhere are kept while they are read."""
SHARD_CACHE_BYTES = "JOURNEYMAN_SHARD_CACHE_BYTES"
"""The variable with the most bytes of that folder."""
PARTITIONS = "JOURNEYMAN_PARTITIONS"
"""The variable with the address at which windows lie that are computed in partitions; see `kinds/table/prepare`."""
LOGS = "JOURNEYMAN_LOG_DIR"
"""The variable with the folder of the prediction logs, one in it for each workload."""
LEDGER = "JOURNEYMAN_LEDGER"
"""The variable that switches the ledger off: `off`."""
CLOCK = "JOURNEYMAN_CLOCK"
"""The variable with the file that says how far the clock is ahead; see `system/clock.py`."""
SERVER_TIMEOUT = "JOURNEYMAN_SERVER_TIMEOUT"
"""The variable with the seconds that servers have to answer before any work; see `system/servers.py`."""
VERSION = "JOURNEYMAN_VERSION"
"""The variable with the one version that an endpoint answers with, whoever is champion."""
ROOT = "JOURNEYMAN_ROOT"
"""The variable with the project's folder for which the others were set; see `environment`."""
STUDIES = "JOURNEYMAN_STUDIES"
"""The variable with the address (SQLAlchemy's form) of the database in which searches keep their trials."""
RUN_ARTIFACTS = "JOURNEYMAN_ARTIFACTS"
"""The variable with the address of MLflow's artifacts, where MLflow's store is a database without a server."""
LAUNCHED = "JOURNEYMAN_LAUNCHED"
"""The variable with who started a process of a training, and as which job, as JSON; see `training/launch`."""
USED = "JOURNEYMAN_USED"
"""The variable with what each `auto` of a training came to, as JSON, where that training is made again."""


def artifacts(workload: str, stage: str) -> Path:
    """Return the directory that `stage` of `workload` writes, relative to the project."""
    return ARTIFACTS / workload / stage


def log_folder(workload: str) -> Path:
    """Return the folder of the workload's prediction log: in `JOURNEYMAN_LOG_DIR`, else under `state/`."""
    return Path(os.environ.get(LOGS) or STATE / "log") / workload


def shard_address() -> str:
    """Return the address of the shards of prepared pictures: `JOURNEYMAN_SHARDS`, else a folder under `state/`."""
    return os.environ.get(SHARDS) or str(Path.cwd() / STATE / "shards")


def partition_address() -> str:
    """Return the address of windows that are computed in partitions: `JOURNEYMAN_PARTITIONS`, else under `state/`."""
    return os.environ.get(PARTITIONS) or str(Path.cwd() / STATE / "partitions")


def live_before(workload: str) -> Path:
    """Return the folder of what stood in `LIVE` before the training that runs now, or that was killed."""
    return STATE / "retrain" / f"{workload}.before"


def learnt_file(workload: str) -> Path:
    """Return the file with the labels that a training has learnt from."""
    return STATE / "retrain" / f"{workload}.parquet"


def watch_folder(workload: str) -> Path:
    """Return the folder of what is known of the workload at work; it stands beside that of the logs."""
    return log_folder(workload).parent.parent / "watch" / workload


def ledger_folder(workload: str) -> Path:
    """Return the folder of what the workload has cost; it stands beside that of the logs."""
    return log_folder(workload).parent.parent / "ledger" / workload


def label_folder(workload: str) -> Path:
    """Return the folder of what is asked about the workload's answers; it stands beside that of the logs."""
    return log_folder(workload).parent.parent / "label" / workload


def tracking_uri() -> str:
    """Return the MLflow server or store in use: `MLFLOW_TRACKING_URI`, else SQLite under `state/`."""
    return os.environ.get("MLFLOW_TRACKING_URI") or _local_store(Path.cwd())


def environment(root: Path) -> dict[str, str]:
    """Return the variables that point each tool to `root`/state, keep its telemetry off and its threads from spinning.

    What is set already wins: a user's own server or home is a choice, not an accident. What `env.sh` has set in another
    project's folder, or in this one before it was moved, is no choice, and neither is what `journeyman.toml` said then.
    After what is set comes what that file says now.

    Raises:
        ConfigError: `journeyman.toml` is not in order.
    """
    before, team_before, team = os.environ.get(ROOT), _team_before(), read_team(root)
    others = _defaults(Path(before)) if before else {}
    said = {name: os.environ.get(name) for name in (*_defaults(root), *team)}
    no_choice = {(name, value) for known in (others, team_before) for name, value in known.items()}
    chosen = {name: value for name, value in said.items() if value and (name, value) not in no_choice}
    shared = {**team, SET: json.dumps(team)} if team or team_before else {}
    found = {**_defaults(root), **shared, **chosen, **_past_the_proxy(), ROOT: str(root)}
    found[LOGS] = str(root / found[LOGS])  # an endpoint's workers stand in another folder
    return {**_without_urls(found["MLFLOW_TRACKING_URI"]), **found}


def no_longer_set(root: Path) -> list[str]:
    """Return the variables that this shell has from a `journeyman.toml` that says them no more."""
    now = environment(root)
    return [name for name, value in _team_before().items() if name not in now and os.environ.get(name) == value]


def _team_before() -> dict[str, str]:
    said: dict[str, str] = json.loads(os.environ.get(SET) or "{}")
    return said


def _defaults(root: Path) -> dict[str, str]:
    state = root / STATE
    return {
        "PREFECT_HOME": str(state / "prefect"),
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "BENTOML_HOME": str(state / "bentoml"),
        "BENTOML_DO_NOT_TRACK": "True",
        "MLFLOW_TRACKING_URI": _local_store(root),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",  # of four small files, into a log
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # else `mlflow server` starts ten processes
        "DVC_NO_ANALYTICS": "1",
        "DO_NOT_TRACK": "true",
        "OMP_WAIT_POLICY": "passive",  # threads of a training that wait for each other do not spin
        CHAMPIONS: str(state / "champions"),
        SHARDS: str(state / "shards"),
        LOGS: str(state / "log"),
    }


def _past_the_proxy() -> dict[str, str]:
    """Return the variables by which clients reach this machine's own servers directly, not through the user's proxy."""
    said = ",".join(filter(None, (os.environ.get("no_proxy"), os.environ.get("NO_PROXY"))))
    names = dict.fromkeys(name.strip() for name in said.split(",") if name.strip())
    listed = "*" if "*" in names else ",".join([*names, *(host for host in LOOPBACK if host not in names)])
    return {"no_proxy": listed, "NO_PROXY": listed}


def _without_urls(tracking: str) -> dict[str, str]:
    """Return what keeps MLflow from printing the address of each run, where there is a password in it."""
    return {"MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true"} if without_password(tracking) != tracking else {}


def _local_store(root: Path) -> str:
    return f"sqlite:///{root / STATE / 'mlflow' / 'mlflow.db'}"
