"""How light the endpoint is: its cold start, its memory, its environment, beside BentoML with the model in torch.

    python -m benchmarks.footprint [WORKLOAD] [--quick] [--json FILE] [--rounds N]

The three take turns; each is started on loopback, waited for, asked for a second over eight connections, and ended.

    ready       seconds from the start of the process to the first 200 of /readyz
    answered    ... and to the first answer to a picture
    PSS         megabytes of all its processes, supervisor and one worker, what they share counted once; RSS counts it
                in each of them, USS in none; when they have been asked
    back        seconds from `kill -9` of our worker to the next answer; BentoML alone looks every ten seconds
    unchecked   the same, of a bundle without golden rows: what checking them costs a start; `golden`: CPU milliseconds
                of the check by itself
    packages    megabytes of the packages that the Bento lists, with all that they depend on, as installed here; for the
                peer those and torch. Python itself is not in it

The files were read before: a start after that of the machine takes longer.
"""

import shutil
import statistics
import sys
import tempfile
import time
import warnings
from functools import partial
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

import torch
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from safetensors.torch import load_file

from benchmarks import harness
from benchmarks.arms import Arm, Arms, serve
from benchmarks.heavy import without_golden_rows
from benchmarks.load import Job, load
from benchmarks.peers.answer import BUNDLE
from benchmarks.peers.pytorch import MODULE
from benchmarks.server import free_port, served
from benchmarks.wire import post_form
from components import catalogue
from components.config.settings import artifacts
from components.inference.bundle import Bundle
from components.inference.golden import check_golden
from components.kinds.prepared import open_prepared

READY = b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
TARGETS = {"ready_s": 2.5, "pss_mb": 250.0, "back_s": 3.0, "packages_mb": 300.0}


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="one round")
    parser.add_argument("workload", nargs="?", default="garments", help="one of pictures")
    parser.add_argument("--rounds", type=int, help="how often")
    options = parser.parse_args()
    rounds = options.rounds or (1 if options.quick else 7)
    with tempfile.TemporaryDirectory() as folder:
        figures: dict[str, Any] = {"arms": measure(servers(options.workload, Path(folder)), rounds)}
    for name, extra in (("ours", []), ("torch", ["torch"])):
        figures["arms"][name]["packages_mb"] = [packages(extra)]
    figures["golden_ms"] = golden_rows(artifacts(options.workload, "bundle"), rounds)
    harness.finish(figures, report, options.json)


def servers(workload: str, folder: Path) -> dict[str, Arm]:
    """Return the endpoint of the workload, and its peer."""
    bundle, data = artifacts(workload, "bundle"), open_prepared(artifacts(workload, "prepared"))
    arms, module = Arms(bundle, data, folder), folder / "module.pt"
    trace(workload, module)
    variables = {BUNDLE: str(arms.bundle), MODULE: str(module), "PYTHONPATH": str(harness.ROOT)}
    requests = [post_form(picture, "picture") for picture in arms.pictures]
    ours = arms.makers["ours-1"]()
    shutil.copytree(arms.bundle, folder / "unchecked")
    return {
        "ours": ours,
        "unchecked": arms.ours(f"{arms.name}_unchecked", without_golden_rows(folder / "unchecked"), 1),
        "torch": Arm(
            partial(serve, "benchmarks.peers.pytorch:PyTorch"),
            variables | {"BENTOML_HOME": str(folder / "bentoml-of-peer")},
            requests,
            ours.labels,
        ),
    }


def trace(workload: str, path: Path) -> None:
    """Write what the stage `export` exports as a traced module, which needs no code of the project to run."""
    typed, data = catalogue.workload(workload), open_prepared(artifacts(workload, "prepared"))
    learner = catalogue.learner(data.kind, data.task)
    module = learner.module(data, typed.train)
    module.load_state_dict(load_file(artifacts(workload, "weights") / "model.safetensors"))
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        torch.jit.trace(learner.serving(module).eval(), torch.from_numpy(data.inputs("test")[:1].copy())).save(path)


def measure(arms: dict[str, Arm], rounds: int) -> dict[str, dict[str, list[float]]]:
    """Return the figures of each server, one a round."""
    found: dict[str, dict[str, list[float]]] = {name: {} for name in arms}
    for number, name in harness.turns(arms, rounds):
        for figure, value in started(arms[name], kill=name == "ours").items():
            found[name].setdefault(figure, []).append(value)
        print(f"round {number + 1} of {rounds}: {name}", file=sys.stderr)
    return found


def started(arm: Arm, kill: bool) -> dict[str, float]:
    """Return what one start takes, the memory after a few hundred answers, and how soon a killed worker is replaced."""
    port = free_port()
    with served(arm.command(port), port, arm.variables, READY, arm.requests[0]) as server:
        requests = [request.decode("latin-1") for request in arm.requests]
        result = load(Job(port, requests, arm.labels, 1.0, 8))
        memory = {f"{name}_mb": value for name, value in server.memory().items()}
        ready, answered = server.answered
        back = {"back_s": server.back(arm.requests[0])} if kill else {}
        return {"ready_s": ready, "answered_s": answered, **memory, "errors": float(result.errors), **back}


def golden_rows(path: Path, rounds: int) -> list[float]:
    """Return the CPU milliseconds of each check of the bundle's golden rows and requests."""
    bundle, taken = Bundle(path), list[float]()
    about = bundle.about
    reader = catalogue.codec(about.kind, about.task).Reader(
        about.workload, about.input, about.serve, bundle.files, None
    )
    for _ in range(rounds):
        began = time.thread_time()
        check_golden(bundle, reader)
        taken.append(1e3 * (time.thread_time() - began))
    return taken


def packages(extra: list[str]) -> float:
    """Return the megabytes of what `bentofile.yaml` lists, BentoML, what is `extra`, and all that these need."""
    listed = yaml.safe_load((harness.ROOT / "bentofile.yaml").read_text())["python"]["packages"]
    found: dict[str, Distribution] = {}
    waiting = [Requirement(text) for text in ["bentoml", *listed, *extra]]
    seen: set[tuple[str, str]] = set()
    while waiting:
        wanted = waiting.pop()
        for option in ["", *wanted.extras]:
            name = canonicalize_name(wanted.name)
            if (name, option) not in seen:
                seen.add((name, option))
                found[name] = distribution(name)
                needs = [Requirement(text) for text in found[name].requires or []]
                waiting += [need for need in needs if not need.marker or need.marker.evaluate({"extra": option})]
    return sum(size(package) for package in found.values()) / 1e6


def size(package: Distribution) -> int:
    """Return the bytes of a package's files."""
    paths = [Path(str(package.locate_file(file))) for file in package.files or []]
    return sum(path.stat().st_size for path in paths if path.is_file())


def report(figures: dict[str, Any]) -> None:
    """Print the table."""
    arms = figures["arms"]
    middle = {name: {key: statistics.median(found) for key, found in arm.items()} for name, arm in arms.items()}
    print(f"{'machine':24} {figures['machine']}")
    print(f"{'median of ' + str(len(arms['ours']['ready_s'])):24} {'ours':>10} {'torch':>10} {'ratio':>8}")
    for key, own in middle["ours"].items():
        other = middle["torch"].get(key)
        beside = f"{other:>10.2f}" if other is not None else f"{'':10}"
        part = f"{own / other:>8.2f}" if other else f"{'':8}"
        target = TARGETS.get(key)
        said = f"   <= {target:g}: {'met' if own <= target else 'NOT MET'}" if target else ""
        print(f"{key:24} {own:>10.2f} {beside} {part}{said}")
    print(f"{'without golden rows, ready':46} {middle['unchecked']['ready_s']:>8.2f}")
    print(f"{'checking them, CPU ms':46} {statistics.median(figures['golden_ms']):>8.2f}")
    times = arms["ours"]["ready_s"]
    if len(times) > 1:
        control = harness.control(times)
        print(f"{'control: ours / ours, ready':46} {control:>8.2f}")


if __name__ == "__main__":
    main()
