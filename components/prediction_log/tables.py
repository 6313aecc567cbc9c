"""Records of the log -> rows of Arrow tables, as Parquet keeps them and readers get them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa

from components.prediction_log.description import Description
from components.prediction_log.event_id import as_text
from components.prediction_log.identities import EVENT, REQUEST, Identities, request_of
from components.prediction_log.record import DAMAGED, Answered, Gap, Label, Labelled, Record, Refused, Unknown
from components.prediction_log.segment import begun_us, damaged

_MOMENT = pa.timestamp("us", "UTC")
_SAID = pa.dictionary(pa.int32(), pa.string())

ANSWERS = pa.schema(
    {
        "id": pa.string(),
        "time": _MOMENT,
        "version": _SAID,
        "label": _SAID,  # what the answer names; null where it is a number
        "key": pa.string(),  # the caller's own
        "request_id": pa.string(),
        "row": pa.int32(),
        "route": _SAID,
        "origin": _SAID,
        "seconds": pa.float32(),
        "share": pa.float32(),
        "answer": pa.string(),  # JSON, as it was sent
        "outputs": pa.list_(pa.float32()),
        "record": pa.string(),  # JSON, as it came
        "example": pa.binary(),
        "example_type": _SAID,  # NumPy's name of its numbers, and its shape
        "hashes": pa.list_(pa.binary(8)),
    }
)
"""Rows that were answered."""

LABELS = pa.schema(
    {
        "event_id": pa.string(),
        "key": pa.string(),
        "request_id": pa.string(),
        "row": pa.int32(),
        "value": pa.string(),  # JSON
        "time": _MOMENT,
        "recorded": _MOMENT,
        "source": pa.string(),
        "share": pa.float64(),
    }
)
"""What was said of answers, in the order in which it came."""

TRAFFIC = pa.schema({"since": _MOMENT, "until": _MOMENT, "what": pa.string(), "name": pa.string(), "count": pa.int64()})
"""What is not among the answers: `what` is `refused`, by outcome, or `gap`, by the reason."""


@dataclass
class Rows:
    """Rows on their way into tables; what has been erased is left out."""

    description: Description
    identities: Identities
    buried: Mapping[bytes, int]
    answers: dict[date, list[dict[str, Any]]] = field(default_factory=dict)
    """By the day, UTC, on which they were answered."""
    labels: list[dict[str, Any]] = field(default_factory=list)
    traffic: list[dict[str, Any]] = field(default_factory=list)
    unknown: int = 0
    """Records of a newer version, of which nothing is in here."""
    _last_us: int = 0

    def take(self, record: Record) -> None:
        """Take in what a record says."""
        match record:
            case Answered():
                rows, self._last_us = list(self._answered(record)), record.time_us
                if rows:
                    day = datetime.fromtimestamp(record.time_us / 1e6, timezone.utc).date()  # noqa: UP017
                    self.answers.setdefault(day, []).extend(rows)
            case Labelled():
                said = [as_row(label) for label in record.labels]
                about = (self.description, self.identities, self.buried)
                self.labels.extend(label for label in said if not is_label_buried(label, *about))
            case Refused():
                counted = {"since": record.since_us, "until": record.until_us, "what": "refused"}
                self.traffic.extend({**counted, "name": name, "count": count} for name, count in record.counts.items())
            case Gap():
                counted = {"since": record.since_us, "until": record.until_us, "what": "gap"}
                self.traffic.append({**counted, "name": record.why, "count": record.rows})
            case Unknown():
                self.unknown += 1

    def take_damage(self, segment: Path) -> None:
        """Say how many records of a segment are not whole, if any."""
        if count := damaged(segment):
            since = begun_us(segment)
            self.take(Gap(since, max(since, self._last_us), count, DAMAGED))

    def _answered(self, record: Answered) -> Iterator[dict[str, Any]]:
        said = {
            "time": record.time_us, "version": record.version, "request_id": record.request_id, "route": record.route,
            "origin": record.origin, "seconds": record.seconds, "share": record.share,
            "example_type": f"{record.examples.dtype.str}{list(record.examples.shape[1:])}",
        }  # fmt: skip
        outputs, key = record.outputs.tolist(), self.description.key
        for index, number in enumerate(record.numbers):
            identity = as_text(record.identity + number)
            text = record.records[index].decode() if record.records else None
            came = json.loads(text) if text and (key or self.description.entities) else {}
            hashes = self.identities.of(identity, came, self.description)
            if any(record.time_us <= self.buried.get(hash, -1) for hash in hashes):
                continue
            answer = record.answers[index].decode()
            label = json.loads(answer).get("label")
            yield {
                **said, "id": identity, "row": number, "answer": answer, "outputs": outputs[index], "record": text,
                "example": record.examples[index].tobytes(), "hashes": hashes,
                "label": None if label is None else str(label),
                "key": None if key is None or came.get(key) is None else str(came[key]),
            }  # fmt: skip


def is_label_buried(
    label: Mapping[str, Any], description: Description, identities: Identities, buried: Mapping[bytes, int]
) -> bool:
    """Whether what the label is of has been erased."""
    request = None if label["request_id"] is None else request_of(label["request_id"], label["row"])
    columns = ((EVENT, label["event_id"]), (description.key, label["key"]), (REQUEST, request))
    return bool(buried) and any(identities.hash(name, said) in buried for name, said in columns if name and said)


def table(rows: Iterable[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """Return the rows as a table."""
    return pa.Table.from_pylist(list(rows), schema=schema)


def as_row(label: Label) -> dict[str, Any]:
    """Return the label as a row of `LABELS`."""
    return {
        "event_id": label.event_id, "key": label.key, "request_id": label.request_id, "row": label.row,
        "value": json.dumps(label.value), "time": label.time_us, "recorded": label.recorded_us, "source": label.source,
        "share": label.share,
    }  # fmt: skip
