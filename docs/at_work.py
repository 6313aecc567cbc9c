"""A month of a model at work, made for the documentation's picture of the page that `flows.watch` writes.

    dvc repro export@garments
    python -m docs.at_work --to month                                    # month/index.html, month/report.json
    python -m docs.screenshots --watch month/index.html

The pictures are those of the test split, with what the bundle answers to them; of one in six somebody says two days
later what it was. From the 23rd day on, half of them come through a lens that is out of focus and fogged.
"""

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.config.settings import artifacts
from components.inference.bundle import Bundle
from components.kinds.image.evaluation.corruption import CORRUPTIONS
from components.kinds.prepared import PreparedData, open_prepared
from components.prediction_log.description import Description, describe
from components.prediction_log.event_id import EventIds, as_text
from components.prediction_log.reader import Log
from components.prediction_log.record import Answered, Label, Refused
from components.prediction_log.writer import Writer
from components.system.files import write_content
from components.watch.page import page
from components.watch.report import Report
from components.watch.watch import watch

UNTIL = datetime(2026, 11, 29, 9, tzinfo=UTC)
DAYS, FOGGED = 30, 22
WEEKDAY, WEEKEND = 420, 250  # pictures a day
AT_ONCE = 20  # of them in one request
SHARE = 1 / 6  # of them that somebody is asked about
LATER = timedelta(days=2)

Pictures = NDArray[np.uint8]


def month(source: Path, folder: Path, workload: str) -> Report:
    """Write the log of a month into `folder`, and return what is known at its end.

    Args:
        source: what the stages of a workload of pictures left.
        folder: of the log; there is none yet.
        workload: whose it is said to be.
    """
    data, bundle = open_prepared(source / "prepared"), Bundle(source / "bundle")
    describe(folder, Description(workload=workload, kind="image", task=bundle.about.task))
    writer, random = Writer.open(folder), np.random.default_rng(3)
    for day in range(DAYS):
        _day(writer, bundle, data, day, random)
    writer.close()
    return watch(Log.open(folder), lambda version: source / "bundle", UNTIL, LATER, tolerance=0.02, asked=SHARE)


def _day(writer: Writer, bundle: Bundle, data: PreparedData, day: int, random: np.random.Generator) -> None:
    """Have one day's pictures answered, some refused, and some labelled later."""
    morning = UNTIL - timedelta(days=DAYS - day)
    count = random.poisson(WEEKEND if morning.weekday() > 4 else WEEKDAY)
    rows = random.integers(0, data.counts["test"], count)
    pictures: Pictures = np.asarray(data.inputs("test"))[rows]
    if day >= FOGGED:
        half = random.random(count) < 0.5
        pictures[half] = _through_a_fogged_lens(pictures[half])
    outputs, classes = bundle.outputs(pictures), bundle.about.classes
    truth, ids = data.labels("test")[rows], EventIds()
    moments = np.sort(random.integers(0, 12 * 3600, count))
    for start in range(0, count, AT_ONCE):
        some, identity = slice(start, start + AT_ONCE), ids.new()
        moment = morning + timedelta(seconds=int(moments[start]))
        labels = [classes[best] for best in outputs[some].argmax(axis=1)]
        writer.answered(
            Answered(
                identity, _us(moment), float(random.lognormal(-6.2, 0.35)), "1", f"{day:02d}-{start}", outputs[some],
                pictures[some], [f'{{"label":"{label}"}}'.encode() for label in labels],
                origin="page" if random.random() < 0.01 else "caller",
            )
        )  # fmt: skip
        if morning + LATER < UNTIL:
            asked = np.flatnonzero(random.random(len(labels)) < SHARE)
            said = [(as_text(identity + int(row)), classes[int(truth[start + row])]) for row in asked]
            writer.labelled([Label(label, _us(morning + LATER), event_id=name, share=SHARE) for name, label in said])
    writer.append(Refused(_us(morning), _us(morning) + 10**6, {"invalid": 1 + int(random.poisson(3))}))


def _through_a_fogged_lens(pictures: Pictures) -> Pictures:
    return CORRUPTIONS["contrast"](CORRUPTIONS["blur"](pictures, 3, 0), 2, 0)


def _us(moment: datetime) -> int:
    return int(moment.timestamp() * 1e6)


def _arguments() -> Any:
    parser = argparse.ArgumentParser("python -m docs.at_work", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("workload", nargs="?", default="garments", help="a workload of pictures (garments)")
    parser.add_argument("--to", type=Path, required=True, help="the folder of log and page")
    return parser.parse_args()


def main() -> None:
    """Write log, page and report."""
    given = _arguments()
    report = month(artifacts(given.workload, "bundle").parent, given.to / "log" / given.workload, given.workload)
    write_content(given.to / "report.json", report.model_dump_json(indent=2) + "\n")
    write_content(given.to / "index.html", page(report))


if __name__ == "__main__":
    main()
