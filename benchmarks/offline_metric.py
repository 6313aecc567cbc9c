"""Whether the metric that the gate decides by says what a version is worth at work, in money.

    python -m benchmarks.offline_metric [--seeds N] [--quick] [--json FILE] [--folder FOLDER]

Simulated payments. Versions of different quality are trained as the stages do it: networks and trees that learned from
more days or fewer, from all labels or a part of them, for many epochs or one, with all that is remembered of cards and
terminals or without. Each is measured on the test split, as the gate measures it, and then answers the payments of the
weeks behind it, whose labels nobody has seen: of a missed fraud its amount is lost, and 20 by a false alarm, at the
threshold that the version brings along. So the offline metric knows neither these payments nor, where it is average
precision, any price or threshold.

Printed is the rank correlation (Spearman) of each offline metric with the money that is saved, by simulation, with the
mean and its 95 % interval over them (Student's); beside it that of average precision with scores that were dealt out
anew among the payments, which knows nothing (the mean of twenty deals). Then of how many pairs of versions the gate
would say that one is better, at its 95 %, and how often that one costs less at work. `--quick` takes two small
simulations and nine versions.
"""

import contextlib
import io
import itertools
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import stats

from benchmarks import harness
from benchmarks.fraud import interval, silence, simulated
from components import catalogue
from components.kinds.prepared import PreparedData, open_prepared
from components.kinds.table import params
from components.kinds.table.prepare import prepare
from components.kinds.table.source.simulator import Simulation
from components.registry.gate.statistics import bootstrap
from components.tasks.detection.objective.cost import COST, cost_per_1000
from components.training.models import train_models
from components.training.restore import restored
from components.training.temperature import temperature_and_decision

DAYS = 7, 7, 14
"""Of validation, of the test split, and of work behind it."""
TRAIN = 14
"""Days of training, where a version does not say otherwise."""
FALSE_ALARM = 20.0
"""As in the story (`demo/payments.py`)."""
PAIRED = "pairs"
OFFLINE = {
    "average_precision": "average precision, by which the gate decides",
    COST: "cost of 1,000 payments (`train.metric: cost_per_1000`)",
    "accuracy": "accuracy",
    "dealt out anew": "control: average precision of scores that were dealt out anew",
}
_LOWER = (COST,)
_RESAMPLES = 200  # of the gate's bootstrap, which takes 2,000: more is not needed to count pairs
_LEVEL = 0.05
_DEALS = 20  # of the control
_BATCH = 4_096

_CARD = {"customer_id": params.Entity(days=[1, 7], measures=["count", "mean"])}
_TERMINAL = {"terminal_id": params.Entity(days=[1, 7], measures=["count", "risk"], delayed=True)}
_COUNTED = {"terminal_id": params.Entity(days=[1, 7], measures=["count"])}

Floats = NDArray[np.float32]
Found = dict[str, Any]


@dataclass(frozen=True)
class Variant:
    """How a version is made, where it is otherwise than the best that is known."""

    model: str = "network"
    epochs: int = 20
    entities: Mapping[str, params.Entity] | None = None
    """What is remembered; None: of cards and of terminals."""
    days: float = TRAIN
    labelled: float = 1.0


VARIANTS = {
    "network": Variant(),
    "network, 4 epochs": Variant(epochs=4),
    "network, 1 epoch": Variant(epochs=1),
    "network, 3 days": Variant(days=3),
    "network, 1 % of the labels": Variant(labelled=0.01),
    "network, 10 % of the labels": Variant(labelled=0.1),
    "network, without terminals": Variant(entities=_CARD),
    "network, without risk": Variant(entities={**_CARD, **_COUNTED}),
    "network, amount and time alone": Variant(entities={}),
    "trees": Variant("trees"),
    "trees, 3 days": Variant("trees", days=3),
    "trees, 10 % of the labels": Variant("trees", labelled=0.1),
    "trees, without cards": Variant("trees", entities=_TERMINAL),
    "trees, without terminals": Variant("trees", entities=_CARD),
    "trees, amount and time alone": Variant("trees", entities={}),
}
_QUICK = [name for name, made in VARIANTS.items() if made.model == "trees" or made.epochs == 4 or made.entities == {}]


def main() -> None:
    """Measure, print the tables, and write them where the user wants them."""
    parser = harness.parser(__doc__, quick="two small simulations, nine versions")
    parser.add_argument("--seeds", type=int, default=5, help="simulations; default: %(default)s")
    parser.add_argument("--folder", type=Path, help="where the temporary files go")
    options = parser.parse_args()
    silence()
    torch.set_num_threads(1)
    names = [*_QUICK, "network"] if options.quick else [*VARIANTS]
    worlds = []
    for seed in range(2 if options.quick else options.seeds):
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            worlds.append(measure(Path(folder), seed, names, 400 if options.quick else 1_000))
    figures = {"worlds": worlds, "correlations": correlations(worlds), PAIRED: [world.pop(PAIRED) for world in worlds]}
    harness.finish(figures, report, options.json)


def measure(folder: Path, seed: int, names: Sequence[str], customers: int) -> Found:
    """Return of each version of one simulation what it reaches offline and saves at work, and the gate's pairs."""
    raw = simulated(folder, _simulation(seed, customers))
    found: dict[str, Found] = {}
    scores: dict[str, tuple[PreparedData, Floats]] = {}
    for place, name in enumerate(names):
        data = prepared(folder / str(place), raw, VARIANTS[name])
        found[name], outputs = version(data, VARIANTS[name], seed, place)
        scores[name] = data, outputs
        print(f"simulation {seed}: {name}: {_said(found[name])}", file=sys.stderr, flush=True)
    return {"seed": seed, "versions": found, PAIRED: pairs(found, scores, seed)}


def prepared(folder: Path, raw: Path, made: Variant) -> PreparedData:
    """Return the simulation as the stage `prepare` makes it for a version; its test split has the days of work, too."""
    validation, test, work = DAYS
    section = params.Prepare(
        columns=params.Columns(label="fraud", time="time", id="transaction_id", amount="amount"),
        entities=dict({**_CARD, **_TERMINAL} if made.entities is None else made.entities),
        delay=1.0,
        split=params.Split(train=made.days, validation=float(validation), test=float(test + work)),
        labelled=made.labelled,
    )
    (folder / "prepared").mkdir(parents=True)
    with contextlib.redirect_stderr(io.StringIO()):
        prepare(raw, folder / "prepared", section, folder / "schema.yaml")
    return open_prepared(folder / "prepared")


def version(data: PreparedData, made: Variant, seed: int, place: int) -> tuple[Found, Floats]:
    """Return what a version reaches, and its outputs `[N, 2]` for the test split and the days of work behind it."""
    config = params.Train(epochs=made.epochs, model=made.model, false_alarm=FALSE_ALARM, seed=seed, threads=1)  # type: ignore[arg-type]
    learner, evaluation = catalogue.learner(data.kind, data.task), catalogue.evaluation(data.kind, data.task)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        module = restored(learner, data, config, train_models(learner, data, config).weights)
    temperature, decision = temperature_and_decision(learner, module, data, config)
    serving, inputs = learner.serving(module, temperature), np.asarray(data.inputs("test"))
    with torch.inference_mode():
        parts = [serving(torch.from_numpy(inputs[at : at + _BATCH]))[0] for at in range(0, len(inputs), _BATCH)]
    outputs = torch.cat(parts).numpy()
    offline, work = offline_and_work(data)
    measures = evaluation.measures(data, outputs, decision, config, offline)
    random, dealt = np.random.default_rng([seed, place]), list[float]()
    for _ in range(_DEALS):
        anew = outputs.copy()
        anew[offline] = random.permutation(outputs[offline])
        dealt.append(evaluation.value(data, anew, decision, config, offline))
    flagged = catalogue.codec(data.kind, data.task).decide(outputs, decision) == 1
    labels, amounts = np.asarray(data.labels("test")), misses(data)
    nothing = cost_per_1000(labels[work] == 1, np.zeros(len(work), bool), amounts[work], FALSE_ALARM)
    lost = cost_per_1000(labels[work] == 1, flagged[work], amounts[work], FALSE_ALARM)
    reached = {
        "average_precision": measures["average_precision"],
        COST: measures[COST],
        "accuracy": float((flagged == labels)[offline].mean()),
        "dealt out anew": dealt,
    }
    return {"offline": reached, "lost": lost, "saved": nothing - lost, "of": nothing}, outputs


def offline_and_work(data: PreparedData) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which of the test examples are of the test split's own days, and which of the days of work behind."""
    times = np.asarray(data.array("test", "times"))
    _, test, work = DAYS
    behind = times[-1] - (times[-1] - times[0]) * (work / (test + work))
    return np.flatnonzero(times < behind), np.flatnonzero(times >= behind)


def misses(data: PreparedData) -> NDArray[np.float64]:
    """Return what each test example costs where it is positive and not flagged."""
    return np.abs(np.asarray(data.array("test", "amounts"), dtype=np.float64))


def pairs(found: Mapping[str, Found], scores: Mapping[str, tuple[PreparedData, Floats]], seed: int) -> list[Found]:
    """Return the pairs of versions of which the gate says that the first is better, and what both lose at work."""
    told = []
    for better, worse in itertools.permutations(found, 2):
        ours, theirs = (found[name]["offline"]["average_precision"] for name in (better, worse))
        if ours <= theirs:
            continue
        merits = [_merit(*scores[name]) for name in (better, worse)]
        data = scores[better][0]
        difference = bootstrap(*merits, offline_and_work(data)[0], _RESAMPLES, seed)
        if difference.above(0.0) <= _LEVEL:
            lost = [found[name]["lost"] for name in (better, worse)]
            told.append({"better": better, "worse": worse, "lost": lost, "cheaper": lost[0] < lost[1]})
    return told


def _merit(data: PreparedData, outputs: Floats) -> Any:
    evaluation, config = catalogue.evaluation(data.kind, data.task), params.Train()
    return lambda indices: evaluation.value(data, outputs, {"threshold": 0.5}, config, indices)


def correlations(worlds: Sequence[Found]) -> dict[str, list[float]]:
    """Return by offline metric its rank correlation with what is saved at work, one for each simulation."""
    return {metric: [_correlation(metric, [*world["versions"].values()]) for world in worlds] for metric in OFFLINE}


def _correlation(metric: str, versions: Sequence[Found]) -> float:
    """Return the rank correlation, the mean of several where the metric was drawn several times."""
    offline = np.array([each["offline"][metric] for each in versions]).reshape(len(versions), -1)
    saved, sign = [each["saved"] for each in versions], -1.0 if metric in _LOWER else 1.0
    return statistics.fmean(float(stats.spearmanr(sign * column, saved).statistic) for column in offline.T)


def _simulation(seed: int, customers: int) -> Simulation:
    return Simulation(
        customers=customers,
        terminals=2 * customers,
        days=8 + TRAIN + sum(DAYS) + 1,  # a week before, which windows look back to, and the delay
        start=date(2018, 4, 1),
        side=100.0 * (customers / 5_000) ** 0.5,
        compromised_terminals=1,
        compromised_customers=2,
        seed=seed,
    )


def report(figures: Mapping[str, Any]) -> None:
    """Print the tables."""
    worlds = figures["worlds"]
    print(f"{figures['machine']}; {len(worlds)} simulations, {len(worlds[0]['versions'])} versions of each\n")
    print("| version | average precision on the test split | saved at work, of what flagging nothing loses |")
    print("|---|---|---|")
    for name in worlds[0]["versions"]:
        each = [world["versions"][name] for world in worlds]
        precision = statistics.fmean(one["offline"]["average_precision"] for one in each)
        print(f"| {name} | {precision:.3f} | {statistics.fmean(one['saved'] / one['of'] for one in each):.1%} |")
    print("\n| offline metric | rank correlation with what is saved at work | of one simulation |\n|---|---|---|")
    for metric, said in OFFLINE.items():
        found = figures["correlations"][metric]
        print(f"| {said} | {interval(found, '.2f')} | {min(found):.2f} to {max(found):.2f} |")
    told = [pair for world in figures[PAIRED] for pair in world]
    of = len(worlds) * len(worlds[0]["versions"]) * (len(worlds[0]["versions"]) - 1) // 2
    right = sum(pair["cheaper"] for pair in told)
    print(f"\nOf {of:,} pairs the gate tells {len(told):,} apart; in {right:,} of them ", end="")
    print(f"({right / max(len(told), 1):.1%}) the one that it finds better costs less at work.")


def _said(found: Found) -> str:
    return f"average precision {found['offline']['average_precision']:.3f}, {found['lost']:,.0f} lost"


if __name__ == "__main__":
    main()
