"""One result by many machines: each scores a shard of the rows into spans beside the result, one merges them.

    <out>.parts/manifest.json                         what is scored with what; the first shard writes it
    <out>.parts/rows/000000000000-000000100352.parquet   rows 0 to 100,351

A span is written once, whole or not at all: where two do the same shard, the second finds it there. Where shards and
spans begin follows from the source and the count of shards alone: a shard that was killed goes on, on any machine.
"""

import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from components import catalogue
from components.config.errors import ConfigError, DataError
from components.inference.bundle import About, read_about
from components.scoring.fetched import fetched
from components.scoring.parts import Span, manifest_of, write_result
from components.scoring.result import Scored, batch, counted, schema
from components.scoring.score import answered, check_place, clear_errors, manifest_for
from components.scoring.source import Chunk, Source, open_source
from components.scoring.worker_pool import worker_pool
from components.system.address import Address
from components.system.processes import cores
from components.system.progress import Progress

SPAN = 100_000
"""Rows of a span at least; what a kill costs at most."""
_MANIFEST = "manifest.json"
_SHARD = re.compile(r"(\d+)/(\d+)")
_ANOTHER = {"source_sha256": "another source", "shards": "another count of shards"}
"""What is told of a key of the manifest that is another one."""
_SPAN_NAME = re.compile(r"rows/(\d{12})-(\d{12})\.parquet")


@dataclass(frozen=True)
class Shard:
    """A part of the rows, that one machine answers."""

    index: int
    """From 0."""
    count: int
    """Of all shards."""

    @classmethod
    def parse(cls, said: str) -> "Shard":
        """Return the shard that `i/n` says.

        Raises:
            ConfigError: it says none.
        """
        found = _SHARD.fullmatch(said)
        if not found or int(found[1]) >= int(found[2]):
            raise ConfigError(f"--shard {said}: expected i/n with i from 0 to n - 1, as 0/16 or 15/16")
        return cls(int(found[1]), int(found[2]))

    def rows(self, count: int) -> tuple[int, int]:
        """Return from which row to before which one a chunk has to begin, of `count` rows."""
        return count * self.index // self.count, count * (self.index + 1) // self.count


class Spans:
    """What is written beside a result at an address."""

    def __init__(self, out: str) -> None:
        """Open `out`, where the result is to be: a path, or an address that fsspec knows.

        Raises:
            ConfigError: it names no file, or fsspec does not know such an address.
        """
        self.out = out
        self._place = out if "://" in out else str(Path(out).absolute())
        self.folder, _, self.name = self._place.rpartition("/")
        if not self.name or self.folder.endswith(("://", ":/")):
            raise ConfigError(f"--out {out}: names no file; say one, as {out.rstrip('/')}/scores.parquet")
        if "://" not in out and Path(out).is_dir():
            raise ConfigError(f"--out {out}: a folder is there; name a file, as {Path(out, 'scores.parquet')}")
        self._files = Address(f"{self._place}.parts")

    def manifest(self) -> dict[str, Any] | None:
        """Return under which manifest the shards write; None: none has begun."""
        said = self._files.read(_MANIFEST)
        try:
            return None if said is None else dict(json.loads(said))
        except (ValueError, TypeError) as error:
            raise DataError(f"{self._files}/{_MANIFEST}: not readable ({error}); delete that folder") from error

    def merged(self) -> Any:
        """Return under which manifest the result was made that is there; None: there is none of ours."""
        place = Address(self.folder)
        if not place.has(self.name):
            return None
        with place.opened(self.name) as file:
            return manifest_of(file)

    def begin(self, manifest: Mapping[str, Any]) -> None:
        """Write the manifest, unless another shard has.

        Raises:
            ConfigError: what that one scores is something else.
        """
        self._files.create(_MANIFEST, json.dumps(manifest, sort_keys=True, indent=2).encode())
        self.must_be_of(manifest)

    def must_be_of(self, manifest: Mapping[str, Any]) -> None:
        """See to it that the shards, if any have begun, are scored as the manifest says, where both say it.

        Raises:
            ConfigError: what they score is something else.
        """
        there = self.manifest() or manifest
        if other := [key for key in manifest if there.get(key) != manifest[key]]:
            told = next((said for key, said in _ANOTHER.items() if key in other), f"another {other[0]}")
            raise ConfigError(
                f"{self._files}: the shards there are of {told}; take another --out, or delete that folder"
            )

    def done(self, start: int = 0) -> list[Span]:
        """Return the spans from row `start` on that follow each other without a gap."""
        found = [Span(int(name[1]), int(name[2])) for name in map(_SPAN_NAME.fullmatch, self._files.names()) if name]
        following: list[Span] = []
        for span in sorted(found, key=lambda span: span.start):
            if span.start == (following[-1].end if following else start):
                following.append(span)
        return following

    def add(self, span: Span, batches: list[pa.RecordBatch]) -> None:
        """Write the rows of a span, unless they are there."""
        content = io.BytesIO()
        pq.write_table(pa.Table.from_batches(batches), content)
        self._files.create(_name(span), content.getvalue())

    def table(self, span: Span) -> pa.Table:
        """Return the rows of a span."""
        content = self._files.read(_name(span))
        if content is None:
            raise DataError(f"{self._files}/{_name(span)}: gone while it was merged; score its shard again")
        try:
            return pq.read_table(io.BytesIO(content))
        except pa.ArrowException as error:
            raise DataError(
                f"{self._files}/{_name(span)}: not readable ({error}); delete it, and score its shard again"
            ) from error

    def discard(self) -> None:
        """Delete the spans, after the result is there."""
        self._files.discard()


def score_shard(
    bundle: Path,
    version: str,
    source: str,
    out: str,
    shard: Shard,
    id: str | None = None,
    workers: int | None = None,
    rows: int = SPAN,
) -> tuple[int, int]:
    """Answer the rows of a shard, and write them in spans beside `out`; return how many rows were there, and are now.

    Args:
        bundle: the bundle's directory.
        version: of the registered model that it is.
        source: a path, or an address; see `open_source`.
        out: where the result is to be, a path or an address.
        shard: which.
        id: the column with the rows' ids.
        workers: processes; None: one for each core.
        rows: of a span at least.

    Raises:
        ConfigError: the shards there are of something else, or rows depend on the rows before them, or there can be no
            result at `out`.
        DataError: the source changes meanwhile.
    """
    about, spans = read_about(bundle), Spans(out)
    _refuse_past(about, bundle)
    _check_place(source, out)
    path = fetched(source)
    opened = open_source(path, about, id)
    manifest = manifest_for(bundle, version, opened, id)
    if spans.manifest() is None and spans.merged() == manifest:
        start, end = shard.rows(opened.count)
        return end - start, 0
    spans.begin({**manifest, "shards": shard.count, "span": rows})
    start, end = shard.rows(opened.count)
    first = next(opened.chunks(start), None)
    begin = first.start if first else end
    done = spans.done(begin)
    there = [span for span in done if span.start < end]
    at = there[-1].end if there else begin
    before = at - begin
    columns = schema(about, opened, False)
    with (
        worker_pool(bundle, workers or cores()) as pool,
        Progress(total=end - start, initial=before, desc="score", unit=" rows") as bar,
    ):
        waiting: list[pa.RecordBatch] = []
        began = at
        for chunk, answers, errors, warnings, _, _ in answered(pool, _below(opened, at, end), None, None):
            waiting.append(batch(chunk, answers, errors, warnings, None, about, version, columns))
            at = chunk.start + len(chunk.ids)
            bar.update(len(chunk.ids))
            if at - began >= rows:
                spans.add(Span(began, at), waiting)
                began, waiting = at, []
        if waiting:
            spans.add(Span(began, at), waiting)
    if open_source(path, about, id).fingerprint != opened.fingerprint:
        raise DataError(f"{source}: changed while it was scored; delete {out}.parts, and score all shards again")
    return before, at - begin


def merge(bundle: Path, version: str, source: str, out: Path, spans: Spans, id: str | None = None) -> Scored:
    """Put the spans of all shards into the local file `out`, the same to the byte as one machine would have written it.

    Raises:
        ConfigError: the shards there are of something else, or there can be no result at that place.
        DataError: rows are missing, of none can anything be read, or the file cannot be written.
    """
    about = read_about(bundle)
    _check_place(source, spans.out)
    opened = open_source(fetched(source), about, id)
    manifest = manifest_for(bundle, version, opened, id)
    if manifest_of(out) != manifest:
        spans.must_be_of(manifest)
        done = spans.done()
        at = done[-1].end if done else 0
        if at < opened.count:
            count = int((spans.manifest() or {}).get("shards", 1))
            index = next(place for place in range(count) if at < Shard(place, count).rows(opened.count)[1])
            raise DataError(
                f"{spans.out}: rows from {at:,} on are missing; run --shard {index}/{count} to its end, then --merge"
            )
        with clear_errors(out):
            write_result(out, (spans.table(span) for span in done), schema(about, opened, False), manifest)
    scored = counted(out, version, 0, 0.0)
    if scored.unreadable == scored.rows:
        out.unlink()
        raise DataError(f"{source}: none of the {scored.rows:,} rows can be read")
    return scored


def _name(span: Span) -> str:
    return f"rows/{span.start:012d}-{span.end:012d}.parquet"


def _below(source: Source, start: int, end: int) -> Iterator[Chunk]:
    """Yield the chunks that begin at row `start` or later, and before row `end`."""
    for chunk in source.chunks(start):
        if chunk.start >= end:
            return
        yield chunk


def _check_place(source: str, out: str) -> None:
    """Raise a `ConfigError` where the result, or the spans beside it, would be a part of what is scored."""
    if "://" not in source and "://" not in out:
        check_place(Path(source), Path(out))
    elif f"{out}/".startswith(f"{source.rstrip('/')}/"):
        raise ConfigError(f"--out {out}: inside of what is scored; name a file elsewhere")


def _refuse_past(about: About, bundle: Path) -> None:
    if catalogue.scoring(about.kind).memory(about.input, bundle / "serving") is not None:
        raise ConfigError(
            f"--shard: a row of {about.workload} depends on the rows before it (prepare.entities), which another shard "
            "has; score it on one machine, or bring the windows as columns (prepare.history: caller)"
        )
