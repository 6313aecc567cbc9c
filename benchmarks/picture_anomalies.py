"""Pictures without labels: how well the measured Gaussian ranks what is unusual, beside plain scikit-learn models.

    python -m benchmarks.picture_anomalies [--sets petals,roofs] [--seeds 5] [--quick] [--json FILE]

Prints for each data set the area under the ROC curve, mean and standard deviation over seeds, of: the model that
`task: anomaly` of pictures serves; what it serves with `recipe: transfer`, of pictures of 64 pixels a side; an
isolation forest, a PCA (95 % of the variance) by its reconstruction error and a Gaussian (Ledoit-Wolf) on pixels; and
the baseline of the evaluation, an isolation forest on histograms of gradients.
All data comes with scikit-learn, or is drawn. `--quick` takes one seed, the first case of a set, and, where `--sets`
says nothing, one set of digits, one of parts and one of surfaces.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf
from sklearn.datasets import load_digits, load_sample_image
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from torch import from_numpy, inference_mode, set_num_threads

from benchmarks import harness
from benchmarks.transfer import fetched
from components.config.errors import DataError
from components.kinds.image.evaluation.hog import hog
from components.kinds.image.learner.gaussian import GaussianModule
from components.kinds.image.learner.pretrained.patches import PatchModule
from components.kinds.ranking import roc_auc
from components.tasks.anomaly.objective import Anomaly

Pictures = NDArray[np.uint8]
Splits = tuple[Pictures, Pictures, Pictures]
"""Training pictures, ordinary test pictures, and unusual ones."""
Cases = Sequence[Callable[[np.random.Generator], Splits]]
Found = dict[str, list[list[float]]]
"""Of each model the areas, by seed and case."""
_SIDE = 64
_SEEDS = 5
_QUICK = ("digits, one is odd", "parts, scratched", "roofs, a part")


def _one_digit_is_ordinary(digit: int, random: np.random.Generator) -> Splits:
    pictures, labels = _digits(random)
    train, test = _cut(pictures[labels == digit])
    return train, test, pictures[labels != digit][: 3 * len(test)]


def _one_digit_is_odd(digit: int, random: np.random.Generator) -> Splits:
    pictures, labels = _digits(random)
    train, test = _cut(pictures[labels != digit])
    return train, test, pictures[labels == digit]


def _damaged_digits(damage: Callable[..., Pictures], random: np.random.Generator) -> Splits:
    train, test = _cut(_digits(random)[0])
    return train, test, damage(test, random)


def _parts(damage: Callable[..., Pictures], random: np.random.Generator) -> Splits:
    """Draw a gear wheel that lies a little otherwise each time."""
    train, test, odd = (_wheels(count, random) for count in (200, 100, 100))
    return train, test, damage(odd, random)


def _surface(name: str, damage: Callable[..., Pictures] | None, random: np.random.Generator) -> Splits:
    """Cuttings of a photograph: training has its left part; without damage the odd ones are of another photograph."""
    photograph = load_sample_image(name)
    train, test, odd = (
        _cuttings(photograph[:, left:right], count, random)
        for left, right, count in ((0, 400, 400), (400, 640, 150), (400, 640, 150))
    )
    other = load_sample_image("flower.jpg" if name == "china.jpg" else "china.jpg")
    return train, test, _cuttings(other, 150, random) if damage is None else damage(odd, random)


def _stained(pictures: Pictures, random: np.random.Generator) -> Pictures:
    """Lay a square of one shade on each, a fifth of the side."""
    stained, side = pictures.copy(), pictures.shape[1]
    width = max(2, side // 5)
    for picture in stained:
        row, column = random.integers(side // 6, side - width - side // 6 + 1, 2)
        picture[row : row + width, column : column + width] = random.integers(0, 256)
    return stained


def _scratched(pictures: Pictures, random: np.random.Generator) -> Pictures:
    """Draw a line on each, a third of the side long and one pixel wide, 60 levels lighter or darker."""
    scratched, side = pictures.astype(np.int64), pictures.shape[1]
    along = np.linspace(-side / 6, side / 6, 2 * side)
    for picture in scratched:
        middle, angle = random.integers(side // 4, 3 * side // 4, 2), random.uniform(0, np.pi)
        mask = np.zeros((side, side), dtype=bool)
        mask[(middle[0] + along * np.sin(angle)).astype(int), (middle[1] + along * np.cos(angle)).astype(int)] = True
        picture[mask] += random.choice([-60, 60])
    return np.clip(scratched, 0, 255).astype(np.uint8)


def _turned(pictures: Pictures, random: np.random.Generator) -> Pictures:
    """Turn a square of each, a third of the side, by a quarter: what is there is as usual, how it lies is not."""
    turned, side = pictures.copy(), pictures.shape[1]
    width = side // 3
    for picture in turned:
        row, column = random.integers(0, side - width + 1, 2)
        part = picture[row : row + width, column : column + width].copy()
        picture[row : row + width, column : column + width] = np.rot90(part)
    return turned


def _noisy(pictures: Pictures, random: np.random.Generator) -> Pictures:
    return np.clip(pictures + random.normal(0, 40, pictures.shape), 0, 255).astype(np.uint8)


def _inverted(pictures: Pictures, random: np.random.Generator) -> Pictures:
    return 255 - pictures


def _digits(random: np.random.Generator) -> tuple[Pictures, NDArray[np.int64]]:
    data = load_digits()
    order = random.permutation(len(data.images))
    return (data.images[order, :, :, None] * 255 / 16).round().astype(np.uint8), data.target[order]


def _cut(pictures: Pictures) -> tuple[Pictures, Pictures]:
    count = len(pictures) * 7 // 10
    return pictures[:count], pictures[count:]


def _cuttings(photograph: Pictures, count: int, random: np.random.Generator) -> Pictures:
    rows, columns = (random.integers(0, length - _SIDE, count) for length in photograph.shape[:2])
    return np.stack([photograph[r : r + _SIDE, c : c + _SIDE] for r, c in zip(rows, columns, strict=True)])


def _wheels(count: int, random: np.random.Generator) -> Pictures:
    down, right = np.mgrid[:_SIDE, :_SIDE][..., None] - (_SIDE / 2 + random.normal(0, 1.5, (2, 1, 1, count)))
    radius, turn = 20 + random.normal(0, 0.6, count), random.uniform(0, 2 * np.pi, count)
    away = np.hypot(down, right)
    metal = np.clip(1 / (1 + np.exp(2 * (away - radius))) - 1 / (1 + np.exp(2 * (away - 7))), 0, 1)[..., None]
    teeth = 25 * (0.5 + 0.5 * np.cos(8 * np.arctan2(down, right) + turn))[..., None]
    ground = np.array([190, 185, 170]) + random.normal(0, 5, (count, 1))
    drawn = ground * (1 - metal) + (np.array([90, 95, 100]) + teeth) * metal
    noise = random.normal(0, 4, drawn.shape)
    return np.ascontiguousarray(np.clip(drawn + noise, 0, 255).astype(np.uint8).transpose(2, 0, 1, 3))


DATA: dict[str, list[Callable[[np.random.Generator], Splits]]] = {
    "digits, one is ordinary": [lambda random, d=d: _one_digit_is_ordinary(d, random) for d in range(10)],
    "digits, one is odd": [lambda random, d=d: _one_digit_is_odd(d, random) for d in range(10)],
    "digits, stained": [lambda random: _damaged_digits(_stained, random)],
    "digits, noisy": [lambda random: _damaged_digits(_noisy, random)],
    "digits, inverted": [lambda random: _damaged_digits(_inverted, random)],
    "parts, scratched": [lambda random: _parts(_scratched, random)],
    "parts, stained": [lambda random: _parts(_stained, random)],
    "petals, scratched": [lambda random: _surface("flower.jpg", _scratched, random)],
    "petals, stained": [lambda random: _surface("flower.jpg", _stained, random)],
    "roofs, scratched": [lambda random: _surface("china.jpg", _scratched, random)],
    "roofs, stained": [lambda random: _surface("china.jpg", _stained, random)],
    "petals, a part turned": [lambda random: _surface("flower.jpg", _turned, random)],
    "roofs, a part turned": [lambda random: _surface("china.jpg", _turned, random)],
    "roofs, another picture": [lambda random: _surface("china.jpg", None, random)],
}


def scores(
    train: Pictures, test: Pictures, seed: int, backbone: Path | None
) -> Iterator[tuple[str, NDArray[np.floating]]]:
    """Yield how unusual each model finds the test pictures, by its name."""
    serving = GaussianModule(train, False, Anomaly(0.01)).serving().eval()
    with inference_mode():
        yield "ours", serving.raw(from_numpy(test)).numpy()[:, 0]
    if backbone is not None and train.shape[1] == _SIDE:
        patches = PatchModule(train, backbone, False, Anomaly(0.01)).serving().eval()
        with inference_mode():
            yield "transfer", patches.raw(from_numpy(test)).numpy()[:, 0]
    flat, other = (pictures.reshape(len(pictures), -1) / 255 for pictures in (train, test))
    yield "forest", -IsolationForest(random_state=seed).fit(flat).score_samples(other)
    pca = PCA(0.95, svd_solver="full", random_state=seed).fit(flat)
    yield "PCA", ((pca.inverse_transform(pca.transform(other)) - other) ** 2).mean(axis=1)
    if flat.shape[1] > 1_000:  # of large pictures a Gaussian of their principal components, which fits into memory
        flat, other = pca.transform(flat), pca.transform(other)
    yield "Gaussian", LedoitWolf().fit(flat).mahalanobis(other)
    yield "baseline", -IsolationForest(random_state=seed).fit(hog(train)).score_samples(hog(test))


def main() -> None:
    """Measure each data set, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="one seed, one case of a set, three sets")
    parser.add_argument("--sets", help="words of which a set's name has one (all)")
    parser.add_argument("--seeds", type=int, default=_SEEDS, help=f"how many ({_SEEDS})")
    options = parser.parse_args()
    set_num_threads(1)
    words = options.sets.split(",") if options.sets else _QUICK if options.quick else ("",)
    cases = 1 if options.quick else None
    chosen = {name: DATA[name][:cases] for name in DATA if any(word in name for word in words)}
    with TemporaryDirectory() as folder:
        backbone = _backbone(Path(folder) / "backbone")
        seeds = 1 if options.quick else options.seeds
        sets = {name: _measured(cases, seeds, backbone) for name, cases in chosen.items()}
    print(harness.machine())
    harness.finish({"sets": sets}, report, options.json)


def _backbone(folder: Path) -> Path | None:
    """Return the folder of the backbone; None: no source has it, which is said."""
    try:
        return fetched("efficientnet-lite0", folder)
    except DataError as error:
        print(f"without recipe: transfer: {error}")
        return None


def _measured(cases: Cases, seeds: int, backbone: Path | None) -> Found:
    """Return the area under the curve of each model, by seed and case."""
    found: Found = {}
    for seed in range(seeds):
        one: dict[str, list[float]] = {}
        for case in cases:
            train, ordinary, odd = case(np.random.default_rng(seed))
            labels = np.repeat([0, 1], [len(ordinary), len(odd)])
            for model, values in scores(train, np.concatenate([ordinary, odd]), seed, backbone):
                one.setdefault(model, []).append(roc_auc(labels, values))
        for model, areas in one.items():
            found.setdefault(model, []).append(areas)
    return found


def report(figures: Mapping[str, Any]) -> None:
    """Print a row a data set: mean and standard deviation over the seeds."""
    models = list(max(figures["sets"].values(), key=len))
    print("| data |", " | ".join(models), "|\n|---|" + "---|" * len(models))
    for name, found in figures["sets"].items():
        row = [_told(found.get(model)) for model in models]
        print(f"| {name} |", " | ".join(row), "|")


def _told(areas: list[list[float]] | None) -> str:
    return "" if areas is None else f"{np.mean(areas):.3f} ± {np.mean(areas, axis=1).std():.3f}"


if __name__ == "__main__":
    main()
