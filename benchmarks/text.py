"""Texts: how well intents are told, and that a text has none, beside scikit-learn's ten lines; and what it costs.

    python -m benchmarks.text [--quick] [--source datasets/clinc150.yaml] [--recipes NAMES] [--seeds N] [--json FILE]

Ours are the recipes `quick` and `transfer`, which begins with a pretrained encoder, and that with its products in int8
(`transfer int8`). The others are what a careful
person fits: TF-IDF of words and pairs of words, or of words and runs of characters, with a linear support vector
machine or logistic regression. Each flags by its largest score below a threshold that is found on the validation split
at 1 and at 2 %. The accuracy `in scope` counts a text that is flagged as wrong; `flagged` is the share of texts out of
scope that is. Seconds are CPU time. `--quick` makes some sentences instead of CLINC150, and fits one seed of `quick`.
"""

import statistics
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

from benchmarks import graphs, harness
from benchmarks.transfer import fetched
from components import catalogue
from components.config.params import parse
from components.data.ingest import write_raw
from components.data.prepare import write_prepared
from components.inference.unfamiliar import UNFAMILIAR, UnfamiliarTest
from components.kinds.prepared import SPLITS, PreparedData, open_prepared
from components.kinds.text.codec import Reader
from components.kinds.text.codec.characters import decode
from components.kinds.text.params import ENCODER, Train, Workload
from components.training.loop import fit
from components.training.quantize import quantize

_RATES = (0.01, 0.02)
_ASKED = 200  # test texts that are answered one by one
_BATCH = 100
_CALIBRATED = 256  # validation texts by which int8 is held to float32

Scores = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Scores of the classes `[N, K]`, and how unlike training each text is `[N]`."""
Fitted = Callable[[Sequence[str]], Scores]


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="some made sentences, one seed")
    parser.add_argument("--source", default="datasets/clinc150.yaml", help="whose data it is; default: %(default)s")
    parser.add_argument("--recipes", default="quick,transfer,transfer int8", help="default: %(default)s")
    parser.add_argument("--seeds", type=int, default=3, help="trainings of ours; default: %(default)s")
    options = parser.parse_args()
    if options.quick:
        options.recipes, options.seeds = "quick", 1
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        data = _data(options, Path(folder))
        if "transfer" in options.recipes:
            data = open_prepared(data.path, fetched(ENCODER, Path(folder) / "backbone"))
        harness.finish({"counts": dict(data.counts), "arms": measured(data, options)}, report, options.json)


def measured(data: PreparedData, options: Namespace) -> list[dict[str, Any]]:
    """Return what each arm reaches, and what it costs; ours are the means over seeds."""
    words = {"ngram_range": (1, 2), "sublinear_tf": True}
    both = (TfidfVectorizer(**words), TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True))
    arms: dict[str, Callable[[], Fitted]] = {
        "words, logistic regression": lambda: _sklearn(data, TfidfVectorizer(**words), LogisticRegression(C=10.0)),
        "words, linear SVM": lambda: _sklearn(data, TfidfVectorizer(**words), LinearSVC()),
        "words and characters, linear SVM": lambda: _sklearn(data, make_union(*both), LinearSVC()),
    }
    rows = [_row(name, data, make) for name, make in arms.items()]
    return [*rows, *(_mean(recipe, data, options.seeds) for recipe in options.recipes.split(","))]


def _mean(recipe: str, data: PreparedData, seeds: int) -> dict[str, Any]:
    name = f"ours, {recipe}"
    ours = [_row(name, data, lambda seed=seed: _ours(data, recipe, seed)) for seed in range(seeds)]  # type: ignore[misc]
    mean = {key: statistics.mean(row[key] for row in ours) for key in ours[0] if key != "arm"}
    return {"arm": name, **mean, "accuracy_spread": statistics.pstdev(row["accuracy"] for row in ours)}


def _row(name: str, data: PreparedData, make: Callable[[], Fitted]) -> dict[str, Any]:
    began = time.process_time()
    answer = make()
    seconds = time.process_time() - began
    strangers = data.strangers()
    scores, unlike = answer(_texts(data.inputs("test")))
    right = scores.argmax(axis=1) == data.labels("test")
    row: dict[str, Any] = {"arm": name, "accuracy": float(right.mean()), "cpu_s": seconds}
    validation = answer(_texts(data.inputs("validation")))[1]
    others = None if strangers is None else answer(_texts(strangers))[1]
    for rate in _RATES:
        test = UnfamiliarTest.calibrated(validation, rate)
        row[f"in_scope_{rate}"] = float((right & ~test.flags(unlike)).mean())
        row[f"false_alarms_{rate}"] = float(test.flags(unlike).mean())
        row[f"flagged_{rate}"] = float("nan") if others is None else float(test.flags(others).mean())
    some = _texts(data.inputs("test")[:_ASKED])
    began = time.process_time()
    for text in some:
        answer([text])
    return row | {"ms": 1e3 * (time.process_time() - began) / len(some)}


def _sklearn(data: PreparedData, vectorizer: Any, model: Any) -> Fitted:
    fitted = make_pipeline(vectorizer, model).fit(_texts(data.inputs("train")), data.labels("train"))

    def answer(texts: Sequence[str]) -> Scores:
        scores = fitted.decision_function(texts).astype(np.float32)
        return scores, -scores.max(axis=1)

    return answer


def _ours(data: PreparedData, recipe: str, seed: int) -> Fitted:
    learner = catalogue.learner("text", "classification")
    recipe, _, precision = recipe.partition(" ")
    config = parse(Train, {"recipe": recipe, "seed": seed}, "train.").fitted(data.counts["train"])
    module = learner.module(data, config)
    module.load_state_dict(fit(learner, data, config).weights)
    serving = learner.serving(module)
    serving.measure_unfamiliarity(data)
    graph = graphs.exported(serving, np.array(data.inputs("test")[:2]), UNFAMILIAR)
    session = graphs.session(_in_int8(graph, data) if precision else graph)
    reader = Reader("texts", data.input, {}, Path(), None)

    def answer(texts: Sequence[str]) -> Scores:
        codes = reader.read([{"text": text} for text in texts])
        starts = range(0, len(codes), _BATCH)
        parts = [
            session.run([graphs.ANSWER, UNFAMILIAR], {"inputs": codes[start : start + _BATCH]}) for start in starts
        ]
        outputs, unlike = (np.concatenate(part) for part in zip(*parts, strict=True))
        return outputs, unlike

    return answer


def _in_int8(graph: bytes, data: PreparedData) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        full, small = Path(folder) / "full.onnx", Path(folder) / "small.onnx"
        full.write_bytes(graph)
        quantize(full, np.array(data.inputs("validation")[:_CALIBRATED]), small, probabilities=True)
        return small.read_bytes()


def _texts(codes: NDArray[np.int32]) -> list[str]:
    return [decode(text) for text in codes]


def _workload(source: str) -> Workload:
    section = {"kind": "text", "task": "classification", "source": source, "prepare": {"none": "oos"}, "train": {}}
    return Workload.model_validate(section)


def _data(options: Namespace, folder: Path) -> PreparedData:
    source = str(_made(folder / "made.json")) if options.quick else options.source
    workload, records, out = _workload(source), folder / "records.parquet", folder / "prepared"
    out.mkdir()
    write_raw("texts", workload, records)
    write_prepared(workload, records, out, folder / "schema.yaml")
    return open_prepared(out)


def _made(path: Path) -> Path:
    """Write a table of sentences about a few things, and some about others."""
    things = {"light": ("lamp", "bulb", "light"), "music": ("song", "tune", "album"), "door": ("door", "gate", "lock")}
    rows = [
        {"text": f"{ask} the {thing} {where}", "label": label}
        for label, named in things.items()
        for thing in named
        for ask in ("please change", "could you start", "stop", "tell me of")
        for where in ("in the kitchen", "upstairs", "now", "at eight")
    ]
    rows += [{"text": f"who is the {who} of {what}", "label": "oos"} for who in ("king", "head") for what in "abcdef"]
    table = path.with_suffix(".csv")
    table.write_text("\n".join(["text,label", *(f"{row['text']},{row['label']}" for row in rows)]) + "\n")
    return table


def report(figures: dict[str, Any]) -> None:
    """Print the table."""
    counts = ", ".join(f"{figures['counts'][split]:,} {split}" for split in SPLITS)
    print(f"{figures['machine']}; {counts}\n")
    shown = [f"in scope / flagged at {rate:.0%}" for rate in _RATES]
    print(f"| model | accuracy | {' | '.join(shown)} | CPU s | ms an answer |\n|---|---|{'---|' * len(_RATES)}---|---|")
    for row in figures["arms"]:
        at = [f"{100 * row[f'in_scope_{rate}']:.1f} / {100 * row[f'flagged_{rate}']:.1f}" for rate in _RATES]
        print(
            f"| {row['arm']} | {100 * row['accuracy']:.1f} | {' | '.join(at)} | {row['cpu_s']:.0f} | {row['ms']:.2f} |"
        )


if __name__ == "__main__":
    main()
