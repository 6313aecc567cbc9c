"""What `dvc.lock` says: the hashes by which DVC knows each stage's outputs."""

from pathlib import Path
from typing import Any

import yaml

LOCK = Path("dvc.lock")


def hashes(stage: str) -> dict[str, str]:
    """Return the MD5 of each output of `stage` by its path; nothing where DVC has not recorded the stage."""
    return {out["path"]: out["md5"] for out in _stage(stage).get("outs", [])}


def inputs(stage: str) -> dict[str, str]:
    """Return the MD5 of each dependency of `stage` by its path; nothing where DVC has not recorded the stage."""
    return {dep["path"]: dep["md5"] for dep in _stage(stage).get("deps", []) if "md5" in dep}


def _stage(name: str) -> dict[str, Any]:
    if not LOCK.exists():
        return {}
    stages: dict[str, Any] = yaml.safe_load(LOCK.read_text())["stages"]
    return dict(stages.get(name, {}))
