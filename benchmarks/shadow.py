"""How often a shadow decides where there is nothing to decide, and how many labels it takes where there is.

    python -m benchmarks.shadow [--quick] [--json FILE]

*A/A*: 2,000 shadows of 20,000 labelled rows, looked at after every row, of two versions that are as good: one has right
what the other has wrong in 4 or 10 % of the rows, or their costs differ in 10 %, by a little often and by much seldom;
the same where one label in fifty was asked for, and stands for fifty.
Printed is how many ever promote or stop (at most 5 % may), and how many McNemar's exact test for one look would, were
it looked at after every hundredth row.

*A/B*: a challenger that is better by one, two or five points, beside one which it loses to in 2 % of the rows. Printed
is the number of labels after which it is promoted, in half of 400 runs and in nine of ten, beside the number by which
the test for one look finds it in nine of ten, which has to be known beforehand.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, norm

from benchmarks import harness
from components.watch.statistics.comparing import ALPHA, capital, compare, discordant

ROWS, SHADOWS, RUNS = 20_000, 2_000, 400
APART = {"apart in 4 %": 0.04, "apart in 10 %": 0.10}
"""Part of the rows that one version has right and the other wrong, where they are as good."""
POINTS = (0.01, 0.02, 0.05)
_LOSES = 0.02
_AT_ONCE = 50
_EVERY = 100
_STANDS_FOR = 50.0

Bools = NDArray[np.bool_]


def main() -> None:
    """Measure, print the tables, and write them where the user wants them."""
    options = harness.parser(__doc__, quick="40 shadows of 4,000 rows").parse_args()
    shadows, rows, runs = (40, 4_000, 20) if options.quick else (SHADOWS, ROWS, RUNS)
    figures = {
        "alpha": ALPHA,
        "aa": {
            **{name: as_good(apart, shadows, rows) for name, apart in APART.items()},
            "cost the same": as_dear(shadows, rows),
            "cost the same, some labels asked for": as_dear_asked(shadows, rows),
        },
        "ab": {f"{points:.0%}": better(points, runs, rows * 2) for points in POINTS},
    }
    harness.finish(figures, report, options.json)


def as_good(apart: float, shadows: int, rows: int) -> dict[str, float]:
    """Return the parts of the shadows of equal versions that decide."""
    random = np.random.default_rng(0)
    promoted = stopped = fixed = 0
    for start in range(0, shadows, _AT_ONCE):
        won, lost = _pairs(random, min(_AT_ONCE, shadows - start), rows, apart / 2, apart / 2)
        reached, first = _first(won, lost)
        up = _ahead(won, lost, first)
        promoted, stopped = promoted + int((reached & up).sum()), stopped + int((reached & ~up).sum())
        fixed += int(_fixed(won, lost).sum())
    return _parts(shadows, rows, promoted, stopped) | {"one look, looked at often": fixed / shadows}


def as_dear(shadows: int, rows: int) -> dict[str, float]:
    """Return the parts of the shadows that decide of versions which cost the same on average."""
    random, promoted, stopped = np.random.default_rng(2), 0, 0
    for _ in range(shadows):
        gains = _dear(random, rows)
        ends = [np.flatnonzero(capital(side) >= np.log(2 / ALPHA)) for side in (gains, -gains)]
        first = [found[0] if len(found) else rows for found in ends]
        promoted, stopped = promoted + (first[0] < first[1]), stopped + (first[1] < first[0])
    return _parts(shadows, rows, promoted, stopped)


def as_dear_asked(shadows: int, rows: int) -> dict[str, float]:
    """Return the same where some labels were asked for."""
    random, promoted, stopped = np.random.default_rng(3), 0, 0
    for _ in range(shadows):
        gains = _dear(random, rows)
        weights = np.where(random.random(rows) < 1 / _STANDS_FOR, _STANDS_FOR, 1.0)
        found = compare(gains.clip(0), -gains.clip(max=0), weights, ALPHA, _STANDS_FOR)
        promoted, stopped = promoted + (found.decision == "better"), stopped + (found.decision == "worse")
    return _parts(shadows, rows, promoted, stopped)


def _dear(random: np.random.Generator, rows: int) -> NDArray[np.float64]:
    return random.choice([0.2, -0.8, 0.0], size=rows, p=[0.08, 0.02, 0.9])


def _parts(shadows: int, rows: int, promoted: int, stopped: int) -> dict[str, float]:
    return {"shadows": shadows, "rows": rows, "promoted": promoted / shadows, "stopped": stopped / shadows}


def better(points: float, runs: int, rows: int) -> dict[str, float | None]:
    """Return after how many labels a challenger that is better by so much is promoted."""
    random, after, wrong = np.random.default_rng(1), list[float](), 0
    for start in range(0, runs, _AT_ONCE):
        won, lost = _pairs(random, min(_AT_ONCE, runs - start), rows, _LOSES + points, _LOSES)
        reached, first = _first(won, lost)
        up = _ahead(won, lost, first)
        after += np.where(reached & up, first + 1.0, np.inf).tolist()
        wrong += int((reached & ~up).sum())
    median, most = (float(np.quantile(after, part, method="higher")) for part in (0.5, 0.9))
    return {
        "half": None if np.isinf(median) else median,
        "nine of ten": None if np.isinf(most) else most,
        "one look": _needed(_LOSES + points, _LOSES),
        "stopped wrongly": wrong / runs,
    }


def _ahead(won: Bools, lost: Bools, rows: NDArray[np.int64]) -> Bools:
    """Return which challengers have won more than they have lost by then."""
    balance = np.cumsum(won.astype(np.int64) - lost, axis=1)
    found: Bools = balance[np.arange(len(rows)), rows] > 0
    return found


def _pairs(random: np.random.Generator, count: int, rows: int, win: float, lose: float) -> tuple[Bools, Bools]:
    draws = random.random((count, rows))
    return draws < win, draws > 1 - lose


def _first(won: Bools, lost: Bools) -> tuple[Bools, NDArray[np.int64]]:
    """Return which decide, and at which row first."""
    over = discordant(won, lost) >= -np.log(ALPHA)
    return over.any(axis=1), over.argmax(axis=1)


def _fixed(won: Bools, lost: Bools) -> Bools:
    """Return which would be decided by McNemar's exact test at one of many looks."""
    wins, losses = (np.cumsum(side, axis=1)[:, _EVERY - 1 :: _EVERY] for side in (won, lost))
    p_values = 2 * binom.cdf(np.minimum(wins, losses), wins + losses, 0.5)
    found: Bools = (p_values <= ALPHA).any(axis=1)
    return found


def _needed(win: float, lose: float, power: float = 0.9) -> float:
    """Return the rows that McNemar's test needs (Connor 1987, "Sample size for testing differences in proportions")."""
    apart, difference = win + lose, win - lose
    spread = norm.ppf(1 - ALPHA / 2) * np.sqrt(apart) + norm.ppf(power) * np.sqrt(apart - difference**2)
    return float(np.ceil(spread**2 / difference**2))


def report(figures: Mapping[str, Any]) -> None:
    """Print the tables."""
    print(f"{figures['machine']}\n")
    print("| as good | shadows | promoted | stopped | both | a test for one look, looked at often |")
    print("|---|---|---|---|---|---|")
    for name, found in figures["aa"].items():
        both = found["promoted"] + found["stopped"]
        often = found.get("one look, looked at often")
        print(
            f"| {name} | {found['shadows']:,} | {found['promoted']:.2%} | {found['stopped']:.2%} | {both:.2%} "
            f"| {'' if often is None else f'{often:.1%}'} |"
        )
    print("\n| better by | half promoted after | nine of ten after | a test for one look needs | stopped wrongly |")
    print("|---|---|---|---|---|")
    for name, found in figures["ab"].items():
        half, most = ("not promoted" if found[key] is None else f"{found[key]:,.0f}" for key in ("half", "nine of ten"))
        print(f"| {name} | {half} | {most} | {found['one look']:,.0f} | {found['stopped wrongly']:.2%} |")


if __name__ == "__main__":
    main()
