"""The list of labels that are likely wrong, the most suspicious first."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from components import catalogue
from components.config.errors import ConfigError, DataError
from components.config.params import Workload
from components.config.settings import artifacts
from components.kinds.corrections import read_corrections
from components.kinds.prepared import ROWS, SPLITS, PreparedData
from components.kinds.resplit import all_examples
from components.relabelling.confident import confident
from components.relabelling.out_of_fold import probabilities

COLUMNS = ("name", "split", "given", "likely", "confidence")


@dataclass(frozen=True)
class Suspect:
    """An example whose label is likely wrong."""

    name: str
    """Of the raw record, as files of corrections call it."""
    split: str
    given: str
    """The label that was learned from."""
    source: str
    """The label as it stands in the source."""
    likely: str
    confidence: float
    """The probability of the given label."""
    place: int
    """Among all examples: those of train, of validation and of test."""
    record: Mapping[str, Any] | None
    """What a person is shown; None: the example."""


@dataclass(frozen=True)
class Found:
    """What was looked through, and what was found."""

    suspects: Sequence[Suspect]
    """The most suspicious first."""
    examples: int
    """That have a label."""
    wrong: float
    """The estimated number of wrong labels."""
    said: str
    """By whose probabilities."""


def find_suspects(name: str, workload: Workload, data: PreparedData) -> Found:
    """Return which labels of the workload `name` are likely wrong.

    Raises:
        ConfigError: it does not learn classes from labels.
        DataError: the data was prepared before records were numbered.
    """
    kind = catalogue.relabelling(workload.kind)
    task = catalogue.task(data.kind, data.task)
    evaluation = catalogue.evaluation(data.kind, data.task)
    learned = catalogue.is_supervised(data.kind, data.task) and evaluation.is_probabilistic(workload.train)
    if kind is None or not data.classes or not learned:
        raise ConfigError(f"{name}: wrong labels are looked for where classes are learned from them; it is {task}")
    if not all(data.has(split, ROWS) for split in SPLITS):
        raise DataError(f"{data.path}: prepared before its records were numbered; run `dvc repro prepare@{name}`")
    found = probabilities(name, data, workload)
    judged = confident(found.values, found.labels)
    places = found.members[judged.suspects]
    rows = all_examples(data, ROWS)[places]
    records = kind.raw_records(artifacts(name, "raw") / "records.parquet", rows, workload.prepare)
    ends = np.cumsum([data.counts[split] for split in SPLITS])
    before = _corrected_before(workload)
    listed = []
    for index, place, record in zip(judged.suspects.tolist(), places.tolist(), records, strict=True):
        given = data.classes[found.labels[index]]
        suspect = Suspect(
            name=record.name,
            split=SPLITS[int(np.searchsorted(ends, place, side="right"))],
            given=given,
            source=before.get(record.name, record.label or given),
            likely=data.classes[judged.likely[index]],
            confidence=float(judged.confidence[index]),
            place=place,
            record=record.shown,
        )
        listed.append(suspect)
    return Found(listed, len(found.labels), judged.wrong, found.said)


def as_csv(found: Found) -> str:
    """Return the list, a row for each."""
    written = io.StringIO()
    writer = csv.DictWriter(written, COLUMNS, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    for suspect in found.suspects:
        told = {field.name: getattr(suspect, field.name) for field in fields(suspect)}
        writer.writerow({**told, "confidence": f"{suspect.confidence:.6f}"})
    return written.getvalue()


def _corrected_before(workload: Workload) -> dict[str, str]:
    """Return the source's labels of what is corrected already, by name."""
    path = getattr(workload.prepare, "corrections", None)
    return {each.name: each.given for each in read_corrections(Path(path))} if path else {}
