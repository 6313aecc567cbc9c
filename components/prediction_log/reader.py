"""The log as its readers see it: Parquet and segments together, each row once, in bounded memory."""

import fnmatch
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from components.config.errors import DataError
from components.prediction_log.compaction import read_segment
from components.prediction_log.description import Description, read_description
from components.prediction_log.identities import Identities, buried
from components.prediction_log.tables import ANSWERS, LABELS, TRAFFIC, is_label_buried, table
from components.prediction_log.writer import WAL
from components.system.files import found

_NAMED_BY = {"event_id": "id", "key": "key", "request_id": "request_id"}
"""By which columns of a label a row is named, and what they are called in the row."""
_DAY = re.compile(r"day=(\d{4}-\d{2}-\d{2})").fullmatch
_BATCH, _SMALL = 2**13, 2**16  # rows at a time: of answers, of what has no example


@dataclass(frozen=True)
class Segment:
    """What a segment has, as tables."""

    name: str
    answers: Mapping[date, pa.Table]
    labels: pa.Table
    traffic: pa.Table


class Log:
    """The log of one workload."""

    def __init__(
        self, folder: Path, description: Description, seen: tuple[list[Segment], Mapping[str, list[Path]]] | None = None
    ) -> None:
        self.folder, self.description = folder, description
        self._seen = seen  # segments and files of the moment, where it stands still

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the log in `folder`, `<log>/<workload>`.

        Raises:
            DataError: there is none.
        """
        description = read_description(folder)
        if description is None:
            raise DataError(f"{folder}: no prediction log; an endpoint writes one unless JOURNEYMAN_LOG is off")
        return cls(folder, description)

    def standing(self) -> Self:
        """Return the log as it is now: each segment is read once and kept, and files that come later count not."""
        read: set[str] = set()
        segments, files = list(self._live(read)), dict[str, list[Path]]()
        for path in self._parquet("*", read):
            files.setdefault(path.parent.name, []).append(path)
        return type(self)(self.folder, self.description, (segments, files))

    def live_days(self) -> set[date]:
        """Return the days of which rows are in segments."""
        return {day for segment in self._live(set()) for day in segment.answers}

    def files(self, day: date) -> list[Path]:
        """Return the Parquet files with answers of a day."""
        read = {segment.name for segment in self._live(set())}
        return self._parquet(f"day={day}", read)

    def label_files(self) -> list[Path]:
        """Return the Parquet files with labels."""
        read = {segment.name for segment in self._live(set())}
        return self._parquet("labels", read)

    def days(self) -> list[date]:
        """Return the days, UTC, on which something was answered, in their order."""
        read: set[str] = set()
        found = {day for segment in self._live(read) for day in segment.answers}
        return sorted(found.union(filter(None, map(_day_of, self._parquet("day=*", read)))))

    def answers(
        self, since: datetime | None = None, until: datetime | None = None, columns: Sequence[str] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows that were answered from `since` on and before `until`, some thousands at a time.

        Args:
            since: None: from the first.
            until: None: to the last.
            columns: of `tables.ANSWERS`; None: all.
        """
        for _, batch in self.located(since, until, columns):
            yield batch

    def located(
        self, since: datetime | None = None, until: datetime | None = None, columns: Sequence[str] | None = None
    ) -> Iterator[tuple[Path, pa.RecordBatch]]:
        """Yield what `answers` does, and the file that it is in, Parquet or a segment."""
        wanted = list(columns or ANSWERS.names)
        needed = list(dict.fromkeys([*wanted, "time", "hashes"]))
        read: set[str] = set()
        for segment in self._live(read):
            for day in sorted(segment.answers):
                if _is_within(day, since, until):
                    for batch in segment.answers[day].select(needed).to_batches(_BATCH):
                        path = self.folder / WAL / f"{segment.name}.seg"
                        yield from ((path, chosen) for chosen in _chosen(batch, wanted, since, until, {}))
        gone = buried(self.folder)
        for path in self._parquet("day=*", read):
            its = _day_of(path)
            if its is not None and _is_within(its, since, until):
                for batch in _batches_of(path, needed):
                    yield from ((path, chosen) for chosen in _chosen(batch, wanted, since, until, gone))

    def labels(
        self, until: datetime | None = None, of: pa.Table | None = None, sources: Collection[Path | None] | None = None
    ) -> pa.Table:
        """Return what was said of answers and recorded before `until`, in the order in which it was recorded.

        Args:
            until: None: to the last.
            of: rows that were answered, with their `id`, `key`, `request_id` and `row`: labels of these alone; memory
                is taken for these alone. None: all.
            sources: labels of these files alone, and of segments where None is among them; None: of all.
        """
        without_erased = self._without_erased()
        chosen = (_labels(batch, until, of) for batch in self._batches("labels", LABELS, of, sources))
        parts = [without_erased(batch) for batch in chosen if len(batch)]
        return pa.Table.from_batches(parts, schema=LABELS).sort_by("recorded")

    def label_count(self) -> int:
        """Return how many labels there are."""
        without_erased = self._without_erased()
        return sum(len(without_erased(batch)) for batch in self._batches("labels", LABELS))

    def traffic(self, since: datetime | None = None, until: datetime | None = None) -> pa.Table:
        """Return the refusals and the gaps that began from `since` on and before `until`."""
        found = pa.Table.from_batches(self._batches("traffic", TRAFFIC), schema=TRAFFIC)
        if since is not None:
            found = found.filter(pc.greater_equal(found["since"], pa.scalar(since, found["since"].type)))
        if until is not None:
            found = found.filter(pc.less(found["since"], pa.scalar(until, found["since"].type)))
        return found.sort_by("since")

    def _batches(
        self, name: str, schema: pa.Schema, of: pa.Table | None = None, sources: Collection[Path | None] | None = None
    ) -> Iterator[pa.RecordBatch]:
        read: set[str] = set()
        for segment in self._live(read):
            if sources is None or None in sources:
                yield from getattr(segment, name).to_batches(_BATCH)
        for path in self._parquet(name, read):
            if sources is None or path in sources:
                yield from _batches_of(path, schema.names, _SMALL, of)

    def _without_erased(self) -> Callable[[pa.RecordBatch], pa.RecordBatch]:
        """Return what leaves out of labels those of what has been erased."""
        if not (gone := buried(self.folder)):
            return lambda batch: batch
        identities = Identities(self.folder)

        def kept(batch: pa.RecordBatch) -> pa.RecordBatch:
            said = (not is_label_buried(label, self.description, identities, gone) for label in batch.to_pylist())
            return batch.filter(pa.array(said, pa.bool_()))

        return kept

    def _live(self, read: set[str]) -> Iterator[Segment]:
        """Yield what each segment has, and put its name into `read`.

        One that is compacted just now is passed over: its rows are in Parquet.
        """
        if self._seen is not None:
            read.update(segment.name for segment in self._seen[0])
            yield from self._seen[0]
            return
        for path in sorted((self.folder / WAL).glob("*.seg")):
            try:
                rows = read_segment(self.folder, path, self.description)
            except FileNotFoundError:
                continue
            read.add(path.stem)
            answers = {day: table(answers, ANSWERS) for day, answers in rows.answers.items()}
            yield Segment(path.stem, answers, table(rows.labels, LABELS), table(rows.traffic, TRAFFIC))

    def _parquet(self, folder: str, read: set[str]) -> list[Path]:
        """Return the files below the folders of that name, without those of segments that have been read."""
        if self._seen is not None:
            names = fnmatch.filter(self._seen[1], folder)
            return [path for name in sorted(names) for path in self._seen[1][name]]
        return [path for path in found(self.folder, f"{folder}/*.parquet") if path.stem not in read]


def _batches_of(
    path: Path, columns: list[str], rows: int = _BATCH, of: pa.Table | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a file; none where it is gone meanwhile, for it was too old."""
    with suppress(FileNotFoundError), pq.ParquetFile(path) as file:
        groups = list(range(file.num_row_groups))
        if of is not None:
            bounds = {name: pc.min_max(of[named]).as_py() for name, named in _NAMED_BY.items()}
            groups = [group for group in groups if _may_name(file.metadata.row_group(group), bounds)]
        yield from file.iter_batches(rows, row_groups=groups, columns=columns)


def _may_name(group: pq.RowGroupMetaData, bounds: Mapping[str, Mapping[str, str | None]]) -> bool:
    """Whether labels of a row group may name a row: by event id, which has the time in it, few groups do."""
    columns = [group.column(index) for index in range(group.num_columns)]
    return any(
        _may_have(column.statistics, **bounds[column.path_in_schema])
        for column in columns
        if column.path_in_schema in bounds
    )


def _may_have(said: pq.Statistics | None, min: str | None, max: str | None) -> bool:
    if min is None or max is None:
        return False
    if said is None or not said.has_min_max:
        return said is None or said.num_values > 0
    return bool(said.min <= max and said.max >= min)


def _labels(batch: pa.RecordBatch, until: datetime | None, of: pa.Table | None) -> pa.RecordBatch:
    """Return what of the labels was recorded before `until` and names one of these rows."""
    if until is not None:
        batch = batch.filter(pc.less(batch["recorded"], pa.scalar(until, batch["recorded"].type)))
    if of is None:
        return batch
    asked = ((batch["event_id"], of["id"]), (batch["key"], of["key"]), (_places(batch), _places(of)))
    found = [pc.is_in(named, pc.drop_null(there), skip_nulls=True) for named, there in asked]
    return batch.filter(pc.or_(pc.or_(found[0], found[1]), found[2]))


def _places(rows: pa.RecordBatch | pa.Table) -> pa.Array | pa.ChunkedArray:
    """Return request and row number as one text; null where no request is named."""
    return pc.binary_join_element_wise(rows["request_id"], pc.cast(rows["row"], pa.string()), "/")


def _day_of(path: Path) -> date | None:
    """Return the day whose answers a file has; None: it lies in no folder of a day."""
    match = _DAY(path.parent.name)
    return date.fromisoformat(match[1]) if match else None


def _is_within(day: date, since: datetime | None, until: datetime | None) -> bool:
    """Whether a day may have rows from `since` on and before `until`."""
    begins = datetime.combine(day, datetime.min.time(), UTC)
    return (until is None or begins < until) and (since is None or begins + timedelta(days=1) > since)


def _chosen(
    batch: pa.RecordBatch, wanted: list[str], since: datetime | None, until: datetime | None, gone: Mapping[bytes, int]
) -> Iterator[pa.RecordBatch]:
    """Yield what of the batch is within the time, and has not been erased."""
    time = batch.column("time")
    mask = pa.array(np.ones(len(batch), dtype=np.bool_))
    if since is not None:
        mask = pc.greater_equal(time, pa.scalar(since, time.type))
    if until is not None:
        mask = pc.and_(mask, pc.less(time, pa.scalar(until, time.type)))
    if gone:
        mask = pc.and_(mask, pa.array(~_erased(batch, gone)))
    chosen = batch.filter(mask)
    if len(chosen):
        yield chosen.select(wanted)


def _erased(batch: pa.RecordBatch, gone: Mapping[bytes, int]) -> NDArray[np.bool_]:
    """Return which rows have a tombstone, `[N]`."""
    hashes = batch.column("hashes")
    all_of_them = hashes.flatten()
    marked = pc.indices_nonzero(pc.is_in(all_of_them, pa.array(list(gone), all_of_them.type)))
    rows = pc.list_parent_indices(hashes).take(marked)
    answered = pc.cast(batch.column("time"), pa.int64()).take(rows)
    until = [gone[hash] for hash in all_of_them.take(marked).to_pylist()]
    found = np.zeros(len(batch), dtype=np.bool_)
    found[rows.to_numpy()[answered.to_numpy() <= np.array(until, dtype=np.int64)]] = True
    return found
