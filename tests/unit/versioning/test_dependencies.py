"""The code that `dvc.yaml` lists for a stage is held against what the stage imports, without running it."""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.data.resolve import KIND_PARTS, TASK_PARTS
from tests.conftest import ROOT

STAGES = {
    "resolve": "components.data.resolve",
    "backbone": "components.data.backbone",
    "ingest": "components.data.ingest",
    "prepare": "components.data.prepare",
    "train": "components.training.train",
    "export": "components.training.export",
    "cross_validate": "components.training.cross_validate",
    "evaluate": "components.training.evaluate",
}
"""The module of each stage."""
COMPOSED = {
    "train": ("components.tasks.learner",),
    "export": ("components.tasks.learner",),
    "cross_validate": ("components.tasks.learner", "components.tasks.evaluation"),
    "evaluate": ("components.tasks.evaluation",),
}
"""The modules that bring kind and task together, which a stage takes by name."""
WORDS = {Path(f"components/{name}.py") for name in ("kinds/labels", "tasks/labels")}
WORDS |= {Path(f"components/kinds/{name}.py") for name in ("database", "memory_tables", "stored_memory", "tombstones")}
WORDS |= {Path(f"components/config/{name}.py") for name in ("errors", "gate", "card", "watch", "retrain")}
WORDS |= {path.relative_to(ROOT) for path in ROOT.glob("components/ledger/*.py")}
"""Modules that decide nothing that a stage writes: what errors say, sections that no stage reads, `POST /labels`, where
an endpoint remembers, and what measures a stage from around it."""
KINDS = tuple(sorted(path.parent for path in Path("components/kinds").glob("*/codec")))
TASKS = tuple(sorted(path.parent for path in Path("components/tasks").glob("*/objective")))
"""Packages whose code stages take by its hash, which `resolve` writes."""


@pytest.mark.parametrize("kind", [path.name for path in KINDS])
@pytest.mark.parametrize("stage", STAGES)
def test_every_module_that_a_stage_imports_is_listed_or_hashed(stage: str, kind: str) -> None:
    listed = [Path(dep) for dep in _described()[stage]["deps"]]
    hashed = _hashed(Path("components/kinds", kind), KIND_PARTS.get(stage, ()))
    imported = _imported([STAGES[stage], *_composed(stage), *_parts(f"kinds.{kind}", KIND_PARTS.get(stage, ()))])
    allowed = (*listed, *hashed, *TASKS)
    unlisted = {path for path in imported - WORDS if not any(path.is_relative_to(dep) for dep in allowed)}
    assert sorted(map(str, unlisted)) == [], f"list them under {stage} in dvc.yaml, or in KIND_PARTS"


@pytest.mark.parametrize("stage", STAGES)
def test_every_module_that_is_listed_is_used_by_a_kind_and_none_is_of_words(stage: str) -> None:
    used: set[Path] = set()
    for kind in KINDS:
        used |= _imported([STAGES[stage], *_composed(stage), *_parts(f"kinds.{kind.name}", KIND_PARTS.get(stage, ()))])
    hashes = {"components/kinds", "components/tasks"} if stage == "resolve" else set()  # it reads them as they are
    listed = {dep for dep in _described()[stage]["deps"] if dep.startswith("components/")} - hashes
    idle = [dep for dep in listed if not any(path.is_relative_to(dep) for path in used)]
    assert [dep for dep in idle if not is_empty(ROOT / dep)] == []
    assert not WORDS & set(map(Path, listed))
    assert not {"components/config", "components/system"} & listed


@pytest.mark.parametrize("task", [path.name for path in TASKS])
@pytest.mark.parametrize("stage", TASK_PARTS)
def test_of_a_task_a_stage_takes_what_resolve_hashes(stage: str, task: str) -> None:
    folder = Path("components/tasks", task)
    imported = _imported(_parts(f"tasks.{task}", TASK_PARTS[stage]))
    words = folder / "__init__.py"  # which metrics and keys it knows
    allowed = [*map(Path, _described()[stage]["deps"]), *_hashed(folder, TASK_PARTS[stage]), words]
    unlisted = {path for path in imported - WORDS if not any(path.is_relative_to(one) for one in allowed)}
    assert sorted(map(str, unlisted)) == [], f"list them under {stage} in dvc.yaml, or in TASK_PARTS"


def test_only_the_stage_that_resolves_takes_a_whole_section() -> None:
    whole = [stage for stage, said in _described().items() if "workloads.any" in said["params"]]
    assert whole == ["resolve"]


def _composed(stage: str) -> list[str]:
    """Return what a stage takes by name beside the parts of a kind: what brings both together, and every task's."""
    parts = [part for path in TASKS for part in _parts(f"tasks.{path.name}", TASK_PARTS.get(stage, ()))]
    return [*COMPOSED.get(stage, ()), *parts]


def _parts(package: str, parts: Iterable[str]) -> list[str]:
    return [f"components.{package}.{part}" for part in parts]


def _hashed(folder: Path, parts: Iterable[str]) -> list[Path]:
    """Return where the parts of a kind or a task stand, a folder or a file each."""
    return [folder / name for part in parts for name in (part, f"{part}.py")]


def _described() -> dict[str, Any]:
    text = (ROOT / "dvc.yaml").read_text()
    for name, value in {"key": "any", "item.source": "pictures"}.items():
        text = text.replace(f"${{{name}}}", value)
    stages = yaml.safe_load(re.sub(r"\$\{.*?\}", "x", text))["stages"]
    return {name: dict(stage["do"]) for name, stage in stages.items()}


def _imported(modules: list[str]) -> set[Path]:
    """Return the files with code that the modules import, and so on, by their path in the project."""
    found: dict[str, Path] = {}
    names = list(modules)
    while names:
        name = names.pop()
        path = _file(name)
        if name in found or path is None:
            continue
        found[name] = path
        names += [*_imports_of(path), name.rpartition(".")[0]]
    return {path for path in found.values() if not is_empty(ROOT / path)}


def _file(name: str) -> Path | None:
    path = Path(*name.split("."))
    files = (path.with_suffix(".py"), path / "__init__.py") if name.startswith("components") else ()
    return next((file for file in files if (ROOT / file).exists()), None)


@cache
def _imports_of(path: Path) -> tuple[str, ...]:
    return tuple(_imports(ast.parse((ROOT / path).read_text())))


def _imports(node: ast.AST) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case ast.Import():
                yield from (alias.name for alias in child.names)
            case ast.ImportFrom(module=str(module)):
                yield module
                yield from (f"{module}.{alias.name}" for alias in child.names)
        yield from _imports(child)


@cache
def is_empty(path: Path) -> bool:
    """Return whether it is a package's first page, which holds no code: nothing a stage could depend on."""
    return path.name == "__init__.py" and len(ast.parse(path.read_text()).body) <= 1
