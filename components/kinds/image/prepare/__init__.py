"""Raw pictures -> validated, split by content, one array a split."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from components.config.errors import DataError
from components.kinds.image.codec.file import FORMATS
from components.kinds.image.codec.input import Input
from components.kinds.image.params import Prepare
from components.kinds.image.prepare.decode import Picture, decode_all
from components.kinds.image.prepare.findings import Findings, enforce, enforce_classes, report
from components.kinds.image.prepare.groups import find_groups
from components.kinds.image.prepare.labels import (
    find_labels,
    note_missing,
    note_unlabelled,
    said_of_pictures,
    splits_said,
)
from components.kinds.image.prepare.near import Shown, said_of_near
from components.kinds.image.prepare.split import Drawn, said_of_splits, split_pictures
from components.kinds.prepared import SPLITS, Split, write_about
from components.kinds.slices import write_slices

_TINY = 10  # training pictures under which a class is reported
_DARK = 64  # levels that the lightest pixel of all has to reach
_EXAMPLES = 3  # of each class that are named in the report


@dataclass(frozen=True)
class _Record:
    row: int
    name: str
    label: str
    content: bytes
    split: Split
    folder: str


def prepare(raw: Path, out: Path, config: Prepare, schema: Path) -> None:
    """Decode every picture of the Parquet file `raw`, leave out what is unfit, and write the splits to `out`.

    A picture's split is a pure function of its content or its group, so that new pictures never move old ones; splits
    that the source gives are kept. A picture that stands in the test split already is left out of the others, and the
    same between validation and train. Pictures need no schema.

    Raises:
        DataError: the labels have to be said, the findings pass the limits of `config`, or nothing is left to learn.
    """
    table = pq.ParquetFile(raw)
    about = json.loads(table.schema_arrow.metadata[b"journeyman"])
    findings = Findings(ignored=about["ignored"])
    named, read = _named(table, about, config, findings)
    decoded = out / "decoded.npy"
    shape = (config.size, config.size, config.channels)
    pictures = open_memmap(decoded, mode="w+", dtype=np.uint8, shape=(max(1, table.metadata.num_rows), *shape))
    input = _input(config)
    found, depths = decode_all(table, pictures, input, named, config.levels, findings.unreadable)
    said_of_depth = depths.said({row: one.label for row, one in named.items()}, input.get("levels"))
    findings.unreadable |= {
        name: f"{format}: {advice}".rstrip(": ") for name, (format, advice) in about["lost"].items()
    }
    total = len(named) + len(about["lost"]) + len(findings.missing) + len(findings.unlabelled)
    enforce(config.limits, findings, total)
    records, said = _split(found, named, config)
    kept = _once_each(records, findings)
    sizes = _sizes(about["labels"], kept)
    classes = list(sizes)
    by_folder = all(label in about["labels"] for label in classes)
    findings.empty_labels = [label for label in about["labels"] if label not in classes] if by_folder else []
    findings.tiny_classes = {label: size for label, size in sizes.items() if size < _TINY}
    if further := _further_formats(found):
        input["formats"] = further
    read = [*about["read"], *read, *said, *_said_of_formats(found), *said_of_depth, *_said_of_dark(found)]
    read += _said_of_groups(pictures, records, named, config)
    report(out, findings, read, _examples(kept, classes))
    enforce(config.limits, findings, total)
    enforce_classes(config.limits, sizes, about["media"])
    _enforce_splits(kept)
    for split in SPLITS:
        _write_split(out, split, pictures, [record for record in kept if record.split == split], classes)
    del pictures
    decoded.unlink()
    if config.slices:
        evaluated = [record for record in kept if record.split == "test"]
        columns = {"origin": [record.name.partition("/")[0] for record in evaluated]}
        columns["folder"] = [record.folder for record in evaluated]
        write_slices(out, {column: columns[column] for column in config.slices})
    write_about(out, "image", classes, input, Counter(record.split for record in kept))


@dataclass(frozen=True)
class _Named:
    """What is known of a picture before it is decoded."""

    name: str
    label: str
    split: Split | None
    folder: str
    group: str | None


def _named(
    table: pq.ParquetFile, about: Mapping[str, Any], config: Prepare, findings: Findings
) -> tuple[dict[int, _Named], list[str]]:
    """Return what is known of each picture that has a label, by its number, and how it was found."""
    said = said_of_pictures(table)
    labels = find_labels(said, about, config)
    said, split_read = splits_said(said, labels, about)
    note_missing(labels, about, findings)
    findings.unlabelled |= dict.fromkeys(about["unlabelled"], "beside the folders of the labels")
    over = note_unlabelled(said, labels, findings)
    groups, group_read = find_groups(said, config)
    named = {
        row: _Named(said[row].name, label, said[row].split, said[row].folder, groups.get(row))
        for row, label in sorted(labels.labels.items())
    }
    return named, [*labels.read, *split_read, *over, *group_read]


def _input(config: Prepare) -> Input:
    return Input(height=config.size, width=config.size, channels=config.channels, background=config.background)


def _further_formats(found: Sequence[Picture]) -> list[str]:
    """Return what the endpoint takes besides what every endpoint takes: the formats of the training pictures."""
    return sorted({picture.format for picture in found} - set(FORMATS))


def _said_of_formats(found: Sequence[Picture]) -> list[str]:
    counts = Counter(picture.format for picture in found)
    if not set(counts) - set(FORMATS):
        return []
    said = ", ".join(f"{count:,} {name}" for name, count in counts.most_common())
    where = ", HEIC where the package pillow-heif is installed" if "HEIC" in counts else ""
    return [f"formats: {said}; the endpoint takes them too{where}"]


def _said_of_dark(found: Sequence[Picture]) -> list[str]:
    lightest = max((picture.lightest for picture in found), default=255)
    if lightest >= _DARK:
        return []
    return [f"all pictures are nearly black, the lightest pixel has {lightest} of 255: save them with values up to 255"]


def _split(found: Sequence[Picture], named: Mapping[int, _Named], config: Prepare) -> tuple[list[_Record], list[str]]:
    drawn = [
        Drawn(named[picture.row].label, picture.content, named[picture.row].split, named[picture.row].group)
        for picture in found
    ]
    splits = split_pictures(drawn, config)
    records = [
        _Record(picture.row, one.name, one.label, picture.content, split, one.folder)
        for picture, split in zip(found, splits, strict=True)
        for one in [named[picture.row]]
    ]
    return records, said_of_splits(drawn, config)


def _sizes(labels: Sequence[str], kept: Sequence[_Record]) -> dict[str, int]:
    """Return how many training pictures each class has: those of the source's order first, then by name."""
    there = {record.label for record in kept}
    known = [label for label in labels if label in there]
    counts = Counter(record.label for record in kept if record.split == "train")
    return {label: counts[label] for label in [*known, *sorted(there - set(known))]}


def _said_of_groups(
    pictures: NDArray[np.uint8], records: Sequence[_Record], named: Mapping[int, _Named], config: Prepare
) -> list[str]:
    """Return which groups the given splits tear apart; where there are no groups, whether there should be."""
    if config.group is None:
        shown = {split: [] for split in SPLITS}  # type: dict[Split, list[Shown]]
        for record in records:
            shown[record.split].append(Shown(record.row, record.name.partition("/")[2], record.label))
        return said_of_near(pictures, shown["test"], shown["train"])
    splits: dict[str, set[Split]] = {}
    for record in records:
        if (group := named[record.row].group) is not None:
            splits.setdefault(group, set()).add(record.split)
    torn = [group for group, found in splits.items() if len(found) > 1]
    if not torn:
        return []
    return [f"{len(torn):,} groups stand in several of the given splits (as {torn[0]!r})"]


def _once_each(records: list[_Record], findings: Findings) -> list[_Record]:
    """Return the records without those whose content stands in a split that is evaluated before theirs."""
    home: dict[bytes, _Record] = {}
    for split in ("test", "validation", "train"):
        for record in records:
            if record.split == split:
                home.setdefault(record.content, record)
    kept = []
    for record in records:
        first = home[record.content]
        if record.label != first.label:
            findings.contradictions[record.name] = f"{first.name} is the same picture, labelled {first.label!r}"
        if record.split == first.split:
            kept.append(record)
        else:
            findings.duplicates[record.name] = f"{first.name} of the {first.split} split"
    return kept


def _examples(kept: Sequence[_Record], classes: Sequence[str]) -> dict[str, list[str]]:
    examples: dict[str, list[str]] = {label: [] for label in classes}
    for record in kept:
        if len(examples[record.label]) < _EXAMPLES:
            examples[record.label].append(record.name)
    return examples


def _enforce_splits(kept: Sequence[_Record]) -> None:
    for split in SPLITS:
        if not any(record.split == split for record in kept):
            raise DataError(
                f"no picture fell into the {split} split of {len(kept)} in all; "
                f"add pictures, or raise prepare.validation or prepare.test"
            )


def _write_split(
    out: Path, split: Split, pictures: NDArray[np.uint8], records: list[_Record], classes: list[str]
) -> None:
    inputs = open_memmap(
        out / f"{split}_inputs.npy", mode="w+", dtype=np.uint8, shape=(len(records), *pictures.shape[1:])
    )
    for place, record in enumerate(records):
        inputs[place] = pictures[record.row]
    inputs.flush()
    number = {label: index for index, label in enumerate(classes)}
    np.save(out / f"{split}_labels.npy", np.array([number[record.label] for record in records], dtype=np.int64))
