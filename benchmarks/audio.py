"""Accuracy of `kind: audio` on voices that were never heard, and on files, beside a plain model; its cost.

    dvc repro backbone@digits && python -m benchmarks.audio [--workload NAME] [--recipes NAMES] [--groups NAMES]
                                                            [--each N] [--seeds N] [--json FILE] [--quick]

Each voice in turn is the test split and is heard by neither training nor validation, which is a tenth of the other
voices' files. `by file`: a sixth of all files, of every voice. The plain model is what a careful person writes in ten
lines: mean and standard deviation of each band of the log-mel spectrum, standardised, and logistic regression.

    quick, transfer    the recipes, each by its own defaults; CPU s: of a training of each
    parity             the largest difference of the graph's spectrum to that of a Fourier transform, on real files
    ms                 of one second of sound, on one thread: the file read, and the ONNX graph of each recipe

One thread; of several seeds the means. `--quick` trains one epoch, on one voice and by file.
"""

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks import harness
from components import catalogue
from components.config.settings import artifacts
from components.internals.lightning import quiet
from components.kinds import pattern
from components.kinds.audio import sample
from components.kinds.audio.codec import sound
from components.kinds.audio.evaluation.spectrum import log_mel, summaries
from components.kinds.audio.learner.log_mel import LogMel
from components.kinds.prepared import ROWS, PreparedData, open_prepared
from components.kinds.resplit import all_examples, resplit
from components.training.export import write_onnx
from components.training.loop import fit

Run = dict[str, Any]
Int64 = NDArray[np.int64]

_VALIDATION = 0.1
_BY_FILE = "by file"
_TIMED = 200


def main() -> None:
    """Train on all voices but one, in turn, and print the table."""
    parser = harness.parser(__doc__, quick="one epoch, one voice, and by file")
    parser.add_argument("--workload", default="digits", help="of params.yaml; default: %(default)s")
    parser.add_argument("--groups", help=f"what to leave out, each in turn; default: every voice, and {_BY_FILE!r}")
    parser.add_argument("--recipes", default="quick,transfer", help="that are trained; default: %(default)s")
    parser.add_argument("--each", type=int, help="recordings of a label that are learned from; default: all")
    parser.add_argument("--seeds", type=int, default=1, help="of weights and augmentation; default: %(default)s")
    options = parser.parse_args()
    quiet()
    torch.set_num_threads(1)
    groups = groups_of(options.workload)
    data = open_prepared(artifacts(options.workload, "prepared"), artifacts(options.workload, "backbone"))
    names = options.groups.split(",") if options.groups else [*sorted(set(groups)), _BY_FILE]
    section = type(catalogue.workload(options.workload).train)
    configs = {
        recipe: section.model_validate({"recipe": recipe, "threads": 1}) for recipe in options.recipes.split(",")
    }
    if options.quick:
        names = [names[0], _BY_FILE]
        configs = {recipe: config.model_copy(update={"epochs": 1}) for recipe, config in configs.items()}
    print(f"{harness.machine()}\n{head(list(configs))}")
    runs = []
    for name in names:
        runs.append(run_of(name, folded(data, groups, name, options.each), configs, options.seeds))
        print(line(runs[-1]), flush=True)
    costs = {recipe: cost(data, config) for recipe, config in configs.items()}
    figures = {"runs": runs, "costs": costs, "parity": parity(data), "voices": spread(runs)}
    harness.finish(figures, lambda figures: print(told(figures)), options.json)


def head(recipes: list[str]) -> str:
    """Return the head of the table."""
    return f"{'left out':12} {'train':>6} {'test':>6} {'plain':>7}" + "".join(
        f" {recipe:>9} {'CPU s':>7}" for recipe in recipes
    )


def line(run: Run) -> str:
    """Return a row of the table."""
    arms = "".join(f" {run[recipe]:>9.1%} {seconds:>7.1f}" for recipe, seconds in run["cpu_s"].items())
    return f"{run['name']:12} {run['train']:>6,} {run['test']:>6,} {run['plain']:>7.1%}{arms}"


def groups_of(workload: str) -> list[str]:
    """Return whose voice each example is, of train, validation and test, as the section says."""
    data, section = open_prepared(artifacts(workload, "prepared")), catalogue.workload(workload)
    find = pattern.finder(section.prepare.group, "group", "prepare.group")
    files = pq.read_table(artifacts(workload, "raw") / "records.parquet", columns=["name"])["name"].to_pylist()
    return [find(files[row].partition("/")[2]) or "" for row in all_examples(data, ROWS)]


def folded(data: PreparedData, groups: list[str], left_out: str, each: int | None = None) -> PreparedData:
    """Return the data with one voice as its test split, or a sixth of the files, and `each` to train of a label."""
    random = np.random.default_rng(0)
    order = random.permutation(len(groups))
    of_test = np.array([group == left_out for group in groups])
    if left_out == _BY_FILE:
        of_test = np.zeros(len(groups), dtype=np.bool_)
        of_test[order[: len(groups) // len(set(groups))]] = True
    rest = order[~of_test[order]]
    held_out = int(_VALIDATION * len(rest))
    labels = np.asarray(all_examples(data, "labels"))
    train = np.concatenate([rest[held_out:][labels[rest[held_out:]] == label][:each] for label in np.unique(labels)])
    members = {"validation": rest[:held_out], "train": np.sort(train), "test": np.flatnonzero(of_test)}
    return resplit(data, members)


def run_of(name: str, data: PreparedData, configs: dict[str, Any], seeds: int) -> Run:
    """Train by each recipe, and the plain model, and return how many of the test split each answers rightly."""
    labels = np.asarray(data.labels("test"))
    found: Run = {"name": name, "train": data.counts["train"], "test": len(labels), "plain": plain(data, labels)}
    trained = {
        recipe: [trained_on(data, config.model_copy(update={"seed": seed}), labels) for seed in range(seeds)]
        for recipe, config in configs.items()
    }
    right = {recipe: statistics.mean(right for right, _ in runs) for recipe, runs in trained.items()}
    seconds = {recipe: statistics.mean(seconds for _, seconds in runs) for recipe, runs in trained.items()}
    return {**found, **right, "cpu_s": seconds}


def trained_on(data: PreparedData, config: Any, labels: Int64) -> tuple[float, float]:
    """Return the accuracy on the test split of a network that was trained, and the CPU seconds that it took."""
    learner, began = catalogue.learner(data.kind, data.task), time.process_time()
    fitted = config.fitted(data.counts["train"])
    trained = fit(learner, data, fitted)
    seconds = time.process_time() - began
    module = learner.module(data, fitted)
    module.load_state_dict(trained.weights)
    serving = learner.serving(module)
    with torch.no_grad():
        outputs = torch.cat([serving(torch.from_numpy(part))[0] for part in np.array_split(data.inputs("test"), 10)])
    return float((outputs.argmax(dim=1).numpy() == labels).mean()), seconds


def plain(data: PreparedData, labels: Int64) -> float:
    """Return what logistic regression on mean and standard deviation of each band answers rightly."""
    train, test = (summaries(np.asarray(data.inputs(split)), data.input["rate"], 40) for split in ("train", "test"))
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(train, data.labels("train"))
    return float(model.score(test, labels))


def parity(data: PreparedData) -> float:
    """Return the largest difference of the spectrum of `quick` on real files to that by a Fourier transform."""
    rate, some, mels = data.input["rate"], np.array(data.inputs("test")[:_TIMED]), 40
    made = LogMel(rate, mels)(torch.from_numpy(some)).numpy()
    return float(np.abs(made - log_mel(some, rate, mels)).max())


def cost(data: PreparedData, config: Any) -> dict[str, float]:
    """Return milliseconds of a second of sound, and how large the graph is."""
    some = np.array(data.inputs("test")[:_TIMED])
    learner = catalogue.learner(data.kind, data.task)
    serving = learner.serving(learner.module(data, config))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        write_onnx(serving, data.inputs("test"), path, ["outputs", "embedding"])
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        megabytes = path.stat().st_size / 1e6
    files = [row["sound"] for row in sample.requests(data, range(len(some)), True)]
    asked = session.get_inputs()[0].name
    return {
        "read_ms": per_second([lambda file=file: sound.decode(file, data.input) for file in files], data),
        "graph_ms": per_second([lambda one=one: session.run(None, {asked: one[None]}) for one in some], data),
        "megabytes": megabytes,
    }


def per_second(calls: list[Any], data: PreparedData) -> float:
    """Return the milliseconds that a call takes of a second of sound, the median."""
    took = []
    for call in calls:
        began = time.perf_counter()
        call()
        took.append(time.perf_counter() - began)
    return 1e3 * statistics.median(took) * data.input["rate"] / data.input["length"]


def spread(runs: list[Run]) -> dict[str, tuple[float, float]]:
    """Return mean and standard deviation over the voices, by the model."""
    voices = [run for run in runs if run["name"] != _BY_FILE]
    if not voices:
        return {}
    of_voices = {arm: [run[arm] for run in voices] for arm in (*voices[0]["cpu_s"], "plain")}
    return {arm: (statistics.mean(some), statistics.pstdev(some)) for arm, some in of_voices.items()}


def told(figures: dict[str, Any]) -> str:
    """Return what there is to say besides the table."""
    voices = [f"{arm} {mean:.1%} ± {deviation:.1%}" for arm, (mean, deviation) in figures["voices"].items()]
    costs = [
        f"{recipe}: a second of sound takes {cost['read_ms']:.2f} ms to read and {cost['graph_ms']:.2f} ms to answer; "
        f"the graph has {cost['megabytes']:.2f} MB"
        for recipe, cost in figures["costs"].items()
    ]
    spectrum = f"spectrum of quick: at most {figures['parity']:.1e} from a Fourier transform's"
    return "\n".join([*([f"unheard voices: {', '.join(voices)}"] if voices else []), *costs, spectrum])


if __name__ == "__main__":
    main()
