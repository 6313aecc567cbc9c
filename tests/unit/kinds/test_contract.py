"""Every kind offers every part that the contract asks for, so that nobody has to ask which kind it has."""

import ast
import inspect
from importlib import import_module
from pathlib import Path

import pytest

from components import catalogue
from components.kinds import contract

PARTS = {
    "codec": contract.Codec,
    "erasure": contract.Erasure,
    "source": contract.Source,
    "preparation": contract.Preparation,
    "sample": contract.Sample,
    "overview": contract.Overviews,
    "scoring": contract.Scoring,
    "learner": contract.Learner,
    "logged": contract.Logged,
    "evaluation": contract.Inspection,
}
OPTIONAL = {
    "exploration": contract.Exploration,
    "golden": contract.Golden,
    "relabelling": contract.Relabelling,
    "space": contract.SearchSpace,
}
"""Parts that a kind may leave out."""
PARTITIONED = contract.PartitionedPreparation
"""What the module of a part may offer besides."""
MODULES = {"preparation": "prepare"}
"""Parts that are called otherwise than their module."""


@pytest.mark.parametrize("kind", catalogue.names())
@pytest.mark.parametrize("part", PARTS)
def test_a_kind_has_every_part(kind: str, part: str) -> None:
    module, wanted = import_module(f"components.kinds.{kind}.{MODULES.get(part, part)}"), PARTS[part]
    for name in [*wanted.__annotations__, *(name for name in vars(wanted) if not name.startswith("_"))]:
        assert hasattr(module, name), f"components.kinds.{kind}: {part} has no {name}"
    for name, method in vars(wanted).items():
        if inspect.isfunction(method) and not name.startswith("_"):
            asked = list(inspect.signature(method).parameters.values())[1:]  # without self
            taken = list(inspect.signature(getattr(module, name)).parameters.values())
            assert [one.default for one in taken] == [one.default for one in asked], f"{kind}: {part}.{name}"


@pytest.mark.parametrize("kind", catalogue.names())
def test_mypy_is_asked_whether_a_kind_has_every_part(kind: str) -> None:
    path = Path(catalogue.__file__).parent / "kinds" / kind / "conformance.py"
    asked = {
        ast.unparse(part.annotation).partition("[")[0]: ast.unparse(part.value)
        for part in ast.walk(ast.parse(path.read_text()))
        if isinstance(part, ast.AnnAssign) and part.value
    }
    there = {part: protocol for part, protocol in OPTIONAL.items() if (path.parent / f"{part}.py").exists()}
    parts = {"params": contract.Params, **PARTS, **there, "prepare": PARTS["preparation"]}
    del parts["preparation"]
    expected = {f"contract.{protocol.__name__}": part for part, protocol in parts.items()}
    if catalogue.partitioned(kind):
        expected[f"contract.{PARTITIONED.__name__}"] = "prepare"
    assert asked == expected


@pytest.mark.parametrize("kind", catalogue.names())
def test_mypy_is_told_the_types_in_which_a_kind_differs(kind: str) -> None:
    text = (Path(catalogue.__file__).parent / "kinds" / kind / "conformance.py").read_text()
    generic = {name for name, part in vars(contract).items() if getattr(part, "__parameters__", ())}
    assert {"Codec", "Inspection", "Learner", "Sample", "Scoring"} <= generic
    optional = {protocol.__name__ for protocol in (*OPTIONAL.values(), PARTITIONED)}  # the test above has these
    for name in generic - {"Explain"} - optional:  # of `Explain` a codec has one
        assert f"contract.{name}[" in text, f"{kind}: contract.{name} without its types is not checked"
