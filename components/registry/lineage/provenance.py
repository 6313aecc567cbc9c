"""How a version came to be: found out when it is registered, and complete, or there is no version."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mlflow.exceptions import MlflowException
from pydantic import ValidationError

from components import catalogue
from components.config.errors import RegistryError
from components.config.params import PARAMS, read_yaml
from components.config.settings import INBOX, UNLABELLED, artifacts
from components.extensions import check_pinned
from components.inference.bundle import bundle_hash
from components.inference.code import code_hash
from components.kinds.prepared import open_prepared
from components.registry.lineage import NONE, Code, Data, Lineage, Pretrained
from components.registry.lineage.snapshot import push, snapshot
from components.system.files import read_json, sha256
from components.tracking.environment import Environment
from components.tracking.store import missing, open_client
from components.training.served import bundle_path, read_served
from components.versioning import lock
from components.versioning.stages import STAGES
from components.versioning.tree import not_held

_CONSTRAINTS = Path("constraints.txt")
_WORDS = ("description", "gate", "card", "watch", "retrain")  # keys of a section that no stage reads
_USED = "used."


def lineage(workload: str, flow_run: str = "") -> Lineage:
    """Return what the bundle that the stages left was made of, after committing it privately and pushing the commit.

    Args:
        workload: whose.
        flow_run: the Prefect run that registers it.

    Raises:
        RegistryError: something of it is not known, or is not as DVC recorded it; the message says what.
    """
    section, stages = catalogue.workload(workload), lock.stages(workload)
    source = section.source if "://" in section.source else os.path.normpath(section.source)  # as DVC writes it
    if absent := [name for name in STAGES if name not in stages]:
        raise RegistryError(f"{lock.LOCK} says nothing of {', '.join(absent)} of {workload}; run `dvc repro`")
    needed = _needed(stages, source)
    taken = snapshot(workload, needed)
    _check_commit(taken.commit, needed, stages)
    record = _record(workload)
    decided = catalogue.decided(section, open_prepared(artifacts(workload, "prepared")))
    extensions = catalogue.extensions_of(section.kind, section.task)
    for extension in extensions:
        check_pinned(extension)
    try:
        return Lineage(
            workload=workload,
            code=Code(**{**vars(taken), "remote": push(taken.ref)}),
            data=_data(source, stages),
            stages=stages,
            parameters=decided.model_dump(mode="json"),
            seed=section.train.seed,
            used=_used(record["params"]),
            environment=Environment.model_validate(record["environment"]),
            constraints_sha256=sha256(_CONSTRAINTS),
            mlflow_run=record["run_id"],
            flow_run=flow_run or NONE,
            bundle_sha256=bundle_hash(bundle_path(workload, read_served(workload).precision)),
            extensions=tuple(extension.requirement for extension in extensions),
            backbone=_backbone(workload),
            unlabelled=record.get("unlabelled"),
            launched=record.get("launched"),
            serving_code_sha256=code_hash(),
            parent=_champion(workload),
        )
    except ValidationError as error:
        wrong = error.errors()[0]
        raise RegistryError(f"the lineage of {workload} is not complete: {wrong['loc']}: {wrong['msg']}") from error
    except FileNotFoundError as error:
        raise RegistryError(f"the lineage of {workload} is not complete: {error.filename} is missing") from error


def _needed(stages: Mapping[str, lock.Stage], source: str) -> dict[str, str]:
    """Return DVC's hashes of what the stages depend on and do not make: code and descriptions, not the data."""
    data = {str(INBOX), str(UNLABELLED)} | (set() if _describes(source) else {source})
    made = {out: md5 for stage in stages.values() for out, md5 in stage.outs.items()}
    pairs = [pair for stage in stages.values() for pair in stage.deps.items()]
    deps = {dep: md5 for dep, md5 in pairs if dep not in data}
    if split := {dep for dep, md5 in pairs if {**deps, **made}.get(dep, md5) != md5}:
        raise RegistryError(f"{', '.join(sorted(split))}: changed between two stages; run `dvc repro`")
    return {dep: md5 for dep, md5 in deps.items() if dep not in made}


def _check_commit(commit: str, needed: Mapping[str, str], stages: Mapping[str, lock.Stage]) -> None:
    """Raise a `RegistryError` unless the stages would find in `commit` what they ran with."""
    if otherwise := [*not_held(commit, needed), *_changed_params(stages)]:
        raise RegistryError(
            f"{', '.join(otherwise)}: not as DVC recorded it, so that no commit could make this version again. "
            "Changed since: run `dvc repro`; ignored by git, or in a submodule: have git track it here"
        )


def _changed_params(stages: Mapping[str, lock.Stage]) -> list[str]:
    """Return the keys of `params.yaml` that are not what the stages ran with.

    `resolve` takes a whole section; of it what no bundle depends on may be another one.
    """
    recorded = {key: value for stage in stages.values() for key, value in stage.params.get(str(PARAMS), {}).items()}
    content = lock.read_yaml(PARAMS)
    return [f"{PARAMS}: {key}" for key, value in recorded.items() if _decisive(_at(content, key)) != _decisive(value)]


def _decisive(value: Any) -> Any:
    """Return what a section says, less what decides nothing that a stage writes."""
    return {key: said for key, said in value.items() if key not in _WORDS} if isinstance(value, dict) else value


def _at(content: Any, key: str) -> Any:
    for part in key.split("."):
        content = content.get(part) if isinstance(content, dict) else None
    return content


def _data(source: str, stages: Mapping[str, lock.Stage]) -> Data:
    """Return what the data set's description says of it; of one's own data its last name, without where it lies."""
    said = read_yaml(Path(source)) if _describes(source) else {"title": Path(urlsplit(source).path).name}
    words = {key: str(said.get(key, "")) for key in ("title", "licence", "homepage")}
    (raw,) = stages["ingest"].outs.values()
    return Data(**words, source=stages["ingest"].deps.get(source, ""), raw=raw)


def _backbone(workload: str) -> Pretrained | None:
    """Return what the stage `backbone` left; None: nothing."""
    said = read_json(artifacts(workload, "backbone") / "backbone.json")
    return Pretrained(**{name: said[name] for name in Pretrained.model_fields}) if said else None


def _describes(source: str) -> bool:
    """Whether the source is the description of a data set, and no data itself."""
    return Path(source).suffix in (".yaml", ".yml")


def _record(workload: str) -> dict[str, Any]:
    path = artifacts(workload, "weights") / "run.json"
    record: dict[str, Any] = read_json(path) if path.exists() else {}
    if absent := [key for key in ("run_id", "params", "environment") if key not in record]:
        raise RegistryError(f"{path} does not say {', '.join(absent)} of the training; run `dvc repro`")
    return record


def _used(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name.removeprefix(_USED): value for name, value in params.items() if name.startswith(_USED)}


def _champion(workload: str) -> str:
    """Return the number of the version at work, whose successor this one may be; NONE: there is none."""
    try:
        aliases: dict[str, Any] = open_client().get_registered_model(workload).aliases
    except MlflowException as error:
        if missing(error):
            return NONE
        raise
    return str(aliases.get("champion", NONE))
