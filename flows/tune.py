"""Better parameters of a training, searched for within a budget of time. `python -m flows.tune WORKLOAD --budget 2h`.

state/tune/<workload>/best.yaml    the best, as a section of `params.yaml`
state/tune/<workload>/front.svg    what every trial has reached, by milliseconds of an answer and seconds of training
"""

import argparse
import re
from functools import partial

from optuna.trial import FrozenTrial

from components import catalogue
from components.config.errors import ConfigError
from components.kinds.space import Value
from components.tracking.reach import ask_tracking
from components.tuning.apply import apply, write_parameters
from components.tuning.front import draw_front
from components.tuning.goals import goals_of
from components.tuning.search import Found, search
from components.tuning.study import FOLDER, rounded
from components.versioning import stages
from flows import console
from flows.tables import table

DEFAULT = "garments"
STAGES = ("resolve", "ingest", "prepare", "backbone")
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_SHOWN = 5  # trials of a front


def tune(workload: str, budget: float, goals: str = "metric", most: int | None = None, seed: int = 0) -> Found:
    """Prepare the data, search, and write what was found; `params.yaml` stays as it is.

    Args:
        workload: its name.
        budget: seconds that all trials may take together, those of earlier runs of the same search among them.
        goals: as `metric,latency`.
        most: trials; None: as many as the budget has room for.
        seed: of what is drawn.

    Raises:
        ConfigError: there is no such workload or goal, or nothing to vary.
        StageError: the data cannot be prepared.
        Interrupted: it was asked to stop, and can go on.
    """
    chosen = goals_of(goals)
    catalogue.workload(workload)
    for _ in stages.reproduce(STAGES, workload):
        pass
    found = search(workload, chosen, budget, most, seed, console.print_report)
    if found.best:
        write_parameters(FOLDER / workload / "best.yaml", workload, best_values(found))
        draw_front(FOLDER / workload / "front.svg", found)
    return found


def best_values(found: Found) -> dict[str, Value]:
    """Return the parameters of the best trial that are others than the section has; none: it has the best.

    With them goes what the section leaves to the data: both belong together.
    """
    others = {name: value for name, value in rounded(found.best[0].params).items() if value != found.as_it_is[name]}
    return {**found.decided, **others} if others else {}


def told(found: Found, applied: bool) -> str:
    """Return what the search has come to, for the console."""
    spent = f"{len(found.ended)} trials in {_duration(found.seconds)}" + (f"; {found.cut}" if found.cut else "")
    if not found.best:
        return f"{found.workload}: {spent}; none came to its end yet, give it a larger --budget"
    first = next((trial for trial in found.ended if trial.number == 0 and "reached.metric" in trial.user_attrs), None)
    shown = [*found.best[:_SHOWN], *([first] if first and first not in found.best else [])]
    columns = ["trial", found.metric, "ms of an answer", "CPU s", "parameters"]
    rows = [_row(trial) for trial in shown]
    name = found.workload
    done = f"params.yaml has them now; `make run WORKLOAD={name}` trains and judges with them"
    to_do = f"`python -m flows.tune {name} --apply` writes them into params.yaml"
    better = (done if applied else to_do) if best_values(found) else "The section as it is was the best."
    return "\n".join(
        [
            table(f"{name}: {spent}", columns, rows).rstrip(),
            f"Measured on the validation split, by which the best was chosen: expect less on new data. {better}",
            f"{FOLDER / name}/best.yaml, {FOLDER / name}/front.svg; every trial is a run of {name}.tune in MLflow",
        ]
    )


def seconds(said: str) -> float:
    """Return the seconds of `90s`, `30m`, `2h` or `1d`.

    Raises:
        ConfigError: it is none of them, or nothing.
    """
    if not (found := re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", said.strip())) or float(found[1]) == 0:
        raise ConfigError(f"--budget {said}: expected a time above 0, as 30m, 2h or 1d")
    return float(found[1]) * _UNITS[found[2]]


def _row(trial: FrozenTrial) -> list[str]:
    drawn = ", ".join(f"{name} {value}" for name, value in rounded(trial.params).items())
    reached = {name: float(trial.user_attrs[f"reached.{name}"]) for name in ("metric", "latency", "cost")}
    name = f"{trial.number}, as it is" if trial.number == 0 else str(trial.number)
    return [name, f"{reached['metric']:.4f}", f"{reached['latency']:.2f}", f"{reached['cost']:.0f}", drawn]


def _duration(taken: float) -> str:
    return f"{taken:.0f} s" if taken < 120 else f"{taken / 60:.0f} min"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m flows.tune", description=__doc__.partition(".")[0])
    parser.add_argument("workload", nargs="?", default=DEFAULT, help=f"whose training (default: {DEFAULT})")
    parser.add_argument("--budget", help="that all trials of this search may take together: 30m, 2h")
    parser.add_argument("--trials", type=int, help="at most so many come to an end, earlier runs' among them")
    parser.add_argument("--for", dest="goals", default="metric", help="metric (the default), latency, cost, or several")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn")
    parser.add_argument("--apply", action="store_true", help="write the best into params.yaml")
    return parser.parse_args()


def _run(said: argparse.Namespace) -> str:
    if said.trials is not None and said.trials < 1:
        raise ConfigError(f"--trials {said.trials}: at least one")
    if said.budget is None and not said.apply:
        raise ConfigError("--budget: say how long it may take, as --budget 2h")
    ask_tracking()
    found = tune(said.workload, seconds(said.budget) if said.budget else 0.0, said.goals, said.trials, said.seed)
    values = best_values(found) if found.best else {}
    if said.apply and values:
        apply(said.workload, values)
    return told(found, said.apply)


if __name__ == "__main__":
    console.show(partial(_run, _arguments()))
