"""Names that a library does not document are used in `components/internals` alone."""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

HOME = Path("components/internals")
LIBRARIES = frozenset(
    (
        "bentoml",
        "_bentoml_sdk",
        "_bentoml_impl",
        "uvicorn",
        "circus",
        "prefect",
        "lightning",
        "lightning_fabric",
        "mlflow",
    )
)
_DOTTED = re.compile(r"\w+(\.\w+)*")


def test_private_modules_and_names_are_imported_in_internals_alone() -> None:
    found = {str(path): names for path, tree in _project() if (names := sorted(_private_imports(tree)))}
    assert found == {}, "move what needs these names to components/internals/<library>.py"


def test_private_attributes_of_libraries_are_read_in_internals_alone() -> None:
    own = {name for _, tree in _project() for name in _defined(tree)}
    found = {str(path): names for path, tree in _project() if (names := sorted(_private_attributes(tree) - own))}
    assert found == {}, (
        "no code of the project defines these names: move what needs them to components/internals/<library>.py"
    )


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("from bentoml._internal.tag import Tag", {"bentoml._internal.tag"}),
        ("import mlflow.utils._spark_utils as spark", {"mlflow.utils._spark_utils"}),
        ("from prefect.main import _initialize", {"prefect.main._initialize"}),
        ("import _bentoml_sdk", {"_bentoml_sdk"}),
        ("import importlib\nimportlib.import_module('bentoml._internal')", {"bentoml._internal"}),
        ("import mlflow\nfrom lightning import Trainer\nfrom os import _exit", set()),
    ],
)
def test_the_scan_sees_imports(code: str, names: set[str]) -> None:
    assert _private_imports(ast.parse(code)) == names


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("trainer._run()", {"_run"}),
        ("getattr(trainer, '_results', None)", {"_results"}),
        ("vars(trainer)['_results']", set()),
        ("self._own, named._replace(a=1), self.__dict__, sys._exit", {"_own"}),
    ],
)
def test_the_scan_sees_attributes(code: str, names: set[str]) -> None:
    assert _private_attributes(ast.parse(code)) == names


def test_the_scan_sees_what_the_project_defines() -> None:
    tree = ast.parse("class A:\n    _a: int\n    def _b(self) -> None:\n        self._c = _d = 1\n")
    assert set(_defined(tree)) == {"A", "_a", "_b", "_c", "_d"}


@cache
def _project() -> list[tuple[Path, ast.Module]]:
    """Return the code outside `components/internals`, parsed, by its path in the project."""
    paths = sorted(
        path for folder in ("components", "flows", "docs", "benchmarks") for path in (ROOT / folder).rglob("*.py")
    )
    relative = [path.relative_to(ROOT) for path in paths]
    return [(path, ast.parse((ROOT / path).read_text())) for path in relative if not path.is_relative_to(HOME)]


def _private_imports(tree: ast.Module) -> set[str]:
    """Return the imported modules and names of the libraries that have a part with a leading underscore."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                names.update(alias.name for alias in node.names)
            case ast.ImportFrom(module=str(module), level=0):
                private = _is_private(module)
                names.update(module if private else f"{module}.{alias.name}" for alias in node.names)
            case ast.Call(args=[ast.Constant(value=str(module)), *_]):
                names.add(module)
    return {
        name for name in names if name.partition(".")[0] in LIBRARIES and _DOTTED.fullmatch(name) and _is_private(name)
    }


def _is_private(name: str) -> bool:
    return any(part.startswith("_") for part in name.split("."))


def _private_attributes(tree: ast.Module) -> set[str]:
    """Return attributes with one leading underscore that are read, set or asked for by `getattr` and its like."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=module)) if module in sys.stdlib_module_names:
                pass
            case ast.Attribute(attr=name):
                names.add(name)
            case ast.Call(
                func=ast.Name(id="getattr" | "setattr" | "hasattr" | "delattr"), args=[_, ast.Constant(str(name)), *_]
            ):
                names.add(name)
    public_of_tuples = {"_replace", "_asdict", "_fields", "_make"}
    return {name for name in names if name.startswith("_") and not name.startswith("__")} - public_of_tuples


def _defined(tree: ast.Module) -> Iterator[str]:
    """Yield the names that the code gives to its own functions, classes, fields and variables."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                yield name
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
