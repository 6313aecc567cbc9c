"""The prediction log: what a row costs as it is appended and compacted, and how long a day of a long log takes.

    python -m benchmarks.prediction_log [--quick] [--rows N] [--json FILE]

Appending: one row a record, a picture of 28 x 28 or a table's record of ten fields, as an endpoint's worker does it,
with its event id; CPU time. Compaction: the same records as segments, turned into Parquet. A day: N rows of a table
and a label for each, a year's, are written as compaction writes them; then a process of its own reads all columns of
one day and the labels of its rows. Memory is the peak of that process, beside one that reads a day of a log a tenth
as long.
"""

import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks import harness
from components.prediction_log.compaction import compact
from components.prediction_log.description import Description, describe
from components.prediction_log.event_id import EventIds, as_text
from components.prediction_log.reader import Log
from components.prediction_log.record import Answered
from components.prediction_log.tables import ANSWERS, LABELS
from components.prediction_log.writer import Writer

Figures = dict[str, Any]

TABLE = Description(workload="payments", kind="table", task="detection", entities=("customer",), key="number")
DAYS, FIRST = 365, date(2026, 1, 1)


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="200,000 rows, few repetitions")
    parser.add_argument("--rows", type=int, help="rows of a year (10,000,000)")
    options = parser.parse_args()
    rows = options.rows or (200_000 if options.quick else 10_000_000)
    figures = {
        "appending": {name: appending(name, 5 if options.quick else 50) for name in EXAMPLES},
        "compaction": compaction(5_000 if options.quick else 50_000),
        "day": [a_day(rows // 10), a_day(rows)],
    }
    harness.finish(figures, report, options.json)


def appending(name: str, repetitions: int) -> Figures:
    """Return the microseconds of CPU time that a row takes, of a thousand rows each time."""
    ids, figures = EventIds(), []
    with tempfile.TemporaryDirectory() as folder:
        writer = Writer.open(Path(folder) / "log")
        for _ in range(repetitions):
            begun = time.process_time_ns()
            for _ in range(1_000):
                append(writer, ids, name)
            figures.append((time.process_time_ns() - begun) / 1e6)
            writer.flush()
        writer.close()
    return {"us": statistics.median(figures), "control": harness.control(figures)}


EXAMPLES: dict[str, tuple[NDArray[Any], tuple[bytes, ...]]] = {
    "picture": (np.zeros((1, 28, 28, 1), np.uint8), ()),
    "table": (np.zeros((1, 10), np.float32), (b"{}",)),
}
"""One row of each kind, as the model takes it, and as it came."""
_OUTPUTS, _ANSWER = np.zeros((1, 10), np.float32), b'{"label":"Trouser","confidence":0.9876,"probabilities":{}}'


def append(writer: Writer, ids: EventIds, name: str) -> None:
    """Append a row as an endpoint does it."""
    examples, records = EXAMPLES[name]
    identity = ids.new()
    answer = b'%s,"id":"%s"}' % (_ANSWER[:-1], as_text(identity).encode())
    if records:
        records = (_record(4711, identity >> 80),)
    writer.answered(
        Answered(identity, time.time_ns() // 1_000, 0.001, "12", "request", _OUTPUTS, examples, (answer,), records)
    )


def _record(customer: int, number: int) -> bytes:
    return (
        b'{"number":"%d","customer":%d,"time":"2026-11-29T09:00:00Z","amount":12.5,"terminal":815,"country":"DE",'
        b'"channel":"web","currency":"EUR","device":"phone","attempts":1}' % (number, customer)
    )


def compaction(rows: int) -> Figures:
    """Return the rows that a second of CPU turns into Parquet, and the bytes of a row before and after."""
    ids = EventIds()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "log"
        describe(folder, TABLE)
        writer = Writer.open(folder)
        for _ in range(rows):
            append(writer, ids, "table")
        writer.close()
        before, begun = size(folder), time.process_time()
        compact(folder)
        seconds = time.process_time() - begun
        return {"rows_s": rows / seconds, "segment_bytes": before / rows, "parquet_bytes": size(folder) / rows}


def a_day(rows: int) -> Figures:
    """Return how long one day of a log of so many rows takes to read, and the memory of who reads it."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "log"
        begun = time.perf_counter()
        write(folder, rows)
        figures = {"rows": rows, "written_s": time.perf_counter() - begun, "bytes": size(folder)}
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            return figures | pool.apply(read, (folder, FIRST + timedelta(DAYS // 2)))


def read(folder: Path, day: date) -> Figures:
    """Read a day: its rows by label, and the labels that were given to them."""
    empty = peak()
    begun, cpu = time.perf_counter(), time.process_time()
    log, since = Log.open(folder), datetime.combine(day, datetime.min.time(), UTC)
    batches, counts = [], 0
    for batch in log.answers(since, since + timedelta(days=1)):
        counts += len(batch)
        batches.append(batch.select(["id", "key", "request_id", "row"]))
    told = len(log.labels(of=pa.Table.from_batches(batches)))
    return {
        "seconds": time.perf_counter() - begun,
        "cpu_s": time.process_time() - cpu,
        "day_rows": counts,
        "day_labels": told,
        "mib": peak() - empty,
    }


def write(folder: Path, rows: int) -> None:
    """Write a year of a table's log, and a label for each of its rows a week later."""
    describe(folder, TABLE)
    draws = np.random.default_rng(0)
    for number, count in enumerate(np.bincount(np.arange(rows) % DAYS, minlength=DAYS).tolist()):
        day, name = FIRST + timedelta(number), f"000-{_us(FIRST + timedelta(number)) // 1_000:015d}.parquet"
        answers = table_of_day(draws, _us(day), count)
        labels = labels_of(answers, 7 * 86_400 * 1_000_000)
        for folder_name, content in ((f"day={day}", answers), ("labels", labels)):
            (folder / folder_name).mkdir(exist_ok=True)
            pq.write_table(content, folder / folder_name / name, compression="zstd", row_group_size=2**15)


def table_of_day(draws: np.random.Generator, day_us: int, count: int) -> pa.Table:
    """Return the rows that were answered on a day, with as many customers as a hundredth of them."""
    times = np.sort(draws.integers(0, 86_400 * 1_000_000, count)) + day_us
    ids = [as_text(identity) for identity in _identities(draws, times)]
    customers = draws.integers(0, count // 100 + 1, count).tolist()
    outputs = draws.random((count, 2), np.float32)
    answers = [
        f'{{"label":"genuine","score":{score:.6f},"id":"{name}"}}'
        for score, name in zip(outputs[:, 0], ids, strict=True)
    ]
    said = {"version": "12", "label": "genuine", "route": "predict", "origin": "caller", "example_type": "<f4[10]"}
    values = {
        **{name: _same(value, count) for name, value in said.items()},
        "id": ids, "time": pa.array(times, pa.timestamp("us", "UTC")), "key": list(map(str, times.tolist())),
        "request_id": [name[:13] for name in ids], "row": [0] * count, "seconds": draws.random(count, np.float32),
        "share": [1.0] * count, "answer": answers, "outputs": _lists(outputs.ravel(), 2, pa.float32()),
        "record": [_record(*pair).decode() for pair in zip(customers, times.tolist(), strict=True)],
        "example": [row.tobytes() for row in draws.random((count, 10), np.float32)],
        "hashes": _lists(_hashes(draws, 3 * count), 3, pa.binary(8)),
    }  # fmt: skip
    return pa.table({name: pa.array(values[name], ANSWERS.field(name).type) for name in ANSWERS.names}, schema=ANSWERS)


def labels_of(answers: pa.Table, later_us: int) -> pa.Table:
    """Return a label for each row, by its event id."""
    count, times = len(answers), answers["time"].cast(pa.int64()).to_numpy()
    recorded = pa.array(times + later_us, LABELS.field("recorded").type)
    empty = pa.nulls(count)
    values = {
        "event_id": answers["id"], "key": empty, "request_id": empty, "row": [0] * count, "source": ["caller"] * count,
        "value": ['"genuine"'] * count, "time": answers["time"], "recorded": recorded, "share": empty,
    }  # fmt: skip
    columns = {name: value if isinstance(value, pa.ChunkedArray) else pa.array(value) for name, value in values.items()}
    return pa.table(columns).select(LABELS.names).cast(LABELS)


def _identities(draws: np.random.Generator, times_us: np.ndarray[Any, Any]) -> Iterator[int]:
    bits = draws.integers(0, 2**62, len(times_us)).tolist()
    for moment, random in zip(times_us.tolist(), bits, strict=True):
        yield (moment // 1_000) << 80 | 0x7 << 76 | 0x2 << 62 | random >> 16 << 16


def _same(value: str, count: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), [value])


def _lists(values: Any, each: int, kind: pa.DataType) -> pa.Array:
    content = values if isinstance(values, pa.Array) else pa.array(values, kind)
    return pa.ListArray.from_arrays(np.arange(0, len(content) + 1, each, dtype=np.int32), content)


def _hashes(draws: np.random.Generator, count: int) -> pa.Array:
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(8), count, [None, pa.py_buffer(draws.bytes(8 * count))])


def _us(day: date) -> int:
    return int(datetime.combine(day, datetime.min.time(), UTC).timestamp()) * 1_000_000


def size(folder: Path) -> int:
    """Return the bytes of a log."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.suffix in (".seg", ".parquet"))


def peak() -> float:
    """Return the most memory that this process had, MiB; what getrusage says is the parent's where that had more."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def report(figures: Figures) -> None:
    """Print the table."""
    print("| | |\n|---|---|")
    print(f"| machine | {figures['machine']} |")
    for name, said in figures["appending"].items():
        print(f"| appending a {name}'s row | {said['us']:.1f} us of CPU (control {said['control']:.2f}) |")
    said = figures["compaction"]
    print(f"| compaction | {said['rows_s']:,.0f} rows a second of CPU;", end="")
    print(f" a row: {said['segment_bytes']:.0f} bytes in a segment, {said['parquet_bytes']:.0f} in Parquet |")
    for said in figures["day"]:
        print(f"| a day of a year of {said['rows']:,} rows ({said['bytes'] / 2**30:.2f} GiB) |", end="")
        print(f" {said['day_rows']:,} rows and {said['day_labels']:,} labels:", end="")
        print(f" {said['seconds']:.1f} s, {said['cpu_s']:.1f} s of CPU,", end="")
        print(f" {said['mib']:.0f} MiB more than before |")


if __name__ == "__main__":
    main()
