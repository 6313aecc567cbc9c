"""Score: every row of a source answered by one registered version, into one Parquet file, killed or not."""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from components import catalogue
from components.config.errors import ConfigError, DataError
from components.config.settings import STATE
from components.inference.bundle import About, bundle_hash, read_about
from components.inference.log_description import log_description
from components.inference.options import Options
from components.kinds.contract import Observations, SequenceMemory
from components.prediction_log.batches import put_segment
from components.prediction_log.description import describe_once
from components.prediction_log.segment import SIZE
from components.scoring.answer import Answers, Errors, Warnings, concatenate
from components.scoring.logged import Logged, Logging
from components.scoring.parts import Parts, manifest_of
from components.scoring.result import Scored, batch, counted, schema
from components.scoring.source import Chunk, Source, open_source
from components.scoring.worker_pool import WorkerPool, worker_pool
from components.system.locks import locked
from components.system.processes import cores
from components.system.progress import Progress

_FORMAT = 2  # of the result and of the parts
_EVERY = 10.0  # seconds
_MOST = 200_000  # rows of a part


def score(
    bundle: Path,
    version: str,
    source: Path,
    out: Path,
    id: str | None = None,
    workers: int | None = None,
    every: float = _EVERY,
    log: Path | None = None,
) -> Scored:
    """Answer every row of `source` with the bundle at `bundle`, and write the answers to `out`.

    A run that was stopped, however it was, goes on where it was. One that is done is not done again, unless the source
    or the version is another one since.

    Args:
        bundle: the bundle's directory.
        version: of the registered model that it is.
        source: see `open_source`.
        out: the Parquet file to write.
        id: the column with the rows' ids.
        workers: processes; None: one for each core.
        every: seconds from one part to the next, which is what a kill costs at most.
        log: the workload's prediction log, which has every row once when the result is there; None: none has.

    Raises:
        ConfigError: source and result do not go together, or there is nothing to score.
        DataError: no row can be read, the source changes meanwhile, or the log is another workload's.
    """
    check_place(source, out)
    source, about = source.resolve(), read_about(bundle)  # the processes stand in another folder
    with locked(_lock(out)), clear_errors(out):
        rows = open_source(source, about, id)
        manifest = manifest_for(bundle, version, rows, id, log is not None)
        if log is not None:
            describe_once(log, log_description(about.workload, about, Options.read()))
        if manifest_of(out) == manifest:
            Parts(out, manifest).discard()
            return counted(out, version, rows.count, 0.0)
        parts = Parts(out, manifest)
        run, columns = _run(out, manifest), schema(about, rows, log is not None)
        logging = None if log is None else Logging(version, run)
        work = _Work(bundle, version, about, rows, columns, logging)
        before, seconds = parts.rows, _score(work, parts, workers or cores(), every)
        if open_source(source, about, id).fingerprint != rows.fingerprint:
            raise DataError(f"{source}: changed while it was scored; run it again, it begins anew")
        _check_readable(parts, rows, source)
        if log is not None:
            _log(parts, log, run)
        parts.merge(columns)
    return counted(out, version, before, seconds)


@contextmanager
def clear_errors(out: Path) -> Iterator[None]:
    """Say in one line that a disk is full, or that a file cannot be written or has gone."""
    try:
        yield
    except OSError as error:
        what = error.strerror or str(error)
        raise DataError(
            f"{error.filename or out}: {what}; see to it, and the same command goes on from here"
        ) from error


class _Work(NamedTuple):
    """What is to be done."""

    bundle: Path
    version: str
    about: About
    source: Source
    columns: pa.Schema
    logging: Logging | None


class _Part(NamedTuple):
    """A chunk of a part."""

    rows: pa.RecordBatch
    observations: Observations | None
    logged: Logged | None


def _score(work: _Work, parts: Parts, workers: int, every: float) -> float:
    """Write the parts that are missing; return the seconds from the first row to the last."""
    about, source = work.about, work.source
    memory = catalogue.scoring(about.kind).memory(about.input, work.bundle / "serving")
    if memory:
        for known in parts.observations():
            memory.examples(known)
    with worker_pool(work.bundle, min(workers, max(1, source.count))) as pool:
        began = written = time.monotonic()
        done: list[_Part] = []
        with Progress(total=source.count, initial=parts.rows, desc="score", unit=" rows", smoothing=0.05) as progress:
            chunks = source.chunks(parts.rows)
            for chunk, answers, errors, warnings, logged, observations in answered(pool, chunks, memory, work.logging):
                rows = batch(chunk, answers, errors, warnings, logged, about, work.version, work.columns)
                done.append(_Part(rows, observations, logged))
                progress.update(len(chunk.ids))
                if time.monotonic() - written >= every or _is_full(done):
                    _add(parts, done)
                    done, written = [], time.monotonic()
        if done:
            _add(parts, done)
        return time.monotonic() - began


def answered(
    pool: WorkerPool, chunks: Iterator[Chunk], memory: SequenceMemory | None, logging: Logging | None
) -> Iterator[tuple[Chunk, Answers, Errors, Warnings, Logged | None, Observations | None]]:
    """Yield each chunk with its answers, in order.

    Rows of a sequence go through the workers twice: to be read, and, once the memory has made examples, to be answered.
    """
    asked = ((chunk, (chunk, logging)) for chunk in chunks)
    if memory is None:
        for chunk, (answers, errors, warnings, logged) in pool.map("answer", asked):
            yield chunk, answers, errors, warnings, logged, None
        return
    read = (
        (
            (chunk, observations, errors, warnings),
            (None if observations is None else memory.examples(observations), of_log),
        )
        for chunk, (observations, errors, warnings, of_log) in pool.map("observations", asked)
    )
    for (chunk, observations, errors, warnings), (answers, logged) in pool.map("predict", read):
        yield chunk, answers, errors, warnings, logged, observations


def _is_full(done: list[_Part]) -> bool:
    """Whether a part has as many rows, or as many bytes of the log, as one has."""
    records = sum(len(part.logged.payload) for part in done if part.logged)
    return records >= SIZE or sum(part.rows.num_rows for part in done) >= _MOST


def _add(parts: Parts, done: list[_Part]) -> None:
    observations = [part.observations for part in done if part.observations is not None]
    records = [part.logged.payload for part in done if part.logged is not None]
    parts.add([part.rows for part in done], concatenate(observations) if observations else None, records)


def _log(parts: Parts, log: Path, run: str) -> None:
    """Put the parts' records into the log, each once, whoever is killed when."""
    for span, segment in parts.segments():
        put_segment(log, segment, f"{run.removeprefix('score-')}-{span.start:012d}")
        segment.unlink()


def _check_readable(parts: Parts, rows: Source, source: Path) -> None:
    """Leave nothing behind of a source of which not one row can be read: it is not what was meant."""
    first = parts.first_error()
    if first is not None:
        parts.discard()
        raise DataError(f"{source}: none of the {rows.count:,} rows can be read; the first: {first}")


def manifest_for(bundle: Path, version: str, source: Source, id: str | None, logged: bool = False) -> dict[str, Any]:
    """Return what is scored with what, as the result says it."""
    return {
        **({"logged": True} if logged else {}),
        "format": _FORMAT,
        "version": version,
        "bundle_sha256": bundle_hash(bundle),
        "source_sha256": source.fingerprint,
        "rows": source.count,
        "id": id,
    }


def _run(out: Path, manifest: Mapping[str, Any]) -> str:
    """Name the run by its source, its version and where its result is."""
    said = json.dumps([str(out.resolve()), manifest], sort_keys=True)
    return f"score-{hashlib.sha256(said.encode()).hexdigest()[:16]}"


def check_place(source: Path, out: Path) -> None:
    """See to it that a result may be written at `out`.

    Raises:
        ConfigError: a folder is there, or it would be a part of what is scored.
    """
    if out.is_dir():
        raise ConfigError(f"--out {out}: a folder is there; name a file, as {out / 'scores.parquet'}")
    if source.resolve() in (out.resolve(), *out.resolve().parents):
        raise ConfigError(f"--out {out}: inside of what is scored; name a file elsewhere")


def _lock(out: Path) -> Path:
    return STATE / "locks" / f"score-{hashlib.sha256(str(out.resolve()).encode()).hexdigest()[:16]}"
