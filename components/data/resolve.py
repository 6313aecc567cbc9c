"""Stage `resolve`, the first: a section of `params.yaml` -> what each other stage takes of its kind and its task.

parameters/{stage}.json     kind and task, the hash of what the stage runs of their code, and what it takes of those
                            keys that a section may leave out, defaults included

DVC tracks no key that is not there, and a stage that tracked the whole section would run for every other key of it. Nor
can `dvc.yaml` name the code of a kind or a task of an installed package. So this one does, in a second; the others run
where what they take has changed, be it written or a default, here or in an installed package. Where the section does
not say its task, which the labels decide later, the code of every task that they may ask for counts.
"""

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from components import catalogue
from components.config.backbone import read_pretrained
from components.config.params import Workload
from components.config.settings import artifacts
from components.extensions import check_pinned
from components.system import entry
from components.system.files import write_json

KIND_PARTS = {
    "backbone": ("params",),
    "ingest": ("params", "codec", "source"),
    "prepare": ("params", "codec", "prepare", "overview"),
    "train": ("params", "learner"),
    "export": ("params", "codec", "golden", "learner"),
    "cross_validate": ("params", "codec", "learner", "evaluation", "sample"),
    "evaluate": ("params", "codec", "evaluation", "sample"),
}
"""What each stage runs of the kind, as far as it has the part."""
TASK_PARTS = {
    "train": ("objective",),
    "export": ("objective", "answers"),
    "cross_validate": ("objective", "answers", "evaluation"),
    "evaluate": ("objective", "answers", "evaluation"),
}
"""What each stage runs of the task."""


def resolve(name: str) -> None:
    """Write what each stage of the workload `name` takes.

    Raises:
        ConfigError: kind or task is of an installed package that `constraints.txt` does not pin, or the description
            of the backbone is wrong.
    """
    workload = catalogue.workload(name)
    for extension in catalogue.extensions_of(workload.kind, workload.task):
        check_pinned(extension)
    if chosen := workload.train.pretrained():
        read_pretrained(chosen)  # a description that is wrong is said before any work
    for stage in KIND_PARTS:
        write_json(artifacts(name, "parameters") / f"{stage}.json", parameters(workload, stage))


def parameters(workload: Workload, stage: str) -> dict[str, Any]:
    """Return what the stage takes of the workload's kind and task: what changes when it has to run again."""
    kind = catalogue.package("kind", workload.kind)
    asked = [workload.task] if workload.task else catalogue.built_in_tasks()
    code = {part: code_hash(f"{kind}.{part}") for part in KIND_PARTS[stage] if find_spec(f"{kind}.{part}")}
    for task in asked:
        package = catalogue.package("task", task)
        code |= {f"{task}.{part}": code_hash(f"{package}.{part}") for part in TASK_PARTS.get(stage, ())}
    said: dict[str, Any] = {"kind": workload.kind, "code": code, **_besides(workload, stage)}
    if stage == "prepare":
        said["labels"] = catalogue.labels_of(workload.task)
    if stage not in ("backbone", "ingest"):
        said["task"] = workload.task
    if stage == "backbone":
        said["train"] = workload.train.decides_backbone()
    serve = workload.serve
    if stage == "export":
        said["serve"] = {"device": serve.device, **serve.in_bundle()}
    if stage == "cross_validate":
        said["evaluate"] = workload.evaluate.model_dump(mode="json")
    if stage == "evaluate":
        said["serve"] = {"precision": serve.precision, "margin": serve.margin}
    return said


def _besides(workload: Workload, stage: str) -> dict[str, Any]:
    """Return what `ingest` takes of the section `prepare`: what it reads besides, of a kind that has any."""
    keys = {"unlabelled", "unlabelled_answers"}
    taken = workload.prepare.model_dump(mode="json", include=keys) if stage == "ingest" else {}
    return {"prepare": taken} if taken else {}


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
