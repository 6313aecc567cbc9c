"""Raw records -> validated, split, with features: one array a split."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from components.config.errors import ConfigError, DataError
from components.kinds.column import ROW
from components.kinds.prepared import SPLITS, Split, write_about
from components.kinds.prepared import known as is_known
from components.kinds.table.codec import features
from components.kinds.table.codec import schema as schemas
from components.kinds.table.codec.features import Definition
from components.kinds.table.codec.schema import Schema
from components.kinds.table.prepare.clean import Clean, clean
from components.kinds.table.prepare.column_types import sentences
from components.kinds.table.prepare.corrections import corrected
from components.kinds.table.prepare.describe import define, describe
from components.kinds.table.prepare.drawn_split import by_content
from components.kinds.table.prepare.findings import Findings, enforce, report
from components.kinds.table.prepare.index import without_index
from components.kinds.table.prepare.infer import Profile, infer, profile
from components.kinds.table.prepare.labels import Labels, labels
from components.kinds.table.prepare.leaks import leaks
from components.kinds.table.prepare.partitions import Partition, PartitionFiles, code, is_begun
from components.kinds.table.prepare.reading import Readings, decide, read
from components.kinds.table.prepare.seed import write_seed
from components.kinds.table.prepare.slices import write_columns
from components.kinds.table.prepare.split import SPLIT, Parted
from components.kinds.table.prepare.stream import write_features, write_windows
from components.kinds.table.prepare.table import TIME, Table, open_table, whole_numbers
from components.kinds.table.prepare.time_split import assign, counts, spans
from components.kinds.table.prepare.unknown import rare
from components.kinds.table.prepare.validate import validate
from components.system.files import sha256, write_json

if TYPE_CHECKING:
    from components.kinds.table.params import Prepare

logger = logging.getLogger(__name__)


def prepare(raw: Path, out: Path, config: "Prepare", schema: Path, task: str | None = None) -> None:
    """Hold the Parquet file `raw` to the schema, split it, and write the features of the splits to `out`.

    Where there is no file `schema`, it is inferred from the data, and written once all else is done. Split by time,
    memory is bounded by the look-back of the windows and the chunk, not by the table, unless the table is not in order
    of time: it is sorted then, which takes memory for the part of it that is used. Where splits are drawn, memory holds
    some numbers of each record.

    Raises:
        DataError: the table is not what the schema says, has more faults than `config.limits` allows, or too few days
            or records.
        ConfigError: the file `schema` is damaged.
    """
    with corrected(raw, out, config) as (right, said):
        raw_table, known = open_table(right, config), schemas.read(schema) if schema.exists() else None
        readings = decide(right, raw_table, config, known)
        with read(right, out, raw_table, readings, config) as table:
            _prepare(table, right, out, config, schema, known, readings, task, said)


def prepare_partition(
    raw: Path, out: Path, config: "Prepare", schema: Path, task: str | None, index: int, count: int
) -> int:
    """Write the windows of partition `index` of `count` to the address of `JOURNEYMAN_PARTITIONS`; say how many.

    `prepare` of the same table takes them from there, once all partitions have theirs. `out` is a scratch directory.

    Raises:
        ConfigError: there are no windows, partitions of another count are there, or nothing can be written there.
        DataError: `prepare` would raise it.
    """
    if not config.entities or not config.by_time:
        raise ConfigError("--partition: windows alone are computed in partitions, and there are none: prepare.entities")
    with corrected(raw, out, config) as (right, said):
        raw_table, known = open_table(right, config), schemas.read(schema) if schema.exists() else None
        readings = decide(right, raw_table, config, known)
        with read(right, out, raw_table, readings, config) as table:
            return _prepare(table, right, out, config, schema, known, readings, task, said, Partition(index, count))


def _prepare(
    table: Table,
    raw: Path,
    out: Path,
    config: "Prepare",
    schema: Path,
    known: Schema | None,
    readings: Readings,
    task: str | None,
    corrections: list[str],
    partition: Partition | None = None,
) -> int:
    """Write all, or the windows of the partition alone; return how many those are."""
    expected = [name for name, column in known.columns.items() if column.type == "integer"] if known else []
    named = filter(None, [config.columns.id, config.columns.group])
    table = whole_numbers(table, {*named, *config.entities, *expected})
    profiles = profile(table)
    table, index = without_index(table, profiles, known, schema, config)
    columns = readings.described(known or infer(table, profiles, config), config)
    findings: Findings = {}
    validate(table, profiles, columns, schema, config, findings)
    label = labels(table, config, task or (known.task if known else None))
    _check_pair(label.task, config)
    records = clean(table, columns, config, label.expression(), findings)
    enforce(findings, config.limits, table.rows)
    definition, sent = define(columns, config)
    with _split(table, records, definition, out, label, config) as parted:
        files, described = None, columns.model_copy(update={"task": label.task})
        if definition.entities and (partition or is_begun(schema.stem)):
            files = PartitionFiles(schema.stem, _made_of(raw, config, described, parted))
        if files and partition:
            return _write_partition(files, partition, parted, definition, config)
        merged = files.merged(definition) if files else None
        write_features(parted.frame, out, definition, parted.sizes, config.card, config.labelled, label, merged)
        missing = _every_class(out, label, config)
        findings["leaks"] = leaks(out, definition)
        enforce({"leaks": findings["leaks"]}, config.limits, table.rows)
        parted.test.select(list(sent.columns)).sink_parquet(out / "test_records.parquet")
        if config.slices:
            write_columns(parted, out, config.slices)
        if config.history == "endpoint" and definition.entities and parted.recent is not None:
            write_seed(parted.recent, out / "serving" / "history.npz", definition, config.labelled)
    about = {
        "read": [
            *readings.sentences(),
            *index,
            *sentences(columns.without(config.columns.drop), table.time),
            *rare(findings["unknown"], table.rows),
            *label.read,
            *corrections,
            *_paid_back(profiles, config),
            *records.read,
            *parted.read,
            *missing,
        ],
        "findings": report(findings),
        "splits": dict(parted.about),
        "records": dict(parted.sizes),
    }
    write_json(out / "report.json", about)
    write_about(out, "table", label.classes, describe(out, definition, table, sent, config), parted.sizes, label.task)
    if known is None:
        schemas.write(schema, described)
        logger.info("wrote %s: look it through, and commit it", schema)
    return 0


def _made_of(raw: Path, config: "Prepare", schema: Schema, parted: Parted) -> dict[str, Any]:
    """Return all that windows depend on."""
    return {
        "table": sha256(raw),
        "prepare": config.model_dump(mode="json"),
        "schema": schema.model_dump(mode="json", exclude_none=True),
        "splits": dict(parted.about),
        "records": dict(parted.sizes),
        "code": code(),
    }


def _write_partition(
    files: PartitionFiles, partition: Partition, parted: Parted, definition: Definition, config: "Prepare"
) -> int:
    files.begin(partition)
    if (done := files.done(partition.index)) is not None:
        return sum(done)
    return write_windows(parted.frame, definition, config.labelled, partition, files)


@contextmanager
def _split(
    table: Table, records: Clean, definition: Definition, out: Path, label: Labels, config: "Prepare"
) -> Iterator[Parted]:
    """Yield the records with their splits, for as long as a sorted copy of them stands in `out`, if one is needed."""
    if not config.by_time or records.times is None:
        yield by_content(records.frame, definition, label, config)
        return
    span, said = spans(records.times, config.split, config.delay)
    lookback = features.lookback(definition)
    used = records.frame.filter(table.since(span.train[0] - lookback))
    with _in_order(used, out, records.times.ordered) as ordered:
        assigned = assign(ordered, span, config.card, config.delay, labelled=label.column is not None)
        sizes, parts = counts(assigned, span, records.count)
        yield Parted(
            assigned,
            sizes,
            [*said, f"split by time ({table.time!r}), the test last: {parts}"],
            span.texts(),
            test=assigned.filter(table.since(span.test[0]), pl.col(SPLIT) == SPLITS.index("test")),
            recent=ordered.filter(table.since(span.test[0] - lookback)),
        )


@contextmanager
def _in_order(frame: pl.LazyFrame, out: Path, ordered: bool) -> Iterator[pl.LazyFrame]:
    """Yield the frame in order of time, then arrival; a sorted copy stands in `out` for as long as it is needed."""
    if ordered:
        yield frame
        return
    copy = out / "sorted.parquet"
    frame.sort(TIME, ROW).sink_parquet(copy)
    yield pl.scan_parquet(copy)
    copy.unlink()


def _paid_back(profiles: Mapping[str, Profile], config: "Prepare") -> list[str]:
    """Say that there are amounts below 0, if there are."""
    amount = config.columns.amount
    if amount is None or (least := profiles[amount].least) is None or least >= 0:
        return []
    return [f"amounts below 0 (down to {least:g}) are taken as they are; to miss such a record costs what is paid back"]


def _check_pair(task: str, config: "Prepare") -> None:
    """Refuse what is for a label of two values alone.

    Raises:
        DataError: a key of the section asks for it.
    """
    if task == "detection":
        return
    risky = [name for name, entity in config.entities.items() if "risk" in entity.measures]
    asked = [*([f"entities.{risky[0]}.measures: risk"] if risky else []), *(["card"] if config.card else [])]
    if asked:
        raise DataError(f"prepare.{asked[0]} needs a label of two values, and the task is {task}: leave it out")


def _every_class(out: Path, label: Labels, config: "Prepare") -> list[str]:
    """See that there is something to learn and to evaluate, and say what there is not.

    Raises:
        DataError: a split has nothing of a class.
    """
    found = {split: np.load(out / f"{split}_labels.npy", mmap_mode="r") for split in SPLITS}
    if label.task in ("detection", "anomaly"):
        return _both_classes(found, label.task, config)
    said = []
    for split, values in found.items():
        there = values[is_known(values)]
        if not len(there):
            raise DataError(f"no label of the {split} split is known; see prepare.split")
        absent = [name for index, name in enumerate(label.classes) if not (there == index).any()]
        if absent and split == "train":
            raise DataError(f"the train split has no record of {', '.join(map(repr, absent))}; see prepare.split")
        said += [f"the {split} split has no record of {', '.join(map(repr, absent))}"] if absent else []
    for sentence in said:
        logger.warning(sentence)
    return said


def _both_classes(found: Mapping[Split, NDArray[np.int64]], task: str, config: "Prepare") -> list[str]:
    said = []
    if task == "detection" and not (found["train"] >= 0).any():
        said.append("no label of the train split is known: it can be learned from with train.labels: none alone")
    if task == "detection" and not (found["validation"] == 1).any():
        said.append("the validation split has no positive record: the threshold is what the costs alone make it")
    for sentence in said:
        logger.warning(sentence)
    for split, known in found.items():
        for label, name in ((1, "positive"), (0, "negative")):
            needed = split == "test" or (split == "train" and task == "detection")
            if needed and (known >= 0).any() and not (known == label).any():
                part = f", of which prepare.labelled takes {config.labelled:g}" if split == "train" else ""
                raise DataError(f"the {split} split has no {name} record among {len(known):,}{part}; see prepare.split")
    return said
