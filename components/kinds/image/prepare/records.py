"""Pictures on their way to a split: what is known of each before it is decoded, and once its split is drawn."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow.parquet as pq

from components.config.errors import DataError
from components.kinds.corrections import corrected
from components.kinds.examples.labels import LabelledExample, labelled_examples
from components.kinds.examples.source_example import SourceExample, read_source_examples
from components.kinds.image.params import Prepare
from components.kinds.image.prepare.decode import DecodedPicture
from components.kinds.image.prepare.findings import Findings
from components.kinds.image.prepare.groups import find_groups
from components.kinds.image.prepare.labels import FoundLabels, find_labels, find_splits, note_missing, note_unlabelled
from components.kinds.image.prepare.split import SplitCandidate, describe_splits, split_pictures
from components.kinds.image.prepare.task import NO_LABELS, AskedTask
from components.kinds.prepared import SPLITS, Split


@dataclass(frozen=True)
class PictureRecord:
    """A picture that was decoded, in its split."""

    row: int
    """Its number among the raw records, and in the array."""
    name: str
    label: str
    content: bytes
    """SHA-256 of the pixels."""
    split: Split
    folder: str
    group: str | None


def label_pictures(
    table: pq.ParquetFile, about: Mapping[str, Any], config: Prepare, findings: Findings, unlabelled: bool = False
) -> tuple[dict[int, LabelledExample], list[str]]:
    """Return the pictures that have a label, by their number, and how the labels were found.

    `unlabelled`: those without one too, with an empty label.
    """
    pictures = read_source_examples(table)
    if unlabelled and not _has_labels(pictures, about, config):
        labels = FoundLabels({row: _later(picture) for row, picture in enumerate(pictures)}, [])
    else:
        labels = find_labels(pictures, about, config)
        if unlabelled:
            labels = replace(labels, labels={**dict.fromkeys(range(len(pictures)), ""), **labels.labels})
    pictures, split_read = find_splits(pictures, labels, about)
    note_missing(labels, about, findings)
    findings.unlabelled |= dict.fromkeys(about["unlabelled"], "beside the folders of the labels")
    passed_over = note_unlabelled(pictures, labels, findings)
    groups, group_read = find_groups(pictures, config)
    names = [picture.name for picture in pictures]
    found, corrected_read = corrected(labels.labels, names, config.corrections, "picture")
    labelled = labelled_examples(pictures, found, groups)
    return labelled, [*labels.read, *split_read, *passed_over, *group_read, *corrected_read]


def _has_labels(pictures: Sequence[SourceExample], about: Mapping[str, Any], config: Prepare) -> bool:
    """Whether something may label pictures that need no label: several folders, a table, or what the user says."""
    if config.labels is not None:
        return config.labels != NO_LABELS
    return len({picture.label for picture in pictures} - {None}) > 1 or bool(about.get("tables"))


def _later(picture: SourceExample) -> str:
    """Return the label of a picture of the inbox, where folders are labels; of others none."""
    return (picture.label or "") if picture.came_later else ""


def split_records(
    decoded: Sequence[DecodedPicture],
    labelled: Mapping[int, LabelledExample],
    config: Prepare,
    asked: AskedTask,
) -> tuple[list[PictureRecord], list[str]]:
    """Return the decoded pictures in their splits, and how the splits came about."""
    known = [labelled[picture.row] for picture in decoded]
    candidates = [
        SplitCandidate(asked.stratum(about.label), picture.content, about.split, about.group)
        for picture, about in zip(decoded, known, strict=True)
    ]
    placed = [
        replace(candidate, given=asked.split(about.label, about.split))
        for candidate, about in zip(candidates, known, strict=True)
    ]
    apart = sum(candidate.given != about.split for candidate, about in zip(placed, known, strict=True))
    told = [f"{apart:,} pictures to be found are taken into the test split: no training sees them"] if apart else []
    records = [
        PictureRecord(picture.row, about.name, about.label, picture.content, split, about.folder or ".", about.group)
        for picture, about, split in zip(decoded, known, split_pictures(placed, config), strict=True)
    ]
    return records, [*describe_splits(candidates, config), *told]


def without_duplicates(records: Sequence[PictureRecord], findings: Findings) -> list[PictureRecord]:
    """Return the records without those whose content stands in a split that is evaluated before theirs."""
    home: dict[bytes, PictureRecord] = {}
    for split in ("test", "validation", "train"):
        for record in records:
            if record.split == split:
                home.setdefault(record.content, record)
    kept = []
    for record in records:
        first = home[record.content]
        if record.label != first.label:
            findings.contradictions[record.name] = f"{first.name} is the same picture, labelled {first.label!r}"
        elif record.split == first.split and record is not first:
            findings.copies[record.name] = f"{first.name} is the same picture"
        if record.split == first.split:
            kept.append(record)
        else:
            findings.duplicates[record.name] = f"{first.name} of the {first.split} split"
    return kept


def class_sizes(labels: Sequence[str], kept: Sequence[PictureRecord]) -> dict[str, int]:
    """Return how many training pictures each class has: those of the source's order first, then by name."""
    there = {record.label for record in kept}
    known = [label for label in labels if label in there]
    counts = Counter(record.label for record in kept if record.split == "train")
    return {label: counts[label] for label in [*known, *sorted(there - set(known))]}


def enforce_splits(kept: Sequence[PictureRecord]) -> None:
    """Raise a `DataError` where a split has no picture."""
    for split in SPLITS:
        if not any(record.split == split for record in kept):
            raise DataError(
                f"no picture fell into the {split} split of {len(kept)} in all; "
                f"add pictures, or raise prepare.validation or prepare.test"
            )
