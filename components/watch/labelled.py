"""What one day's labelled answers of a version come to: how often each value of each metric was there."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.inference.bundle import About, label_value
from components.watch.active import METRIC as ACTIVE
from components.watch.active import expected_loss
from components.watch.arrow import matrix, parts, texts
from components.watch.bundles import Bundle
from components.watch.statistics.active_inference import Sums, correction_sums
from components.watch.statistics.tally import Tally, joined, tally

NEEDED = ("id", "key", "request_id", "row", "version", "origin", "share", "outputs")
"""Columns of the log."""
SLICED = (*NEEDED, "record")
"""Where values of columns are slices."""


@dataclass
class LabelledDay:
    """One day of one version: the answers of callers whose label has come, the last one of each."""

    rows: int = 0
    """Whose label is one of the version's."""
    unknown: int = 0
    """Whose label is none of the version's classes."""
    asked: float = 1.0
    """The smallest probability with which one of the labels was asked for; 1 where none says it."""
    rates: dict[str, Tally] = field(default_factory=dict)
    """Of each metric its values, from 0 to 1, in the rows that count."""
    corrections: Sums = field(default_factory=Sums)
    """What labels that were asked for add to the sums of the day's expected losses."""
    slices: dict[str, Tally] = field(default_factory=dict)
    """Of the metric by which slices are judged the values in each."""


@dataclass(frozen=True)
class LabelledRows:
    """Some of them, `[N]` each."""

    outputs: NDArray[np.float32]
    """`[N, K]`."""
    labels: NDArray[np.float64]
    """Indices of classes, or numbers."""
    weights: NDArray[np.float64]
    """1 / the probability with which a row was kept and its label asked for."""
    asked: NDArray[np.float64]
    """The probability with which its label was asked for; not a number: nobody asked."""
    codes: NDArray[np.int64] | None
    """In which parts of columns it is; see `Slices.codes`."""


def measure(
    batches: Iterable[pa.RecordBatch], labels: pa.Table, bundles: Mapping[str, Bundle]
) -> dict[str, LabelledDay]:
    """Return what the labelled rows of a day come to, by version.

    Args:
        batches: of the log, with the columns `NEEDED`, where a version has slices of columns `SLICED`.
        labels: that may name one of them, in the order in which they were recorded.
        bundles: of the versions.
    """
    found: dict[str, LabelledDay] = {}
    for batch in batches:
        for version, rows in parts(batch.filter(pc.equal(texts(batch["origin"]), "caller")), "version"):
            which = labels_of(rows, labels)
            about = bundles[version].about
            if about is not None and (which >= 0).any():
                _take(found.setdefault(version, LabelledDay()), rows, labels, which, bundles[version], about)
    return found


def labels_of(rows: pa.RecordBatch, labels: pa.Table) -> NDArray[np.int64]:
    """Return which label each row has, `[N]`: the last that was recorded, whatever it names the row by; -1: none."""
    found, recorded = np.full(len(rows), -1, dtype=np.int64), np.full(len(rows), -1, dtype=np.int64)
    times = pc.cast(labels["recorded"], pa.int64()).to_numpy()
    for of_rows, of_labels in _names(rows, labels):
        places = np.flatnonzero(of_labels.is_valid().to_numpy(zero_copy_only=False))[::-1]  # the last one first
        if not len(places):
            continue
        told = pc.index_in(of_rows, pc.take(of_labels, pa.array(places)), skip_nulls=True)
        there = told.is_valid().to_numpy(zero_copy_only=False)
        named = places[pc.fill_null(told, 0).to_numpy(zero_copy_only=False)]
        later = there & (times[named] > recorded)
        found[later], recorded[later] = named[later], times[named[later]]
    return found


def _names(rows: pa.RecordBatch, labels: pa.Table) -> Iterator[tuple[pa.Array, pa.Array]]:
    """Yield what rows and labels may be named by; a label is named by the first that it has."""
    yield rows["id"], labels["event_id"].combine_chunks()
    without = pc.and_(pc.is_null(labels["event_id"]), pc.is_valid(labels["key"]))
    yield rows["key"], pc.if_else(without, labels["key"], None).combine_chunks()
    without = pc.and_(pc.is_null(labels["event_id"]), pc.is_null(labels["key"]))
    yield places(rows), pc.if_else(without, places(labels), None).combine_chunks()


def places(rows: Any) -> Any:
    """Return request and row number of rows or labels as one text; null where no request is named."""
    return pc.binary_join_element_wise(rows["request_id"], pc.cast(rows["row"], pa.string()), "/")


def _take(
    found: LabelledDay,
    rows: pa.RecordBatch,
    labels: pa.Table,
    which: NDArray[np.int64],
    bundle: Bundle,
    about: About,
) -> None:
    there = np.flatnonzero(which >= 0)
    told = labels.take(pa.array(which[there]))
    values = label_values(told["value"], about)
    known = ~np.isnan(values)
    found.unknown += int((~known).sum())
    there = there[known]
    if not len(there):
        return
    chosen = rows.take(pa.array(there))
    asked = pc.fill_null(told["share"], np.nan).to_numpy()[known]
    sought = np.where(asked > 0, asked, 1.0)
    odds = chosen["share"].to_numpy().astype(np.float64) * sought
    found.rows += len(there)
    found.asked = min(found.asked, float(sought.min()))
    codes = bundle.slices.codes(_records(chosen)) if bundle.slices.rules else None
    _add(found, LabelledRows(matrix(chosen["outputs"]), values[known], 1 / odds, asked, codes), bundle, about)


def _add(found: LabelledDay, rows: LabelledRows, bundle: Bundle, about: About) -> None:
    if bundle.live is None:
        return
    assert bundle.arrays is not None
    labels = rows.labels.astype(np.int64) if about.classes else rows.labels
    rates = bundle.live.rates(rows.outputs, labels, about.decision, bundle.arrays.outputs)
    for name, rate in rates.items():
        _join(found.rates, name, tally(rate.values[rate.counted], rows.weights[rate.counted]))
    if (judged := rates.get(bundle.slices.metric)) is not None:
        for name, its in bundle.slices.tallies(judged, labels, rows.weights, rows.codes).items():
            _join(found.slices, name, its)
    if ACTIVE in rates and (loss := expected_loss(bundle, rows.outputs)) is not None:
        asked = rows.asked > 0
        found.corrections += correction_sums(loss[asked], 1.0 - rates[ACTIVE].values[asked], rows.asked[asked])


def _records(rows: pa.RecordBatch) -> list[dict[str, Any]]:
    return [{} if text is None else json.loads(text) for text in rows["record"].to_pylist()]


def _join(found: dict[str, Tally], name: str, more: Tally) -> None:
    found[name] = joined([found[name], more]) if name in found else more


def label_values(column: pa.ChunkedArray, about: About) -> NDArray[np.float64]:
    """Return the labels as indices of classes, or as numbers; not a number: it is none of the version's."""
    coded = column.combine_chunks().dictionary_encode()
    known = [label_value(json.loads(text), about) for text in coded.dictionary.to_pylist()]
    values = [np.nan if value is None else value for value in known]
    found: NDArray[np.float64] = np.array(values)[coded.indices.to_numpy()]
    return found
