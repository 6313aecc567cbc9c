"""What int8 is worth for every pair of kind and task: size, deciding metric and time of both bundles of small sets.

    python -m benchmarks.int8_pairs [--only WORDS] [--quick] [--json FILE]

The data is that of `benchmarks.pairs`, one seed, trained as the stages do it, and both bundles are those of the stage
`export`. Pictures are brought to 32 pixels a side and their networks have `width: 32`: smaller ones have no layer that
is heavy enough. Times are of a call of one example and of 32, as in `benchmarks.int8`.
"""

import contextlib
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
import yaml
from safetensors.torch import save_file

from benchmarks import harness
from benchmarks.fraud import silence
from benchmarks.int8 import ARMS, BATCHES, interleaved
from benchmarks.pairs_data import PAIRS
from components import catalogue
from components.config.settings import artifacts
from components.data.ingest import write_raw
from components.inference.bundle import MODEL, Bundle
from components.kinds.prepared import PreparedData, open_prepared
from components.training.checkpoints import WEIGHTS
from components.training.export import export
from components.training.models import train_models
from components.training.served import bundle_path

NAME = "pair"
_SIDE = 32
_WIDTH = 32
_CAREFUL = 0.001


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="a tenth of the steps, few repetitions")
    parser.add_argument("--only", nargs="*", default=[""], help="words of the pairs' names")
    options = parser.parse_args()
    silence()
    torch.set_num_threads(1)
    names = [name for name in PAIRS if any(word in name for word in options.only)]
    found = {name: measure(name, options.quick) for name in names}
    harness.finish({"pairs": found}, report, options.json)


def measure(name: str, quick: bool) -> dict[str, Any]:
    """Return the figures of a pair: of each bundle size, metric and times."""
    with tempfile.TemporaryDirectory() as folder, _standing_in(Path(folder)):
        data, train = _exported(name, quick)
        bundles = {arm: Bundle(bundle_path(NAME, "int8" if arm == "int8" else "float32")) for arm in ARMS}
        evaluation, every = catalogue.evaluation(data.kind, data.task), np.arange(data.counts["test"])
        figures: dict[str, Any] = {"metric": evaluation.metric(data, train)}
        for arm, bundle in bundles.items():
            outputs, decision = bundle.outputs(data.inputs("test")), bundle.about.decision
            value = evaluation.value(data, outputs, decision, train, every)
            figures[arm] = {"megabytes": (bundle.path / MODEL).stat().st_size / 1e6, "value": value}
        figures["layers"] = _quantized(bundles["int8"].path / MODEL)
        for batch in BATCHES:
            times = interleaved(bundles, np.array(data.inputs("test")[:batch]), 10 if quick else 400)
            for arm, microseconds in times.items():
                figures[arm][f"microseconds of {batch}"] = microseconds
        return figures


@contextlib.contextmanager
def _standing_in(folder: Path) -> Iterator[None]:
    """Stand in a folder, where the bundles go, and say nothing."""
    with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def _exported(name: str, quick: bool) -> tuple[PreparedData, Any]:
    """Prepare, train and export in the current folder; return the data and the section `train`."""
    here = Path.cwd()
    section = PAIRS[name](_made(here / "source"), 0)
    section["train"] |= {"threads": 1, "accelerator": "cpu", **({"least_steps": 60} if quick else {})}
    if section["kind"] == "image":
        section["prepare"] |= {"size": _SIDE}
        section["train"] |= {} if section["task"] == "anomaly" else {"width": _WIDTH}
        if quick and section["task"] == "regression":  # its loss explodes where so few steps are left to warm up
            section["train"] |= {"learning_rate": _CAREFUL}
    Path("params.yaml").write_text(yaml.safe_dump({"workloads": {NAME: section}}))
    workload = catalogue.workload(NAME)
    write_raw(NAME, workload, here / "records.parquet")
    out = _made(artifacts(NAME, "prepared"))
    prepare = catalogue.preparation(workload.kind).prepare
    prepare(here / "records.parquet", out, workload.prepare, here / "schema.yaml", workload.task)
    data = open_prepared(out)
    train = workload.train.fitted(data.counts["train"])
    weights = train_models(catalogue.learner(data.kind, data.task), data, train).weights
    save_file(weights, _made(artifacts(NAME, "weights")) / WEIGHTS)
    export(NAME)
    return data, train


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _quantized(model: Path) -> int:
    """Return how many layers of a graph compute in int8."""
    nodes = onnx.load(model).graph.node
    made = {output for node in nodes if node.op_type == "DequantizeLinear" for output in node.output}
    return sum(node.op_type in ("Conv", "Gemm", "MatMul") and node.input[1] in made for node in nodes)


def report(figures: dict[str, Any]) -> None:
    """Print a row for each pair."""
    print(figures["machine"], "\n")
    heads = ["pair", "layers in int8", "MB, float32", "int8", "metric", "float32", "int8"]
    heads += [f"{arm}, µs of {batch}" for batch in BATCHES for arm in ARMS]
    print("| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|")
    for name, pair in figures["pairs"].items():
        sizes, values = ([f"{pair[arm][of]:.3g}" for arm in ("float32", "int8")] for of in ("megabytes", "value"))
        times = [f"{pair[arm][f'microseconds of {batch}']:,.0f}" for batch in BATCHES for arm in ARMS]
        print("| " + " | ".join([name, str(pair["layers"]), *sizes, pair["metric"], *values, *times]) + " |")


if __name__ == "__main__":
    main()
