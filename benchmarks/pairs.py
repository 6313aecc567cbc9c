"""What every pair of kind and task reaches on small real data, beside its baseline and beside plain scikit-learn.

    python -m benchmarks.pairs [--only WORDS] [--first-seed N] [--quick] [--json FILE]

The data is scikit-learn's: tables of wines, digits, tumours and patients, and the digits as pictures. It goes through
the project's own stages from the source on; each of five seeds draws splits, weights and orders of its own. A plain
model learns from the same training split, of the same features or pixels, and is judged on the same test split. Of
each there is the metric that decides the task (of anomalies by labels that no model saw), its mean over the seeds and
half of its 95 % interval (Student's). The test splits of two seeds share records, so the intervals are somewhat too
narrow.

Last stands the difference on the same split between `best` (of pictures, what they have) and the one of
the others whose mean is best: above 0 is better. A pair that the project does not know is left out, in one line.
`--quick` takes one seed, and a tenth of the steps. `--only` takes the pairs whose name holds one of the words.
"""

import argparse
import contextlib
import io
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import stats

from benchmarks import harness, plain_models
from benchmarks.fraud import silence
from benchmarks.pairs_data import PAIRS
from components import catalogue
from components.config import params
from components.config.errors import JourneymanError
from components.data.ingest import write_raw
from components.kinds.baseline import PREFIX
from components.kinds.image import params as image
from components.kinds.prepared import PreparedData, open_prepared
from components.kinds.table import params as table
from components.training.altered import altered
from components.training.models import train_models
from components.training.restore import JOINT, NETWORK, TREES, restored
from components.training.temperature import temperature_and_decision

_SEEDS = 5
_SECTIONS = {"image": image.Workload, "table": table.Workload}
_LOWER = ("rmse", "mae", "pinball_loss", "cost_per_1000")  # less is better
_LARGE = 20.0  # values from which on one decimal is enough
_OURS = (NETWORK, TREES, "best")
_OTHERS = ("baseline", "boosting", "linear", "forest", "svm", "isolation")

Found = dict[str, dict[str, list[float]]]
"""By pair and model, the deciding metric of each seed."""


@dataclass(frozen=True)
class Split:
    """One draw of a pair: the prepared data, and the workload that made it."""

    data: PreparedData
    workload: params.Workload

    @property
    def train(self) -> Any:
        """The section `train`, with epochs and batch size that fit the data."""
        return self.workload.train.fitted(self.data.counts["train"])


def main() -> None:
    """Measure each pair, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="one seed, a tenth of the steps")
    parser.add_argument("--only", nargs="*", default=[""], help="words of the pairs' names")
    parser.add_argument("--first-seed", type=int, default=0, help="the others follow; default: %(default)s")
    options = parser.parse_args()
    silence()
    torch.set_num_threads(1)
    began = time.perf_counter()
    found: Found = {}
    metrics: dict[str, str] = {}
    for name in PAIRS:
        if any(word in name for word in options.only):
            _measure(name, options, found, metrics)
    minutes = (time.perf_counter() - began) / 60
    harness.finish({"minutes": minutes, "metrics": metrics, "pairs": found}, report, options.json)


def _measure(name: str, options: argparse.Namespace, found: Found, metrics: dict[str, str]) -> None:
    """Take every seed's figures of a pair into `found`; say in one line where the project does not know it."""
    first = options.first_seed
    for seed in range(first, first + (1 if options.quick else _SEEDS)):
        with tempfile.TemporaryDirectory() as folder:
            try:
                split = prepared(name, Path(folder), seed, options.quick)
            except JourneymanError as error:
                print(f"{name}: left out: {error}", file=sys.stderr, flush=True)
                return
            metrics[name], values = reached(split)
        for model, value in values.items():
            found.setdefault(name, {}).setdefault(model, []).append(value)
    print(row(name, metrics[name], found[name]), file=sys.stderr, flush=True)


def prepared(name: str, folder: Path, seed: int, quick: bool = False) -> Split:
    """Return a pair's data of that seed, ingested and prepared as the stages do it, in `folder`."""
    section = PAIRS[name](folder, seed)
    section["train"] |= {"seed": seed, "threads": 1, "accelerator": "cpu", **({"least_steps": 60} if quick else {})}
    workload: params.Workload = params.parse(_SECTIONS[section["kind"]], section, "")
    raw, out = folder / "records.parquet", folder / "prepared"
    out.mkdir()
    with contextlib.redirect_stderr(io.StringIO()):
        write_raw("pair", workload, raw)
        catalogue.preparation(workload.kind).prepare(raw, out, workload.prepare, folder / "schema.yaml", workload.task)
    return Split(open_prepared(out), workload)


def reached(split: Split) -> tuple[str, dict[str, float]]:
    """Return the metric that decides, and what our models, the baseline and the plain ones reach."""
    data, train = split.data, split.train
    evaluation, every = catalogue.evaluation(data.kind, data.task), np.arange(data.counts["test"])
    metric, found = evaluation.metric(data, train), {}
    for name, (outputs, decision) in _ours(split).items():
        measured = evaluation.measure(data, outputs, decision, train)
        found |= {name: measured[metric]} | ({"baseline": measured[PREFIX + metric]} if name == NETWORK else {})
    for name, make in plain_models.MODELS[data.task].items():
        outputs = plain_models.outputs(data, make, train.seed)
        found[name] = evaluation.value(data, outputs, decision, train, every)
    return metric, found


def _ours(split: Split) -> dict[str, tuple[NDArray[np.float32], dict[str, Any]]]:
    """Return what each of our models answers to the test split, and what is decided by.

    `best` trains the network and the trees: what it leaves out is trained again, what it has chosen is not.
    """
    if not hasattr(split.train, "model"):
        return {NETWORK: _trained(split, split.train)[1]}
    chosen, answered = _trained(split, altered(split.train, model="best"))
    others = {NETWORK, TREES} - {chosen}
    found = {name: _trained(split, altered(split.train, model=name))[1] for name in others}
    return {**found, "best": answered, **({} if chosen == JOINT else {chosen: answered})}


def _trained(split: Split, config: Any) -> tuple[str, tuple[NDArray[np.float32], dict[str, Any]]]:
    """Return which model serves, what it answers to the test split, and what is decided by."""
    learner, data = catalogue.learner(split.data.kind, split.data.task), split.data
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        trained = train_models(learner, data, config)
    module = restored(learner, data, config, trained.weights)
    temperature, decision = temperature_and_decision(learner, module, data, config)
    with torch.inference_mode():
        outputs, _ = learner.serving(module, temperature)(torch.from_numpy(np.array(data.inputs("test"))))
    return trained.model, (outputs.numpy(), decision)


def report(figures: dict[str, Any]) -> None:
    """Print the table again, whole, and the machine."""
    print(f"\n{figures['machine']}; {figures['minutes']:.0f} min\n")
    print(HEAD)
    for name, values in figures["pairs"].items():
        print(row(name, figures["metrics"][name], values))


HEAD = "| pair | decided by | " + " | ".join((*_OURS, *_OTHERS)) + " | best of the others | ours less that |\n"
HEAD += "|---" * (len(_OURS) + len(_OTHERS) + 4) + "|"


def row(name: str, metric: str, values: dict[str, list[float]]) -> str:
    """Return a row of the table."""
    lower = metric in _LOWER
    form = ".3f" if max(max(each) for each in values.values()) < _LARGE else ".1f"
    cells = [_cell(values[model], form) if model in values else "" for model in (*_OURS, *_OTHERS)]
    others = {model: float(np.mean(values[model])) for model in _OTHERS if model in values}
    rival = (min if lower else max)(others, key=lambda model: others[model])
    mine = values.get("best", values[NETWORK])
    sign = -1.0 if lower else 1.0
    apart = [sign * (one - other) for one, other in zip(mine, values[rival], strict=True)]
    return f"| {name} | {metric} | " + " | ".join([*cells, rival, _cell(apart, "+" + form)]) + " |"


def _cell(found: list[float], form: str) -> str:
    """Return the mean of the seeds, and half of its 95 % interval if there are several."""
    mean = f"{float(np.mean(found)):{form}}"
    if len(found) < 2:
        return mean
    half = stats.t.ppf(0.975, len(found) - 1) * np.std(found, ddof=1) / np.sqrt(len(found))
    return f"{mean} ± {half:{form.removeprefix('+')}}"


if __name__ == "__main__":
    main()
