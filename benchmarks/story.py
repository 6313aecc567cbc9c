"""The whole story, unattended: a model at work, something new begins, and the loop learns it; what that comes to.

    python -m benchmarks.story [--quick] [--workload garments] [--json FILE] [--folder FOLDER]

The project's own flows, in a copy of the committed project, decide by their own rules what `make demo` shows: each
night `flows.watch`, `flows.label` where it says look or harm (somebody answers on its page), `flows.retrain`,
`flows.shadow`. Meanwhile callers ask a real Bento, which follows the champion. Days pass as fast as they are played
(`JOURNEYMAN_CLOCK`). `fraud`: simulated payments, then sprees of stolen cards; `garments`: pictures, then in the dark.
At the end two sources tell wrong labels.

Costs: of a fraud that is missed its amount, of a false alarm 5; of a picture that is answered wrongly 1. Regret is the
cost above that of an oracle, which trains every night for nothing, on all labels of that night, without a gate, and is
at work the next morning. Beside the loop: never training again, and a schedule that trains three times as often as the
loop did, at equal distances, without a gate either; and the same with versions that are tried for as many nights as
those of the loop were, the shortest of these trials and their mean. A schedule does not know when something begins, so
its cost is the mean over all nights that it could begin with. They answer the requests that were logged: `never` by
the first version's bundle, the others by models that are trained as the stages train them.

The flows of a night are at work while callers ask about the first eighth of the next day. So the loop is there twice:
as it was answered, and by the versions' bundles as if each night had ended before its morning, as all others' do.
"""

import logging
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks import harness
from benchmarks.alternatives import Model, costs, logged, of_bundle, standing_in, trained
from benchmarks.fraud import silence
from components.config.settings import LOGS
from components.prediction_log.reader import Log
from demo.garments import garments
from demo.payments import PARAMS, Payments
from demo.pictures import Pictures
from demo.play import poisoned
from demo.project import commit, copied
from demo.story import Story, begun
from demo.work import Work

OFTEN = 3
"""How many times as often as the loop the schedule trains."""
LOOP = "the loop"
NEXT_MORNING = "the loop, from the next morning on"
_BUNDLE = (
    "python",
    "-c",
    "import sys; from components.registry.version import get_version as get; print(get(*sys.argv[1:]).bundle())",
)
"""Prints where the bundle of a version is."""
_NIGHT = 1.05  # days from a day's beginning to the night behind it, when its labels have been told
_EASY = "gate: {baseline: false, calibration: {error: 1.0, brier: 2.0}, "  # little data have little to show
_PATIENCE = 30.0  # seconds of a day at least while the loop is at work
_FIRST = "1"
Change = tuple[int, str, str]
"""Night, what happened, and the version that is at work from then on."""


def main() -> None:
    """Play, compute, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="few days of little work")
    parser.add_argument("--workload", choices=["fraud", "garments"], default="fraud")
    parser.add_argument("--folder", type=Path, help="where the copy of the project is made")
    options = parser.parse_args()
    silence()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        figures = measure(options.workload, Path(folder), options.quick)
    harness.finish({"workload": options.workload, **figures}, report, options.json)


def work_of(workload: str, quick: bool) -> Work:
    """Return what is asked."""
    if workload == "fraud":
        few = Payments(1, 3, history=24, customers=400, stolen=6, params=PARAMS.replace("gate: {", _EASY))
        return few if quick else Payments(1, 16)
    history, a_day, days = (4_000, 200, 6) if quick else (20_000, 800, 16)
    pictures, labels = garments(history + a_day * days)
    return Pictures(2 if quick else 5, days, pictures, labels, history, a_day)


def measure(workload: str, folder: Path, quick: bool) -> dict[str, Any]:
    """Return the figures of one story."""
    work = work_of(workload, quick)
    project = copied(harness.ROOT, folder / "project", work.params)
    work.begin(project.path)
    commit(project)
    with begun(work, project, _say, _PATIENCE) as story:
        for day in range(work.days):
            story.day(work.day(day))
            _say(f"day {day}: {story.told.costs[-1]:,.0f}")
        told, traffic = story.told, story.traffic
        found = {
            "begins": work.begins,
            "requests": traffic.requests,
            "requests_while_the_loop_worked": traffic.beside,
            "dropped": len(traffic.dropped),
            "verdicts": list(told.verdicts),
            "asked": told.asked,
            "trainings": list(told.trainings),
            "changes": list(told.changes),
            "poisoned": poisoned(story, _say),
        }
    work_of_loop = morning_after(story, found["changes"])
    beside, phases = others(story, folder, found["trainings"], found["changes"])
    found["costs"] = {LOOP: list(told.costs), NEXT_MORNING: work_of_loop, **beside}
    oracle = sum(beside["oracle"])
    by_phase = {name: [sum(days) - oracle for days in each] for name, each in phases.items()}
    return found | {"regret": regret(found["costs"]), "regret_by_phase": by_phase}


def morning_after(story: Story, changes: Sequence[Change]) -> list[float]:
    """Return by day what its requests would have cost, had each night of the loop ended before the morning."""
    work, log = story.work, Path(story.project.variables[LOGS]) / story.work.workload
    at_work = versions_at_work(changes, work.days)
    models = {_FIRST: of_bundle(story.first)}
    for version in sorted({*at_work} - {_FIRST}):
        said = story.project.run(*_BUNDLE, work.workload, version).splitlines()[-1]
        models[version] = of_bundle(story.project.path / said)
    return costs(story, logged(story, Log.open(log)), [models[version] for version in at_work])


def versions_at_work(changes: Sequence[Change], days: int) -> list[str]:
    """Return by day the version that the night before it has left at work."""
    return [next((to for night, _, to in reversed(changes) if night < day), _FIRST) for day in range(days)]


def others(
    story: Story, folder: Path, trainings: Sequence[int], changes: Sequence[Change]
) -> tuple[dict[str, list[float]], dict[str, list[list[float]]]]:
    """Return by day what its requests would have cost otherwise; and those of the schedules by their first night."""
    work, log = story.work, Path(story.project.variables[LOGS]) / story.work.workload
    inputs = logged(story, Log.open(log))
    first = of_bundle(story.first)
    beside = copied(harness.ROOT, folder / "beside", work.params)
    work.begin(beside.path)
    nights = []
    with standing_in(beside.path):
        (Path("artifacts") / work.workload).mkdir(parents=True)
        for day in range(work.days - 1):
            as_of = story.clock.first + timedelta(days=day + _NIGHT)
            nights.append(trained(work.workload, log, as_of) if day else first)
            _say(f"a model of night {day}")
    every = max(1, round(work.days / (OFTEN * max(len(trainings), 1))))
    waits = nights_of_trial(trainings, changes)
    tried = {min(waits), round(statistics.mean(waits))} if waits else set[int]()
    names = {
        f"every {every} days": 0,
        **{f"every {every} days, tried for {wait} nights": wait for wait in sorted(tried)},
    }
    phases = {
        name: [
            costs(story, inputs, [scheduled(nights, day - 1 - wait, every, phase, first) for day in range(work.days)])
            for phase in range(every)
        ]
        for name, wait in names.items()
    }
    means = {name: [statistics.mean(day) for day in zip(*each, strict=True)] for name, each in phases.items()}
    never = costs(story, inputs, [first] * work.days)
    return {"never": never, **means, "oracle": costs(story, inputs, [first, *nights])}, phases


def nights_of_trial(trainings: Sequence[int], changes: Sequence[Change]) -> list[int]:
    """Return for how many nights each of the loop's versions was tried, of those that came to work.

    Each training has made a version, the first one the one behind the version that was there.
    """
    return [night - trainings[int(to) - 2] for night, what, to in changes if what == "promoted"]


def scheduled(nights: Sequence[Model], night: int, every: int, phase: int, first: Model) -> Model:
    """Return the model that a schedule has at work behind a night, whose trainings begin with the night `phase`."""
    return first if night < phase else nights[(night - phase) // every * every + phase]


def regret(of: Mapping[str, list[float]]) -> dict[str, float]:
    """Return what each costs above the oracle."""
    return {name: sum(days) - sum(of["oracle"]) for name, days in of.items()}


def report(figures: Mapping[str, Any]) -> None:
    """Print the table."""
    begins, days = figures["begins"], len(figures["verdicts"]) + 1
    print(f"{figures['machine']}; {figures['workload']}, {days} days, something new from day {begins} on\n")
    print("| | trainings | cost a day before | cost a day after | regret |\n|---|---|---|---|---|")
    for name, spent in figures["costs"].items():
        before, after = statistics.mean(spent[:begins]), statistics.mean(spent[begins:])
        print(f"| {name} | {_trainings(name, figures)} | {before:,.0f} | {after:,.0f} | ", end="")
        print(f"{figures['regret'][name]:,.0f}{_between(figures, name)} |")
    print(f"\n{figures['requests']:,} requests, {figures['dropped']} dropped; ", end="")
    print(f"{figures['requests_while_the_loop_worked']:,} while the loop was at work")
    print(f"labels that somebody was asked for and gave: {figures['asked']}")
    print(f"trained in the nights {figures['trainings']}; {figures['changes']}")
    for said in figures["poisoned"]:
        print(f"- {said}")


def _between(figures: Mapping[str, Any], name: str) -> str:
    found = figures["regret_by_phase"].get(name)
    return f" ({min(found):,.0f} to {max(found):,.0f})" if found else ""


def _trainings(name: str, figures: Mapping[str, Any]) -> str:
    days = len(figures["verdicts"]) + 1
    if name in (LOOP, NEXT_MORNING):
        return str(len(figures["trainings"]))
    if name.startswith("every"):
        return f"{(days - 1) / int(name.split()[1]):.2g}"
    return {"never": "0", "oracle": str(days - 1)}[name]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    logging.getLogger("components").setLevel(logging.ERROR)
    main()
