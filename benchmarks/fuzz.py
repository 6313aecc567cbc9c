"""Damaged and hostile pictures, thrown at a bundle in process and at an endpoint that serves it.

    python -m benchmarks.fuzz [BUNDLE] [--quick] [--seed N] [--json FILE] [--keep FOLDER]

Valid files of every format are mutated: bits, lengths, numbers of the head, chunks, splices. Each has to be answered,
or refused in one sentence. Anything else is a failure, saved under `--keep`: another exception, a 5xx, an answer slower
than two seconds, memory that grows. Mutant N of a seed is always the same.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks import harness
from benchmarks.mutations import mutant
from components.config.errors import BadRequest
from components.inference.engine.model import Model
from components.inference.smoke.client import running_endpoint

COUNT, QUICK = 100_000, 2_000
LIVE = 20  # every so many-th goes through the endpoint too
SLOW = 2.0  # seconds for one picture: of the processor in process, of the clock at the endpoint
GROWN = 64.0  # MB that the process may have grown by, from the first quarter to the last
_WEIGHED = 20  # every so many-th picture the memory is looked at
PACKAGE = "import sys; from components.inference.package import *; print(package(Path(sys.argv[1]), 'fuzz', '1'))"


@dataclass(frozen=True)
class Way:
    """How to ask a model."""

    ask: Callable[[bytes], str]
    """Returns what came of a picture; raises what must not come."""
    clock: Callable[[], float]
    memory: Callable[[], float]
    """MB of those who answer."""


@dataclass
class Findings:
    """What came of the pictures."""

    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    """How many of each beginning format were answered, or refused with which sentence."""
    failures: list[str] = field(default_factory=list)
    slowest: float = 0.0
    grown: float = 0.0
    """MB of memory."""

    def note(self, format: str, outcome: str) -> None:
        """Count one picture."""
        self.outcomes.setdefault(format, Counter())[outcome] += 1


def main() -> None:
    """Throw the pictures, print what came of them, fail if anything else than it should."""
    parser = harness.parser(__doc__, quick=f"{QUICK:,} pictures instead of {COUNT:,}")
    parser.add_argument("bundle", type=Path, nargs="?", default=Path("artifacts/garments/bundle"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--keep", type=Path, default=Path("fuzz"), help="where to save pictures that something fails at"
    )
    options = parser.parse_args()
    count = QUICK if options.quick else COUNT
    model = Model.open(options.bundle, "1", None)
    ways = {"in process": fuzz(in_process(model), range(count), options.seed, options.keep)}
    with tempfile.TemporaryDirectory() as home:
        ways["endpoint"] = fuzz_endpoint(options.bundle.resolve(), range(0, count, LIVE), options, Path(home))
    harness.finish({way: vars(found) for way, found in ways.items()}, lambda _: report(ways), options.json)
    sys.exit(1 if any(found.failures for found in ways.values()) else 0)


def fuzz(way: Way, numbers: range, seed: int, keep: Path) -> Findings:
    """Throw the mutants of these numbers, and note what comes of them."""
    findings, sizes, now = Findings(), [way.memory()], way.clock
    for number in numbers:
        format, data = mutant(seed, number)
        began = now()
        try:
            findings.note(format, way.ask(data))
        except Exception as error:
            _fail(findings, f"{type(error).__name__}: {error}", data, number, keep)
        seconds = now() - began
        findings.slowest = max(findings.slowest, seconds)
        if seconds > SLOW:
            _fail(findings, f"took {seconds:.1f} s", data, number, keep)
        if number % (_WEIGHED * numbers.step) == 0:
            sizes.append(way.memory())
    quarter = len(sizes) // 4 or 1
    findings.grown = sorted(sizes[-quarter:])[quarter // 2] - sorted(sizes[quarter : 2 * quarter])[quarter // 2]
    if findings.grown > GROWN:
        findings.failures.append(f"the process grew by {findings.grown:.0f} MB")
    return findings


def in_process(model: Model) -> Way:
    """Return the way to a model in this process."""

    def ask(data: bytes) -> str:
        try:
            (answer,) = model.answers(model.scored(model.read([{"picture": data}])))
        except BadRequest as refusal:
            return _kind(str(refusal))
        return "answered" if 0 <= answer.model_dump()["probability"] <= 1 else "no probability"

    return Way(ask, time.process_time, lambda: psutil.Process().memory_info().rss / 1e6)


def fuzz_endpoint(bundle: Path, numbers: range, options: argparse.Namespace, home: Path) -> Findings:
    """Throw the mutants at a Bento of the bundle, as a bare body and in a form by turns."""
    os.environ.update({"BENTOML_HOME": str(home), "BENTOML_DO_NOT_TRACK": "True"})
    command = [sys.executable, "-c", PACKAGE, str(bundle)]
    packaged = subprocess.run(
        command, cwd=harness.ROOT, env={**os.environ, "PYTHONPATH": str(harness.ROOT)}, check=True, stdout=-1
    )
    with running_endpoint(packaged.stdout.decode().split()[-1]) as endpoint:
        return fuzz(at(f"{endpoint.url}/predict", endpoint.client), numbers, options.seed, options.keep)


def at(url: str, client: httpx.Client) -> Way:
    """Return the way to an endpoint that this process has started."""
    turns = iter(range(10**9))

    def ask(data: bytes) -> str:
        body: dict[str, Any] = {"files": {"picture": data}} if next(turns) % 2 else {"content": data}
        answer = client.post(url, timeout=30, **body)
        if answer.status_code == 200:
            return "answered"
        (error,) = answer.json().values()
        if not 400 <= answer.status_code < 500 or "\n" in error:
            raise RuntimeError(f"{answer.status_code}: {error}")
        return _kind(error)

    return Way(ask, time.perf_counter, lambda: sum(one.memory_info().rss for one in _started()) / 1e6)


def _started() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def report(ways: dict[str, Findings]) -> None:
    """Print a table of outcomes, and the failures."""
    for way, found in ways.items():
        total = sum((counts for counts in found.outcomes.values()), Counter[str]())
        print(f"\n{way}: {total.total():,} pictures, slowest {found.slowest * 1e3:.0f} ms, grown {found.grown:.0f} MB")
        formats = sorted(found.outcomes)
        print("| outcome | " + " | ".join(formats) + " |\n|---" + "|---:" * len(formats) + "|")
        for outcome, _ in total.most_common():
            print(f"| {outcome} | " + " | ".join(f"{found.outcomes[name][outcome]:,}" for name in formats) + " |")
        for failure in found.failures:
            print(f"FAILED: {failure}")


def _kind(sentence: str) -> str:
    """Return a refusal without what differs from picture to picture."""
    what = "the picture is damaged" if sentence.startswith("the picture is damaged") else sentence
    return re.sub(r"[\d,]*\d", "N", what)


def _fail(findings: Findings, what: str, data: bytes, number: int, keep: Path) -> None:
    keep.mkdir(parents=True, exist_ok=True)
    path = keep / f"{number}.picture"
    path.write_bytes(data)
    findings.failures.append(f"{path}: {what}")


if __name__ == "__main__":
    main()
