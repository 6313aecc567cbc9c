"""Which answers to ask labels for: those that may be wrong, spread over what they look like, and some of all others.

Of an answer to an example that is like nothing in training nobody knows how sure it is: it is as likely to be asked
about as one that is as often wrong as right.

Each answer of a caller could be chosen, with a probability that is known and kept: by it one label stands for many
(`statistics/active_inference.py`). Rounds are chosen independently of each other, so that of an answer which could be
chosen in several of them the probability is known too.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components import catalogue
from components.config.errors import DataError
from components.inference.bundle import About
from components.inference.bundle import Bundle as Graph
from components.prediction_log.reader import Log
from components.tasks.codec import TaskCodec
from components.watch.active import expected_loss
from components.watch.arrow import examples, matrix, texts
from components.watch.bundles import Bundle, Bundles
from components.watch.rows import CALLER, IS_UNFAMILIAR
from components.watch.statistics.active_inference import UNIFORM, asking_probabilities
from components.watch.statistics.choosing import choose, spread

MOST = 200_000
"""Answers among which is chosen: as many of the latest days as have so many, one at least."""
SPREAD = 2_000
"""Answers whose embeddings are computed, at most; before, what is alike goes by the outputs."""
_UNKNOWN = 0.5  # the expected loss where the model has no say in it

_NEEDED = ("id", "version", "origin", "answer", "outputs")
_SHOWN = ("id", "time", "answer", "record", "example", "example_type", "hashes")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Candidates:
    """Answers of one version that could be asked about, `[N]` each."""

    ids: list[str]
    outputs: NDArray[np.float32]
    """`[N, K]`."""
    loss: Floats | None
    """How probable it is that the answer is wrong; None: the model has no say in it."""
    unfamiliar: NDArray[np.bool_]
    """Whether each was given to an example like nothing in training, of which the model cannot say how sure it is."""
    since: date
    """The first of their days."""


@dataclass(frozen=True)
class Chosen:
    """An answer that is to be asked about."""

    id: str
    time_us: int
    answer: dict[str, Any]
    """As it was sent."""
    decided: str | None
    """The class that it is; None: it is a number."""
    record: dict[str, Any] | None
    example: NDArray[Any]
    """As the model took it."""
    hashes: list[bytes]


@dataclass(frozen=True)
class Choice:
    """What was chosen, and among what."""

    version: str
    about: About
    candidates: Candidates
    probabilities: Floats
    """`[N]`, of the candidates."""
    chosen: list[Chosen]
    """The most worth asking about first."""


def choose_answers(
    log: Log, bundles: Bundles, count: int, as_of: datetime, days: int, asked: float, random: np.random.Generator
) -> Choice:
    """Choose about which answers of the version that answered last to ask.

    Args:
        log: of the workload, which stands still.
        bundles: of the versions.
        count: how many.
        as_of: the end of what is looked at.
        days: that are looked back.
        asked: with which probability each is chosen at least, where `count` is large enough for it.
        random: by which it is decided.

    Raises:
        DataError: nothing was answered, or the version's bundle cannot be had.
    """
    version, candidates = _candidates(log, bundles, as_of, days)
    bundle = bundles[version]
    if bundle.about is None:
        raise DataError(bundle.question)
    told = np.full(len(candidates.ids), _UNKNOWN) if candidates.loss is None else candidates.loss
    loss = np.where(candidates.unfamiliar, np.maximum(told, _UNKNOWN), told)
    uniform = min(max(UNIFORM, asked * len(loss) / count), 1.0)
    probabilities = asking_probabilities(loss, count, uniform)
    places = _chosen(log, bundle, candidates, probabilities, as_of, random)
    order = sorted(places.tolist(), key=lambda place: -loss[place])
    rows = _rows(log, [candidates.ids[place] for place in order], candidates.since, as_of)
    codec = catalogue.codec(bundle.about.kind, bundle.about.task)
    decided = codec.decide(candidates.outputs, bundle.about.decision)
    chosen = [
        _read(rows[candidates.ids[place]], codec, None if decided is None else bundle.about.classes[decided[place]])
        for place in order
    ]
    return Choice(version, bundle.about, candidates, probabilities, chosen)


def _candidates(log: Log, bundles: Bundles, as_of: datetime, days: int) -> tuple[str, Candidates]:
    version, ids, outputs, losses, unfamiliar, first = "", list[str](), [], [], [], as_of.date()
    for day in sorted(log.days(), reverse=True):
        if len(ids) >= MOST or day <= as_of.date() - timedelta(days=days):
            break
        version = version or _last_version(log, day, as_of)
        for batch in _of_callers(log, day, as_of, _NEEDED):
            rows = batch.filter(pc.equal(texts(batch["version"]), version))
            if len(rows):
                first = day
                ids += rows["id"].to_pylist()
                outputs.append(matrix(rows["outputs"]))
                losses.append(expected_loss(bundles[version], outputs[-1]))
                unfamiliar.append(pc.match_substring(rows["answer"], IS_UNFAMILIAR).to_numpy(zero_copy_only=False))
    if not ids:
        raise DataError(f"{log.folder}: no caller has asked in the {days} days before {as_of:%Y-%m-%d %H:%M} UTC")
    known = [loss for loss in losses if loss is not None]
    loss = np.concatenate(known) if len(known) == len(losses) else None
    return version, Candidates(ids, np.concatenate(outputs), loss, np.concatenate(unfamiliar), first)


def _chosen(
    log: Log,
    bundle: Bundle,
    candidates: Candidates,
    probabilities: Floats,
    as_of: datetime,
    random: np.random.Generator,
) -> NDArray[np.int64]:
    """Return the places of those that are chosen: first some more, by the outputs, of these some, by embedding."""
    first = np.minimum(1.0, probabilities * max(1.0, SPREAD / probabilities.sum()))
    places = np.arange(len(probabilities))
    if len(places) > SPREAD:
        places = choose(first, spread(candidates.outputs), random)
    else:
        first = np.ones_like(first)
    ids = [candidates.ids[place] for place in places]
    embedding = _embedding(bundle, _rows(log, ids, candidates.since, as_of), ids)
    points = candidates.outputs[places] if embedding is None else embedding
    return places[choose(np.minimum(probabilities[places] / first[places], 1.0), spread(points), random)]


def _embedding(bundle: Bundle, rows: dict[str, dict[str, Any]], ids: list[str]) -> NDArray[np.float32] | None:
    """Return the embeddings of logged examples, asked of the bundle's graph again; None: it has none."""
    kinds = {rows[name]["example_type"] for name in ids}
    if len(kinds) != 1 or not (bundle.path / "model.onnx").exists():
        return None
    graph, (kind,) = Graph(bundle.path), kinds
    column = pa.array([rows[name]["example"] for name in ids], pa.binary())
    return graph.embedding(examples(column, kind))


def _rows(log: Log, ids: list[str], since: date, as_of: datetime) -> dict[str, dict[str, Any]]:
    wanted = pa.array(ids, pa.string())
    found = {}
    for batch in log.answers(datetime.combine(since, time.min, UTC), as_of, _SHOWN):
        for row in batch.filter(pc.is_in(batch["id"], wanted)).to_pylist():
            found[row["id"]] = row
    return found


def _last_version(log: Log, day: date, as_of: datetime) -> str:
    """Return the version that answered a caller last on a day; nothing: none did."""
    last = (0, "")
    for batch in _of_callers(log, day, as_of, ("time", "version", "origin")):
        times = pc.cast(batch["time"], pa.int64()).to_numpy()
        last = max(last, (int(times.max()), texts(batch["version"])[int(times.argmax())].as_py()))
    return last[1]


def _of_callers(log: Log, day: date, as_of: datetime, columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    since = datetime.combine(day, time.min, UTC)
    for batch in log.answers(since, min(since + timedelta(days=1), as_of), columns):
        rows = batch.filter(pc.equal(texts(batch["origin"]), CALLER))
        if len(rows):
            yield rows


def _read(row: dict[str, Any], codec: TaskCodec, decided: str | None) -> Chosen:
    record = None if codec.upload else row["record"]  # of a file its record says what it was, the example is it
    column = pa.array([row["example"]], pa.binary())
    return Chosen(
        id=row["id"],
        time_us=int(row["time"].timestamp() * 1e6),
        answer=json.loads(row["answer"]),
        decided=decided,
        record=None if record is None else json.loads(record),
        example=examples(column, row["example_type"])[0],
        hashes=row["hashes"],
    )
