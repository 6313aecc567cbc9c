"""In how many days changes of simulated payments are noticed, beside the tests that are common.

    python -m benchmarks.payment_drift [--quick] [--json FILE] [--folder FOLDER]

The payments are simulated, a fifth of the handbook's, 2,000 a day; what is watched are the features of the workload
`fraud`. 28 days are the reference, ten more are as before, and for 20 days one thing is otherwise: the price level is
a fifth higher; one feature is zero; all terminals, or a tenth of them, have new ids; or there is a new sort of fraud:
each day five stolen cards are tried out by 20 payments of 1.00 each, at terminals near and far. The control has no
change. Printed is, of each test, in how many simulations it raised a false alarm (in the control, or before the
change) and the days from the change to the alarm, at its usual threshold; and those at the threshold at which it
raises none in the control.
"""

import contextlib
import io
import logging
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks import harness
from benchmarks.fraud import simulated
from benchmarks.peers.drift_tests import Tests
from components.kinds.prepared import open_prepared
from components.kinds.table import params
from components.kinds.table.prepare import prepare
from components.kinds.table.source import simulator
from components.watch.statistics.drift import fit_reference, watch

BEFORE, CLEAN, CHANGED = 28, 10, 20
WATCHED = BEFORE + CLEAN + CHANGED
HISTORY, DELAY = 37, 7
DAY = 86_400_000  # milliseconds
BROKEN = "customer_id_count_7d"

PREPARE = params.Prepare(
    columns=params.Columns(label="fraud", time="time", id="transaction_id", amount="amount"),
    entities={
        "customer_id": params.Entity(days=[1, 7, 30], measures=["count", "mean"]),
        "terminal_id": params.Entity(days=[1, 7, 30], measures=["count", "risk"], delayed=True),
    },
    delay=float(DELAY),
    split=params.Split(train=1.0, validation=float(WATCHED), test=1.0),
    limits={},
)
"""All days that are watched are one split; they need a history, a day before and, behind, the delay and a day."""

Change = Callable[[pl.DataFrame, pl.Series, np.random.Generator], pl.DataFrame]
"""What becomes of the payments, by which of them are of changed days."""


def dearer(payments: pl.DataFrame, changed: pl.Series, random: np.random.Generator) -> pl.DataFrame:
    """Raise all prices by a fifth."""
    return payments.with_columns(amount=(pl.col("amount") * (1 + 0.2 * changed)).round(2))


def renamed(part: float, payments: pl.DataFrame, changed: pl.Series, random: np.random.Generator) -> pl.DataFrame:
    """Give a part of the terminals new ids."""
    whose = changed & (payments["terminal_id"] % 100 < round(100 * part))
    return payments.with_columns(terminal_id=pl.col("terminal_id") + 1_000_000 * whose.cast(pl.Int64))


def tried_out(payments: pl.DataFrame, changed: pl.Series, random: np.random.Generator) -> pl.DataFrame:
    """Add small payments by stolen cards to each changed day."""
    days = payments.filter(changed)["time"].dt.truncate("1d").unique().sort()
    customers, terminals = payments["customer_id"].unique(), payments["terminal_id"].unique()
    cards = np.repeat(random.choice(customers.to_numpy(), 5 * len(days)), 20)
    second = pl.Series(random.integers(0, 86_400, len(cards)) * 1_000).cast(pl.Duration("ms"))
    added = pl.DataFrame(
        {
            "time": pl.Series(np.repeat(days.to_numpy(), 100)).cast(pl.Datetime("ms")) + second,
            "customer_id": cards,
            "terminal_id": random.choice(terminals.to_numpy(), len(cards)),
            "amount": np.ones(len(cards)),
            "fraud": np.ones(len(cards), dtype=np.int8),
        }
    )
    return (
        pl.concat([payments.drop("transaction_id"), added], how="diagonal_relaxed")
        .sort("time")
        .with_row_index("transaction_id")
    )


CHANGES: Mapping[str, Change | None] = {
    "control": None,
    "prices a fifth higher": dearer,
    "one feature zero": None,
    "all terminals renamed": lambda *given: renamed(1.0, *given),
    "a tenth of the terminals renamed": lambda *given: renamed(0.1, *given),
    "a new sort of fraud": tried_out,
}


def main() -> None:
    """Measure, print the tables, and write them where the user wants them."""
    parser = harness.parser(__doc__, quick="one small simulation")
    parser.add_argument("--folder", type=Path, help="where the temporary files go")
    options = parser.parse_args()
    logging.getLogger("components").setLevel(logging.ERROR)
    factor, seeds = (0.02, 1) if options.quick else (0.2, 2)
    found: dict[str, list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for seed in range(seeds):
            simulation = simulator.Simulation(seed=seed, days=HISTORY + 1 + WATCHED + DELAY + 1)
            raw = simulated(Path(folder), simulator.scaled(simulation, factor))
            for name in CHANGES:
                found.setdefault(name, []).append(watched(Path(folder), raw, name, seed))
    harness.finish({"simulations": seeds, "changes": found}, report, options.json)


def watched(folder: Path, raw: Path, name: str, seed: int) -> dict[str, Any]:
    """Return what each test says of every day after the reference."""
    days, columns = features(folder, raw, CHANGES[name], seed)
    if name == "one feature zero":
        columns[BROKEN] = np.where(days >= BEFORE + CLEAN, 0, columns[BROKEN])
    before = {column: values[days < BEFORE] for column, values in columns.items()}
    start = np.datetime64("2018-04-01") + HISTORY + 1
    reference, tests = fit_reference(before, start + days[days < BEFORE]), Tests(before)
    live = [{column: values[days == day] for column, values in columns.items()} for day in range(BEFORE, WATCHED)]
    found = watch(reference, [reference.count(day, None, start + BEFORE + at) for at, day in enumerate(live)])
    after = [drift for drift in found[CLEAN:] if drift.alarm]
    return {
        "ours": [1.0 if drift.alarm else 0.0 for drift in found],
        "PSI": [float(tests.psi(day).max()) for day in live],
        "KS": [float(-tests.ks(day).min()) for day in live],
        "evidently": [float(tests.evidently(day).max()) for day in live],
        "named": list(after[0].drifted) if after else [],
    }


LIMITS = {"ours": 1.0, "PSI": 0.2, "KS": -0.05, "evidently": 0.1}
"""From which value on each says drift: evidently by any column."""


def features(
    folder: Path, raw: Path, change: Change | None, seed: int
) -> tuple[NDArray[np.int64], dict[str, NDArray[Any]]]:
    """Return of each payment that is watched its day, from 0, and its features."""
    payments = pl.read_parquet(raw)
    first = payments["time"].dt.truncate("1d").min()
    changed = (payments["time"] - first).dt.total_days() >= HISTORY + 1 + BEFORE + CLEAN
    if change is not None:
        payments = change(payments, changed, np.random.default_rng(seed))
    with tempfile.TemporaryDirectory(dir=folder) as place:
        file, out = Path(place) / "records.parquet", Path(place) / "prepared"
        payments.write_parquet(file)
        out.mkdir()
        with contextlib.redirect_stderr(io.StringIO()):
            prepare(file, out, PREPARE, Path(place) / "schema.yaml")
        data = open_prepared(out)
        days = np.asarray(data.array("validation", "times")) // DAY
        inputs = np.array(data.inputs("validation"))
        return days - days.min(), dict(zip(data.input["features"], inputs.T, strict=True))


def report(figures: Mapping[str, Any]) -> None:
    """Print the table of false alarms, and that of delays."""
    changes = figures["changes"]
    print(f"{figures['machine']}; {figures['simulations']} simulations of each change\n")
    print("| test | false alarms in the control, of its simulations | before the change, of all |\n|---|---|---|")
    for test, limit in LIMITS.items():
        control = np.mean([max(one[test]) >= limit for one in changes["control"]])
        early = np.mean([max(one[test][:CLEAN]) >= limit for runs in changes.values() for one in runs])
        print(f"| {test} | {100 * control:.0f} % | {100 * early:.0f} % |")
    heads = [f"{test}, no false alarm" for test in list(LIMITS)[1:]]
    print("\n| change |", " | ".join(["ours", "named on the day of its alarm", *heads]), "|\n|---|---|---|---|---|---|")
    for name, runs in changes.items():
        cells = []
        for test, limit in LIMITS.items():
            none = max(limit, *(np.nextafter(max(one[test]), np.inf) for one in changes["control"]))
            cells.append(_days([_delay(one[test], limit if test == "ours" else none) for one in runs]))
        named = sorted({column for one in runs for column in one["named"]})
        said = ", ".join(named[:4]) + (f" and {len(named) - 4} more" if len(named) > 4 else "")
        print(f"| {name} |", " | ".join([cells[0], said, *cells[1:]]), "|")


def _delay(values: Sequence[float], limit: float) -> float:
    after = np.flatnonzero(np.array(values[CLEAN:]) >= limit)
    return float(after[0] + 1) if len(after) else float("inf")


def _days(delays: Sequence[float]) -> str:
    if not np.isfinite(delays).any():
        return "never"
    return f"{np.median(delays):g} ({min(delays):g} to {max(delays):g})"


if __name__ == "__main__":
    main()
