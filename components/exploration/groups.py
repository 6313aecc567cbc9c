"""Examples by their features: groups, nearest neighbours, duplicates, outliers, and a map of two dimensions."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.metrics import silhouette_score
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

NEIGHBOURS = 5
MAPPED = 1_000
"""Examples on the map, at most."""

_COMPONENTS = 50  # of the features that are kept: noise of the others would drown distances
_MOST_GROUPS = 20  # where their number is left to us
_TRIED = 3_000  # examples that the number of groups is decided on
_FAR = 1.5  # local outlier factor, scikit-learn's offset
_AROUND = 10  # neighbours that it goes by
_PERPLEXITY = 30.0

Alike = Callable[[Sequence[tuple[int, int]]], list[bool]]


@dataclass(frozen=True)
class Groups:
    """N examples."""

    group: NDArray[np.int64]
    """`[N]`, from 0; the largest group first."""
    distance: NDArray[np.float32]
    """`[N]`, from the middle of its group."""
    neighbours: NDArray[np.int64]
    """`[N, up to 5]`, the nearest first."""
    far: NDArray[np.float32]
    """`[N]`, local outlier factor: how much sparser it is around it than around its neighbours, about 1 usually."""
    outlier: NDArray[np.bool_]
    """`[N]`, whether that is above 1.5."""
    duplicate_of: NDArray[np.int64]
    """`[N]`, the first example that shows the same; -1: none before it does."""
    mapped: NDArray[np.int64]
    """`[M]`, which examples are on the map."""
    map: NDArray[np.float32]
    """`[M, 2]`."""

    @cached_property
    def count(self) -> int:
        """Return how many groups there are."""
        return int(self.group.max()) + 1

    def members(self, group: int) -> NDArray[np.int64]:
        """Return the examples of a group, the most typical first."""
        found = np.flatnonzero(self.group == group)
        return found[np.argsort(self.distance[found], kind="stable")]


def group_examples(features: NDArray[np.float32], alike: Alike, count: int | None = None) -> Groups:
    """Group examples by their features `[N, D]`, N at least 6.

    Features are brought to length 1 and to 50 principal components. The groups are k-means'; their number is the one
    with the highest silhouette (Rousseeuw 1987) up to 20. Outliers have a high local outlier factor (Breunig et al.
    2000). The map is t-SNE's (van der Maaten and Hinton 2008).

    Args:
        features: of the examples.
        alike: whether pairs show the same.
        count: of groups; None: decided.
    """
    points = _components(features)
    labels, middles = _clusters(points, count)
    order = np.argsort(-np.bincount(labels), kind="stable")
    distance = np.linalg.norm(points - middles[labels], axis=1).astype(np.float32)
    neighbours = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(points) - 1)).fit(points).kneighbors()[1]
    duplicate_of = _duplicates(neighbours, alike)
    far = _outlier_factors(points, duplicate_of)
    mapped = np.arange(0, len(points), -(-len(points) // MAPPED))
    return Groups(
        group=np.argsort(order)[labels],
        distance=distance,
        neighbours=neighbours,
        far=far,
        outlier=far > _FAR,
        duplicate_of=duplicate_of,
        mapped=mapped,
        map=_map(points[mapped]),
    )


def _components(features: NDArray[np.float32]) -> NDArray[np.float64]:
    values = features.astype(np.float64)
    unit: NDArray[np.float64] = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)
    if not np.ptp(unit, axis=0).any():
        return unit[:, :1]
    components = min(_COMPONENTS, len(unit) - 1, unit.shape[1])
    found: NDArray[np.float64] = PCA(components, random_state=0).fit_transform(unit)
    return found


def _clusters(points: NDArray[np.float64], count: int | None) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the group of each point, and the middles of the groups that have one."""
    different = len(np.unique(points, axis=0))
    chosen = min(different, count or _decided(points, different))
    found = KMeans(chosen, n_init=4, random_state=0).fit(points)
    used, labels = np.unique(found.labels_, return_inverse=True)
    middles: NDArray[np.float64] = found.cluster_centers_[used]
    return labels, middles


def _decided(points: NDArray[np.float64], different: int) -> int:
    some = points[:: -(-len(points) // _TRIED)]
    most = min(_MOST_GROUPS, different - 1, len(some) // 3)
    best, highest = 1, 0.0
    for count in range(2, most + 1):
        labels = KMeans(count, n_init=4, random_state=0).fit_predict(some)
        if len(np.unique(labels)) == count and (height := silhouette_score(some, labels)) > highest:
            best, highest = count, height
    return best


def _outlier_factors(points: NDArray[np.float64], duplicate_of: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the factor of each point; of a duplicate that of the first."""
    first = np.flatnonzero(duplicate_of < 0)
    factors = np.ones(len(points), dtype=np.float32)
    if len(first) > 2:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # where points coincide
            found = LocalOutlierFactor(n_neighbors=min(_AROUND, len(first) - 1)).fit(points[first])
        factors[first] = -found.negative_outlier_factor_
    return np.where(duplicate_of < 0, factors, factors[duplicate_of])


def _duplicates(neighbours: NDArray[np.int64], alike: Alike) -> NDArray[np.int64]:
    """Return the first example that each shows again; what shows the same is among the nearest."""
    both = ((one, int(other)) for one, row in enumerate(neighbours) for other in row)
    pairs = sorted({(min(pair), max(pair)) for pair in both})
    first = np.arange(len(neighbours))
    for (one, other), same in zip(pairs, alike(pairs), strict=True):
        if same:
            first[first == first[other]] = first[one] = min(first[one], first[other])
    return np.where(first == np.arange(len(first)), -1, first)


def _map(points: NDArray[np.float64]) -> NDArray[np.float32]:
    if len(np.unique(points, axis=0)) < 4:
        return np.zeros((len(points), 2), dtype=np.float32)
    start = "pca" if min(points.shape) > 1 else "random"
    found = TSNE(perplexity=min(_PERPLEXITY, (len(points) - 1) / 3), init=start, random_state=0).fit_transform(points)
    return np.asarray(found, dtype=np.float32)
