"""Stage `resolve`: a section of `params.yaml` and the task -> what the later stages take of both.

parameters/train.json      the task, and its code that is trained with
parameters/export.json     the same of what is exported, and what travels in the bundle of the section `serve`
parameters/evaluate.json   the same of what is evaluated, and what decides which bundle is served

DVC tracks no key that is not there, and a stage that tracked the whole section would run for every other key of it. Nor
can `dvc.yaml` name the code of a task that the data decides. So this one does, in a second; the others run where what
they take has changed, be it written or a default, here or in an installed package.
"""

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from components import catalogue
from components.config.errors import ConfigError
from components.config.settings import artifacts
from components.kinds.prepared import open_prepared
from components.system import entry
from components.system.files import write_json

PARTS = {
    "train": ("objective",),
    "export": ("objective", "answers"),
    "evaluate": ("objective", "answers", "evaluation"),
}
"""What each stage takes of the task."""


def resolve(name: str) -> None:
    """Write the parameters of the workload `name`, defaults included, a file for each stage.

    Raises:
        ConfigError: the task is another one than the data was prepared for: DVC tracks no key that is not there, so
            `prepare` does not hear of one that comes or goes.
    """
    workload, data = catalogue.workload(name), open_prepared(artifacts(name, "prepared"))
    task, serve = catalogue.task(data.kind, data.task), workload.serve
    if workload.task not in (None, task):
        raise ConfigError(
            f"params.yaml: workloads.{name}.task: {workload.task}, but the data was prepared for a {task}; "
            f"run: dvc repro --force prepare@{name}"
        )
    taken: dict[str, dict[str, Any]] = {
        "train": {},
        "export": {"serve": serve.in_bundle()},
        "evaluate": {"serve": {"precision": serve.precision, "margin": serve.margin}},
    }
    for stage, parts in PARTS.items():
        code = {part: code_hash(f"{catalogue.task_package(task)}.{part}") for part in parts}
        write_json(artifacts(name, "parameters") / f"{stage}.json", {"task": task, "code": code, **taken[stage]})


def code_hash(module: str) -> str:
    """Return the SHA-256 of the files of a module or a package, their names and what is in them."""
    found = find_spec(module)
    assert found is not None
    path = Path(found.origin or "")
    files = sorted(path.parent.rglob("*.py")) if found.submodule_search_locations else [path]
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(path.parent)}\n{file.stat().st_size}\n".encode() + file.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    entry.run(resolve)
