"""The days of a log up to some moment: what its answers and labels come to, by version; of days that are over, kept.

A day that is over is summed up once: as long as its Parquet files, those of the labels that name its rows, the bundles
and the code are the same, the summary beside the log is taken (`prediction_log/summaries.py`).
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

import components
from components import catalogue
from components.config.errors import ConfigError
from components.prediction_log.description import Description
from components.prediction_log.reader import Log
from components.prediction_log.summaries import Summaries
from components.watch import labelled, rows
from components.watch.bundles import Bundles
from components.watch.embeddings import embeddings
from components.watch.label_index import NAMES, ROW, Hashes, LabelIndex, Names, label_names, row_names
from components.watch.labelled import LabelledDay
from components.watch.packing import pack_answered, pack_labelled, unpack_answered, unpack_labelled
from components.watch.rows import VersionRows

Summary = TypeVar("Summary")

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "polars", "pyarrow")


@cache
def made_by() -> str:
    """Return what is another as soon as the code is that summaries are made by, or a library that it computes with."""
    digest = sha256(sys.version.encode())
    for name in _LIBRARIES:
        digest.update(f"{name} {version(name)}\n".encode())
    for folder in components.__path__:
        for path in sorted(Path(folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _are_files(description: Description) -> bool:
    """Whether rows are files; False where the package of their kind is not installed."""
    try:
        return catalogue.codec(description.kind, description.task).upload is not None
    except ConfigError:
        return False


class Days:
    """Reads one log, which stands still, day by day."""

    def __init__(self, log: Log, bundles: Bundles, as_of: datetime, summaries: Summaries | None) -> None:
        self._log, self._bundles, self._as_of, self._summaries = log, bundles, as_of, summaries
        self._live = log.live_days()
        self._needed = rows.UPLOADED if _are_files(log.description) else rows.NEEDED
        self.labels = LabelIndex({source: self._label_names(source) for source in (None, *log.label_files())})

    def versions(self) -> dict[str, VersionRows]:
        """Return all days, by version."""
        found: dict[str, VersionRows] = {}
        for day in self._log.days():
            if self._since(day) < self._as_of:
                answered = self._answered(day)
                for name, of_day in answered.items():
                    found.setdefault(name, VersionRows()).days[day] = of_day
                for name, its in self._labelled(day, list(answered)).items():
                    found[name].labelled[day] = its
        if self._summaries:
            self._summaries.sweep()
        return found

    def _answered(self, day: date) -> dict[str, rows.VersionDay]:
        def make() -> dict[str, Any]:
            found = rows.gather(self._batches(day, self._needed), self._bundles)
            for name, of_day in found.items():
                if of_day.rows and self._is_over(day):
                    of_day.embedding, of_day.embedded = embeddings(self._log, self._bundles[name], day)
            return {name: [self._bundles[name].identity, pack_answered(each)] for name, each in found.items()}

        found = self._of(f"{day}.answers", self._files(day), make, self._holds)
        return {name: unpack_answered(each) for name, (_, each) in found.items()}

    def _labelled(self, day: date, versions: list[str]) -> dict[str, LabelledDay]:
        sources = self.labels.naming(self._row_names(day)) if self.labels.total else []
        if not sources:
            return {}

        def make() -> dict[str, Any]:
            named = pa.Table.from_batches(self._batches(day, ROW), schema=NAMES)
            told = self._log.labels(self._as_of, of=named, sources=sources)
            sliced = any(self._bundles[name].slices.rules for name in versions)
            batches = self._batches(day, labelled.SLICED if sliced else labelled.NEEDED)
            found = labelled.measure(batches, told, self._bundles)
            packed = {name: pack_labelled(each) for name, each in found.items()}
            return {name: [self._bundles[name].identity, packed.get(name)] for name in versions}

        files, whole = self._files(day), [source for source in sources if source and source in self.labels.whole]
        kept = None if files is None or len(whole) < len(sources) else [*files, *whole]
        found = self._of(f"{day}.labels", kept, make, self._holds)
        return {name: unpack_labelled(each) for name, (_, each) in found.items() if each is not None}

    def _row_names(self, day: date) -> Hashes:
        def make(by: str) -> Callable[[], Hashes]:
            return lambda: row_names(self._batches(day, ROW), by)

        files = self._files(day)
        return self.labels.merged(self._of(f"{day}.{by}", files, make(by)) for by in self.labels.kinds)

    def _label_names(self, source: Path | None) -> Names:
        """Return what the labels of a file name rows by, those of before `as_of`."""
        if source is not None:
            whole = self._of(f"{source.stem}.labels", [source], lambda: label_names(self._log.labels(sources=[source])))
            if whole["last"] is None or datetime.fromisoformat(whole["last"]) < self._as_of:
                return Names(whole["hashes"], whole=True)
        return Names(label_names(self._log.labels(self._as_of, sources=[source]))["hashes"], whole=False)

    def _of(
        self,
        name: str,
        files: list[Path] | None,
        make: Callable[[], Summary],
        holds: Callable[[Summary], bool] = lambda _: True,
    ) -> Summary:
        if self._summaries is None:
            return make()
        found: Summary = self._summaries.of(name, files, make, holds)
        return found

    def _holds(self, found: Mapping[str, Any]) -> bool:
        """Whether a summary was made with the bundles that there are."""
        return all(identity == self._bundles[name].identity for name, (identity, _) in found.items())

    def _files(self, day: date) -> list[Path] | None:
        """Return the files that have all of a day; None: it is not over, or not in files alone."""
        return self._log.files(day) if self._is_over(day) and day not in self._live else None

    def _is_over(self, day: date) -> bool:
        return self._since(day) + timedelta(days=1) <= self._as_of

    def _batches(self, day: date, columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
        since = self._since(day)
        return self._log.answers(since, min(since + timedelta(days=1), self._as_of), columns)

    @staticmethod
    def _since(day: date) -> datetime:
        return datetime.combine(day, time.min, UTC)
