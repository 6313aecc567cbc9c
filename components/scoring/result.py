"""The result: one row for each row of the source, and what a run came to."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from components import catalogue
from components.inference.answering import RANK, Answering
from components.inference.bundle import About
from components.inference.unfamiliar import UNFAMILIAR
from components.prediction_log.event_id import as_text
from components.scoring.answer import Answers, Errors, Warnings
from components.scoring.logged import Logged
from components.scoring.source import Chunk, Source


@dataclass(frozen=True)
class Scored:
    """What a run came to."""

    out: Path
    version: str
    rows: int
    unreadable: int
    """Rows with an `error`."""
    warned: int
    """Rows that are answered with `warnings`."""
    unfamiliar: int
    """Rows like nothing that the model was trained on."""
    labels: dict[str, int]
    """Rows by label, the most frequent first."""
    before: int
    """Rows that were there when this run began."""
    seconds: float
    """Of work, behind the start of the processes."""

    @property
    def rate(self) -> float:
        """Rows a second that this run did."""
        return (self.rows - self.before) / self.seconds if self.seconds else 0.0


def batch(
    chunk: Chunk,
    answers: Answers,
    errors: Errors,
    warnings: Warnings,
    logged: Logged | None,
    about: About,
    version: str,
    expected: pa.Schema,
) -> pa.RecordBatch:
    """Return the results of a chunk; where a row could not be read, there is the reason instead of an answer."""
    count = len(chunk.ids)
    told = iter(range(count))
    read = pa.array([None if index in errors else next(told) for index in range(count)], pa.int64())
    at = _answered(read, answers)
    columns: dict[str, Any] = {
        "id": chunk.ids,
        **{name: pa.array(values).take(at) for name, values in answers.numbers.items()},
        "model_version": pa.repeat(version, count),
        "error": pa.array([errors.get(index) for index in range(count)], pa.string()),
        "warnings": pa.array([warnings.get(index) for index in range(count)], pa.list_(pa.string())),
    }
    if answers.chosen is not None:
        columns["label"] = pa.array(about.classes).take(pa.array(answers.chosen)).take(at)
    if answers.unfamiliar is not None and answers.ranks is not None:
        columns[UNFAMILIAR] = pa.array(answers.unfamiliar).take(read)
        columns[RANK] = pa.array(answers.ranks.astype("float32")).take(read)
    if logged is not None:
        events = (None if index in errors else as_text(logged.identity + index) for index in range(count))
        columns["event_id"] = pa.array(events, pa.string())
    if "probabilities" in expected.names:
        each = [pa.array(column) for column in answers.outputs.T]
        columns["probabilities"] = pa.StructArray.from_arrays(each, fields=list(expected.field("probabilities").type))
        columns["probabilities"] = columns["probabilities"].take(at)
    if listed := catalogue.codec(about.kind, about.task).listed:
        lists = listed(answers.outputs, about.classes).items()
        columns |= {name: pa.array(found, pa.list_(pa.string())).take(at) for name, found in lists}
    nothing = pa.nulls(count, pa.string())  # of a chunk with no row that can be read there is no event
    return pa.record_batch([columns.get(name, nothing) for name in expected.names], schema=expected)


def _answered(read: pa.Array, answers: Answers) -> pa.Array:
    """Return which row of `answers` each row has, of those `read`; none where the model abstains."""
    if not answers.abstains:
        return read
    return pc.if_else(pa.array(answers.unfamiliar).take(read), pa.scalar(None, pa.int64()), read)


def schema(about: About, source: Source, logged: bool) -> pa.Schema:
    """Return the columns of the result; of two classes the one probability tells the other, and lists have none.

    There are warnings where the endpoint's answer may have some, and event ids where the rows are `logged`.
    """
    codec = catalogue.codec(about.kind, about.task)
    each = pa.struct([pa.field(name, pa.float32()) for name in about.classes])
    return pa.schema(
        [
            pa.field("id", source.id),
            *([pa.field("label", pa.string())] if about.classes else []),
            *(pa.field(name, pa.float32()) for name in codec.number_names(about.decision)),
            *([pa.field("probabilities", each)] if len(about.classes) > 2 and not codec.LISTS else []),
            *(pa.field(name, pa.list_(pa.string())) for name in codec.LISTS),
            pa.field("model_version", pa.string(), nullable=False),
            pa.field("error", pa.string()),
            *([pa.field(UNFAMILIAR, pa.bool_()), pa.field(RANK, pa.float32())] if Answering(about).test else []),
            *([pa.field("warnings", pa.list_(pa.string()))] if codec.warns else []),
            *([pa.field("event_id", pa.string())] if logged else []),
        ]
    )


def counted(out: Path, version: str, before: int, seconds: float) -> Scored:
    """Count what stands in the result."""
    labels: dict[str, int] = {}
    unreadable = warned = unfamiliar = 0
    with pq.ParquetFile(out) as file:
        columns = [name for name in ("label", "error", "warnings", UNFAMILIAR) if name in file.schema_arrow.names]
        for rows in file.iter_batches(columns=columns):
            unreadable += rows.num_rows - rows.column("error").null_count
            if "warnings" in columns:
                warned += rows.num_rows - rows.column("warnings").null_count
            if UNFAMILIAR in columns:
                unfamiliar += pc.sum(rows.column(UNFAMILIAR)).as_py() or 0
            if "label" not in columns:
                continue
            for pair in pc.value_counts(rows.column("label").drop_null()).to_pylist():
                labels[pair["values"]] = labels.get(pair["values"], 0) + pair["counts"]
        count = file.metadata.num_rows
    ordered = dict(sorted(labels.items(), key=lambda pair: -pair[1]))
    return Scored(out, version, count, unreadable, warned, unfamiliar, ordered, before, seconds)
