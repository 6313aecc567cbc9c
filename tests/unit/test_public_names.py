"""Nothing that users have is renamed unseen; see `tests/public_names.py`. What a run makes is held in integration."""

import ast
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from components.config.prices import Prices
from components.config.settings import environment
from components.data.description import Description
from components.inference.bundle import About
from components.inference.champion.measured import Said
from components.inference.champion.published import Pointer
from components.inference.champion.tried import Tried
from components.inference.options import PREFIX, Options
from components.kinds.audio.params import Workload as Audio
from components.kinds.image.params import Workload as Image
from components.kinds.interactions.params import Workload as Interactions
from components.kinds.table.params import Workload as Table
from components.kinds.text.params import Workload as Text
from components.registry.gate.verdict import Verdict
from components.registry.lineage import Lineage
from components.registry.promotion.history import Entry, Step
from components.training.served import Served
from tests.conftest import ROOT
from tests.public_names import differences

MODELS: dict[str, type[BaseModel]] = {
    "params.yaml, audio": Audio,
    "params.yaml, image": Image,
    "params.yaml, interactions": Interactions,
    "params.yaml, table": Table,
    "params.yaml, text": Text,
    "params.yaml, prices": Prices,
    "description of a data set": Description,
    "bundle.json": About,
    "served.json": Served,
    "canary.json": Tried,
    "shadow.json": Tried,
    "measured of a shadow": Said,
    "champion.json": Pointer,
    "lineage.json": Lineage,
    "verdict.json": Verdict,
    "entry of the history": Entry,
    "step of a trial": Step,
}
PATTERNS = {
    "tags": (r"(?:journeyman|process)\.(?!toml$)[a-z_.0-9]+", ("components", "flows")),
    "metrics of an endpoint": (r"journeyman_[a-z_]+", ("components/inference",)),
    "routes": (r"/|/(?:[a-z_]+/?)(?:\.json)?", ("components/inference/gateway", "components/inference/service.py")),
}
"""Constants of the code that are names, and where they stand."""


@pytest.mark.parametrize("section", MODELS)
def test_keys_stay(section: str) -> None:
    said = differences(section, keys(MODELS[section]))
    assert not said, said


@pytest.mark.parametrize("section", PATTERNS)
def test_names_in_the_code_stay(section: str) -> None:
    pattern, folders = PATTERNS[section]
    said = differences(section, (text for text in constants(*folders) if re.fullmatch(pattern, text)))
    assert not said, said


def test_environment_variables_stay() -> None:
    options = {f"{PREFIX}{name.upper()}" for name in Options.model_fields}
    named = {text for text in constants("components", "flows") if re.fullmatch(rf"{PREFIX}[A-Z_]+", text)} - {PREFIX}
    said = differences("environment variables", options | named | set(environment(ROOT)))
    assert not said, said


def test_commands_stay() -> None:
    said = differences("commands", commands())
    assert not said, said


def test_a_name_that_went_or_came_is_told_with_what_to_do() -> None:
    told = differences("served.json", ["precision", "grounds"]).splitlines()
    assert told[0].startswith("public_names.txt [served.json]: reason is gone, and users have it: keep the word")
    assert told[1].startswith("public_names.txt [served.json]: grounds is new: write it into the page")


def keys(model: type[BaseModel], path: str = "") -> Iterator[str]:
    """Yield the path of every key of the model and of those in it; `*` stands for a name that the user gives."""
    for name, field in model.model_fields.items():
        yield f"{path}{name}"
        for step, inner in _models_in(field.annotation):
            yield from keys(inner, f"{path}{name}.{step}")


def _models_in(annotation: Any, step: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield step, annotation
    for part in get_args(annotation):
        yield from _models_in(part, "*." if getattr(annotation, "__origin__", None) in (dict, list, tuple) else step)


def constants(*folders: str) -> Iterator[str]:
    """Yield the texts in the code that are no docstrings."""
    for folder in folders:
        for path in [ROOT / folder] if folder.endswith(".py") else (ROOT / folder).rglob("*.py"):
            tree = ast.parse(path.read_text())
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def commands() -> Iterator[str]:
    """Yield each command of flows and components with its arguments: `flows.promote:--reason`."""
    for path in (path for folder in ("components", "flows") for path in (ROOT / folder).rglob("*.py")):
        text = path.read_text()
        if 'if __name__ == "__main__"' not in text:
            continue
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        yield module
        yield from (f"{module}:{name}" for name in re.findall(r"add_argument\(\"([a-z0-9-]+)\"", text))
