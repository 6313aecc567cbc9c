"""Raw records -> validated, split, with features: one array a split."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from components.config.errors import DataError
from components.kinds.prepared import SPLITS, write_about
from components.kinds.table.codec import features
from components.kinds.table.codec import schema as schemas
from components.kinds.table.codec.features import Definition
from components.kinds.table.codec.schema import Schema
from components.kinds.table.prepare.clean import Clean, clean
from components.kinds.table.prepare.column_types import sentences
from components.kinds.table.prepare.describe import define, describe
from components.kinds.table.prepare.drawn_split import by_content
from components.kinds.table.prepare.findings import Findings, enforce, report
from components.kinds.table.prepare.index import without_index
from components.kinds.table.prepare.infer import Profile, infer, profile
from components.kinds.table.prepare.labels import labels
from components.kinds.table.prepare.leaks import leaks
from components.kinds.table.prepare.reading import Readings, decide, read
from components.kinds.table.prepare.seed import write_seed
from components.kinds.table.prepare.slices import write_columns
from components.kinds.table.prepare.split import SPLIT, Parted
from components.kinds.table.prepare.stream import write_features
from components.kinds.table.prepare.table import ROW, TIME, Table, open_table, whole_numbers
from components.kinds.table.prepare.time_split import assign, counts, spans
from components.kinds.table.prepare.unknown import rare
from components.kinds.table.prepare.validate import validate
from components.system.files import write_json

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
    raw_table, known = open_table(raw, config), schemas.read(schema) if schema.exists() else None
    readings = decide(raw, raw_table, config, known)
    with read(raw, out, raw_table, readings, config) as table:
        _prepare(table, out, config, schema, known, readings, task or "detection")


def _prepare(
    table: Table, out: Path, config: "Prepare", schema: Path, known: Schema | None, readings: Readings, task: str
) -> None:
    expected = [name for name, column in known.columns.items() if column.type == "integer"] if known else []
    named = filter(None, [config.columns.id, config.columns.group])
    table = whole_numbers(table, {*named, *config.entities, *expected})
    profiles = profile(table)
    table, index = without_index(table, profiles, known, schema, config)
    columns = readings.described(known or infer(table, profiles, config), config)
    findings: Findings = {}
    validate(table, profiles, columns, schema, config, findings)
    label = labels(table, config)
    records = clean(table, columns, config, label.expression(), findings)
    enforce(findings, config.limits, table.rows)
    definition, sent = define(columns, config)
    with _split(table, records, definition, out, config) as parted:
        write_features(parted.frame, out, definition, parted.sizes, config.card, config.labelled)
        missing = _both_classes(out, config)
        findings["leaks"] = leaks(out, definition)
        enforce({"leaks": findings["leaks"]}, config.limits, table.rows)
        parted.test.select(list(sent.columns)).sink_parquet(out / "test_records.parquet")
        if config.slices:
            write_columns(parted.test, out, config.slices)
        if config.history == "endpoint" and definition.entities and parted.recent is not None:
            write_seed(parted.recent, out / "serving" / "history.npz", definition, config.labelled)
    about = {
        "read": [
            *readings.sentences(),
            *index,
            *sentences(columns.without(config.columns.drop), table.time),
            *rare(findings["unknown"], table.rows),
            *label.read,
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
    write_about(out, "table", label.classes, describe(out, definition, table, sent, config), parted.sizes, task)
    if known is None:
        schemas.write(schema, columns)
        logger.info("wrote %s: look it through, and commit it", schema)


@contextmanager
def _split(table: Table, records: Clean, definition: Definition, out: Path, config: "Prepare") -> Iterator[Parted]:
    """Yield the records with their splits, for as long as a sorted copy of them stands in `out`, if one is needed."""
    if not config.by_time or records.times is None:
        yield by_content(records.frame, definition, config)
        return
    span, said = spans(records.times, config.split, config.delay)
    lookback = features.lookback(definition)
    used = records.frame.filter(table.since(span.train[0] - lookback))
    with _in_order(used, out, records.times.ordered) as ordered:
        assigned = assign(ordered, span, config.card, config.delay)
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


def _both_classes(out: Path, config: "Prepare") -> list[str]:
    """See that there is something to learn and to evaluate, and say what there is not."""
    found = {split: np.load(out / f"{split}_labels.npy", mmap_mode="r") for split in SPLITS}
    said = []
    if not (found["train"] >= 0).any():
        said.append("no label of the train split is known: it can be learned from with train.labels: none alone")
    if not (found["validation"] == 1).any():
        said.append("the validation split has no positive record: the threshold is what the costs alone make it")
    for sentence in said:
        logger.warning(sentence)
    for split, known in found.items():
        for label, name in ((1, "positive"), (0, "negative")):
            if split != "validation" and (known >= 0).any() and not (known == label).any():
                part = f", of which prepare.labelled takes {config.labelled:g}" if split == "train" else ""
                raise DataError(f"the {split} split has no {name} record among {len(known):,}{part}; see prepare.split")
    return said
