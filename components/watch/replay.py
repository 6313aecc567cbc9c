"""Logged requests answered by another version: what it says of them, and which of the two was better where labels came.

A version answers what the log has: examples as the model took them. So it must take the same examples as the version
that answered; one that was made for pictures of another size, or other features, cannot be asked.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components import catalogue
from components.config.errors import DataError
from components.inference.bundle import About, examples_of
from components.inference.bundle import Bundle as Graph
from components.prediction_log.reader import Log
from components.tasks.rates import Rate, at_the_same_costs
from components.watch.arrow import examples, matrix, parts, texts
from components.watch.bundles import Bundle, Bundles
from components.watch.label_index import NAMES, ROW
from components.watch.labelled import label_values, labels_of
from components.watch.quality import largest_weight
from components.watch.rows import CALLER
from components.watch.statistics.comparing import ALPHA, Comparison, compare

_NEEDED = (*ROW, "time", "version", "origin", "share", "outputs", "example", "example_type")

Floats = NDArray[np.float64]


@dataclass
class Replay:
    """What a version says of the requests that others answered."""

    version: str
    """That was asked."""
    rows: int = 0
    tried: int = 0
    """Of `replay_both` the rows that the canary had answered."""
    own: int = 0
    """Rows that it had answered itself."""
    same: int = 0
    """Of its own, those whose outputs are the same to the bit."""
    furthest: float = 0.0
    """The largest difference of an output of its own."""
    changed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often it names another class: before, now."""
    moved: float = 0.0
    """The mean difference of the first output, where there are no classes."""
    labelled: int = 0
    metric: str = ""
    """By which both are compared."""
    before: float = float("nan")
    """Of the labelled rows, as they were answered."""
    now: float = float("nan")
    comparison: Comparison | None = None
    """None: no label has come, the task does not say what is better, or `unequal`."""
    unequal: str = ""
    """Why the labels that there are decide nothing."""


@dataclass
class _Pairs:
    """Losses of both, of rows in the order in which they came to be known."""

    recorded: list[NDArray[np.int64]] = field(default_factory=list)
    before: list[Floats] = field(default_factory=list)
    after: list[Floats] = field(default_factory=list)
    odds: list[Floats] = field(default_factory=list)
    """The probability with which each was kept and its label asked for."""
    kept: float = 1.0
    """The smallest probability with which the log kept a row."""
    asked: float = 1.0
    """The smallest probability with which a label was asked for; 1 where none says it."""
    metric: str = ""
    scale: float = 1.0
    lower_is_better: bool = False


def replay(
    log: Log,
    bundles: Bundles,
    version: str,
    since: datetime,
    until: datetime,
    delay: timedelta,
    least: float,
    of: str | None = None,
    alpha: float = ALPHA,
) -> Replay:
    """Answer what callers asked from `since` on and before `until` with `version`, and compare.

    Args:
        log: of the workload, which stands still.
        bundles: of its versions.
        version: that is asked.
        since: from when on.
        until: up to when; labels that were recorded later count not.
        delay: after which a label is final.
        least: `watch.asked`, the smallest probability with which a label is asked for.
        of: answers of this version alone; None: of all.
        alpha: see `compare`.

    Raises:
        DataError: the version cannot be had, or takes other examples.
    """
    found, pairs = _collected(log, bundles, version, since, until, delay, of)
    return _summed(found, pairs, least, alpha)


def replay_both(
    log: Log,
    bundles: Bundles,
    versions: tuple[str, str],
    since: datetime,
    until: datetime,
    delay: timedelta,
    least: float,
    alpha: float = ALPHA,
) -> Replay:
    """Compare a canary with the champion, `versions`: each is asked what the other has answered; otherwise as `replay`.

    So every labelled row has the answers of both, whoever gave its own.
    """
    champion, canary = versions
    found, pairs = _collected(log, bundles, canary, since, until, delay, champion)
    other, reverse = _collected(log, bundles, champion, since, until, delay, canary)
    pairs.recorded += reverse.recorded
    pairs.before += reverse.after
    pairs.after += reverse.before
    pairs.odds += reverse.odds
    pairs.kept, pairs.asked = min(pairs.kept, reverse.kept), min(pairs.asked, reverse.asked)
    pairs.metric, pairs.scale = pairs.metric or reverse.metric, max(pairs.scale, reverse.scale)
    pairs.lower_is_better = pairs.lower_is_better or reverse.lower_is_better
    found.rows += other.rows
    found.tried = other.rows
    return _summed(found, pairs, least, alpha)


def _collected(
    log: Log, bundles: Bundles, version: str, since: datetime, until: datetime, delay: timedelta, of: str | None
) -> tuple[Replay, _Pairs]:
    """Return what the version says, and the losses of labelled rows."""
    bundle = bundles[version]
    if bundle.about is None:
        raise DataError(bundle.question)
    graph, found, pairs = Graph(bundle.path), Replay(version), _Pairs()
    for day in log.days():
        first = max(datetime.combine(day, time.min, UTC), since)
        last = min(datetime.combine(day, time.min, UTC) + timedelta(days=1), until)
        if first >= last:
            continue
        named = pa.Table.from_batches(log.answers(first, last, ROW), schema=NAMES)
        labels = log.labels(until, of=named) if len(named) and _is_over(day, until, delay) else None
        for batch in log.answers(first, last, _NEEDED):
            for before, kind, rows in _parts(batch, of):
                _check(bundles[before], bundle)
                pairs.kept = min(pairs.kept, float(pc.min(rows["share"]).as_py()))
                outputs = graph.outputs(examples(rows["example"], kind))
                _count(found, bundles[before], bundle, matrix(rows["outputs"]), outputs)
                if labels is not None and len(labels):
                    _judge(pairs, rows, labels, bundles[before], bundle, outputs)
    return found, pairs


def _parts(batch: pa.RecordBatch, of: str | None) -> Iterator[tuple[str, str, pa.RecordBatch]]:
    """Yield the callers' rows of each version and each form of examples."""
    rows = batch.filter(pc.equal(texts(batch["origin"]), CALLER))
    for version, its in parts(rows, "version"):
        if of is None or version == of:
            for kind, same in parts(its, "example_type"):
                yield version, kind, same


def _check(before: Bundle, now: Bundle) -> None:
    if before.about is None:
        raise DataError(before.question)
    assert now.about is not None
    if examples_of(before.about) != examples_of(now.about):
        raise DataError(
            f"version {now.version} takes other examples than version {before.version}, which answered: what is logged "
            "cannot be asked of it"
        )


def _count(found: Replay, before: Bundle, now: Bundle, was: NDArray[np.float32], outputs: NDArray[np.float32]) -> None:
    assert before.about is not None
    assert now.about is not None
    found.rows += len(outputs)
    if before.version == now.version:
        found.own += len(outputs)
        found.same += int((was == outputs).all(axis=1).sum())
        found.furthest = max(found.furthest, float(np.abs(was - outputs).max(initial=0.0)))
    said, says = _named(before.about, was), _named(now.about, outputs)
    if said is None or says is None:
        total = found.moved * (found.rows - len(outputs)) + float((outputs[:, 0] - was[:, 0]).sum())
        found.moved = total / found.rows
        return
    found.changed.update(pair for pair in zip(said, says, strict=True) if pair[0] != pair[1])


def _named(about: About, outputs: NDArray[np.float32]) -> list[str] | None:
    decided = catalogue.codec(about.kind, about.task).decide(outputs, about.decision)
    return None if decided is None else [about.classes[index] for index in decided]


def _judge(
    pairs: _Pairs,
    rows: pa.RecordBatch,
    labels: pa.Table,
    before: Bundle,
    now: Bundle,
    outputs: NDArray[np.float32],
) -> None:
    """Take in the losses of both on the rows whose label has come and is one of both versions'."""
    assert before.about is not None
    assert now.about is not None
    which = labels_of(rows, labels)
    there = np.flatnonzero(which >= 0)
    if not len(there):
        return
    told = labels.take(pa.array(which[there]))
    was, new = label_values(told["value"], before.about), label_values(told["value"], now.about)
    known = ~np.isnan(was) & ~np.isnan(new)
    there, told = there[known], told.filter(pa.array(known))
    by = at_the_same_costs(before.about.decision, now.about.decision)
    old_rate = _rate(before, matrix(rows["outputs"].take(pa.array(there))), was[known], by[0])
    new_rate = _rate(now, outputs[there], new[known], by[1])
    if old_rate is None or new_rate is None or not len(there):
        return
    name, old = old_rate
    _, rate = new_rate
    asked = pc.fill_null(told["share"], 1.0).to_numpy()
    kept = rows["share"].take(pa.array(there)).to_numpy().astype(np.float64)
    pairs.metric, pairs.lower_is_better = name, old.lower_is_better
    scale = max(old.scale, rate.scale)  # what is told apart is as large as the larger one
    pairs.scale = scale
    pairs.recorded.append(pc.cast(told["recorded"], pa.int64()).to_numpy())
    pairs.before.append(np.clip(old.losses * (old.scale / scale), 0, 1))
    pairs.after.append(np.clip(rate.losses * (rate.scale / scale), 0, 1))
    pairs.odds.append(asked * kept)
    pairs.asked = min(pairs.asked, float(asked.min()))


def _rate(
    bundle: Bundle, outputs: NDArray[np.float32], labels: Floats, decision: Mapping[str, Any]
) -> tuple[str, Rate] | None:
    """Return the first metric that every row counts for, which pairs can be made by."""
    if bundle.live is None or bundle.about is None or bundle.arrays is None:
        return None
    told = labels.astype(np.int64) if bundle.about.classes else labels
    rates = bundle.live.rates(outputs, told, decision, bundle.arrays.outputs)
    return next(((name, rate) for name, rate in rates.items() if rate.counted.all()), None)


def _summed(found: Replay, pairs: _Pairs, least: float, alpha: float) -> Replay:
    if not pairs.recorded:
        return found
    order = np.argsort(np.concatenate(pairs.recorded), kind="stable")
    before, after = np.concatenate(pairs.before)[order], np.concatenate(pairs.after)[order]
    weights = pairs.kept / np.concatenate(pairs.odds)[order]
    found.labelled, found.metric = len(order), pairs.metric
    most = largest_weight(1.0, pairs.asked, least)
    if most is None:
        found.unequal = f"a label was asked for with probability {pairs.asked:.2g}, and watch.asked is {least:g}"
    else:
        found.comparison = compare(before, after, weights, alpha, most)
    means = [float(np.average(losses, weights=weights)) for losses in (before, after)]
    found.before, found.now = [(mean if pairs.lower_is_better else 1 - mean) * pairs.scale for mean in means]
    return found


def _is_over(day: date, until: datetime, delay: timedelta) -> bool:
    return not delay or datetime.combine(day, time.max, UTC) + delay <= until
