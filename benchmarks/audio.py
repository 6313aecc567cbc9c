"""Accuracy of `kind: audio` on voices that were never heard, and on files, beside a plain model; its cost.

    dvc repro prepare@digits && python -m benchmarks.audio [--workload NAME] [--groups NAMES] [--seed N]
                                                           [--json FILE] [--quick]

Each voice in turn is the test split and is heard by neither training nor validation, which is a tenth of the other
voices' files. `by file`: a sixth of all files, of every voice. The plain model is what a careful person writes in ten
lines: mean and standard deviation of each band of the log-mel spectrum, standardised, and logistic regression.

    parity    the largest difference of the graph's spectrum to that of a Fourier transform, on real files
    ms        of one second of sound, on one thread: the file read, and the ONNX graph

One seed, one thread. `--quick` trains one epoch, on one voice and by file.
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
    parser.add_argument("--seed", type=int, default=0, help="of weights and augmentation; default: %(default)s")
    options = parser.parse_args()
    quiet()
    torch.set_num_threads(1)
    data, groups = open_prepared(artifacts(options.workload, "prepared")), groups_of(options.workload)
    names = options.groups.split(",") if options.groups else [*sorted(set(groups)), _BY_FILE]
    config = catalogue.workload(options.workload).train.model_copy(update={"threads": 1, "seed": options.seed})
    if options.quick:
        names, config = [names[0], _BY_FILE], config.model_copy(update={"epochs": 1})
    print(
        f"{harness.machine()}\n{'left out':12} {'train':>6} {'test':>6} {'plain %':>8} {'network %':>10} {'CPU s':>7}"
    )
    runs = []
    for name in names:
        runs.append(run_of(name, folded(data, groups, name), config))
        print(LINE.format(**runs[-1]), flush=True)
    costs = {**cost(data, config), **spread(runs)}
    harness.finish({"runs": runs, **costs}, lambda figures: print(told(figures)), options.json)


LINE = "{name:12} {train:>6,} {test:>6,} {plain:>8.1%} {accuracy:>10.1%} {cpu_s:>7.1f}"


def groups_of(workload: str) -> list[str]:
    """Return whose voice each example is, of train, validation and test, as the section says."""
    data, section = open_prepared(artifacts(workload, "prepared")), catalogue.workload(workload)
    find = pattern.finder(section.prepare.group, "group", "prepare.group")
    files = pq.read_table(artifacts(workload, "raw") / "records.parquet", columns=["name"])["name"].to_pylist()
    return [find(files[row].partition("/")[2]) or "" for row in all_examples(data, ROWS)]


def folded(data: PreparedData, groups: list[str], left_out: str) -> PreparedData:
    """Return the data with one voice as its test split, or a sixth of the files."""
    random = np.random.default_rng(0)
    order = random.permutation(len(groups))
    of_test = np.array([group == left_out for group in groups])
    if left_out == _BY_FILE:
        of_test = np.zeros(len(groups), dtype=np.bool_)
        of_test[order[: len(groups) // len(set(groups))]] = True
    rest = order[~of_test[order]]
    held_out = int(_VALIDATION * len(rest))
    members = {"validation": rest[:held_out], "train": np.sort(rest[held_out:]), "test": np.flatnonzero(of_test)}
    return resplit(data, members)


def run_of(name: str, data: PreparedData, config: Any) -> Run:
    """Train the network and the plain model, and return how many of the test split each answers rightly."""
    learner, labels = catalogue.learner(data.kind, data.task), np.asarray(data.labels("test"))
    began = time.process_time()
    fitted = config.fitted(data.counts["train"])
    trained = fit(learner, data, fitted)
    seconds = time.process_time() - began
    module = learner.module(data, fitted)
    module.load_state_dict(trained.weights)
    serving = learner.serving(module)
    with torch.no_grad():
        outputs = torch.cat([serving(torch.from_numpy(part))[0] for part in np.array_split(data.inputs("test"), 10)])
    right = float((outputs.argmax(dim=1).numpy() == labels).mean())
    return {
        "name": name,
        "train": data.counts["train"],
        "test": len(labels),
        "plain": plain(data, labels),
        "accuracy": right,
        "cpu_s": seconds,
    }


def plain(data: PreparedData, labels: Int64) -> float:
    """Return what logistic regression on mean and standard deviation of each band answers rightly."""
    train, test = (summaries(np.asarray(data.inputs(split)), data.input["rate"], 40) for split in ("train", "test"))
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(train, data.labels("train"))
    return float(model.score(test, labels))


def cost(data: PreparedData, config: Any) -> dict[str, float]:
    """Return parity of the spectrum on real files, and milliseconds of a second of sound."""
    rate, some = data.input["rate"], np.array(data.inputs("test")[:_TIMED])
    made = LogMel(rate, config.mels)(torch.from_numpy(some)).numpy()
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
        "parity": float(np.abs(made - log_mel(some, rate, config.mels)).max()),
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


def spread(runs: list[Run]) -> dict[str, float]:
    """Return mean and standard deviation over the voices."""
    voices = [run for run in runs if run["name"] != _BY_FILE]
    found: dict[str, float] = {}
    if not voices:
        return found
    for arm in ("accuracy", "plain"):
        of_voices = [run[arm] for run in voices]
        found |= {f"{arm}_mean": statistics.mean(of_voices), f"{arm}_sd": statistics.pstdev(of_voices)}
    return found


def told(figures: dict[str, Any]) -> str:
    """Return what there is to say besides the table."""
    said = [
        f"spectrum: at most {figures['parity']:.1e} from a Fourier transform's",
        f"a second of sound: {figures['read_ms']:.2f} ms to read, {figures['graph_ms']:.2f} ms to answer",
        f"graph: {figures['megabytes']:.2f} MB",
    ]
    if "accuracy_mean" in figures:
        arms = [
            f"{name} {figures[f'{arm}_mean']:.1%} ± {figures[f'{arm}_sd']:.1%}"
            for name, arm in (("network", "accuracy"), ("plain", "plain"))
        ]
        said.insert(0, f"unheard voices: {', '.join(arms)}")
    return "\n".join(said)


if __name__ == "__main__":
    main()
