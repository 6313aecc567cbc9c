"""How a workload's answers are, by its prediction log. `python -m flows.watch [WORKLOAD]`.

state/watch/<workload>/index.html     the page
state/watch/<workload>/report.json    the same for programs
state/watch/<workload>/alerted.json   the verdict that was last told by webhook and mail
"""

import argparse
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

from components import catalogue
from components.config.errors import ConfigError
from components.config.params import Workload
from components.config.settings import STATE, log_folder
from components.prediction_log.compaction import compact
from components.prediction_log.reader import Log
from components.registry.version import get_version
from components.system.files import write_content
from components.watch.alert import alert
from components.watch.page import page
from components.watch.report import Estimate, Report
from components.watch.watch import BundleOf
from components.watch.watch import watch as watch_log
from flows import console
from flows.tables import table

logger = logging.getLogger(__name__)

FOLDER = STATE / "watch"


def watch(workload: str, as_of: datetime | None = None) -> str:
    """Compact the log, report on it up to a moment, and return the report for the console; page and JSON are kept.

    Who listens is told where the verdict is another than the last that was told; of a moment in the past nobody is.

    Args:
        workload: whose.
        as_of: up to when; None: now.

    Raises:
        DataError: there is no log, or nothing was answered by then.
    """
    section = catalogue.workload(workload)
    compact(log_folder(workload))
    log = Log.open(log_folder(workload))
    moment = as_of or datetime.now(UTC)
    report = watch_log(log, _bundle_of(workload), moment, _delay(section), section.watch.tolerance)
    folder = FOLDER / workload
    kept = folder if as_of is None else folder / f"{moment:%Y-%m-%dT%H%M}"
    write_content(kept / "report.json", report.model_dump_json(indent=2) + "\n")
    write_content(kept / "index.html", page(report))
    if as_of is None:
        alert(report, folder)
    return f"{_told(report)}\nthe page: {kept / 'index.html'}"


def _bundle_of(workload: str) -> BundleOf:
    def bundle_of(version: str) -> Path:
        return get_version(workload, version).bundle()

    return bundle_of


def _delay(section: Workload) -> timedelta:
    """Return after how long a label is final."""
    said = section.watch.delay
    return timedelta(days=said if said is not None else float(getattr(section.prepare, "delay", None) or 0.0))


def _told(report: Report) -> str:
    rows = [
        [
            each.version,
            f"{sum(day.rows for day in each.traffic):,}",
            _quality(each.quality[0].metric, each.quality[0].now) if each.quality else "",
            _quality(each.expected.metric, each.expected.now) if each.expected else "",
            str(len([day for day in each.drift if day.drifted])) if each.drift else "",
            each.verdict.verdict,
        ]
        for each in report.versions
    ]
    columns = ["version", "answers", "by labels", "expected", "days that drifted", "verdict"]
    last = report.versions[-1]
    lines = [f"{report.verdict.verdict}: {report.verdict.rule}", *last.open_questions]
    if report.verdict.do:
        lines.insert(1, f"what to do: {report.verdict.do}")
    title = f"{report.workload} up to {report.as_of:%Y-%m-%d %H:%M} UTC"
    return "\n".join([table(title, columns, rows), *lines])


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
    parser.add_argument("workload", nargs="?", default="garments", help="whose answers (garments)")
    parser.add_argument("--as-of", metavar="T", help="up to this moment, ISO 8601, UTC (now)")
    return parser.parse_args()


if __name__ == "__main__":
    said = _arguments()
    console.show(lambda: watch(said.workload, _moment(said.as_of) if said.as_of else None))
