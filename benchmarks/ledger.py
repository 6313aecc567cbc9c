"""What measuring costs: stages and the endpoint with the ledger beside the same without it.

    python -m benchmarks.ledger [--quick] [--json FILE] [--bundle DIR] [--data DIR] [--seconds S] [--rounds N]

A stage that does nothing is run as DVC runs one, and the endpoint is asked as in `benchmarks/logging_cost.py`. Arms
take turns: `off` (JOURNEYMAN_LEDGER=off), `on`, and `again`, which is `off` once more: the control. What a stage's line
costs is the same however long the stage takes, so it is held against what the stages of a real training took, as the
ledger of this folder has it. A ratio is the median over rounds of an arm's figure by that of `off` in the same round. A
busy machine hides half a percent in it: so what is done for a request and for each second is timed by itself, too, and
that is what the promise is held against.
"""

import asyncio
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import harness, logging_cost
from benchmarks.arms import Arm, packaged, serve
from components.config.settings import LEDGER, LOGS, ledger_folder
from components.inference.bundle import read_about
from components.inference.examples import read_examples
from components.inference.gateway.call import Call
from components.inference.gateway.cells import Cells
from components.inference.gateway.metrics import Metrics
from components.inference.gateway.spending import SECOND, Spending
from components.ledger.line import read
from components.ledger.stages import OUTPUTS

ARMS = {"off": {LEDGER: "off"}, "on": {LEDGER: "on"}, "again": {LEDGER: "off"}}
PROMISED = 0.005
"""What measuring may cost of either phase."""
_STAGE = "import sys\nfrom components.system import entry\ndef prepare(workload): pass\nentry.run(prepare)"


def main() -> None:
    """Measure, print the tables, and write them where the user wants them."""
    options = logging_cost.parsed()
    about = read_about(options.bundle)
    rows = [kept["row"] for kept in read_examples(options.bundle)]
    rows = rows or logging_cost.examples(about.workload, options.data)
    stages = stage_seconds(about.workload, options.bundle.resolve().parent, 4 if options.quick else 40)
    with tempfile.TemporaryDirectory() as folder:
        home = f"{folder}/bentoml"
        tag = packaged(options.bundle, about.workload, home)
        requests = [logging_cost.request(row) for row in rows]

        def arm(settings: dict[str, str]) -> Arm:
            return Arm(lambda port: serve(tag, port), {"BENTOML_HOME": home, **settings}, requests, [""] * len(rows))

        arms = {name: arm(settings) for name, settings in ARMS.items()}
        figures = logging_cost.measure(arms, options.seconds, options.rounds)
    found = {"stages": stages, "training": training_seconds(about.workload), "alone": asyncio.run(alone(options.quick))}
    harness.finish({"kind": about.kind, **found, "arms": figures}, report, options.json)


def stage_seconds(workload: str, artifacts: Path, rounds: int) -> dict[str, list[float]]:
    """Return the CPU seconds of a stage's process that does nothing, by arm; `artifacts` is what its line hashes."""
    found: dict[str, list[float]] = {name: [] for name in ARMS}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "artifacts").mkdir()
        Path(folder, "artifacts", workload).symlink_to(artifacts)
        for _, name in harness.turns(ARMS, rounds):
            variables = {**os.environ, "PYTHONPATH": str(harness.ROOT), LOGS: f"{folder}/log", **ARMS[name]}
            before = _children()
            subprocess.run([sys.executable, "-c", _STAGE, workload], cwd=folder, env=variables, check=True)
            found[name].append(_children() - before)
    return found


def training_seconds(workload: str) -> dict[str, float]:
    """Return the lines and the CPU seconds of the stages that this folder's ledger has; nothing: it has none."""
    lines = [line for line in read(ledger_folder(workload))[0] if line.part in OUTPUTS and line.ended == "done"]
    return {"lines": len(lines), "cpu_seconds": sum(line.cpu_seconds for line in lines)} if lines else {}


async def alone(quick: bool) -> dict[str, float]:
    """Return the CPU microseconds that a request costs more, and those of what is done each second."""
    requests, seconds = (2_000, 100) if quick else (200_000, 2_000)
    with tempfile.TemporaryDirectory() as folder:
        spending = Spending(Metrics(Cells.private()), Path(folder, "ledger", "garments"))
        call = Call({"method": "POST", "path": "/predict", "headers": []}, _receive, 5.0)

        async def unseen() -> None: ...

        async def seen() -> None:
            spending.observe(call)

        began = time.thread_time()
        for _ in range(requests):
            await unseen()
        between = time.thread_time()
        for _ in range(requests):
            await spending.around(call, seen())
        more = (time.thread_time() - between) - (between - began)
        spending.start(asyncio.get_running_loop())
        began = time.thread_time()
        for _ in range(seconds):
            spending.observe(call)
            spending.take()
        each = time.thread_time() - began
        spending.stop()
    return {"request_us": 1e6 * more / requests, "second_us": 1e6 * each / seconds}


def report(result: dict[str, Any]) -> None:
    """Print the tables."""
    print(f"{result['machine']}; {result['kind']}\n")
    print("| a stage that does nothing | CPU ms | more than off, ms |\n|---|---|---|")
    stages = result["stages"]
    more = {name: statistics.median(map(float.__sub__, own, stages["off"])) for name, own in stages.items()}
    for name, own in stages.items():
        print(f"| {name} | {1e3 * statistics.median(own):.1f} | {1e3 * more[name]:+.1f} |")
    if training := result["training"]:
        share = more["on"] * training["lines"] / training["cpu_seconds"]
        told = f"{training['lines']} stages of {training['cpu_seconds']:.0f} CPU-seconds in this folder's ledger"
        print(f"of {told}: {share:.3%}, at most {PROMISED:.1%}: {'met' if share <= PROMISED else 'NOT MET'}")
    arms = result["arms"]
    print("\n| endpoint | CPU µs a request | by off | p99 ms of one | by off |\n|---|---|---|---|---|")
    for name, rows in arms.items():
        cpu, p99 = (statistics.median(row[figure] for row in rows) for figure in ("cpu_us", "p99_ms"))
        ratios = [logging_cost.ratio(arms, name, figure) for figure in ("cpu_us", "p99_ms")]
        print(f"| {name} | {cpu:.0f} | {ratios[0]:.3f} | {p99:.2f} | {ratios[1]:.3f} |")
    found, control = (logging_cost.ratio(arms, name, "cpu_us") for name in ("on", "again"))
    print(f"CPU, on / off: {found:.3f}; off / off, the control: {control:.3f}")
    own, cpu = result["alone"], statistics.median(row["cpu_us"] for row in arms["off"])
    rate = statistics.median(row["rate"] for row in arms["off"])
    share = (own["request_us"] + own["second_us"] / SECOND / rate) / cpu
    print(f"\nby itself: {own['request_us']:.2f} µs a request and {own['second_us']:.0f} µs a second")
    print(
        f"of {cpu:.0f} µs a request: {share:.3%}, at most {PROMISED:.1%}: {'met' if share <= PROMISED else 'NOT MET'}"
    )


async def _receive() -> Any:
    raise RuntimeError("nobody reads the body")


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
