"""The flows of the loop, one after another in one process, as a worker has them: `python -m demo.night`.

It reads a line of JSON for each, `{"flow": NAME, "workload": KEY, ...}`, and answers with one: what it came to. What
flows print goes to standard error.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import IO, Any

from components.config.errors import JourneymanError
from components.registry.promotion.ledger import Ledger
from flows import console
from flows.embedded import prefect_server
from flows.label import ask
from flows.retrain import retrain
from flows.shadow import shadow
from flows.watch import watch


def serve(asked: IO[str], answers: IO[str]) -> None:
    """Run what is asked for until nothing more is."""
    console.prepare()
    with prefect_server():
        for line in asked:
            said = json.loads(line)
            workload = said["workload"]
            before = _entries(workload)
            try:
                found = FLOWS[said.pop("flow")](**said)
            except JourneymanError as error:
                found = {"error": str(error)}
            found["history"] = _entries(workload)[len(before) :]
            answers.write(json.dumps(found) + "\n")
            answers.flush()


def _watch(workload: str) -> dict[str, Any]:
    found = watch(workload)
    said = found.report.verdict
    drifted = [day for version in found.report.versions[-1:] for day in version.drift if day.drifted]
    return {
        "verdict": said.verdict,
        "rule": said.rule,
        "drifted": list(drifted[-1].drifted) if drifted else [],
        "page": str(found.page),
    }


def _retrain(workload: str) -> dict[str, Any]:
    found = retrain(workload)
    decision, report = found.decision, found.report
    facts = {} if report is None else {str(row[0]): str(row[1]) for row in report.facts}
    return {
        "why": decision.why,
        "against": decision.against,
        "refused": decision.refused,
        "trained": report is not None,
        "facts": facts,
    }


def _shadow(workload: str) -> dict[str, Any]:
    return {"rows": shadow(workload).rows}


def _label(workload: str, count: int, days: int) -> dict[str, Any]:
    return {"said": ask(workload, count, days)}


def _entries(workload: str) -> list[dict[str, Any]]:
    return [entry.model_dump(mode="json") for entry in Ledger(workload).read().entries]


FLOWS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "watch": _watch,
    "label": _label,
    "retrain": _retrain,
    "shadow": _shadow,
}


if __name__ == "__main__":
    asked, answers = (os.fdopen(os.dup(stream), mode) for stream, mode in ((0, "r"), (1, "w")))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # what flows start reads nothing of ours
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    serve(asked, answers)
