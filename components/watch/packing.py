"""What a day comes to, as summaries keep it: dicts, lists, texts, numbers and arrays; and back, to the bit."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from components.watch.labelled import LabelledDay
from components.watch.report import EmbeddingDrift, Estimate
from components.watch.rows import VersionDay
from components.watch.statistics.active_inference import Sums
from components.watch.statistics.drift import Day
from components.watch.statistics.tally import Tally
from components.watch.strange import Strange
from components.watch.uploads import Uploads

_TALLIES = ("rates", "slices")
_COUNTS = ("counts", "rows", "entities", "rows_of")


def pack_answered(day: VersionDay) -> dict[str, Any]:
    """Return the day's answers."""
    return {
        "rows": day.rows,
        "aside": day.aside,
        "shares": sorted(day.shares.items()),
        "first": None if day.first is None else day.first.isoformat(),
        "last": None if day.last is None else day.last.isoformat(),
        "seconds": day.seconds,
        "told": day.told,
        "unfamiliar": day.unfamiliar,
        "counted": _counts(day.counted),
        "embedded": _counts(day.embedded),
        "embedding": None if day.embedding is None else day.embedding.model_dump(mode="json"),
        "expected": None if day.expected is None else day.expected.model_dump(),
        "sums": vars(day.sums),
        "uploads": None if day.uploads is None else vars(day.uploads),
        "strange": [[row.id, row.why, row.columns] for row in day.strange],
    }


def _counts(counted: Day | None) -> dict[str, Any] | None:
    return None if counted is None else {name: getattr(counted, name) for name in _COUNTS}


def unpack_answered(packed: Mapping[str, Any]) -> VersionDay:
    """Return the answers of the day that was packed."""
    first, last = (None if packed[name] is None else datetime.fromisoformat(packed[name]) for name in ("first", "last"))
    return VersionDay(
        rows=packed["rows"],
        aside=packed["aside"],
        shares={share: count for share, count in packed["shares"]},  # noqa: C416 - lists have no keys
        first=first,
        last=last,
        seconds=packed["seconds"],
        told=packed["told"],
        unfamiliar=packed["unfamiliar"],
        counted=None if packed["counted"] is None else Day(**packed["counted"]),
        embedded=None if packed["embedded"] is None else Day(**packed["embedded"]),
        embedding=None
        if packed["embedding"] is None
        else EmbeddingDrift.model_validate_json(json.dumps(packed["embedding"])),
        expected=None if packed["expected"] is None else Estimate(**packed["expected"]),
        sums=Sums(**packed["sums"]),
        uploads=None if packed["uploads"] is None else _uploads(packed["uploads"]),
        strange=[Strange(name, tuple(why), columns) for name, why, columns in packed["strange"]],
    )


def _uploads(packed: Mapping[str, Any]) -> Uploads:
    return Uploads(**{**packed, "formats": Counter(packed["formats"])})


def pack_labelled(day: LabelledDay) -> dict[str, Any]:
    """Return the day's labelled answers."""
    tallies = {name: {key: vars(each) for key, each in getattr(day, name).items()} for name in _TALLIES}
    return {**vars(day), "corrections": vars(day.corrections), **tallies}


def unpack_labelled(packed: Mapping[str, Any]) -> LabelledDay:
    """Return the labelled answers of the day that was packed."""
    tallies = {name: {key: Tally(**each) for key, each in packed[name].items()} for name in _TALLIES}
    return LabelledDay(**{**packed, "corrections": Sums(**packed["corrections"]), **tallies})
