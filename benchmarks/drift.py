"""How often a watch of streams without drift cries wolf, and how soon it finds one, beside the tests that are common.

    python -m benchmarks.drift [--quick] [--json FILE] [--streams N] [--evidently PYTHON]

A stream has 28 days of reference and 30 days at work, 50 columns (40 numbers, five counts, five categories), 200 rows
a day and a rhythm of the week, which moves all of them. Rows are of 80 customers, some of whom come far more often
than others and whose rows are alike; all days differ a little. Of the days at work one is a holiday, which is like a
Sunday, and on one there is no traffic. The table says which part of the streams raised any alarm. Then one number
moves, from the tenth day on; each test's threshold is the one at which it raises an alarm in 5 % of the streams
without drift. `--evidently` names a Python that has evidently 0.7.23, whose own report on a few days is then held
against the tests written here.
"""

import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import harness
from benchmarks.peers.drift_tests import Tests
from components.watch.statistics.drift import Day, Reference, along, fit_reference, principal_axes, watch

BEFORE, LIVE = 28, 30
ROWS, CUSTOMERS = 200, 80
NUMBERS, COUNTS, CATEGORIES = 40, 5, 5
EMBEDDED, DIMENSIONS = 100, 24
HOLIDAY, SILENT, CHANGE = 15, 20, 10
MONDAY = np.datetime64("2026-01-05")
MOVES = (0.25, 0.5, 1.0)
"""By how many standard deviations the first column moves."""
ALPHA = 0.05
EACH = 8
"""Of so many streams without drift the others, which take longer, are asked about one."""

Columns = dict[str, NDArray[Any]]
Stream = tuple[Columns, NDArray[Any], NDArray[np.int64], list[tuple[Columns, NDArray[Any]]]]
"""The reference, its customers and days; of each day at work the columns and the customers."""


def stream(seed: int, move: float = 0.0) -> Stream:
    """Draw a stream whose first column moves by so many standard deviations from the tenth day at work on."""
    random = np.random.default_rng(seed)
    columns = NUMBERS + COUNTS + CATEGORIES
    often = random.pareto(1.5, CUSTOMERS) + 1
    likes = random.normal(0, np.sqrt(0.3), (CUSTOMERS, columns))
    rhythm = random.normal(0, 0.5, columns)
    days = []
    for at in range(BEFORE + LIVE):
        weekend = at % 7 >= 5 or at == BEFORE + HOLIDAY
        rows = 0 if at == BEFORE + SILENT else random.poisson(ROWS * (0.6 if weekend else 1.0))
        customer = random.choice(CUSTOMERS, rows, p=often / often.sum())
        values = likes[customer] + random.normal(0, np.sqrt(0.7), (rows, columns))
        values += weekend * rhythm + random.normal(0, 0.03, columns)
        values[:, 0] += move * (at >= BEFORE + CHANGE)
        days.append((_columns(values), customer))
    before = days[:BEFORE]
    reference = {name: np.concatenate([day[name] for day, _ in before]) for name in before[0][0]}
    of_day = np.repeat(np.arange(BEFORE), [len(customer) for _, customer in before])
    return reference, np.concatenate([customer for _, customer in before]), of_day, days[BEFORE:]


def _columns(values: NDArray[np.float64]) -> Columns:
    found: Columns = {}
    for at, column in enumerate(values.T):
        if at < NUMBERS:
            found[f"number {at}"] = column
        elif at < NUMBERS + COUNTS:
            found[f"count {at}"] = np.maximum(2 * column, 0).astype(np.int64)
        else:
            found[f"category {at}"] = np.array(list("abcd"))[np.digitize(column, (-0.5, 0.5, 1.5))]
    return found


def ours(drawn: Stream, seed: int) -> tuple[list[bool], list[bool]]:
    """Return on which days there was an alarm, in a column and in an embedding."""
    reference, customers, of_day, live = drawn
    fitted: Reference = fit_reference(reference, MONDAY + of_day, customers)
    days: list[Day] = [
        fitted.count(columns, customer, MONDAY + BEFORE + at) for at, (columns, customer) in enumerate(live)
    ]
    random = np.random.default_rng([seed, 1])
    mixed = random.normal(0, 1 / np.sqrt(NUMBERS), (NUMBERS, DIMENSIONS))
    axes = principal_axes(embedding({f"number {at}": random.normal(0, 1, 1_000) for at in range(NUMBERS)}, mixed))
    assert axes is not None
    embedded = fit_reference(along(axes, embedding(reference, mixed)), MONDAY + of_day, customers)
    some = [
        embedded.count(along(axes, embedding(columns, mixed)[:EMBEDDED]), customer[:EMBEDDED], MONDAY + BEFORE + at)
        for at, (columns, customer) in enumerate(live)
    ]
    total = len(fitted.bins) + len(embedded.bins)
    found = [watch(known, its, ALPHA * len(known.bins) / total) for known, its in ((fitted, days), (embedded, some))]
    columns_said, embeddings_said = ([day.alarm for day in each] for each in found)
    return columns_said, embeddings_said


def embedding(columns: Columns, mixed: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return what a network might make of the numbers, `[rows, 24]`."""
    numbers = np.column_stack([columns[f"number {at}"] for at in range(NUMBERS)])
    return np.tanh(numbers @ mixed).astype(np.float32)


def statistics(drawn: Stream) -> dict[str, list[float]]:
    """Return what each test says of each day: the largest of all columns, in the direction of drift."""
    reference, _, _, live = drawn
    tests = Tests(reference)
    found: dict[str, list[float]] = {name: [] for name in PEERS}
    for columns, customer in live:
        if not len(customer):
            for each in found.values():
                each.append(-np.inf)
            continue
        p_values, distances = tests.ks(columns), tests.evidently(columns)
        found["PSI, 0.2"].append(float(tests.psi(columns).max()))
        found["KS, 0.05"].append(float(-p_values.min()))
        found["KS, 0.05 by Bonferroni over columns"].append(float(-p_values.min()))
        found["KS, 0.05 by Bonferroni over columns and days"].append(float(-p_values.min()))
        found["evidently, any column"].append(float(distances.max()))
        found["evidently, half of the columns"].append(float((distances >= 0.1).mean()))
    return found


PEERS: Mapping[str, float] = {
    "PSI, 0.2": 0.2,
    "KS, 0.05": -0.05,
    "KS, 0.05 by Bonferroni over columns": -0.05 / (NUMBERS + COUNTS + CATEGORIES),
    "KS, 0.05 by Bonferroni over columns and days": -0.05 / (NUMBERS + COUNTS + CATEGORIES) / LIVE,
    "evidently, any column": 0.1,
    "evidently, half of the columns": 0.5,
}
"""From which value on each says drift."""
SAME = ("KS, 0.05 by Bonferroni over columns", "KS, 0.05 by Bonferroni over columns and days")
"""Tests that differ from another in their threshold alone."""


def main() -> None:
    """Measure, print the tables, and write them where the user wants them."""
    parser = harness.parser(__doc__, quick="8 streams without drift, 4 with each")
    parser.add_argument("--streams", type=int, help="without drift; of each drift one for 25")
    parser.add_argument("--evidently", type=Path, metavar="PYTHON", help="a Python that has evidently 0.7.23")
    options = parser.parse_args()
    streams = options.streams or (8 if options.quick else 1_000)
    figures = {"streams": streams, **calm(streams), "power": {}}
    for move in MOVES:
        figures["power"][str(move)] = power(move, max(4, streams // 25), figures["thresholds"])
    if options.evidently:
        figures["evidently"] = beside_evidently(options.evidently, 1 if options.quick else 3)
    harness.finish(figures, report, options.json)


def calm(streams: int) -> dict[str, Any]:
    """Return which part of the streams without drift raised an alarm, by test, and what threshold would make it 5 %."""
    alarms, highest = [], {name: [] for name in PEERS}
    for said, found in measured(range(streams), 0.0, EACH):
        alarms.append([any(days) for days in said])
        for name, values in found.items():
            highest[name].append(max(values))
    raised = {name: float(np.mean(np.array(highest[name]) >= limit)) for name, limit in PEERS.items()}
    thresholds = {name: float(np.quantile(values, 1 - ALPHA)) for name, values in highest.items()}
    of_columns, of_embeddings = np.array(alarms).T
    ours = {"ours": float((of_columns | of_embeddings).mean()), "of them by embeddings": float(of_embeddings.mean())}
    return {
        "alarms": {**ours, **raised},
        "streams_of_others": len(next(iter(highest.values()))),
        "thresholds": thresholds,
    }


def measured(
    seeds: range, move: float, others: int
) -> Iterator[tuple[tuple[list[bool], list[bool]], dict[str, list[float]]]]:
    """Yield what we say of each stream, and of one in `others` what the others say; the processors share the work."""
    with ProcessPoolExecutor() as pool:
        yield from pool.map(_both, seeds, repeat(move), repeat(others), chunksize=4)


def _both(seed: int, move: float, others: int) -> tuple[tuple[list[bool], list[bool]], dict[str, list[float]]]:
    drawn = stream(seed, move)
    return ours(drawn, seed), statistics(drawn) if seed % others == 0 else {}


def power(move: float, streams: int, thresholds: Mapping[str, float]) -> dict[str, Any]:
    """Return of each test, at equal rates of false alarms, which part was found in 2, 7 and 20 days."""
    delays: dict[str, list[float]] = {"ours": [], **{name: [] for name in thresholds}}
    for said, found in measured(range(1_000_000, 1_000_000 + streams), move, 1):
        delays["ours"].append(_delay([any(day) for day in zip(*said, strict=True)]))
        for name, values in found.items():
            delays[name].append(_delay([value >= thresholds[name] for value in values]))
    return {name: _summary(found) for name, found in delays.items()}


def _delay(alarms: Sequence[bool]) -> float:
    """Return the days from the change to the alarm, the first being 1; an alarm before it is none."""
    after = np.flatnonzero(alarms[CHANGE:])
    return float(after[0] + 1) if len(after) else np.inf


def _summary(delays: Sequence[float]) -> dict[str, float]:
    found = {f"within_{days}": float(np.mean(np.array(delays) <= days)) for days in (2, 7, 20)}
    return {**found, "median_days": float(np.median(delays))}


def beside_evidently(python: Path, days: int) -> dict[str, float]:
    """Return the largest difference between evidently's distances and those written here."""
    reference, _, _, live = stream(0)
    tests = Tests(reference)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "days.npz"
        named: Iterator[tuple[str, Columns]] = iter(
            [("reference", reference), *((str(at), live[at][0]) for at in range(days))]
        )
        np.savez(file, **{f"{day}/{name}": values for day, columns in named for name, values in columns.items()})
        command = [str(python), "-W", "ignore", "benchmarks/peers/evidently_report.py", str(file)]
        printed = subprocess.run(command, cwd=harness.ROOT, capture_output=True, text=True, check=True).stdout
    found = json.loads(printed.splitlines()[-1])
    apart = [
        abs(said[name] - distance)
        for at, said in enumerate(found)
        for name, distance in zip(live[at][0], tests.evidently(live[at][0]), strict=True)
    ]
    return {"days": days, "columns": len(apart) // days, "largest_difference": max(apart)}


def report(figures: Mapping[str, Any]) -> None:
    """Print the tables."""
    print(f"{figures['machine']}; {figures['streams']} streams without drift, {LIVE} days, {len(_names())} columns")
    print(f"the others on {figures['streams_of_others']} of them\n")
    print("| test | streams with an alarm | in 5 % of them from |\n|---|---|---|")
    for name, part in figures["alarms"].items():
        limit = f"{abs(figures['thresholds'][name]):.3g}" if name in figures["thresholds"] else ""
        print(f"| {name} | {100 * part:.1f} % | {limit} |")
    for move, found in figures["power"].items():
        print(f"\nOne column moves by {move} standard deviations\n")
        print("| test, equal false alarms | within 2 days | 7 days | 20 days | median |\n|---|---|---|---|---|")
        for name, one in found.items():
            if name in SAME:  # as another threshold of the same test
                continue
            parts = " | ".join(f"{100 * one[f'within_{days}']:.0f} %" for days in (2, 7, 20))
            print(f"| {name.split(', 0.')[0]} | {parts} | {one['median_days']:g} |")
    if "evidently" in figures:
        one = figures["evidently"]
        print(f"\nevidently itself, {one['days']} days, {one['columns']} columns: ", end="")
        print(f"largest difference {one['largest_difference']:.1g}")


def _names() -> list[str]:
    return list(_columns(np.zeros((1, NUMBERS + COUNTS + CATEGORIES))))


if __name__ == "__main__":
    main()
