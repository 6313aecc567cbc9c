"""Which points of a plane are near which: found by a grid, kept as one list, never as all pairs."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_CHUNK = 1_000  # places looked at together: bounds the memory of the search


@dataclass(frozen=True)
class Neighbours:
    """The points near each of N places, in compressed rows: those of place `i` are `points[starts[i]:][:counts[i]]`."""

    starts: NDArray[np.int64]
    counts: NDArray[np.int64]
    points: NDArray[np.int32]

    def draw(self, places: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
        """Return for each of `places`, which must have any, one of its points, all equally likely."""
        chosen = self.starts[places] + random.integers(self.counts[places])
        drawn: NDArray[np.int64] = self.points[chosen].astype(np.int64)
        return drawn


def neighbours(places: NDArray[np.float64], points: NDArray[np.float64], radius: float, side: float) -> Neighbours:
    """Return which of `points` `[M, 2]` lie nearer than `radius` to each of `places` `[N, 2]`.

    All lie on the square `[0, side]`. The square is cut into cells at least as wide as `radius`: whatever is near lies
    in the cell of the place or the eight around it, which are three runs of points sorted by cell.
    """
    across = max(1, min(int(side / radius), math.isqrt(len(points))))
    cell = _cells(points, across, side)
    order = np.argsort(cell * len(points) + np.arange(len(points)))
    x, y = points[order].T.copy()
    bounds = np.searchsorted(cell[order], np.arange(across * across + 1))
    found, counts = [np.empty(0, np.int32)], np.zeros(len(places), np.int64)
    for start in range(0, len(places), _CHUNK):
        chunk = places[start : start + _CHUNK]
        place, point = _candidates(_cells(chunk, across, side), across, bounds)
        near = (chunk[place, 0] - x[point]) ** 2 + (chunk[place, 1] - y[point]) ** 2 < radius**2
        counts[start : start + _CHUNK] = np.bincount(place[near], minlength=len(chunk))
        found.append(order[point[near]].astype(np.int32))
    return Neighbours(np.cumsum(counts) - counts, counts, np.concatenate(found))


def _cells(points: NDArray[np.float64], across: int, side: float) -> NDArray[np.int64]:
    places: NDArray[np.int64] = np.minimum((points / side * across).astype(np.int64), across - 1)
    cells: NDArray[np.int64] = places[:, 1] * across + places[:, 0]
    return cells


def _candidates(
    cells: NDArray[np.int64], across: int, bounds: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs of a place and a point, both by number, of which the cells touch; sorted by place."""
    row, column = np.divmod(cells[:, None], across)
    rows = row + np.array([-1, 0, 1])
    left, right = np.maximum(column - 1, 0), np.minimum(column + 1, across - 1)
    inside = (rows >= 0) & (rows < across)
    rows = np.where(inside, rows, 0)
    first = bounds[rows * across + left]
    length = np.where(inside, bounds[rows * across + right + 1] - first, 0)
    place = np.repeat(np.arange(len(cells)), length.sum(axis=1))
    ends = np.cumsum(length)
    point = np.arange(len(place)) + np.repeat(first.ravel() - ends + length.ravel(), length.ravel())
    return place, point
