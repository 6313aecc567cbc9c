"""Which of two models is better on the same rows, looked at after every row.

Where an answer is right or wrong, only rows count that one has right and the other wrong: of the w that the challenger
wins and the l that it loses, under the hypothesis that it is no better and no worse, each is a fair coin's. The mixture
of all coins by Jeffreys' prior, E = 2^(w + l) B(w + 1/2, l + 1/2) / B(1/2, 1/2), is a martingale with a mean of 1, so
it ever reaches 1 / alpha with a probability of at most alpha (Ville 1939; Robbins 1970). It needs no horizon.

Where answers cost more or less, or labels were asked for with different probabilities, the capital of a gambler on the
mean difference is taken (`betting.py`), a half of alpha for each direction; of answers that are right or wrong from the
first label on that was asked for, multiplied by the evidence before it. A label that stands for fifty leaves a gambler
little to bet on each. So half of the evidence is that of the rows alone whose labels nobody had to ask for: the mean of
two martingales is one.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln

from components.watch.statistics.betting import BETS

Floats = NDArray[np.float64]
Decision = Literal["better", "worse", "open"]
ALPHA = 0.05
_POINTS = 60  # of the course


@dataclass(frozen=True)
class Comparison:
    """What so many rows say."""

    rows: int
    better: int
    """Rows on which the challenger's loss is smaller."""
    worse: int
    """Rows on which it is larger."""
    difference: float
    """By how much its mean loss is smaller, 0 to 1; below zero: larger."""
    evidence: float
    """E: against the hypothesis that they are as good."""
    decision: Decision
    """Whether the challenger is better or worse; `open`: it cannot be said yet."""
    decided: int | None
    """After which row it was decided, from 1; None: it was not."""
    course: tuple[tuple[int, float], ...] = ()
    """E after some of the rows, from 1, the last among them."""


def compare(
    before: Floats, after: Floats, weights: Floats | None = None, alpha: float = ALPHA, most: float | None = None
) -> Comparison:
    """Compare a challenger with a champion on the rows so far; the first row that decides, decides.

    Args:
        before: `[N]`, losses of the champion, 0 to 1, in the order in which they came to be known.
        after: `[N]`, of the challenger.
        weights: `[N]`, 1 / the probability with which each row came to be known: 1 where that did not depend on what
            the row is; None: it never did.
        alpha: the probability, at all times together, of deciding where they are as good.
        most: the largest weight that there can be, as is known before any row is; None: the largest that is there,
            which is for one look only.
    """
    gained = before - after
    counted = np.ones_like(gained) if weights is None else weights
    binary = bool(np.isin(before, (0.0, 1.0)).all() and np.isin(after, (0.0, 1.0)).all())
    logs, towards = _evidence(gained, counted, most or counted.max(initial=1.0), binary)
    found, sign = _first(logs, towards, alpha)
    decisions: dict[int, Decision] = {1: "better", -1: "worse", 0: "open"}
    return Comparison(
        rows=len(gained),
        better=int((gained > 0).sum()),
        worse=int((gained < 0).sum()),
        difference=float(np.average(gained, weights=counted)) if len(gained) else 0.0,
        evidence=_finite(logs[-1]) if len(logs) else 1.0,
        decision=decisions[sign],
        decided=found,
        course=tuple((row + 1, _finite(logs[row])) for row in _thinned(len(logs), found)),
    )


def _finite(log: float) -> float:
    return float(np.exp(min(float(log), 700.0)))


def _thinned(rows: int, decided: int | None) -> list[int]:
    """Return the rows that are kept of the course: evenly over all of them, and the one that decided."""
    even = np.linspace(0, rows - 1, min(rows, _POINTS)).astype(int).tolist()
    return sorted({*even, *([decided - 1] if decided else [])})


def _evidence(gained: Floats, weights: Floats, most: float, binary: bool) -> tuple[Floats, Floats]:
    """Return log E after each row, `[N]`, and for whom it speaks, 1 or -1.

    It is that of coins up to the first label that was sought, then of two gamblers besides; mixed with that of all rows
    whose labels were not. Where answers cost more or less, gamblers take the place of the coins.
    """
    sought, towards = weights != 1.0, np.sign(np.cumsum(gained * weights))
    plain = 0 if not binary else int(np.argmax(sought)) if sought.any() else len(gained)
    coins = discordant(gained[:plain] > 0, gained[:plain] < 0)
    stakes = gained[plain:] * weights[plain:] / most
    all_rows = np.concatenate([coins, _gamblers(stakes) + (coins[-1] if plain else 0.0)])
    if plain == len(gained):
        return all_rows, towards
    won, lost = (gained > 0) & ~sought, (gained < 0) & ~sought
    unsought = discordant(won, lost) if binary else _gamblers(gained * ~sought)
    speaks = np.where(unsought > all_rows, np.sign(np.cumsum(gained * ~sought)), towards)
    return np.logaddexp(unsought, all_rows) - np.log(2), speaks


def _gamblers(gains: Floats) -> Floats:
    """Return log E after each row, `[N]`, of two who bet half of a capital each, one that the mean is over zero."""
    found: Floats = np.maximum(capital(gains), capital(-gains)) - np.log(2)
    return found


def discordant(won: NDArray[np.bool_], lost: NDArray[np.bool_]) -> Floats:
    """Return log E after each row, `[..., N]`.

    Args:
        won: `[..., N]`, rows that the challenger alone has right.
        lost: `[..., N]`, rows that the champion alone has right.
    """
    wins, losses = np.cumsum(won, axis=-1), np.cumsum(lost, axis=-1)
    found: Floats = (wins + losses) * np.log(2) + betaln(wins + 0.5, losses + 0.5) - betaln(0.5, 0.5)
    return found


def capital(gains: Floats) -> Floats:
    """Return the logarithm of a gambler's capital after each row, `[N]`, who bets that the mean is over zero.

    Args:
        gains: `[N]`, -1 to 1.
    """
    each = np.cumsum(np.log1p(BETS * gains[:, None]), axis=0)
    found: Floats = np.logaddexp.reduce(each, axis=1) - np.log(len(BETS))
    return found


def _first(logs: Floats, direction: Floats, alpha: float) -> tuple[int | None, int]:
    reached = np.flatnonzero((logs >= -np.log(alpha)) & (direction != 0))
    return (int(reached[0]) + 1, int(direction[reached[0]])) if len(reached) else (None, 0)
