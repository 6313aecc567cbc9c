"""What a version was made of, as tags: enough to say how the model in production came to be."""

import platform
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from components.config import lock
from components.config.files import sha256
from components.config.params import read_yaml
from components.kinds import catalogue

PREFIX = "journeyman."
_STAGES = ("ingest", "prepare", "train", "export", "evaluate")


def lineage(workload: str, flow_run: str = "") -> dict[str, str]:
    """Return the tags of a version: commit, DVC's hash of each stage's outputs, data, environment, flow run."""
    hashes = {
        f"{PREFIX}dvc.{Path(path).relative_to('artifacts', workload)}": md5
        for stage in _STAGES
        for path, md5 in lock.hashes(f"{stage}@{workload}").items()
    }
    environment = {
        f"{PREFIX}git.commit": _git("rev-parse", "HEAD"),
        f"{PREFIX}git.dirty": str(bool(_git("status", "--porcelain"))).lower(),
        f"{PREFIX}python": platform.python_version(),
        f"{PREFIX}platform": platform.platform(),
        f"{PREFIX}constraints_sha256": sha256(Path("constraints.txt")),
        f"{PREFIX}flow_run": flow_run,
    }
    return {key: value for key, value in {**hashes, **_data(workload), **environment}.items() if value}


def _data(workload: str) -> dict[str, str]:
    """Return what the data set's description says of it; of one's own data its last name, without where it lies."""
    source = catalogue.workload(workload).source
    own = Path(urlsplit(source).path)
    said = read_yaml(own) if own.suffix in (".yaml", ".yml") else {"title": own.name}
    return {f"{PREFIX}data.{key}": str(said.get(key, "")) for key in ("title", "licence", "homepage")}


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""
