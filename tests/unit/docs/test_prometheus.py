"""The example rules and dashboard name metrics and labels that an endpoint shows, and nothing else."""

import json
import re
from collections.abc import Iterator

import pytest
import yaml

from components.inference.gateway.cells import Cells
from components.inference.gateway.exposition import FAMILIES
from components.inference.gateway.metrics import Metrics
from tests.conftest import ROOT

FOLDER = ROOT / "docs" / "prometheus"
RULES = yaml.safe_load((FOLDER / "rules.yaml").read_text())
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text())
SHOWN = {name for family in FAMILIES for name in ([f"{family.name}_{part}" for part in ("bucket", "sum", "count")]
         if family.bounds else [family.name])}  # fmt: skip
OF_PROMETHEUS = {"job", "le"}
OUTSIDE = {"workload", "verdict"}
"""Labels of what is shown beside what workers count, of a watch; `tests/unit/inference/gateway/test_watched.py`."""


def rules() -> list[dict[str, object]]:
    return [rule for group in RULES["groups"] for rule in group["rules"]]


def expressions() -> Iterator[str]:
    yield from (str(rule["expr"]) for rule in rules())
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    yield from (each["query"] for each in DASHBOARD["templating"]["list"] if each["type"] == "query")


def exposed() -> str:
    metrics = Metrics(Cells.private())
    metrics.serves("1")
    metrics.answered("/predict", 200, 0.01)
    metrics.refused("busy")
    metrics.predicted("1", ["cat"])
    metrics.spent("/predict", "1", 1.0, 2.0, "estimate")
    metrics.busy(0.5)
    return metrics.exposition().decode()


@pytest.mark.parametrize("expression", list(expressions()))
def test_every_metric_and_label_is_there(expression: str) -> None:
    recorded = {str(rule["record"]) for rule in rules() if "record" in rule}
    names = set(re.findall(r"journeyman[:\w]+", expression))
    assert names
    assert names <= SHOWN | recorded
    labels = set(re.findall(r"(\w+)(?:=~|!~|!=|=)\"", expression))
    labels |= {
        label for listed in re.findall(r"(?:by|ignoring) \(([^)]*)\)", expression) for label in listed.split(", ")
    }
    assert labels <= set(re.findall(r"(\w+)=\"", exposed())) | OF_PROMETHEUS | OUTSIDE
    assert expression.count("(") == expression.count(")")


def test_counters_are_read_as_rates_and_gauges_are_not() -> None:
    types = {family.name: family.type for family in FAMILIES}
    for expression in expressions():
        for name in set(re.findall(r"journeyman_\w+", expression)) & set(types):
            if not expression.startswith("label_values"):
                rated = re.search(rf"(?:rate|increase)\({name}\b", expression) is not None
                assert rated == (types[name] == "counter"), (name, expression)


def test_every_rule_says_what_it_is() -> None:
    for rule in rules():
        assert ("alert" in rule) != ("record" in rule)
        if "alert" in rule:
            assert rule["labels"] in ({"severity": "page"}, {"severity": "ticket"})
            assert rule["annotations"]
    names = [str(rule.get("alert") or rule.get("record")) for rule in rules()]
    assert len(names) == len(set(names))


def test_panels_do_not_lie_on_each_other() -> None:
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in DASHBOARD["panels"]]
    assert len(set(places)) == len(places) == len({panel["id"] for panel in DASHBOARD["panels"]})
