"""What `dvc.yaml` says of a stage is held against what the stage does: DVC believes the list, so it must be true."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.config.settings import artifacts
from components.data.resolve import KIND_PARTS, TASK_PARTS
from tests.conftest import ROOT, Project
from tests.unit.versioning.test_dependencies import WORDS, is_empty

MODULES = {
    "ingest": "components.data.ingest",
    "prepare": "components.data.prepare",
    "train": "components.training.train",
    "resolve": "components.data.resolve",
    "backbone": "components.data.backbone",
    "export": "components.training.export",
    "cross_validate": "components.training.cross_validate",
    "evaluate": "components.training.evaluate",
}
RECORDER = """
import json, logging, sys, warnings
from pathlib import Path
warnings.simplefilter("ignore")
from pydantic import BaseModel
from components.config.params import Section, Workload

read = set()
def record(section, name, path):
    value = object.__getattribute__(section, name)
    if isinstance(value, Section):
        object.__setattr__(value, "__path__", path + [name])
    else:
        read.add(".".join(path + [name]))
    return value

def watched(self, name):
    fields = type.__getattribute__(type(self), "__pydantic_fields__")
    if name in fields:
        try:
            path = object.__getattribute__(self, "__path__")
        except AttributeError:
            path = None
        if path is not None:
            return record(self, name, path)
    return object.__getattribute__(self, name)

dump = BaseModel.model_dump
def whole(self, *args, **kwargs):
    for name in type(self).model_fields:
        if name not in (kwargs.get("exclude") or ()):
            getattr(self, name)
    return dump(self, *args, **kwargs)

from components import catalogue
load = catalogue.workload
def workload(name):
    loaded = load(name)
    object.__setattr__(loaded, "__path__", [])
    return loaded
catalogue.workload = workload
Section.__getattribute__ = watched
Section.model_dump = whole
import importlib
stage, module, workload_name = sys.argv[1:]
getattr(importlib.import_module(module), stage)(workload_name)
modules = sorted(str(Path(m.__file__).relative_to(Path.cwd())) for n, m in sys.modules.items()
                 if n.startswith("components.") and m.__file__)
json.dump({"read": sorted(read), "modules": modules}, open("seen.json", "w"))
"""


@pytest.mark.parametrize("stage", MODULES)
@pytest.mark.parametrize(
    ("fixture", "workload", "kind", "task"),
    [("trained", "digits", "image", "classification"), ("payments", "payments", "table", "detection")],
)
def test_every_key_that_is_read_is_tracked_and_every_module_listed(
    fixture: str, workload: str, kind: str, task: str, stage: str, request: pytest.FixtureRequest
) -> None:
    project: Project = request.getfixturevalue(fixture)
    project.run("python", "-c", RECORDER, stage, MODULES[stage], workload)
    seen = json.loads(Path("seen.json").read_text())
    described = _described(stage, workload, kind)

    tracked = [*described["params"], *_resolved(stage, workload)]
    expected = {"train.epochs", "train.batch_size", "train.threads"} if stage == "train" else set()
    assert seen["read"] or stage == "backbone", "the recorder saw nothing"
    assert expected <= set(seen["read"])
    read = [f"workloads.{workload}.{key}" for key in seen["read"]]
    untracked = [key for key in read if not any(f"{key}.".startswith(f"{known}.") for known in tracked)]
    assert untracked == []

    listed = [*map(Path, described["deps"]), *_hashed(stage, kind, task)]
    unlisted = [
        module
        for module in seen["modules"]
        if not any(Path(module).is_relative_to(dep) for dep in (*listed, *WORDS)) and not is_empty(Path(module))
    ]
    assert unlisted == []


@pytest.mark.parametrize("kind", ["image", "table", "text", "interactions"])
def test_every_dependency_exists(kind: str) -> None:
    for stage in MODULES:
        for dep in _described(stage, "any", kind)["deps"]:
            if dep.startswith(("components", "data/inbox")):
                assert (ROOT / dep).exists(), dep


@pytest.mark.parametrize("stage", MODULES)
def test_every_stage_answers_a_wrong_key_in_one_line(stage: str, project: Project) -> None:
    project.params("epochs:", "epoch:")
    said = project.fail("python", "-m", MODULES[stage], "digits")
    assert said.startswith("error: params.yaml: workloads.digits.train.epoch: unknown key.")
    assert len(said.splitlines()) == 1


def test_usage_is_said(project: Project) -> None:
    assert project.fail("python", "-m", "components.data.ingest") == (
        "usage: python -m components.data.ingest WORKLOAD\n"
    )


def _described(stage: str, workload: str, kind: str) -> dict[str, Any]:
    text = (ROOT / "dvc.yaml").read_text()
    for name, value in {"key": workload, "item.kind": kind, "item.source": "pictures"}.items():
        text = text.replace(f"${{{name}}}", value)
    return dict(yaml.safe_load(re.sub(r"\$\{.*?\}", "x", text))["stages"][stage]["do"])


def _resolved(stage: str, workload: str) -> list[str]:
    """Return the keys that the stage tracks by a file that `resolve` has written."""
    path = artifacts(workload, "parameters") / f"{stage}.json"
    if str(path) not in _described(stage, workload, "image")["deps"]:
        return []
    written = json.loads(path.read_text())
    sections = {name: part for name, part in written.items() if isinstance(part, dict) and name != "code"}
    keys = [f"workloads.{workload}.{name}.{key}" for name, part in sections.items() for key in part]
    return keys + [f"workloads.{workload}.task" for _ in range("task" in written)]


def _hashed(stage: str, kind: str, task: str) -> list[Path]:
    """Return the code of kind and task that the stage tracks by such a file, and what a task knows."""
    kinds, tasks = Path("components/kinds", kind), Path("components/tasks", task)
    of_kind = [kinds / name for part in KIND_PARTS.get(stage, ()) for name in (part, f"{part}.py")]
    of_task = [tasks / name for part in TASK_PARTS.get(stage, ()) for name in (part, f"{part}.py")]
    return [tasks / "__init__.py", *of_kind, *of_task]
