"""What was made again beside what it was: hashes stage by stage, the test metric, the environment."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components import catalogue
from components.config.settings import artifacts
from components.kinds.prepared import open_prepared
from components.registry.lineage import Lineage
from components.registry.version import Version
from components.system.files import read_json
from components.tracking.environment import Environment, differences
from components.versioning import lock

RECORDS = ("weights/run.json",)
"""Outputs that tell of the run, its id, times and machine, and not of the model: they differ whenever a stage runs.
Every other output is a function of data, parameters and code, and has to be the same."""
_USED = "used."


@dataclass(frozen=True)
class StageComparison:
    """The outputs of one stage, compared."""

    stage: str
    same: tuple[str, ...]
    """Outputs with the recorded hash, by their path below the workload's artifacts."""
    other: tuple[str, ...]
    """Outputs with another hash, or none."""


@dataclass(frozen=True)
class Rebuilt:
    """A version, made again."""

    version: Version
    stages: tuple[StageComparison, ...]
    value: float
    """The deciding metric on the test split."""
    environment: tuple[str, ...]
    """What of the environment is different."""
    lower_is_better: bool = False
    """Whether the deciding metric is a loss or a cost; else it is a share."""

    @property
    def first(self) -> str | None:
        """The first stage that differs, or None: the version is identical."""
        return next((stage.stage for stage in self.stages if stage.other), None)


def compare(version: Version, made_of: Lineage, project: Path) -> Rebuilt:
    """Hold what the stages left in `project` against the lineage of `version`."""
    metrics = read_json(project / artifacts(version.workload, "report") / "metrics.json")
    record = read_json(project / artifacts(version.workload, "weights") / "run.json")
    data = open_prepared(project / artifacts(version.workload, "prepared"))
    return Rebuilt(
        version=version,
        stages=compare_stages(made_of, project / lock.LOCK),
        value=metrics[version.metric],
        environment=tuple(_drift(made_of, record)),
        lower_is_better=catalogue.evaluation(data.kind, data.task).lower_is_better(version.metric),
    )


def compare_stages(made_of: Lineage, recorded: Path) -> tuple[StageComparison, ...]:
    """Compare the outputs of each stage behind the raw records with those in the `dvc.lock` at `recorded`."""
    again = lock.stages(made_of.workload, recorded)
    follow = [name for name in made_of.stages if name != "ingest"]
    return tuple(_compare_stage(name, made_of, again[name].outs if name in again else {}) for name in follow)


def _compare_stage(name: str, made_of: Lineage, again: dict[str, str]) -> StageComparison:
    start = f"{artifacts(made_of.workload, '')}/"
    outs = {path.removeprefix(start): (md5, again.get(path)) for path, md5 in made_of.stages[name].outs.items()}
    results = {path: found for path, found in outs.items() if path not in RECORDS}
    same = tuple(path for path, (before, now) in results.items() if before == now)
    return StageComparison(name, same, tuple(path for path in results if path not in same))


def _drift(made_of: Lineage, record: dict[str, Any]) -> list[str]:
    """Return what of the environment was different, by the record that the training left."""
    used = {name.removeprefix(_USED): value for name, value in record["params"].items() if name.startswith(_USED)}
    hardware = [f"{name} {old} -> {used.get(name)}" for name, old in made_of.used.items() if used.get(name) != old]
    return hardware + differences(made_of.environment, Environment.model_validate(record["environment"]))
