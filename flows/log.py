"""What an endpoint answered, and what was said of it. `python -m flows.log [WORKLOAD]`."""

import argparse
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from components import catalogue
from components.config.errors import DataError
from components.config.settings import log_folder
from components.prediction_log.compaction import compact
from components.prediction_log.reader import Log
from components.prediction_log.tables import ANSWERS
from components.system.files import whole_file
from flows import console
from flows.tables import table

LAST = 10
"""Rows that are shown, the latest."""
_MOST_LABELS = 20
_LONGEST = 60  # characters of a label
_CALLER, _SCORE = "caller", "score"
_NAMED = pa.schema([ANSWERS.field(name) for name in ("id", "key", "request_id", "row")])


def log(workload: str, last: int = LAST, row: str | None = None, export: Path | None = None) -> str:
    """Return what the log of the workload holds, as tables; what is full in it becomes Parquet first.

    Args:
        workload: whose.
        last: how many of the latest rows are shown.
        row: an event id, a request's id or the caller's own key: all that is known of it is returned instead.
        export: a Parquet file to write all rows into.

    Raises:
        DataError: there is no log, nothing in it has that id, or the file cannot be written.
    """
    catalogue.workload(workload)
    folder = log_folder(workload)
    compact(folder)
    found = Log.open(folder)
    if export is not None:
        return f"{_exported(found, export):,} rows are in {export}"
    return _row(found, row) if row is not None else _overview(found, last)


def _overview(found: Log, last: int) -> str:
    days: Counter[tuple[date, str]] = Counter()
    scored: Counter[tuple[date, str]] = Counter()
    aside: Counter[tuple[date, str]] = Counter()
    labels: Counter[tuple[str, str]] = Counter()
    latest: list[dict[str, Any]] = []
    for batch in found.answers(columns=["time", "version", "label", "origin", "id", "key"]):
        counted = pa.Table.from_batches([batch]).append_column("day", pc.cast(batch.column("time"), pa.date32()))
        for row in counted.group_by(["day", "version", "label", "origin"]).aggregate([([], "count_all")]).to_pylist():
            count = row["count_all"]
            if row["origin"] in (_CALLER, _SCORE):
                (days if row["origin"] == _CALLER else scored)[row["day"], row["version"]] += count
                labels[row["version"], row["label"] or "a number"] += count
            else:
                aside[row["day"], row["version"]] += count
        order = pc.sort_indices(batch.column("time"), sort_keys=[("", "descending")])[:last] if last else []
        latest = sorted([*latest, *batch.take(order).to_pylist()], key=lambda row: row["time"])[-last:] if last else []
    parts = [
        table(
            _title(found),
            ["day (UTC)", "version", "of callers", "of score", "of page and smoke"],
            _days(days, scored, aside),
        ),
        table("", ["version", "label", "rows", "share"], _labels(labels)),
        table("the latest", ["time (UTC)", "id", "version", "label", "key"], [_short(row) for row in latest]),
    ]
    return "\n".join([*parts, *_said(found)])


def _title(found: Log) -> str:
    return f"{found.description.workload}: {found.folder}"


def _days(*counts: Counter[tuple[date, str]]) -> list[list[str]]:
    keys = sorted({key for counted in counts for key in counted})
    return [[str(key[0]), key[1], *(f"{counted[key]:,}" for counted in counts)] for key in keys]


def _labels(labels: Counter[tuple[str, str]]) -> list[list[str]]:
    versions: Counter[str] = Counter()
    for (version, _), count in labels.items():
        versions[version] += count
    rows = [
        [version, label[:_LONGEST], f"{count:,}", f"{count / versions[version]:.1%}"]
        for (version, label), count in labels.most_common(_MOST_LABELS)
    ]
    left = len(labels) - len(rows)
    return [*rows, ["", f"and {left:,} labels more", "", ""]] if left > 0 else rows


def _short(row: dict[str, Any]) -> list[str]:
    return [f"{row['time']:%Y-%m-%d %H:%M:%S}", row["id"], row["version"], row["label"] or "", row["key"] or ""]


def _said(found: Log) -> list[str]:
    """Return a line for what else is in the log."""
    counts: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    for row in found.traffic().to_pylist():
        (counts if row["what"] == "refused" else lost)[row["name"]] += row["count"]
    lines = [f"labels: {found.label_count():,}"]
    if counts:
        lines.append(f"refused: {', '.join(f'{count:,} {name}' for name, count in counts.most_common())}")
    lines += [f"not in the log: {count:,} rows ({why})" for why, count in lost.most_common()]
    return lines


def _row(found: Log, asked: str) -> str:
    """Return all that is known of the rows with that id or key, and where they are."""
    rows = []
    for file, batch in found.located(columns=[name for name in ANSWERS.names if name not in ("hashes", "example")]):
        named = [pc.equal(batch.column(name), asked) for name in ("id", "request_id", "key")]
        mask = pc.fill_null(named[0], False)
        for other in named[1:]:
            mask = pc.or_(mask, pc.fill_null(other, False))
        rows += [{**row, "file": str(file)} for row in batch.filter(mask).to_pylist()]
    if not rows:
        raise DataError(f"{found.folder}: no row has {asked!r} as its id, its request's id or its key")
    labels = found.labels(of=pa.Table.from_pylist(rows, schema=_NAMED)).to_pylist()
    return "\n".join(_told(row, labels) for row in sorted(rows, key=lambda row: row["id"]))


def _told(row: dict[str, Any], labels: list[dict[str, Any]]) -> str:
    said = [
        label
        for label in labels
        if label["event_id"] == row["id"]
        or (label["key"] is not None and label["key"] == row["key"])
        or (label["request_id"], label["row"]) == (row["request_id"], row["row"])
    ]
    lines = [[name, str(value)] for name, value in row.items() if value is not None]
    lines += [[f"label from {label['source']}", f"{label['value']} at {label['recorded']}"] for label in said]
    return table(row["id"], ["", ""], lines)


def _exported(found: Log, path: Path) -> int:
    count = 0
    try:
        with whole_file(path) as draft, pq.ParquetWriter(draft, ANSWERS, compression="zstd") as writer:
            for batch in found.answers():
                writer.write_batch(batch)
                count += len(batch)
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror or error}") from error
    return count


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m flows.log", description=__doc__.partition(".")[0])
    parser.add_argument("workload", nargs="?", default="garments", help="whose log (garments)")
    parser.add_argument("--last", type=int, default=LAST, metavar="N", help=f"latest rows to show ({LAST})")
    parser.add_argument("--row", metavar="ID", help="show all that is known of an event id, a request's id or a key")
    parser.add_argument("--export", type=Path, metavar="FILE", help="write all rows into a Parquet file")
    return parser.parse_args()


if __name__ == "__main__":
    said = _arguments()
    console.show(lambda: log(said.workload, said.last, said.row, said.export))
