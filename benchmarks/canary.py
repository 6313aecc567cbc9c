"""What a canary and a shadow cost an endpoint, and what becomes of requests when a canary fails or is slow.

    python -m benchmarks.canary [--quick] [--json FILE] [--bundle DIR] [--data DIR] [--seconds S] [--rounds N]
        [--only cost|shadow|injected]

One Bento with one worker that follows a champion, asked over connections that are kept. Cost: arms take turns, each on
an endpoint of its own: `alone` (it follows no champion), `none` (it does, and there is no canary), `canary` (the same
bundle as version 2, for 5 % of the requests), and `again`, which is `alone` once more: the control. CPU is user and
system time of the server's processes by request, of 32 connections; a ratio is the median over rounds by `alone`.

Shadow: one such endpoint, asked in turns while the same bundle is measured as version 2 on 1 % of the requests
(`shadow`), and while nothing is (`none`, and `again`: the control); over 1 connection, which leaves it idle between two
requests, and over 32, which seldom do. How often it was measured is told: nothing is while anything waits.

Injected: while 8 connections ask, a version is published for 5 % of the requests: one whose outputs are no numbers
(`errors`), one that answers as the champion does and takes tens of milliseconds for it (`slow`), where the gate allows
five, or one that takes each picture for what it is least like (`harm`), while one more connection labels what it is
answered, each picture as the champion has it. The load goes on until the canary is stopped. Dropped are requests
without the answer 200; the seconds run from a worker's taking the canary to its stop, as `/metrics` has both, which is
asked every 0.05 s.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from benchmarks import harness
from benchmarks.arms import Arm, packaged, serve
from benchmarks.load import Job, Result, load
from benchmarks.logging_cost import MANY, examples, ratio, timed
from benchmarks.server import Server, free_port, served
from benchmarks.serving import one_load
from benchmarks.wire import post
from components.config.settings import artifacts
from components.inference.bundle import ABOUT, MODEL, SERVING, read_about
from components.inference.champion.published import publish
from components.inference.champion.tried import publish_tried, withdraw_tried
from components.inference.engine.trial import Trial
from components.inference.golden import GOLDEN
from components.system.files import read_json, sha256, write_json

SHARE = 0.05
CONNECTIONS = 8
"""Of the load under which a canary fails."""
SIDE, TIMES = 200, 50
"""A slow one multiplies so large matrices so often besides: some tens of milliseconds, where 5 are allowed."""
_SHADOWS = 'journeyman_shadow_workers{version="2"}'
_MEASURED = 'journeyman_shadow_seconds_count{version="2",role="challenger"}'
_WARM = 1.0  # seconds of load before anything is measured
_PATIENCE = 60.0  # seconds until a canary has to be at work, or stopped
_LOOK = 0.05  # seconds between two looks at the metrics


class Followed:
    """An endpoint with a canary, or none."""

    def __init__(self, bundle: Path, pictures: list[bytes], folder: Path) -> None:
        self.bundle, self.pictures, self.folder = bundle, pictures, folder
        self.requests = [post(picture, "image/png") for picture in pictures]
        self.name = read_about(bundle).workload
        self.home = str(folder / "bentoml")
        self.tag = packaged(bundle, self.name, self.home)

    @contextmanager
    def served(self, follows: bool) -> Iterator[tuple[Server, Arm, str]]:
        """Serve it, as for all figures, where champions are published at an address of its own."""
        address = str(self.folder / uuid.uuid4().hex)
        variables = {"BENTOML_HOME": self.home, "JOURNEYMAN_LOG_DIR": f"{address}-log"}
        if follows:
            publish(self.bundle, self.name, "1", address)
            variables |= {"JOURNEYMAN_CHAMPIONS": address, "JOURNEYMAN_FOLLOW_EVERY": "0.2"}
        arm = Arm(lambda port: serve(self.tag, port), variables, self.requests, [""] * len(self.requests))
        port = free_port()
        with served(arm.command(port), port, arm.variables, arm.requests[0]) as server:
            one_load(server, arm, MANY, _WARM)
            yield server, arm, address

    def publish(self, bundle: Path, address: str, harm: float | None = None) -> None:
        """Have it try the bundle as version 2."""
        id = uuid.uuid4().hex
        trial = Trial(id=id, version="2", against="1", share=SHARE, latency=2.0, milliseconds=5.0, harm=harm)
        publish_tried(bundle, self.name, trial, address)

    def cost(self, name: str, seconds: float) -> dict[str, float]:
        """Return the figures of an arm."""
        with self.served(name in ("none", "canary")) as (server, arm, address):
            if name == "canary":
                self.publish(self.bundle, address)
                wait(server, "journeyman_canary_workers")
            return one_load(server, arm, MANY, seconds)

    def shadowed(self, seconds: float, rounds: int) -> dict[str, list[dict[str, dict[str, float]]]]:
        """Return the figures with a shadow and without, by number of connections."""
        figures: dict[str, list[dict[str, dict[str, float]]]] = {name: [] for name in ("none", "shadow", "again")}
        with self.served(True) as (server, arm, address):
            for number, name in harness.turns(figures, rounds):
                trial = Trial(id=uuid.uuid4().hex, version="2", against="1", share=0.01, latency=2.0, milliseconds=5.0)
                if name == "shadow":
                    publish_tried(self.bundle, self.name, trial, address, role="shadow")
                else:
                    withdraw_tried(self.name, address, role="shadow")
                if name == "shadow" or count(server, _SHADOWS):
                    wait_for(server, _SHADOWS, float(name == "shadow"))
                before, found = count(server, _MEASURED), dict[str, dict[str, float]]()
                for connections in (1, MANY):
                    found[str(connections)] = one_load(server, arm, connections, seconds)
                    after = count(server, _MEASURED)
                    found[str(connections)]["measured"], before = after - before, after
                figures[name].append(found)
                print(f"round {number + 1} of {rounds}: {name}", file=sys.stderr)
        return figures

    def injected(self, bundle: Path, seconds: float, harm: float | None = None) -> dict[str, Any]:
        """Return what becomes of requests while the bundle is tried: they go on until it is stopped."""
        with self.served(True) as (server, arm, address):
            with asked_meanwhile(server, arm, seconds, self.folder) as found:
                truth = labels(server, self.pictures)
                self.publish(bundle, address, harm)
                begun = wait(server, "journeyman_canary_workers")
                if harm:
                    tell(server, truth)
                ended = wait(server, "journeyman_canary_stopped_total")
            said = metrics(server)
        (result,) = found
        return {
            "requests": result.asked,
            "dropped": result.lost + result.answered - result.statuses.get("200", 0),
            "by_canary": said.get("answered", 0.0),
            "failed": said.get("failed", 0.0),
            "seconds": ended - begun,
            "p99_ms": result.p99_ms,
        }


def main() -> None:
    """Measure, print the tables, and write the figures where the user wants them."""
    options = parsed()
    about = read_about(options.bundle)
    rows = examples(about.workload, options.data)
    pictures = [next(value for value in row.values() if isinstance(value, bytes)) for row in rows]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        endpoint = Followed(options.bundle, pictures, folder)
        costs: dict[str, list[dict[str, float]]] = {arm: [] for arm in ("alone", "none", "canary", "again")}
        for number, arm in harness.turns(costs, options.rounds) if options.only in (None, "cost") else ():
            costs[arm].append(endpoint.cost(arm, options.seconds))
            print(f"round {number + 1} of {options.rounds}: {arm}", file=sys.stderr)
        shadow = endpoint.shadowed(options.seconds, options.rounds) if options.only in (None, "shadow") else {}
        changes = {"errors": _no_numbers, "slow": make_slow, "harm": _turned}
        injected = {
            what: [
                endpoint.injected(bundle, 2 * options.seconds, 0.05 if what == "harm" else None)
                for bundle in [altered(options.bundle, folder / what, change)] * options.rounds
            ]
            for what, change in (changes.items() if options.only in (None, "injected") else ())
        }
    harness.finish({"kind": about.kind, "cost": costs, "shadow": shadow, "injected": injected}, report, options.json)


def parsed() -> argparse.Namespace:
    """Return the command line, what is left out filled in."""
    parser = harness.parser(__doc__, quick="two rounds of half a second")
    parser.add_argument("--bundle", type=Path, default=artifacts("garments", "bundle"), help="of a workload")
    parser.add_argument("--data", type=Path, help="its prepared examples, if not those of the workload")
    parser.add_argument("--only", choices=["cost", "shadow", "injected"], help="measure this part alone")
    return timed(parser)


def report(result: dict[str, Any]) -> None:
    """Print the tables."""
    costs, injected = result["cost"], result["injected"]
    print(f"{result['machine']}; {result['kind']}\n")
    if costs["alone"]:
        print("| | CPU µs a request | by alone | p99 ms |\n|---|---|---|---|")
    for name, rows in costs.items() if costs["alone"] else ():
        cpu, p99 = (statistics.median(row[figure] for row in rows) for figure in ("cpu_us", "p99_ms"))
        print(f"| {name} | {cpu:.0f} | {ratio(costs, name, 'cpu_us', 'alone'):.3f} | {p99:.2f} |")
    if shadow := result["shadow"]:
        report_shadow(shadow)
    if not injected:
        return
    print("\n| injected | requests | dropped | the canary had | seconds until it stopped | p99 ms |")
    print("|---|---|---|---|---|---|")
    for name, rows in injected.items():
        asked, dropped = (sum(row[figure] for row in rows) for figure in ("requests", "dropped"))
        had = statistics.median(row["by_canary"] + row["failed"] for row in rows)
        seconds, p99 = (statistics.median(row[figure] for row in rows) for figure in ("seconds", "p99_ms"))
        print(f"| {name} | {asked:,} | {dropped} | {had:.0f} | {seconds:.2f} | {p99:.1f} |")


def report_shadow(figures: dict[str, list[dict[str, dict[str, float]]]]) -> None:
    """Print the table of the shadow."""
    print("\n| connections | | CPU µs a request | by none | requests/s | by none | p99 ms | measured |")
    print("|---|---|---|---|---|---|---|---|")
    for connections in figures["none"][0]:
        its = {name: [row[connections] for row in rows] for name, rows in figures.items()}
        for name, rows in its.items():
            cpu, rate, p99 = (statistics.median(row[figure] for row in rows) for figure in ("cpu_us", "rate", "p99_ms"))
            more, as_many = (ratio(its, name, figure, "none") for figure in ("cpu_us", "rate"))
            runs = sum(row["measured"] for row in rows)
            shown = f"{cpu:.0f} | {more:.3f} | {rate:,.0f} | {as_many:.3f} | {p99:.2f} | {runs:,.0f}"
            print(f"| {connections} | {name} | {shown} |")


@contextmanager
def asked_meanwhile(server: Server, arm: Arm, seconds: float, folder: Path) -> Iterator[list[Result]]:
    """Load the server for as long as the block takes, at least so many seconds; behind it the list has the result."""
    until, most = folder / uuid.uuid4().hex, seconds + 3 * _PATIENCE
    requests, found = [request.decode("latin-1") for request in arm.requests], list[Result]()
    job = Job(server.port, requests, arm.labels, most, CONNECTIONS, until=str(until))
    asking = threading.Thread(target=lambda: found.append(load(job)))
    least = time.perf_counter() + seconds
    asking.start()
    try:
        yield found
        time.sleep(max(0.0, least - time.perf_counter()))
    finally:
        until.touch()
        asking.join()


def labels(server: Server, pictures: list[bytes]) -> list[tuple[bytes, str]]:
    """Return a hundred pictures with what the champion takes each for."""
    return [(picture, asked(server, "/predict", picture, "image/png")["label"]) for picture in pictures[:100]]


def tell(server: Server, truth: list[tuple[bytes, str]]) -> None:
    """Ask about the pictures and label each answer at once, until a canary is stopped."""
    for picture, label in truth:
        answer = asked(server, "/predict", picture, "image/png")
        said = json.dumps({"event_id": answer["id"], "label": label}).encode()
        asked(server, "/labels", said, "application/json")
        if any(line.startswith("journeyman_canary_stopped_total{") for line in exposition(server)):
            return


def asked(server: Server, path: str, body: bytes, media: str) -> dict[str, Any]:
    """Return the answer to a POST."""
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", body, {"content-type": media})
    with urllib.request.urlopen(request, timeout=30) as answer:
        said: dict[str, Any] = json.load(answer)
    return said


def wait(server: Server, name: str) -> float:
    """Return when a number of the metrics is first there, whatever it is, on the clock of `time.perf_counter`.

    Under load a canary that fails is gone after some hundredths of a second: its number of workers is zero again.
    """
    given_up = time.perf_counter() + _PATIENCE
    while time.perf_counter() < given_up:
        if any(line.startswith(f"{name}{{") for line in exposition(server)):
            return time.perf_counter()
        time.sleep(_LOOK)
    sys.exit(f"{name} did not come to be within {_PATIENCE:g} s")


def wait_for(server: Server, name: str, value: float) -> None:
    """Wait until a number of the metrics has a value."""
    given_up = time.perf_counter() + _PATIENCE
    while count(server, name) != value:
        if time.perf_counter() > given_up:
            sys.exit(f"{name} did not come to be {value:g} within {_PATIENCE:g} s")
        time.sleep(_LOOK)


def count(server: Server, name: str) -> float:
    """Return a number of the metrics, by its name and labels; 0 where it is not there."""
    said = (line for line in exposition(server) if line.startswith(f"{name} "))
    return next((float(line.rpartition(" ")[2]) for line in said), 0.0)


def metrics(server: Server) -> dict[str, float]:
    """Return the canary's requests by outcome."""
    said = [line for line in exposition(server) if line.startswith("journeyman_canary_requests_total{")]
    return {line.partition('outcome="')[2].partition('"')[0]: float(line.rpartition(" ")[2]) for line in said}


def exposition(server: Server) -> list[str]:
    """Return the lines of `/metrics`."""
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=30) as answer:
        return list(answer.read().decode().splitlines())


def altered(bundle: Path, path: Path, change: Callable[[onnx.ModelProto], None]) -> Path:
    """Return the bundle with another graph, at `path`."""
    shutil.copytree(bundle, path)
    model = onnx.load(path / MODEL)
    change(model)
    onnx.save(model, path / MODEL)
    about = read_json(path / ABOUT)
    if about["files"].pop(GOLDEN, None):  # of the champion's graph
        (path / SERVING / GOLDEN).unlink()
    write_json(path / ABOUT, about | {"model_sha256": sha256(path / MODEL)})
    return path


def _no_numbers(model: onnx.ModelProto) -> None:
    """Have the first weights of many numbers be none."""
    for tensor in model.graph.initializer:
        weights = numpy_helper.to_array(tensor)
        if weights.dtype == np.float32 and weights.ndim > 1:
            tensor.CopyFrom(numpy_helper.from_array(np.full_like(weights, np.nan), tensor.name))
            return


def _turned(model: onnx.ModelProto) -> None:
    """Have the graph say the least of what it said most of."""
    graph, output = model.graph, _renamed(model)
    ones, last = np.ones(1, np.float32), np.array([1])
    graph.initializer.extend([numpy_helper.from_array(ones, "all"), numpy_helper.from_array(last, "last")])
    graph.node.extend(
        [
            helper.make_node("Sub", ["all", "quick"], ["turned"]),
            helper.make_node("ReduceSum", ["turned", "last"], ["sum"], keepdims=1),
            helper.make_node("Div", ["turned", "sum"], [output]),
        ]
    )


def _renamed(model: onnx.ModelProto) -> str:
    """Return the name of the graph's first output, whose values are `quick` from here on."""
    output = str(model.graph.output[0].name)
    for node in model.graph.node:
        for index, name in enumerate(node.output):
            if name == output:
                node.output[index] = "quick"
    return output


def make_slow(model: onnx.ModelProto) -> None:
    """Have the graph multiply matrices besides, of which nothing is left in what it says."""
    graph, output = model.graph, _renamed(model)
    square = numpy_helper.from_array(np.full((SIDE, SIDE), 1 / SIDE, np.float32), "square")
    times, nought = np.array(TIMES), np.zeros(1, np.float32)
    graph.initializer.extend(
        [square, numpy_helper.from_array(times, "times"), numpy_helper.from_array(nought, "nought")]
    )
    body = helper.make_graph(
        [helper.make_node("MatMul", ["before", "square"], ["behind"]), helper.make_node("Identity", ["go"], ["on"])],
        "layer",
        [
            helper.make_tensor_value_info("number", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("before", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("behind", TensorProto.FLOAT, None),
        ],
    )
    graph.node.extend(
        [
            helper.make_node("Loop", ["times", "", "square"], ["work"], body=body),
            helper.make_node("ReduceMin", ["work"], ["least"], keepdims=0),
            helper.make_node("Mul", ["least", "nought"], ["nothing"]),
            helper.make_node("Add", ["quick", "nothing"], [output]),
        ]
    )


if __name__ == "__main__":
    main()
