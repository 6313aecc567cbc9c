"""Score: every row of a source answered by one registered version, into one Parquet file, killed or not."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from components import catalogue
from components.config.errors import ConfigError, DataError
from components.config.settings import STATE
from components.inference.bundle import About, bundle_hash, read_about
from components.kinds.contract import Observations, SequenceMemory
from components.scoring.answer import Answers, Errors, Warnings, concatenate
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

    Raises:
        ConfigError: source and result do not go together, or there is nothing to score.
        DataError: no row can be read, or the source changes meanwhile.
    """
    _check(source, out)
    source, about = source.resolve(), read_about(bundle)  # the processes stand in another folder
    with locked(_lock(out)), _clear_errors(out):
        rows = open_source(source, about, id)
        manifest = _manifest(bundle, version, rows, id)
        if manifest_of(out) == manifest:
            Parts(out, manifest).discard()
            return counted(out, version, rows.count, 0.0)
        parts = Parts(out, manifest)
        before, seconds = parts.rows, _work(bundle, version, about, rows, parts, workers or cores(), every)
        if open_source(source, about, id).fingerprint != rows.fingerprint:
            raise DataError(f"{source}: changed while it was scored; run it again, it begins anew")
        _check_readable(parts, rows, source)
        parts.merge(schema(about, rows))
    return counted(out, version, before, seconds)


@contextmanager
def _clear_errors(out: Path) -> Iterator[None]:
    """Say in one line that a disk is full, or that a file cannot be written or has gone."""
    try:
        yield
    except OSError as error:
        what = error.strerror or str(error)
        raise DataError(
            f"{error.filename or out}: {what}; see to it, and the same command goes on from here"
        ) from error


def _work(bundle: Path, version: str, about: About, source: Source, parts: Parts, workers: int, every: float) -> float:
    """Write the parts that are missing; return the seconds from the first row to the last."""
    memory = catalogue.scoring(about.kind).memory(about.input, bundle / "serving")
    if memory:
        for known in parts.observations():
            memory.examples(known)
    with worker_pool(bundle, min(workers, max(1, source.count))) as pool:
        began = written = time.monotonic()
        done: list[tuple[pa.RecordBatch, Observations | None]] = []
        with Progress(total=source.count, initial=parts.rows, desc="score", unit=" rows", smoothing=0.05) as progress:
            for chunk, answers, errors, warnings, observations in _answered(pool, source.chunks(parts.rows), memory):
                done.append((batch(chunk, answers, errors, warnings, about, version, source), observations))
                progress.update(len(chunk.ids))
                if time.monotonic() - written >= every or sum(rows.num_rows for rows, _ in done) >= _MOST:
                    _add(parts, done)
                    done, written = [], time.monotonic()
        if done:
            _add(parts, done)
        return time.monotonic() - began


def _answered(
    pool: WorkerPool, chunks: Iterator[Chunk], memory: SequenceMemory | None
) -> Iterator[tuple[Chunk, Answers, Errors, Warnings, Observations | None]]:
    """Yield each chunk with its answers, in order.

    Rows of a sequence go through the workers twice: to be read, and, once the memory has made examples, to be answered.
    """
    if memory is None:
        for chunk, (answers, errors, warnings) in pool.map("answer", ((chunk, chunk) for chunk in chunks)):
            yield chunk, answers, errors, warnings, None
        return
    read = (
        ((chunk, observations, errors, warnings), None if observations is None else memory.examples(observations))
        for chunk, (observations, errors, warnings) in pool.map("observations", ((chunk, chunk) for chunk in chunks))
    )
    for (chunk, observations, errors, warnings), answers in pool.map("predict", read):
        yield chunk, answers, errors, warnings, observations


def _add(parts: Parts, done: list[tuple[pa.RecordBatch, Observations | None]]) -> None:
    observations = [observations for _, observations in done if observations is not None]
    parts.add([rows for rows, _ in done], concatenate(observations) if observations else None)


def _check_readable(parts: Parts, rows: Source, source: Path) -> None:
    """Leave nothing behind of a source of which not one row can be read: it is not what was meant."""
    first = parts.first_error()
    if first is not None:
        parts.discard()
        raise DataError(f"{source}: none of the {rows.count:,} rows can be read; the first: {first}")


def _manifest(bundle: Path, version: str, source: Source, id: str | None) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "version": version,
        "bundle_sha256": bundle_hash(bundle),
        "source_sha256": source.fingerprint,
        "rows": source.count,
        "id": id,
    }


def _check(source: Path, out: Path) -> None:
    if out.is_dir():
        raise ConfigError(f"--out {out}: a folder is there; name a file, as {out / 'scores.parquet'}")
    if source.resolve() in (out.resolve(), *out.resolve().parents):
        raise ConfigError(f"--out {out}: inside of what is scored; name a file elsewhere")


def _lock(out: Path) -> Path:
    return STATE / "locks" / f"score-{hashlib.sha256(str(out.resolve()).encode()).hexdigest()[:16]}"
