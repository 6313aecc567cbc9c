"""How a workload's answers are, by its prediction log. `python -m flows.watch [WORKLOAD]`.

state/watch/<workload>/index.html     the page
state/watch/<workload>/report.json    the same for programs
state/watch/<workload>/verdict.json   the verdict alone, which the endpoint has in its metrics
state/watch/<workload>/trials.json    what `flows.shadow` found last of trials, which the page shows
state/watch/<workload>/alerted.json   the verdict that was last told by webhook and mail

It is `watch/` beside the folder of the logs, `JOURNEYMAN_LOG_DIR`, where that is another.
"""

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.events import emit_event

from components import catalogue
from components.config.errors import ConfigError, DataError
from components.config.params import Workload
from components.config.settings import log_folder, watch_folder
from components.erasure.watched import SHOWING
from components.inference.gateway.watched import VERDICT
from components.prediction_log.compaction import compact
from components.prediction_log.reader import Log
from components.prediction_log.summaries import Summaries
from components.registry.promotion.ledger import Ledger
from components.registry.promotion.waiting import waiting
from components.registry.version import get_version
from components.system import clock
from components.system.files import write_content, write_json
from components.tracking.daily import log_days
from components.tracking.store import open_store
from components.watch.alert import alert, changed
from components.watch.bundles import BundleOf
from components.watch.curves import curves
from components.watch.days import made_by
from components.watch.page import page
from components.watch.report import Estimate, Report
from components.watch.watch import watch as watch_log
from flows import console
from flows.costs import measure
from flows.report import publish_page
from flows.runs import mark_dead_runs
from flows.servers import ask_all
from flows.tables import markdown, table
from flows.trials import trials_of

DEFAULT = "garments"
PAGE, REPORT = SHOWING
COLUMNS = ["version", "answers", "by labels", "expected", "days that drifted", "verdict"]


@dataclass(frozen=True)
class Watched:
    """What a run of the flow came to."""

    report: Report
    page: Path

    def __str__(self) -> str:
        title = f"{self.report.workload} up to {self.report.as_of:%Y-%m-%d %H:%M} UTC"
        return "\n".join([table(title, COLUMNS, self._rows()), *self._said()])

    def markdown(self) -> str:
        """Return it as a Markdown page."""
        return "\n\n".join([f"# {self.report.workload} at work", markdown(COLUMNS, self._rows()), *self._said()])

    def _rows(self) -> list[list[str]]:
        return [
            [
                each.version,
                f"{sum(day.rows for day in each.traffic):,}",
                _quality(each.quality[0].metric, each.quality[0].now) if each.quality else "",
                _quality(each.expected.metric, each.expected.now) if each.expected else "",
                str(len([day for day in each.drift if day.drifted])) if each.drift else "",
                each.verdict.verdict,
            ]
            for each in self.report.versions
        ]

    def _said(self) -> list[str]:
        said, version = self.report.verdict, self.report.versions[-1]
        lines = [f"{said.verdict}: {said.rule}", f"what to do: {said.do}" if said.do else ""]
        return [
            line
            for line in (*lines, version.doubt, self.report.slower, *version.open_questions, f"the page: {self.page}")
            if line
        ]


@flow(name="watch", flow_run_name="watch-{workload}", persist_result=False, log_prints=False)
@measure("watch")
def watch(workload: str = DEFAULT, as_of: str | None = None) -> Watched:
    """Compact the log, report on it up to a moment, keep page, JSON and curves, and tell who listens of a new verdict.

    Of a moment in the past nobody is told, and its page lies in a folder of its own.

    Args:
        workload: whose.
        as_of: up to when, ISO 8601, UTC; None: now.

    Raises:
        DataError: there is no log, or nothing was answered by then.
    """
    console.prepare()
    check(workload, as_of)
    mark_dead_runs("watch")
    report = report_on(workload, as_of)
    folder = keep_report(report, as_of is None)
    keep_curves(report)
    if as_of is None:
        tell(report, folder)
    found = Watched(report, folder / PAGE)
    publish_page(found.markdown(), key=f"watch-{workload}", description=f"How {workload} does at work")
    return found


def check(workload: str = DEFAULT, as_of: str | None = None) -> None:
    """Raise what is wrong with the arguments: a `ConfigError`, or a `DataError` where the workload has no log."""
    catalogue.workload(workload)
    if as_of is not None:
        _moment(as_of)
    folder = log_folder(workload)
    if (said := Log.open(folder).description.workload) != workload:
        raise DataError(
            f"{folder} has the log of {said}, not of {workload}: rename the folder, or set JOURNEYMAN_LOG_DIR"
        )
    ask_all(workload)


@task(task_run_name="report", cache_policy=NO_CACHE, persist_result=False)
def report_on(workload: str, as_of: str | None) -> Report:
    """Return what log, bundles and history say."""
    section = catalogue.workload(workload)
    compact(log_folder(workload))
    moment = _moment(as_of) if as_of else clock.now()
    log = Log.open(log_folder(workload))
    summaries = Summaries(log.folder, made_by(), write=as_of is None)
    champion = Ledger(workload).read().champion_at(moment)
    limits = (section.watch.tolerance, summaries, section.watch.asked)
    report = watch_log(log, _bundle_of(workload), moment, delay_of(section), *limits, champion)
    waits = [] if as_of else waiting(workload, section.gate)
    tried = {"trials": trials_of(workload, moment), "waiting": tuple(version.number for version in waits)}
    return report.model_copy(update=tried)


@task(task_run_name="keep page", cache_policy=NO_CACHE, persist_result=False)
def keep_report(report: Report, now: bool) -> Path:
    """Write page and JSON; return their folder."""
    folder = watch_folder(report.workload)
    kept = folder if now else folder / f"{report.as_of:%Y-%m-%dT%H%M}"
    write_content(kept / REPORT, report.model_dump_json(indent=2) + "\n")
    write_content(kept / PAGE, page(report))
    write_json(kept / VERDICT, _verdict(report))
    return kept


@task(task_run_name="keep curves", cache_policy=NO_CACHE, persist_result=False)
def keep_curves(report: Report) -> None:
    """Log what is known of each day into MLflow, experiment `<workload>.watch`, a run for each version."""
    store = open_store(f"{report.workload}.watch")
    for version in report.versions:
        said = version.verdict
        log_days(store, version.version, curves(version), f"**{said.verdict}**: {said.rule}\n\n{said.do}")


@task(task_run_name="tell", cache_policy=NO_CACHE, persist_result=False)
def tell(report: Report, folder: Path) -> list[str]:
    """Tell of a verdict that is another than the last that was told: by webhook, by mail, as an event of Prefect."""
    if changed(report, folder):
        said = report.verdict
        emit_event(
            event=f"journeyman.verdict.{said.verdict}",
            resource={"prefect.resource.id": f"journeyman.workload.{report.workload}"},
            payload={"verdict": said.model_dump(mode="json"), "version": report.versions[-1].version},
        )
    return alert(report, folder)


def _verdict(report: Report) -> dict[str, str | None]:
    since = report.verdict.since
    return {
        "workload": report.workload,
        "version": report.versions[-1].version,
        "verdict": report.verdict.verdict,
        "since": since.isoformat() if since else None,
        "as_of": report.as_of.isoformat(),
    }


def _bundle_of(workload: str) -> BundleOf:
    def bundle_of(version: str) -> Path:
        return get_version(workload, version).bundle()

    return bundle_of


def delay_of(section: Workload) -> timedelta:
    """Return after how long a label is final."""
    said = section.watch.delay
    return timedelta(days=said if said is not None else float(getattr(section.prepare, "delay", None) or 0.0))


def _quality(metric: str, estimate: Estimate) -> str:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return "not known"
    return f"{metric.replace('_', ' ')} {estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"--as-of {text}: no moment in ISO 8601, as 2026-11-29 or 2026-11-29T12:00") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m flows.watch", description=__doc__.partition(".")[0])
    parser.add_argument("workload", nargs="?", default=DEFAULT, help=f"whose answers ({DEFAULT})")
    parser.add_argument("--as-of", metavar="T", help="up to this moment, ISO 8601, UTC (now)")
    return parser.parse_args()


if __name__ == "__main__":
    said = _arguments()
    console.run(watch, check=check, arguments=(said.workload, said.as_of))
