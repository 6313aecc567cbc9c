"""What a request costs by the protocol that it comes in, and what the others cost one that comes bare.

    python -m benchmarks.protocols [--quick] [--json FILE] [--bundle DIR] [--data DIR] [--seconds S] [--rounds N]

One endpoint, one worker, 32 connections; the ways of asking about the same pictures take turns, CPU is user and system
time of the server's processes by request, a ratio the median over rounds of a way's figure by that of `bare` in the
same round; `bare, again` is the control. What a bare request pays for the others is timed by itself, since it is far
below what two endpoints differ by: the guard that looks whether its path names a model, and the look for
`Content-Encoding`. Their microseconds stand beside those of a whole request; promised is at most 1 %.
"""

import argparse
import base64
import gzip
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks import harness
from benchmarks.arms import Arms
from benchmarks.load import Job, load
from benchmarks.logging_cost import ratio, timed
from benchmarks.server import free_port, served
from benchmarks.wire import post, post_form
from components.config.settings import artifacts
from components.inference.bundle import read_about
from components.inference.gateway.protocols.open_inference.paths import named
from components.kinds.prepared import open_prepared

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CONNECTIONS = 32
REQUESTS = 10_000
"""Requests whose look is timed at once."""
PROMISED = 0.01


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    options = parsed()
    data = open_prepared(options.data or artifacts(read_about(options.bundle).workload, "prepared"))
    with tempfile.TemporaryDirectory() as folder:
        arms = Arms(options.bundle, data, Path(folder))
        ways = requests(arms.name, arms.pictures)
        figures = measure(arms, ways, options.seconds, options.rounds)
    harness.finish({"ways": figures, "look_us": looks(5 if options.quick else 50)}, report, options.json)


def parsed() -> argparse.Namespace:
    """Return the command line."""
    parser = harness.parser(__doc__, quick="two rounds of half a second")
    parser.add_argument("--bundle", type=Path, default=artifacts("garments", "bundle"), help="of pictures")
    parser.add_argument("--data", type=Path, help="its prepared pictures, if not those of the workload")
    return timed(parser)


def requests(name: str, pictures: list[bytes]) -> dict[str, list[bytes]]:
    """Return the same questions in every way."""
    texts = [base64.b64encode(picture).decode() for picture in pictures]
    bare = [post(picture, "image/png") for picture in pictures]
    return {
        "bare": bare,
        "a form": [post_form(picture, "picture") for picture in pictures],
        "JSON, base64": [post(json.dumps({"picture": text}).encode(), "application/json") for text in texts],
        "gzip": [compressed(gzip.compress(picture), "gzip") for picture in pictures],
        "zstd": [compressed(zstd.compress(picture), "zstd") for picture in pictures],
        "Open Inference, JSON": [infer(name, text) for text in texts],
        "Open Inference, binary": [infer_binary(name, picture) for picture in pictures],
        "SageMaker": [post(picture, "image/png", "/invocations") for picture in pictures],
        "bare, again": bare,
    }


def compressed(body: bytes, encoding: str) -> bytes:
    """Return a request with a compressed body."""
    return post(body, "image/png").replace(b"\r\n\r\n", b"\r\nContent-Encoding: %b\r\n\r\n" % encoding.encode(), 1)


def infer(name: str, text: str) -> bytes:
    """Return a request of the Open Inference Protocol, the picture in JSON."""
    asked = {"inputs": [{"name": "picture", "datatype": "BYTES", "shape": [1], "data": [text]}]}
    return post(json.dumps(asked).encode(), "application/json", f"/v2/models/{name}/infer")


def infer_binary(name: str, picture: bytes) -> bytes:
    """Return the same with the picture as a binary tensor behind the JSON."""
    data = len(picture).to_bytes(4, "little") + picture
    size = {"binary_data_size": len(data)}
    asked = {"inputs": [{"name": "picture", "datatype": "BYTES", "shape": [1], "parameters": size}]}
    head = json.dumps(asked).encode()
    request = post(head + data, "application/octet-stream", f"/v2/models/{name}/infer")
    return request.replace(b"\r\n\r\n", b"\r\nInference-Header-Content-Length: %d\r\n\r\n" % len(head), 1)


def measure(arms: Arms, ways: dict[str, list[bytes]], seconds: float, rounds: int) -> dict[str, list[dict[str, float]]]:
    """Return the figures of each round, by the way of asking."""
    figures: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    ours, port = arms.makers["ours-1"](), free_port()
    with served(ours.command(port), port, ours.variables, *(asked[0] for asked in ways.values())) as server:
        for number, name in harness.turns(ways, rounds):
            before = server.cpu()
            job = Job(port, [request.decode("latin-1") for request in ways[name]], ours.labels, seconds, CONNECTIONS)
            result = load(job)
            figures[name].append(
                {
                    "cpu_us": 1e6 * (server.cpu() - before) / max(1, result.answered),
                    "p99_ms": result.p99_ms,
                    "rate": result.rate,
                    "errors": float(result.lost + result.answered - result.statuses.get("200", 0)),
                }
            )
            print(f"round {number + 1} of {rounds}: {name}", file=sys.stderr)
    return figures


def looks(rounds: int) -> list[float]:
    """Return microseconds that a bare request spends on the question whether it is of another protocol."""
    call: Any = SimpleNamespace(path="/predict", headers={b"content-type": b"image/png", b"content-length": b"426"})
    guard, taken = named(lambda: ("garments", "1")), list[float]()
    for _ in range(rounds):
        began = time.thread_time()
        for _ in range(REQUESTS):
            guard(call)
            call.headers.get(b"content-encoding")
        taken.append(1e6 * (time.thread_time() - began) / REQUESTS)
    return taken


def report(figures: dict[str, Any]) -> None:
    """Print the table."""
    ways = figures["ways"]
    print(f"{figures['machine']}; {CONNECTIONS} connections\n")
    print("| | CPU µs a request | by bare | p99 ms | requests/s | errors |\n|---|---|---|---|---|---|")
    for name, rows in ways.items():
        cpu, p99, rate = (statistics.median(row[figure] for row in rows) for figure in ("cpu_us", "p99_ms", "rate"))
        more, errors = ratio(ways, name, "cpu_us", "bare"), sum(row["errors"] for row in rows)
        print(f"| {name} | {cpu:.0f} | {more:.3f} | {p99:.2f} | {rate:,.0f} | {errors:.0f} |")
    look, whole = (statistics.median(taken) for taken in (figures["look_us"], [r["cpu_us"] for r in ways["bare"]]))
    met = "met" if look / whole <= PROMISED else "NOT MET"
    print(f"\nwhat the others cost a bare request: {look:.2f} µs, {look / whole:.4f} of it, at most {PROMISED}: {met}")


if __name__ == "__main__":
    main()
