"""What the ledger has of this workload's trainings and answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from components.config.prices import Prices
from components.ledger.line import Line, read
from components.ledger.power import Power
from components.ledger.stages import OUTPUTS, output_key
from components.ledger.totals import Total, own, totals
from components.ledger.versions import makers, of_version

MODEL = "/predict"


@dataclass(frozen=True)
class Past:
    """What is known."""

    training: Total | None
    """Of the version, or of what lies under `artifacts/`; None: the ledger knows nothing of it."""
    stages: list[Total]
    """The parts of it."""
    unknown: list[str]
    """Stages that this ledger has not seen run."""
    trains: list[Line]
    """Every training that came to its end, of whatever was trained."""
    answers: Total | None
    """What answering has taken at endpoints; None: nobody has asked one that keeps a ledger."""
    when: str
    where: str


def past(workload: str, where: Path, version: str, power: Power, prices: Prices) -> Past:
    """Return what the ledger has; `version` is what was registered of it, empty: nothing was."""
    lines, links = read(where)
    counted = own(lines)
    made = [line for line in counted if line.id in _makers(lines, workload)]
    unknown = [stage for stage in OUTPUTS if not any(line.part == stage for line in made)]
    if version:
        ids = {line.id for line in made}
        made += [line for line in of_version(counted, links, version) if line.id not in ids]
    found = [total for total in totals(made, power, prices) if total.phase == "training"]
    asked = [line for line in counted if line.part == "endpoint" and line.route == MODEL and line.requests]
    answers = [total for total in totals(asked, power, prices) if total.part]
    trained = next((line for line in made if line.part == "train"), None)
    return Past(
        training=found[0] if found else None,
        stages=[total for total in found if total.part],
        unknown=unknown,
        trains=[line for line in lines if line.part == "train" and line.ended == "done"],
        answers=answers[0] if answers else None,
        when=trained.began[:10] if trained else "",
        where=f"{trained.processor}, {trained.cores} cores" if trained else "",
    )


def _makers(lines: Sequence[Line], workload: str) -> set[str]:
    return {line.id for stage in OUTPUTS for line in makers(lines, stage, output_key(workload, stage))}
