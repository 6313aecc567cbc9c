"""Whether what was answered is in the prediction log once, whoever is killed: workers, the supervisor, a compaction.

    python -m benchmarks.killing [--quick] [--json FILE] [--bundle DIR] [--data DIR] [--kills N]

Serves a bundle of pictures or records with two workers, asks it over connections without pause, and kills by SIGKILL
at random moments: a worker, the supervisor (whose workers then end, and which is started again), or a process that
compacts the log. At the end the log is read, segments and Parquet together: every row that was answered with 200 has to
be in it exactly once, equal to the answer to the bit, with the version that it named. Rows whose answer nobody got may
be there too.
"""

import contextlib
import json
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks import harness
from benchmarks.arms import packaged, serve
from benchmarks.logging_cost import examples
from benchmarks.server import clean_environment, free_port
from components.config.settings import LOGS, artifacts
from components.inference.bundle import read_about
from components.inference.examples import read_examples
from components.prediction_log.reader import Log

CALLERS = 8
VICTIMS = ("worker", "worker", "supervisor", "compaction")
_COMPACT = """
import sys
from pathlib import Path
from components.prediction_log.compaction import compact
compact(Path(sys.argv[1]))
"""
_PATIENCE = 240.0  # seconds until an endpoint answers again


class Callers:
    """Threads that ask without pause, and keep each answer."""

    def __init__(self, url: str, rows: list[dict[str, Any]]) -> None:
        self.url, self._rows = url, rows
        self.answered: dict[str, bytes] = {}
        """What was answered with 200, by event id."""
        self.twice = 0
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(CALLERS)]

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """Ask for as long as the block runs."""
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in self._threads:
                thread.join()

    def _ask(self) -> None:
        number = 0
        with httpx.Client(timeout=10.0, trust_env=False) as client:
            while not self._ended.is_set():
                number += 1
                try:
                    answer = client.post(f"{self.url}/predict", **_content(self._rows[number % len(self._rows)]))
                except httpx.HTTPError:
                    time.sleep(0.01)
                    continue
                if answer.status_code == 200:
                    event = answer.headers["x-prediction-id"]
                    self.twice += event in self.answered
                    self.answered[event] = answer.content


def main() -> None:
    """Kill, look, print what was found, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="eight kills")
    parser.add_argument("--bundle", type=Path, default=artifacts("garments", "bundle"), help="of any workload")
    parser.add_argument("--data", type=Path, help="its prepared examples, if not those of the workload")
    parser.add_argument("--kills", type=int, help="how many")
    options = parser.parse_args()
    kills = options.kills or (8 if options.quick else 200)
    name = read_about(options.bundle).workload
    rows = [kept["row"] for kept in read_examples(options.bundle)] or examples(name, options.data)
    with tempfile.TemporaryDirectory() as folder:
        figures = killed(options.bundle, name, rows, Path(folder), kills)
    harness.finish(figures, report, options.json)
    if figures["missing"] or figures["otherwise"] or figures["doubled"]:
        sys.exit(1)


def killed(bundle: Path, name: str, rows: list[dict[str, Any]], folder: Path, kills: int) -> dict[str, Any]:
    """Return what was found after so many kills."""
    home, log = str(folder / "bentoml"), folder / "log"
    tag, port = packaged(bundle, name, home), free_port()
    settings = {
        "BENTOML_HOME": home, LOGS: str(log), "JOURNEYMAN_LOG": "required",
        "BENTOML_CONFIG_OPTIONS": f"services.{name}.workers=2",
    }  # fmt: skip
    chance, counts, pauses = random.Random(0), Counter[str](), list[float]()  # noqa: S311 - no secret
    callers = Callers(f"http://127.0.0.1:{port}", rows)
    server = _start(tag, port, settings, folder)
    try:
        with callers.asking():
            _answering(callers, folder / "server.log")
            while sum(counts.values()) < kills:
                victim = chance.choice(VICTIMS)
                time.sleep(chance.uniform(0.0, 0.5))
                began = time.perf_counter()
                if victim == "supervisor":
                    server = _killed_supervisor(server, tag, port, settings, folder)
                elif victim == "worker":
                    _kill_worker(server, chance)
                else:
                    _kill_compaction(log / name, chance)
                _answering(callers, folder / "server.log")
                pauses.append(time.perf_counter() - began)
                counts[victim] += 1
                print(f"{sum(counts.values())} of {kills}: {victim}", file=sys.stderr)
    finally:
        _end(server)
    return {"kills": dict(counts), "pause_s": statistics.median(pauses), **compared(log / name, callers)}


def compared(folder: Path, callers: Callers) -> dict[str, int]:
    """Return how many rows are in the log, and what is wrong with them."""
    kept: dict[str, tuple[str, str]] = {}
    doubled = callers.twice
    for batch in Log.open(folder).answers(columns=["id", "answer", "version"]):
        for row in batch.to_pylist():
            doubled += row["id"] in kept
            kept[row["id"]] = (row["answer"], row["version"])
    answers = callers.answered
    otherwise = sum(
        kept[event] != (body.decode(), json.loads(body)["model_version"])
        for event, body in answers.items()
        if event in kept
    )
    missing = sum(event not in kept for event in answers)
    return {
        "answered": len(answers), "logged": len(kept), "missing": missing, "doubled": doubled, "otherwise": otherwise,
    }  # fmt: skip


def report(figures: dict[str, Any]) -> None:
    """Print what was found."""
    print(figures["machine"])
    kills = ", ".join(f"{count} of a {victim}" for victim, count in sorted(figures["kills"].items()))
    print(f"kills: {kills}; answering again after {figures['pause_s']:.1f} s (median)")
    print(f"answered with 200: {figures['answered']:,}; in the log: {figures['logged']:,}")
    print(f"missing: {figures['missing']}; doubled: {figures['doubled']}; otherwise: {figures['otherwise']}")


def _content(row: dict[str, Any]) -> dict[str, Any]:
    upload = next((value for value in row.values() if isinstance(value, bytes)), None)
    return {"json": row} if upload is None else {"content": upload}


def _start(tag: str, port: int, settings: dict[str, str], folder: Path) -> "subprocess.Popen[bytes]":
    environment = {**clean_environment(), **settings}
    with (folder / "server.log").open("a") as out:
        return subprocess.Popen(serve(tag, port), cwd=folder, env=environment, stdout=out, stderr=out)


def _killed_supervisor(
    server: "subprocess.Popen[bytes]", tag: str, port: int, settings: dict[str, str], folder: Path
) -> "subprocess.Popen[bytes]":
    workers = psutil.Process(server.pid).children(recursive=True)
    server.kill()
    server.wait()
    psutil.wait_procs(workers, timeout=_PATIENCE)  # they end with their parent
    return _start(tag, port, settings, folder)


def _kill_worker(server: "subprocess.Popen[bytes]", chance: random.Random) -> None:
    alive = [each for each in psutil.Process(server.pid).children() if each.status() != psutil.STATUS_ZOMBIE]
    with contextlib.suppress(psutil.NoSuchProcess, IndexError):
        chance.choice([each for each in alive if "_bentoml_impl.worker.service" in each.cmdline()]).kill()


def _kill_compaction(folder: Path, chance: random.Random) -> None:
    compaction = subprocess.Popen([sys.executable, "-c", _COMPACT, str(folder)], cwd=harness.ROOT)
    time.sleep(chance.uniform(0.0, 2.0))
    compaction.kill()
    compaction.wait()


def _answering(callers: Callers, log: Path) -> None:
    """Wait until something is answered."""
    before, deadline = len(callers.answered), time.monotonic() + _PATIENCE
    while len(callers.answered) == before:
        if time.monotonic() > deadline:
            last = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
            sys.exit(f"no answer within {_PATIENCE:.0f} s; the server's last words:\n{last}")
        time.sleep(0.02)


def _end(server: "subprocess.Popen[bytes]") -> None:
    server.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(20.0)
    server.kill()
    server.wait()


if __name__ == "__main__":
    main()
