"""Segments that are full -> Parquet, by day. Done twice, or killed anywhere, it comes to the same.

    day=YYYY-MM-DD/<segment>.parquet     rows that were answered on that day, UTC
    labels/<segment>.parquet             what was said of answers
    traffic/<segment>.parquet            refusals, and gaps

A file's name is that of its segment. Each is written beside its place, brought to the disk and moved there; then the
segment is removed. As long as a segment is there, its Parquet files count for nothing (`reader.py`).
"""

import logging
from pathlib import Path

import pyarrow.parquet as pq

from components.prediction_log.description import Description, read_description
from components.prediction_log.identities import Identities, buried
from components.prediction_log.maintenance import maintained
from components.prediction_log.record import decode
from components.prediction_log.retention import closed_segments, drop
from components.prediction_log.rewriting import finish_rewriting
from components.prediction_log.segment import payloads
from components.prediction_log.tables import ANSWERS, LABELS, TRAFFIC, Rows, table
from components.system.files import entries_to_disk, whole_file

logger = logging.getLogger(__name__)

GROUP = 2**15  # rows of a row group


def compact(folder: Path) -> int:
    """Turn the segments of the log in `folder` into Parquet; return how many.

    Segments that a worker still appends to are left, and so are those with records of a newer version, which one line
    tells; what the log may not keep is dropped. Where another process is at it already, nothing is done.

    Raises:
        DataError: the log's description cannot be read.
    """
    if (description := read_description(folder)) is None:
        return 0
    count = unknown = 0
    with maintained(folder) as alone:
        if not alone:
            logger.info("another process compacts %s", folder)
            return 0
        finish_rewriting(folder)
        for segment in closed_segments(folder):
            rows = read_segment(folder, segment, description)
            if rows.unknown:
                unknown += rows.unknown
                continue
            rows.take_damage(segment)
            _compact(folder, segment, rows)
            count += 1
        drop(folder, description)
    if unknown:
        logger.warning("%s: %d records are of a newer version, which can read them; they stay in wal/", folder, unknown)
    return count


def _compact(folder: Path, segment: Path, rows: Rows) -> None:
    for day, answers in rows.answers.items():
        path = folder / f"day={day}" / f"{segment.stem}.parquet"
        with whole_file(path) as draft:
            pq.write_table(table(answers, ANSWERS), draft, compression="zstd", row_group_size=GROUP)
    for name, content, schema in (("labels", rows.labels, LABELS), ("traffic", rows.traffic, TRAFFIC)):
        if content:
            with whole_file(folder / name / f"{segment.stem}.parquet") as draft:
                pq.write_table(table(content, schema), draft, compression="zstd")
    for place in ("", *(f"day={day}" for day in rows.answers), "labels", "traffic"):
        entries_to_disk(folder / place)
    segment.unlink()


def read_segment(folder: Path, segment: Path, description: Description) -> Rows:
    """Return the rows of a segment, without those that have been erased.

    Raises:
        FileNotFoundError: it has been compacted meanwhile.
    """
    rows = Rows(description, Identities(folder), buried(folder))
    for _, payload in payloads(segment):
        rows.take(decode(payload))
    return rows
