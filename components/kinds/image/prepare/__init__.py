"""Raw pictures -> validated, split by content, one array a split."""

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal, cast

import numpy as np
import pyarrow.parquet as pq
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from tqdm import tqdm

from components.config.errors import BadRequest, DataError
from components.config.files import write_json
from components.kinds.image import codec
from components.kinds.image.params import Limits, Prepare
from components.kinds.prepared import SPLITS, Split, write_about
from components.kinds.slices import write_slices

logger = logging.getLogger(__name__)

_TINY = 10  # training pictures under which a class is reported
_HASH_RANGE = 2.0**64


@dataclass
class _Findings:
    """What validation found, by the name of the file."""

    unreadable: dict[str, str] = field(default_factory=dict)
    duplicates: dict[str, str] = field(default_factory=dict)
    contradictions: dict[str, str] = field(default_factory=dict)
    empty_labels: list[str] = field(default_factory=list)
    tiny_classes: dict[str, int] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Record:
    row: int
    name: str
    label: str
    content: bytes
    split: Split


def prepare(raw: Path, out: Path, config: Prepare, schema: Path) -> None:
    """Decode every picture of the Parquet file `raw`, leave out what is unfit, and write the splits to `out`.

    A picture's split is a pure function of its content, so that new pictures never move old ones. A picture that
    stands in the test split already is left out of the others, and the same between validation and train. Pictures
    need no schema.

    Raises:
        DataError: the findings pass the limits of `config`, or nothing is left to learn from.
    """
    table = pq.ParquetFile(raw)
    about = json.loads(table.schema_arrow.metadata[b"journeyman"])
    findings = _Findings(ignored=about["ignored"])
    decoded = out / "decoded.npy"
    shape = (config.size, config.size, config.channels)
    pictures = open_memmap(decoded, mode="w+", dtype=np.uint8, shape=(max(1, table.metadata.num_rows), *shape))
    records = list(_decode(table, pictures, _input(config), config, findings))
    kept = _once_each(records, findings)
    classes = [label for label in about["labels"] if any(record.label == label for record in kept)]
    findings.empty_labels = [label for label in about["labels"] if label not in classes]
    _report(out, findings, kept, classes)
    _enforce(config.limits, findings, kept, classes)
    for split in SPLITS:
        _write_split(out, split, pictures, [record for record in kept if record.split == split], classes)
    del pictures
    decoded.unlink()
    if config.slices:
        examined = [PurePosixPath(record.name) for record in kept if record.split == "test"]
        write_slices(out, {column: [_slice(path, column) for path in examined] for column in config.slices})
    write_about(out, "image", classes, _input(config), Counter(record.split for record in kept))


def _slice(path: PurePosixPath, column: Literal["origin", "folder"]) -> str:
    """Return what the path `origin/label/folder/picture` says; pictures of a public data set have no folder."""
    return path.parts[0] if column == "origin" else "/".join(path.parts[2:-1]) or "."


def _input(config: Prepare) -> dict[str, int]:
    size = {"height": config.size, "width": config.size}
    return {**size, "channels": config.channels, "background": config.background}


def _decode(
    table: pq.ParquetFile, pictures: NDArray[np.uint8], input: Mapping[str, Any], config: Prepare, findings: _Findings
) -> Iterator[_Record]:
    rows = (row for batch in table.iter_batches(batch_size=64) for row in batch.to_pylist())
    progress = tqdm(rows, total=table.metadata.num_rows, desc="prepare", unit=" pictures", mininterval=1.0)
    for index, row in enumerate(progress):
        try:
            pictures[index] = codec.decode(row, input)
        except BadRequest as error:
            findings.unreadable[row["name"]] = str(error)
            continue
        content = hashlib.sha256(pictures[index].tobytes()).digest()
        yield _Record(index, row["name"], row["label"], content, _split(content, row["split"], config))


def _split(content: bytes, given: str | None, config: Prepare) -> Split:
    """Draw the split from the content: the hash's first 8 bytes, as a fraction, against the sizes of the splits."""
    draw = int.from_bytes(content[:8], "big") / _HASH_RANGE
    if given == "test":
        return "test"
    test = 0.0 if given == "train" else config.test
    if draw < test:
        return "test"
    return "validation" if draw < test + config.validation else "train"


def _once_each(records: list[_Record], findings: _Findings) -> list[_Record]:
    """Return the records without those whose content stands in a split that is examined before theirs."""
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


def _report(out: Path, findings: _Findings, kept: list[_Record], classes: list[str]) -> None:
    sizes = Counter(record.label for record in kept if record.split == "train")
    findings.tiny_classes = {label: sizes[label] for label in classes if sizes[label] < _TINY}
    write_json(out / "report.json", vars(findings))
    for what, found in vars(findings).items():
        if found:
            some = ", ".join(list(found)[:3])
            more = f" and {len(found) - 3} more" if len(found) > 3 else ""
            logger.warning("%s: %d (%s%s)", what.replace("_", " "), len(found), some, more)


def _enforce(limits: Limits, findings: _Findings, kept: list[_Record], classes: list[str]) -> None:
    for what in ("unreadable", "duplicates", "empty_labels"):
        found, most = getattr(findings, what), cast("int | None", getattr(limits, what))
        if most is not None and len(found) > most:
            raise DataError(
                f"{len(found)} {what.replace('_', ' ')} ({', '.join(list(found)[:5])}); "
                f"prepare.limits.{what} allows {most}"
            )
    sizes = Counter(record.label for record in kept if record.split == "train")
    for label in classes:
        if limits.smallest_class is not None and sizes[label] < limits.smallest_class:
            raise DataError(
                f"label {label!r} has {sizes[label]} training pictures, "
                f"prepare.limits.smallest_class asks for {limits.smallest_class}"
            )
    if len(classes) < 2:
        raise DataError(f"at least two labels with readable pictures are needed, found {len(classes)}: {classes}")
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
