"""Raw pictures -> validated, split by content, one array a split."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from components.config.errors import DataError
from components.kinds.image.codec.input import DRAFT, Input
from components.kinds.image.params import Prepare
from components.kinds.image.prepare.decode import decode_all
from components.kinds.image.prepare.describe import (
    describe_dark,
    describe_formats,
    describe_groups,
    examples,
    further_formats,
)
from components.kinds.image.prepare.findings import Findings, enforce, enforce_classes, report
from components.kinds.image.prepare.records import (
    PictureRecord,
    class_sizes,
    enforce_splits,
    label_pictures,
    split_records,
    without_duplicates,
)
from components.kinds.image.prepare.shape import prepared_shape
from components.kinds.image.prepare.split import key_of
from components.kinds.image.prepare.task import NO_LABELS, AskedTask, asked_task
from components.kinds.image.prepare.unlabelled import write_unlabelled
from components.kinds.prepared import INPUTS, KEYS, ROWS, SPLITS, index_of, write_about
from components.kinds.shards.written import ShardWriter
from components.kinds.slices import write_slices


def prepare(raw: Path, out: Path, config: Prepare, schema: Path, task: str | None = None) -> None:
    """Decode every picture of the Parquet file `raw`, leave out what is unfit, and write the splits to `out`.

    A picture's split is a pure function of its content or its group, so that new pictures never move old ones; splits
    that the source gives are kept. A picture that stands in the test split already is left out of the others, and the
    same between validation and train. Pictures need no schema. With `config.shards` the pictures of a split go into
    shards, by the hash of their content.

    Raises:
        ConfigError: the address of the shards takes none.
        DataError: the labels have to be said, the findings pass the limits of `config`, or nothing is left to learn.
    """
    writer = ShardWriter(config.shards) if config.shards else None
    table = pq.ParquetFile(raw)
    about = json.loads(table.schema_arrow.metadata[b"journeyman"])
    findings = Findings(ignored=about["ignored"])
    if config.labels == NO_LABELS:
        task = task or "anomaly"
        if task != "anomaly":
            raise DataError(f"prepare.labels is none, and task: {task} learns from labels")
    labelled, read = label_pictures(table, about, config, findings, unlabelled=task == "anomaly")
    labels = {row: picture.label for row, picture in labelled.items()}
    trained = {picture.label for picture in labelled.values() if picture.split == "train"}
    asked = asked_task(labels, config.positive, task, config.normal, trained)
    scratch = out / "decoded.npy"
    size, channels, shape_read = prepared_shape(config, table, labelled)
    shape = (max(1, table.metadata.num_rows), size, size, channels)
    pictures = open_memmap(scratch, mode="w+", dtype=np.uint8, shape=shape)
    input = Input(height=size, width=size, channels=channels, background=config.background, draft=DRAFT)
    decoded, depths = decode_all(table, pictures, input, labelled, config.levels, findings.unreadable)
    depth_read = depths.describe(labels, input.get("levels"))
    findings.note_lost(about["lost"])
    total = len(labelled) + len(about["lost"]) + len(findings.missing) + len(findings.unlabelled)
    enforce(config.limits, findings, total)
    records, split_read = split_records(decoded, labelled, config, asked)
    kept = without_duplicates(records, findings)
    if config.shards:  # cut apart, each shard is like the others
        kept.sort(key=lambda record: record.content)
    sizes = class_sizes(about["labels"], kept)
    if asked.name == "classification":
        findings.note_classes(about["labels"], sizes)
    if further := further_formats(decoded):
        input["formats"] = further
    read = [*about["read"], *read, *asked.read, *split_read]
    read += [*shape_read, *describe_formats(decoded), *depth_read, *describe_dark(decoded)]
    read += describe_groups(pictures, records, grouped=config.group is not None)
    read += write_unlabelled(raw, out, config, input, asked, pictures, kept)
    report(out, findings, read, examples(kept, sizes, asked.shown))
    enforce(config.limits, findings, total)
    if asked.name in ("classification", "detection"):
        enforce_classes(config.limits, sizes, about["media"])
    enforce_splits(kept)
    classes = asked.classes(list(sizes))
    _write_splits(out, pictures, kept, asked, classes, writer)
    del pictures
    scratch.unlink()
    _write_slices(out, kept, config.slices)
    if not any(labelled[record.row].split for record in kept):
        _write_keys(out, kept)
    write_about(out, "image", classes, input, Counter(record.split for record in kept), asked.name)


def _write_splits(
    out: Path,
    pictures: NDArray[np.uint8],
    kept: Sequence[PictureRecord],
    asked: AskedTask,
    classes: Sequence[str],
    writer: ShardWriter | None,
) -> None:
    for split in SPLITS:
        records = [record for record in kept if record.split == split]
        rows = np.array([record.row for record in records], dtype=np.int64)
        if writer is None:
            _write_array(out / f"{split}_{INPUTS}.npy", pictures, rows)
        else:
            writer.write(index_of(out, split), pictures, rows)
        np.save(out / f"{split}_labels.npy", asked.told([record.label for record in records], classes))
        np.save(out / f"{split}_{ROWS}.npy", rows)


def _write_array(path: Path, pictures: NDArray[np.uint8], rows: NDArray[np.int64]) -> None:
    inputs = open_memmap(path, mode="w+", dtype=np.uint8, shape=(len(rows), *pictures.shape[1:]))
    for index, row in enumerate(rows):
        inputs[index] = pictures[row]
    inputs.flush()


def _write_keys(out: Path, kept: Sequence[PictureRecord]) -> None:
    """Write what the splits were drawn from: pictures with the same key stay together, whatever splits them."""
    for split in SPLITS:
        keys = [key_of(record.content, record.group)[:8] for record in kept if record.split == split]
        np.save(out / f"{split}_{KEYS}.npy", np.frombuffer(b"".join(keys), dtype=">u8").astype(np.uint64))


def _write_slices(out: Path, kept: Sequence[PictureRecord], named: Sequence[str]) -> None:
    """Write the columns of the pictures that `prepare.slices` names, if it names any."""
    if not named:
        return
    columns = {
        "origin": [record.name.partition("/")[0] for record in kept],
        "folder": [record.folder for record in kept],
    }
    splits = np.array([SPLITS.index(record.split) for record in kept])
    write_slices(out, {column: columns[column] for column in named}, splits)
