"""The ledger of real stages: each has its line, and a version the lines that made it."""

import json
from pathlib import Path

from mlflow import MlflowClient

from components.ledger.line import read
from components.ledger.stages import OUTPUTS, output_key
from tests.conftest import Project

REGISTER = """
from components.registry.cost import keep_cost
from components.registry.register import register
from components.ledger.measure import metered
with metered("digits", "train flow", whole=True):
    version, _ = register("digits")
    with metered("digits", "gate") as meter:
        meter.version = version.number
    keep_cost(version)
"""
PRICES = "prices: {currency: EUR, dated: '2026-11-01', source: a list, cpu_hour: 36.0, gb_month: 1.0}\n"


def test_every_stage_has_a_line_and_a_version_those_that_made_it(trained: Project) -> None:
    lines, _ = read(Path("state/ledger/digits"))
    done = {line.part: line for line in lines if line.ended == "done"}
    assert set(done) == set(OUTPUTS)
    for stage, line in done.items():
        assert line.key == output_key("digits", stage) != ""
        assert line.cpu_seconds > 0
        assert (line.peak_bytes or 0) > 2**24
    trained.run("python", "-c", REGISTER)

    tags = MlflowClient("sqlite:///state/mlflow/mlflow.db").get_model_version("digits", "1").tags
    by_stage = json.loads(tags["journeyman.cost.cpu_seconds_by_stage"])
    assert set(by_stage) == {"gate", *OUTPUTS}
    assert float(tags["journeyman.cost.cpu_seconds"]) >= by_stage["train"] > 0
    assert "journeyman.cost.unknown" not in tags
    assert "W" in tags["journeyman.cost.energy_assumed"]

    told = json.loads(trained.run("python", "-m", "flows.ledger", "digits", "--version", "1", "--json"))
    parts = {total["part"]: total for total in told["totals"] if total["phase"] == "training"}
    assert set(parts) == {"", "gate", "train flow", *OUTPUTS}
    assert parts["train"]["cpu"] == done["train"].cpu_seconds

    with Path("params.yaml").open("a") as file:
        file.write(PRICES)
    assert trained.run("dvc", "status").strip() == "Data and pipelines are up to date."
    shown = trained.run("python", "-m", "flows.ledger", "digits")
    said = ("digits: what it has cost", "  cross_validate", "EUR", "prices: a list, 2026-11-01", "~ energy is")
    for words in said:
        assert words in shown
    assert "besides, to keep artifacts and log as they are now" in shown


def test_what_is_asked_wrongly_is_said_in_one_line(trained: Project) -> None:
    for arguments, said in (
        (["--version", "7"], "error: --version 7: the ledger of this folder knows no such version; it knows of none\n"),
        (["--month", "May"], "error: --month May: expected a year and a month, as 2026-11\n"),
    ):
        assert trained.fail("python", "-m", "flows.ledger", "digits", *arguments) == said
    assert "the ledger has nothing" in trained.run("python", "-m", "flows.ledger", "digits", "--month", "1999-01")
