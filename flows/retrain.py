"""Flow `retrain`: learn again from what was answered at work, when it is due. `python -m flows.retrain [WORKLOAD]`."""

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from components import catalogue
from components.config.errors import DataError
from components.config.settings import log_folder, watch_folder
from components.inference.gateway.watched import VERDICT
from components.kinds.prepared import known
from components.prediction_log.compaction import compact
from components.prediction_log.reader import Log
from components.registry.promotion import champion as champion_of
from components.registry.promotion.ledger import Ledger
from components.registry.promotion.trial import TRIAL, UNSEEN, began
from components.registry.register import register
from components.registry.version import Version, get_version
from components.registry.versions import last_registered, tagged
from components.retraining.attempt import learning_from, put_back
from components.retraining.due import Decision, decide
from components.retraining.manifest import Live, first_left, gather, learnt_until
from components.retraining.poison import refused
from components.retraining.trainings import counted, trainings
from components.retraining.unlabelled import Unlabelled, gather_unlabelled
from components.system import clock
from components.watch.bundles import Bundle
from flows import console
from flows.costs import measure
from flows.report import Report
from flows.runs import mark_dead_runs
from flows.servers import ask_all
from flows.tables import table
from flows.train import train
from flows.watch import delay_of

DEFAULT = "garments"


@dataclass(frozen=True)
class Retrained:
    """What a run of the flow came to."""

    workload: str
    decision: Decision
    live: Live
    report: Report | None
    """Of the training; None: nothing was trained."""
    unlabelled: Unlabelled | None = None
    """Answers without a label that it learned from besides; None: nothing was trained, or none are asked for."""

    def __str__(self) -> str:
        rows = [
            *(["due", said] for said in self.decision.why),
            *(["against it", said] for said in self.decision.against),
            *(["refused", said] for said in self.decision.refused),
            *(["", said] for said in self.decision.notes),
            ["answers", f"{len(self.live.manifest):,}, of which {self.live.labelled:,} are labelled"],
            [
                "new labels",
                ", ".join(f"{count:,} from {name}" for name, count in self.live.sources().items()) or "none",
            ],
        ]
        if self.unlabelled is not None:
            rows.append(["without a label", f"{len(self.unlabelled):,} answers to learn from besides"])
        said = table(f"{self.workload}: {self._outcome()}", ["", ""], rows)
        return said if self.report is None else f"{said}\n{self.report}"

    def _outcome(self) -> str:
        if self.report is not None:
            return "trained again"
        return "a training is due" if self.decision.due else "no training now"


@flow(name="retrain", flow_run_name="retrain-{workload}", persist_result=False, log_prints=False)
@measure("retrain flow")
def retrain(workload: str = DEFAULT, dry_run: bool = False) -> Retrained:
    """Train again by the flow `train` if it is due, from the source, the inbox and the labelled answers of the log.

    Args:
        workload: whose.
        dry_run: say only why, or why not.

    Raises:
        DataError: there is no log, or nothing has been trained here yet, or labels are refused: it says whose.
    """
    console.prepare()
    check(workload)
    mark_dead_runs("retrain")
    put_back(workload)
    as_of = clock.now()
    decision, live = decided(workload, as_of)
    if decision.refused and decision.why and not dry_run:
        raise DataError(
            f"{workload}: not trained: {'; '.join(decision.refused)}. Look at them (python -m flows.log {workload}); "
            "retrain.without leaves a source out, and later labels of the same rows correct them"
        )
    if dry_run or not decision.due:
        return Retrained(workload, decision, live, None)
    live, section = _live(workload, as_of), catalogue.workload(workload)
    unlabelled = gather_unlabelled(workload, Log.open(log_folder(workload)), as_of, live.manifest)
    files = unlabelled.files() if unlabelled else {}
    until = learnt_until(section, as_of, delay_of(section))
    with counted(workload, "; ".join(decision.why), decision.harm_since, until), learning_from(workload, live, files):
        report = train(workload)
        version, _ = register(workload)  # which it has registered
        version.set_tags({UNSEEN: (as_of if files else first_left(as_of, delay_of(section))).isoformat()})
    return Retrained(workload, decision, live, report, unlabelled)


def check(workload: str = DEFAULT, dry_run: bool = False) -> None:
    """Raise unless `params.yaml` has the workload, it has a log, and every server answers."""
    catalogue.workload(workload)
    Log.open(log_folder(workload))
    ask_all(workload)


@task(task_run_name="decide", cache_policy=NO_CACHE, persist_result=False)
def decided(workload: str, as_of: datetime) -> tuple[Decision, Live]:
    """Return whether a training is due, and the manifest of what it would learn from, without its records."""
    section = catalogue.workload(workload)
    compact(log_folder(workload))
    live = _live(workload, as_of, records=False)
    done, champion = trainings(workload), champion_of(workload)
    moments = [each.began for each in done]
    registered = last_registered(workload)
    last = max([*moments, *([registered] if registered else [])], default=None)
    number = champion.number if champion else None
    found = decide(
        section.retrain,
        len(live.new),
        last,
        done,
        _verdict(workload),
        number,
        as_of,
        _tried(workload),
        learnt_until(section, as_of, delay_of(section)),
    )
    found.refused = refused(live.new, section.retrain.flood, _before(workload, champion))
    return found, live


def _live(workload: str, as_of: datetime, records: bool = True) -> Live:
    section, log = catalogue.workload(workload), Log.open(log_folder(workload))
    return gather(workload, log, as_of, delay_of(section), section.retrain.without, records)


def _verdict(workload: str) -> Mapping[str, Any] | None:
    path: Path = watch_folder(workload) / VERDICT
    found: Mapping[str, Any] | None = json.loads(path.read_bytes()) if path.exists() else None
    return found


def _tried(workload: str) -> dict[str, datetime]:
    """Return since when each version is tried that is tried just now."""
    moments = {version.number: began(version) for version in tagged(workload, TRIAL)}
    found = {number: moment for number, moment in moments.items() if moment is not None}
    canary = Ledger(workload).read().canary
    return found if canary is None else {**found, canary.version: canary.when}


def _before(workload: str, champion: Version | None) -> dict[str, float]:
    """Return by class its part of the champion's validation split; nothing where it is not known."""
    if champion is None:
        return {}
    bundle = Bundle(champion.number, lambda number: get_version(workload, number).bundle())
    if bundle.about is None or bundle.arrays is None or not bundle.about.classes:
        return {}
    labels = bundle.arrays.labels[known(bundle.arrays.labels)].astype(np.int64)
    parts = np.bincount(labels, minlength=len(bundle.about.classes)) / max(len(labels), 1)
    return dict(zip(bundle.about.classes, parts.tolist(), strict=True))


def _arguments() -> tuple[object, ...]:
    parser = argparse.ArgumentParser("python -m flows.retrain", description=__doc__.partition(".")[0])
    parser.add_argument("workload", nargs="?", default=DEFAULT, help=f"whose model learns again ({DEFAULT})")
    parser.add_argument("--dry-run", action="store_true", help="say why, or why not, and train nothing")
    given = parser.parse_args()
    return given.workload, given.dry_run


if __name__ == "__main__":
    console.run(retrain, check=check, arguments=_arguments())
