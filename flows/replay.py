"""What another version would have answered. `python -m flows.replay WORKLOAD --version N --days D`."""

import argparse
from datetime import timedelta

from components import catalogue
from components.config.errors import ConfigError, DataError
from components.config.settings import log_folder
from components.kinds.formatting import number
from components.prediction_log.compaction import compact
from components.prediction_log.reader import Log
from components.registry.version import get_version
from components.system import clock
from components.watch.bundles import Bundles
from components.watch.replay import Replay
from components.watch.replay import replay as replay_log
from components.watch.statistics.comparing import Comparison
from flows import console
from flows.servers import ask_registry
from flows.tables import table
from flows.watch import delay_of

DAYS = 30
_CHANGES = 10  # that are shown


def replay(workload: str, version: str, days: float = DAYS) -> str:
    """Return what the version says of the requests of the last days, beside what they were answered.

    Raises:
        ConfigError: the workload is none, or `days` is not over zero.
        DataError: there is no log, nothing was asked in those days, or the version takes other examples.
    """
    section = catalogue.workload(workload)
    if days <= 0:
        raise ConfigError(f"--days {days:g}: more than none are needed")
    ask_registry()
    asked = get_version(workload, version)
    compact(log_folder(workload))
    now = clock.now()
    bundles = Bundles(lambda number: get_version(workload, number).bundle())
    log = Log.open(log_folder(workload)).standing()
    found = replay_log(log, bundles, version, now - timedelta(days=days), now, delay_of(section), section.watch.asked)
    if not found.rows:
        raise DataError(f"{log.folder}: no caller has asked in the last {days:g} days")
    head = f"{workload} version {version} on {found.rows:,} logged requests"
    return table(head, ["", ""], [*facts(found), [f"{named(asked.metric)}, of its test split", number(asked.value)]])


def facts(found: Replay) -> list[list[str]]:
    """Return the rows of the table that the log tells."""
    rows = []
    if found.own:
        equal = f"{found.same:,} of {found.own:,} to the bit"
        apart = f"; the others by {found.furthest:.2g} at most" if found.same < found.own else ""
        rows.append(["its own answers are the same", equal + apart])
    changed = sum(found.changed.values())
    if found.changed or not found.moved:
        rows.append(["names another class", f"{changed:,} ({changed / found.rows:.2%})"])
    else:
        rows.append(["moves the number by", f"{found.moved:.4g} on average"])
    rows += [[f"  {before} -> {now}", f"{count:,}"] for (before, now), count in found.changed.most_common(_CHANGES)]
    if found.comparison is None:
        return [*rows, ["labels", found.unequal or "none has come that both can be compared by"]]
    name = named(found.metric)
    return [
        *rows,
        ["labels", f"{found.labelled:,}"],
        [f"{name}, as it was answered", f"{found.before:.4f}"],
        [f"{name}, by this version", f"{found.now:.4f}"],
        ["in short", said(found.comparison)],
    ]


def named(metric: str) -> str:
    """Return the metric's name for people."""
    return metric.replace("_", " ")


def said(found: Comparison) -> str:
    """Return what a comparison says in one sentence."""
    pairs = f"better on {found.better:,} rows, worse on {found.worse:,} of {found.rows:,}"
    evidence = f"evidence {found.evidence:.3g}"
    if found.decision == "open":
        return f"{pairs}: which is better cannot be said yet ({evidence})"
    return f"{pairs}: it is {found.decision}, decided after {found.decided:,} rows ({evidence})"


def evidence(result: Replay) -> str:
    """Return by what it was decided, for the history."""
    assert result.comparison is not None
    both = f"{named(result.metric)} {result.now:.4f} against {result.before:.4f}"
    return f"{both} on {result.labelled:,} live labels; {said(result.comparison)}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m flows.replay", description=__doc__.partition(".")[0])
    parser.add_argument("workload", help="whose requests")
    parser.add_argument("--version", required=True, help="the version that is asked")
    parser.add_argument("--days", type=float, default=DAYS, help=f"the requests of how many days ({DAYS})")
    return parser.parse_args()


if __name__ == "__main__":
    given = _arguments()
    console.show(lambda: replay(given.workload, given.version, given.days))
