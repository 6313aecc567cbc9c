"""What `dvc.lock` says: the hashes by which DVC knows what each stage took and what it made."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

LOCK = Path("dvc.lock")
_HASHES = ("md5", "checksum", "etag", "version_id")  # the last three: of what lies at an address


@dataclass(frozen=True)
class Stage:
    """What DVC recorded of one stage; hashes are by path, a directory's end in `.dir`."""

    cmd: str
    deps: dict[str, str]
    params: dict[str, dict[str, Any]]
    """By file, then by key, dots between its parts."""
    outs: dict[str, str] = field(default_factory=dict)


def hashes(stage: str) -> dict[str, str]:
    """Return the MD5 of each output of `stage` by its path; nothing where DVC has not recorded the stage."""
    return {out["path"]: out["md5"] for out in _read(LOCK).get(stage, {}).get("outs", [])}


def stages(workload: str, lock: Path = LOCK) -> dict[str, Stage]:
    """Return the recorded stages of `workload` by their name, each behind those whose outputs it takes."""
    known = {name: entry for name, entry in _read(lock).items() if name.endswith(f"@{workload}")}
    found = {name.rpartition("@")[0]: as_stage(entry) for name, entry in known.items()}
    makers = {out: name for name, stage in found.items() for out in stage.outs}
    before = {name: sorted({makers[dep] for dep in stage.deps if dep in makers}) for name, stage in found.items()}
    return {name: found[name] for name in TopologicalSorter(before).static_order()}


def everything(lock: Path = LOCK) -> list[Stage]:
    """Return the recorded stages of all workloads."""
    return [as_stage(entry) for entry in _read(lock).values()]


def read_yaml(path: Path) -> Any:
    """Read a file as DVC does: by YAML 1.2, where `1e-05` is a number, and `yes` and `on` are words."""
    return YAML(typ="safe").load(path.read_text())


def directory_hash(files: Mapping[str, str]) -> str:
    """Return the hash by which DVC knows a directory of the files whose MD5 are `files`, by their path in it."""
    entries = [{"md5": md5, "relpath": path} for path, md5 in sorted(files.items())]
    return f"{hashlib.md5(json.dumps(entries).encode(), usedforsecurity=False).hexdigest()}.dir"


def _read(lock: Path) -> dict[str, Any]:
    if not lock.exists():
        return {}
    stages: dict[str, Any] = read_yaml(lock)["stages"]
    return stages


def as_stage(entry: Mapping[str, Any]) -> Stage:
    """Return an entry of `dvc.lock`, or one of DVC's run cache, as a stage."""
    return Stage(
        cmd=entry["cmd"],
        deps=_by_path(entry.get("deps", [])),
        params=entry.get("params", {}),
        outs=_by_path(entry.get("outs", [])),
    )


def _by_path(entries: list[dict[str, Any]]) -> dict[str, str]:
    return {entry["path"]: str(next((entry[key] for key in _HASHES if key in entry), "")) for entry in entries}
