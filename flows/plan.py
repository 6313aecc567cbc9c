"""What both phases will cost, on which hardware, and when it pays. `python -m flows.plan [WORKLOAD] --requests 50/s`.

state/plan/<workload>/index.html     the page
state/plan/<workload>/plan.md        the same as Markdown
state/plan/<workload>/plan.json      for programs
state/plan/<workload>/measured/      endpoints that were measured, which is kept for a month
state/plan/<workload>/curve/         trainings of the learning curve
state/plan/<workload>/staleness/     trainings on older data
"""

import argparse
import json
from dataclasses import asdict
from datetime import date
from pathlib import Path

from components import catalogue
from components.config.errors import ConfigError
from components.config.prices import read_prices
from components.config.settings import STATE, artifacts, ledger_folder
from components.kinds.baseline import PREFIX
from components.kinds.prepared import PreparedData, open_prepared
from components.ledger.power import power
from components.plan.contents import Plan
from components.plan.demand import Demand, demand
from components.plan.hosts import read_hosts
from components.plan.learning_curve import learning_curve
from components.plan.page import asked, markdown, page
from components.plan.page.sections import headline
from components.plan.past import past
from components.plan.planned import Given, planned
from components.plan.staleness import staleness
from components.system.files import read_json, write_content
from components.training.served import bundle_path, read_served
from flows import console
from flows.plan_models import made_versions, number_of, plan_models
from flows.servers import ask_registry
from flows.tables import table

DEFAULT = "garments"


def plan(
    workload: str,
    asked_for: Demand,
    hardware: Path | None = None,
    versions: tuple[str, ...] = (),
    again: bool = False,
    curve: bool = False,
    aging: bool = False,
) -> str:
    """Measure what is not known yet, write the plan, and say what is first in it.

    Args:
        workload: whose; it has been trained.
        asked_for: the load, and how often it is trained.
        hardware: a `hosts.yaml` with this machine in it; None: this machine alone.
        versions: registered ones that are planned beside what serves.
        again: measure endpoints anew.
        curve: train on parts of the data.
        aging: train on older parts of the data.

    Raises:
        ConfigError: a wrong option, or nothing that could be planned.
        EndpointError: an endpoint does not start.
    """
    section = catalogue.workload(workload)
    prices, hosts = read_prices(), read_hosts(hardware) if hardware else []
    if not bundle_path(workload, "float32").is_dir() or not artifacts(workload, "prepared").is_dir():
        raise ConfigError(f"{workload}: nothing is trained that could be planned; python -m flows.train {workload}")
    ask_registry()
    data = open_prepared(artifacts(workload, "prepared"))
    section = catalogue.decided(section, data)
    metric, assumed = _metric(workload, data), power(ledger_folder(workload).parent)
    served = read_served(workload).precision
    known = past(workload, ledger_folder(workload), number_of(bundle_path(workload, served)), assumed, prices)
    folder = STATE / "plan" / workload
    points = learning_curve(workload, section, data, folder / "curve")[1] if curve else []
    aged = staleness(workload, section, data, folder / "staleness") if aging else []
    models = plan_models(workload, section, data, known, metric, versions, folder / "measured", again)
    given = Given(
        workload=workload,
        objective=f"the best {metric}",
        metric=metric,
        demand=asked_for,
        models=models,
        past=known,
        power=assumed,
        prices=prices,
        made=made_versions(workload),
        points=points,
        aged=aged,
        lower_is_better=catalogue.evaluation(data.kind, data.task).lower_is_better(metric),
        by_chance=data.drawn,
        baseline=read_json(artifacts(workload, "report") / "metrics.json").get(f"{PREFIX}{metric}"),
        hosts=hosts,
        hosts_file=hardware,
    )
    return _written(planned(given, date.today()), folder)


def _metric(workload: str, data: PreparedData) -> str:
    evaluation = catalogue.evaluation(data.kind, data.task)
    return evaluation.metric(data, catalogue.workload(workload).train)


def _written(made: Plan, folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    write_content(folder / "index.html", page(made))
    write_content(folder / "plan.md", markdown(made))
    write_content(folder / "plan.json", as_json(made))
    rows = [list(each) for each in headline(made)]
    told = [f"! {warning}" for warning in made.warnings]
    where = f"the page: {folder / 'index.html'}; the same: {folder / 'plan.md'}, {folder / 'plan.json'}"
    return "\n".join([table(f"{made.workload}: the plan", ["", "", ""], rows).rstrip(), asked(made), *told, where])


def as_json(made: Plan) -> str:
    """Return the plan for a program: each number with its unit, its interval and how it is known."""
    told = {
        "workload": made.workload,
        "day": made.day.isoformat(),
        "demand": asdict(made.demand),
        "machine": made.machine,
        "served": [
            {
                "model": each.model.name,
                "metric": each.model.metric,
                "fleet": asdict(each.fleet) if each.fleet else None,
                "service": [asdict(figure) for figure in each.service],
                "figures": [asdict(figure) for figure in each.figures],
            }
            for each in made.served
        ],
        **{
            name: [asdict(figure) for figure in getattr(made, name)]
            for name in ("training", "hosts", "beyond", "value", "even")
        },
        "made": [asdict(each) for each in made.made],
        "training_share": [[day.isoformat(), share] for day, share in made.shares],
        "assumptions": dict(made.assumptions),
        "warnings": list(made.warnings),
    }
    return json.dumps(told, indent=2) + "\n"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m flows.plan", description=__doc__.partition(".")[0])
    parser.add_argument("workload", nargs="?", default=DEFAULT, help=f"whose ({DEFAULT})")
    parser.add_argument("--requests", default="50/s", help="on average: 50/s, 3000/min, 1e6/day (50/s)")
    parser.add_argument("--peak", type=float, default=4.0, help="times the average that the busiest time has (4)")
    parser.add_argument("--p99", default="20ms", help="what 99 of 100 answers stay within (20ms)")
    parser.add_argument("--retrain", default="weekly", help="hourly, daily, weekly, monthly, never, 10/month (weekly)")
    parser.add_argument("--hardware", type=Path, metavar="FILE", help="a hosts.yaml, by flows.measure")
    parser.add_argument("--versions", default="", help="registered ones to plan beside what serves, as 3,5")
    parser.add_argument("--again", action="store_true", help="measure the endpoints anew")
    parser.add_argument("--learn-curve", action="store_true", help="train on parts of the data: what labels are worth")
    parser.add_argument("--staleness", action="store_true", help="train on older data: what training often is worth")
    return parser.parse_args()


if __name__ == "__main__":
    said = _arguments()
    chosen = tuple(filter(None, said.versions.replace(" ", "").split(",")))
    console.show(
        lambda: plan(
            said.workload,
            demand(said.requests, said.peak, said.p99, said.retrain),
            said.hardware,
            chosen,
            said.again,
            said.learn_curve,
            said.staleness,
        )
    )
