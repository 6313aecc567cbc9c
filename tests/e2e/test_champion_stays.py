"""A champion that stays is published, whatever has become of the data, and its examples stay its own."""

import json
import re
import shutil
from pathlib import Path

from tests.conftest import Project
from tests.e2e.test_flow import _facts

REFUSED = ("brier: 2.0", "brier: 0.000001")
"""No model is as good."""


def test_of_pictures_of_other_classes_or_another_size(trained: Project, digits: Path, prefect_url: str) -> None:
    assert run(trained, "digits", prefect_url)["champion"] == "version 1 is the first champion"
    first = offered(trained, "digits")

    fewer = Path(shutil.copytree(digits, trained.path.parent / "fewer"))
    shutil.rmtree(fewer / "digit-9")
    trained.params(str(digits), str(fewer))
    for store in ("bentoml", "champions"):
        shutil.rmtree(trained.path / "state" / store)  # as on another machine
    facts = run(trained, "digits", prefect_url)
    assert "version 1 stays, version 2 is refused by classes: lost" in facts["champion"]
    assert re.search(r"\d+ of \d+ held-out examples right", facts["endpoint"])

    trained.params("size: 8, channels: 1", "size: 16, channels: 3")
    trained.params(*REFUSED)
    facts = run(trained, "digits", prefect_url)
    assert "version 1 stays, version 3 is refused by calibration: Brier score" in facts["champion"]
    assert facts["endpoint"] == "not asked: it takes other inputs than today's data"
    assert facts["published"].startswith("version 1 in ")

    assert offered(trained, "digits") == first


def test_of_a_table_of_newer_records_or_other_columns(payments: Project, prefect_url: str) -> None:
    assert run(payments, "payments", prefect_url)["champion"] == "version 1 is the first champion"
    payments.params(*REFUSED)
    description = payments.path / "datasets" / "few.yaml"
    description.write_text(description.read_text().replace("days: 40", "days: 44"))
    facts = run(payments, "payments", prefect_url)
    assert "version 1 stays, version 2 is refused by " in facts["champion"]
    assert "of 10 held-out examples right" in facts["endpoint"]

    payments.params("terminal_id: {days: [1, 7]", "terminal_id: {days: [1, 3]")
    facts = run(payments, "payments", prefect_url)
    assert "version 1 stays, version 3 is refused by " in facts["champion"]
    assert facts["endpoint"] == "not asked: it takes other inputs than today's data"
    assert facts["published"].startswith("version 1 in ")


def run(project: Project, workload: str, prefect_url: str) -> dict[str, str]:
    """Run the flow, which has to end well, and return what its summary says."""
    said = project.run("python", "-m", "flows.train", workload, PREFECT_API_URL=prefect_url)
    assert "Traceback" not in said
    return _facts(said)


def offered(project: Project, workload: str) -> bytes:
    """Return the examples that are published with the champion."""
    champions = project.path / "state" / "champions"
    pointer = json.loads((champions / workload / "champion.json").read_text())
    return (champions / pointer["path"] / "examples.json").read_bytes()
