"""What several machines cost and bring, on one: each "machine" is a process of its own.

    python -m benchmarks.machines [--quick] [--json FILE] [--workload NAME] [--part NAME ...]

Wants the bundle and the prepared data of a workload of pictures (`make run WORKLOAD=garments`). Parts:

`follow`: from the call that publishes a champion on an object store (moto's server) to the first answer with it, of an
endpoint with one worker that follows there, looks every second and is asked all the time. `score`: the same rows by one
shard and by two at once; the ideal is twice the rows a second of one, the limit what two whole runs, each of all rows,
come to side by side, which share this machine as two shards do. `train`: 150 steps of the recipe by one process and by
two (gloo), of the same batches, after 30 to warm up; ideal and limit likewise. `launch`: the stage `train` of one
epoch, started by itself and by torchrun with one process: seconds, and CPU seconds of all its processes. `connections`:
of a database (PostgreSQL) that a process holds after forty requests, eight at a time. Median, and the least and the
most. A part whose server is not there says so.
"""

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from benchmarks import harness, stores
from benchmarks.arms import packaged, serve
from benchmarks.server import clean_environment, free_port, served
from benchmarks.wire import post
from components import catalogue
from components.config.settings import artifacts
from components.inference.champion.position import Position
from components.inference.champion.published import publish
from components.kinds.prepared import open_prepared

Figures = dict[str, Any]

_HISTORY = "0" * 32
_PATIENCE = 120.0  # seconds
_SHARD = """
import sys, time
from pathlib import Path
from components.scoring.shards import Shard, score_shard
bundle, source, out, shard = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
score_shard(Path(bundle), "1", source, out, Shard.parse(shard), workers=1)
"""
_STEPS = """
import json, os, sys, time
from lightning.pytorch.callbacks import Callback
from components import catalogue
from components.config.settings import artifacts
from components.kinds.prepared import open_prepared
from components.training.loop import fit

name, devices, warm, steps = sys.argv[1], *map(int, sys.argv[2:])
data = open_prepared(artifacts(name, "prepared"), artifacts(name, "backbone"))
workload = catalogue.decided(catalogue.workload(name), data)
train = workload.train.fitted(data.counts["train"])
config = train.model_copy(update={"epochs": warm + steps, "devices": devices, "accelerator": "cpu", "threads": 1})

class Clock(Callback):
    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
        if trainer.global_step == warm:
            self.began = time.perf_counter()
        elif trainer.global_step == warm + steps:
            seconds = time.perf_counter() - self.began
            if os.environ["RANK"] == "0":
                print(json.dumps(steps * config.batch_size / seconds), flush=True)
            os._exit(0)

fit(catalogue.learner(data.kind, data.task), data, config, callbacks=[Clock()])
"""


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="each once, on little data")
    parser.add_argument("--workload", default="garments", help="of pictures (garments)")
    parser.add_argument("--part", nargs="+", choices=list(PARTS), default=list(PARTS), help="which parts (all)")
    options = parser.parse_args()
    if not artifacts(options.workload, "bundle").is_dir():
        sys.exit(f"{artifacts(options.workload, 'bundle')}: no bundle; make one: make run WORKLOAD={options.workload}")
    figures: Figures = {}
    for part in options.part:
        with tempfile.TemporaryDirectory() as folder:
            figures[part] = PARTS[part](options.workload, Path(folder), options.quick)
    harness.finish(figures, report, options.json)


# --- from promotion to answer


def follow(workload: str, folder: Path, quick: bool) -> Figures:
    """Return the seconds from publishing a champion to the first answer with it."""
    if not stores.has_object_store():
        return {"missing": stores.OBJECT_STORE}
    with stores.object_store() as variables:
        os.environ.update(variables)
        import fsspec

        fsspec.filesystem("s3").mkdir("champions")
        address, bundle = "s3://champions", artifacts(workload, "bundle")
        home = str(folder / "bentoml")
        tag, port, request = packaged(bundle, workload, home), free_port(), _request(workload)
        publish(bundle, workload, "1", address, Position(1, _HISTORY))
        settings = {**variables, "BENTOML_HOME": home, "JOURNEYMAN_CHAMPIONS": address}
        seconds = []
        with served(serve(tag, port), port, settings, post(request, "image/png")):
            for number in range(2, 4 if quick else 12):
                began = time.perf_counter()
                publish(bundle, workload, str(number), address, Position(number, _HISTORY))
                told = time.perf_counter()
                while _version(port, request) != str(number):
                    if time.perf_counter() - told > _PATIENCE:
                        sys.exit(f"version {number} did not answer within {_PATIENCE:g} s")
                seconds.append({"published": told - began, "answered": time.perf_counter() - began})
    return {name: _spread([each[name] for each in seconds]) for name in ("published", "answered")}


def _request(workload: str) -> bytes:
    data = open_prepared(artifacts(workload, "prepared"))
    picture: bytes = catalogue.sample(data.kind).requests(data, range(1), False)[0]["picture"]
    return picture


def _version(port: int, picture: bytes) -> str:
    found = httpx.post(f"http://127.0.0.1:{port}/predict", content=picture, headers={"content-type": "image/png"})
    return str(found.json().get("model_version")) if found.is_success else ""


# --- scoring


def score(workload: str, folder: Path, quick: bool) -> Figures:
    """Return the rows a second of one shard, of two at once, and of two whole runs side by side."""
    data = open_prepared(artifacts(workload, "prepared"))
    count = min(data.counts["test"], 200 if quick else 10_000)
    rows = catalogue.sample(data.kind).requests(data, range(count), False)
    times = 1 if quick else 2
    source, bundle = folder / "rows.parquet", artifacts(workload, "bundle").resolve()
    pictures = [row["picture"] for row in rows] * times
    pq.write_table(pa.table({"picture": pictures}), source, row_group_size=max(1, len(pictures) // 40))
    arms: dict[str, list[str]] = {"one": ["0/1"], "two": ["0/2", "1/2"], "limit": ["0/1", "0/1"]}
    found: dict[str, list[float]] = {name: [] for name in arms}
    for turn, name in harness.turns(list(arms), 1 if quick else 3):
        outs = [folder / f"{name} {turn} {place if name == 'limit' else ''}" for place in range(2)]
        commands = [
            [sys.executable, "-c", _SHARD, str(bundle), str(source), str(outs[place] / "scores.parquet"), shard]
            for place, shard in enumerate(arms[name])
        ]
        whole = 2 if name == "limit" else 1
        found[name].append(len(pictures) * whole / _together(commands))
    return {"rows": len(pictures), **_scaled(found)}


def _together(commands: list[list[str]]) -> float:
    """Start processes that say when they are ready; return the seconds from there until all have ended."""
    with ExitStack() as stack:
        environment = {**clean_environment(), "PYTHONPATH": str(harness.ROOT)}
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        running = [stack.enter_context(subprocess.Popen(each, env=environment, **pipes)) for each in commands]
        for process in running:
            process.stdout.readline()
        began = time.perf_counter()
        for process in running:
            process.stdin.write(b"\n")
            process.stdin.close()
        if sum(process.wait() != 0 for process in running):
            sys.exit(f"{commands[0][3:]} failed")
        return time.perf_counter() - began


# --- training


def train(workload: str, folder: Path, quick: bool) -> Figures:
    """Return the examples a second of one process, of two together, and of two trainings side by side."""
    arms: dict[str, tuple[int, int]] = {"one": (1, 1), "two": (2, 1), "limit": (1, 2)}
    found: dict[str, list[float]] = {name: [] for name in arms}
    script, steps = folder / "steps.py", (5, 10) if quick else (30, 150)
    script.write_text(_STEPS)
    for _, name in harness.turns(list(arms), 1 if quick else 3):
        devices, trainings = arms[name]
        options = ["--nproc-per-node", str(devices), "--rdzv-backend", "c10d", "--rdzv-endpoint", "localhost:0"]
        words = [str(script), workload, *map(str, (devices, *steps))]
        command = [sys.executable, "-m", "torch.distributed.run", *options, *words]
        environment = {**clean_environment(), "PYTHONPATH": str(harness.ROOT)}
        with (folder / "errors").open("w+") as errors:
            pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": errors, "text": True}
            running = [subprocess.Popen(command, env=environment, **pipes) for _ in range(trainings)]
            said = [process.communicate()[0] for process in running]
            if any(process.returncode for process in running):
                errors.seek(0)
                sys.exit(f"a training by {devices} processes failed:\n{errors.read()[-2000:]}")
        found[name].append(sum(json.loads(out.splitlines()[-1]) for out in said))
    return _scaled(found)


def _scaled(found: dict[str, list[float]]) -> Figures:
    """Return the rates of each arm, and what two are of one, of the ideal and of the limit."""
    rates = {name: _spread(values) for name, values in found.items()}
    one, two, limit = (rates[name]["median"] for name in ("one", "two", "limit"))
    return {**rates, "of one": two / one, "of ideal": two / one / 2, "of limit": two / limit}


# --- the launcher


def launch(workload: str, folder: Path, quick: bool) -> Figures:
    """Return what the stage `train` takes, started by itself and by torchrun."""
    found: dict[str, list[dict[str, float]]] = {"local": [], "torchrun": []}
    for _, launcher in harness.turns(list(found), 1 if quick else 3):
        with tempfile.TemporaryDirectory(dir=folder) as place:
            found[launcher].append(_stage(workload, Path(place), launcher))
    return {
        name: {what: _spread([each[what] for each in values]) for what in ("seconds", "cpu")}
        for name, values in found.items()
    }


def _stage(workload: str, place: Path, launcher: str) -> dict[str, float]:
    """Run the stage once in a folder of its own, with the same prepared data."""
    for name in ("prepared", "backbone", "parameters"):
        shutil.copytree(artifacts(workload, name), place / artifacts(workload, name))
    section = yaml.safe_load(Path("params.yaml").read_text())["workloads"][workload]
    section["train"] = {**section.get("train", {}), "epochs": 1, "accelerator": "cpu", "devices": 1, "threads": 1}
    section["train"]["launcher"] = launcher
    (place / "params.yaml").write_text(yaml.safe_dump({"workloads": {workload: section}}))
    for name in ("datasets", "backbones"):
        (place / name).symlink_to(harness.ROOT / name)
    store = place / "state" / "mlflow"
    store.mkdir(parents=True)
    variables = {"MLFLOW_TRACKING_URI": f"sqlite:///{store}/mlflow.db", "PYTHONPATH": str(harness.ROOT)}
    environment = {**clean_environment(), **variables}
    warm = "from components.tracking.store import open_store; open_store('warm')"  # makes MLflow's tables
    subprocess.run([sys.executable, "-c", warm], cwd=place, env=environment, check=True, capture_output=True)
    before, began = _children(), time.perf_counter()
    command = [sys.executable, "-m", "components.training.train", workload]
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"the stage failed:\n{done.stderr[-2000:]}")
    return {"seconds": time.perf_counter() - began, "cpu": _children() - before}


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


# --- connections


def connections(workload: str, folder: Path, quick: bool) -> Figures:
    """Return how many connections each process holds to its database."""
    if not stores.has_postgres():
        return {"missing": stores.DATABASE}
    with stores.postgres() as port:
        return {name: _held(program, port, quick) for name, program in SERVERS.items()}


def _held(program: str, port: int, quick: bool) -> int:
    """Start a program on a database of its own, ask it, and return the connections that it then holds."""
    import sqlalchemy as sa

    engine = sa.create_engine(stores.database(port, "postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {program}"))
    at = free_port()
    arguments, variables, path = _started(program, stores.database(port, program), at)
    url, quiet = f"http://127.0.0.1:{at}{path}", {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([sys.executable, *arguments], env={**clean_environment(), **variables}, **quiet)

    def ask(_: int = 0) -> bool:
        asked = httpx.post(url, json={}, timeout=60.0) if program == "prefect" else httpx.get(url, timeout=60.0)
        return asked.is_success

    try:
        stores.wait(ask, process)
        with ThreadPoolExecutor(8) as pool:
            if not all(pool.map(ask, range(8 if quick else 40))):
                sys.exit(f"{url}: not every request was answered")
        with engine.connect() as connection:
            query = sa.text("SELECT count(*) FROM pg_stat_activity WHERE datname = :name")
            return int(connection.execute(query, {"name": program}).scalar_one())
    finally:
        stores.end(process)


def _started(program: str, address: str, port: int) -> tuple[list[str], dict[str, str], str]:
    """Return how Python starts a program on a database, its variables, and the path at which it asks the database."""
    at = ["--host", "127.0.0.1", "--port", str(port)]
    if program == "mlflow":
        stores = ["--backend-store-uri", address, "--artifacts-destination", tempfile.gettempdir()]
        variables = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        arguments = ["-m", "mlflow", "server", *at, "--workers", "2", *stores]
        return arguments, variables, "/api/2.0/mlflow/experiments/get?experiment_id=0"
    if program == "prefect":
        variables = {
            "PREFECT_API_DATABASE_CONNECTION_URL": address.replace("+pg8000", "+asyncpg"),
            "PREFECT_UI_ENABLED": "0",
        }
        arguments = ["-m", "uvicorn", "--factory", "prefect.server.api.server:create_app", *at]
        return arguments, variables, "/api/flows/filter"
    return ["-c", _CLIENT.format(uri=address), str(port)], {}, "/"


SERVERS = {
    "an MLflow server of two workers": "mlflow",
    "a Prefect server": "prefect",
    "a flow on MLflow's database without a server": "client",
}
_CLIENT = """
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from mlflow import MlflowClient
client = MlflowClient("{uri}")
class Asked(BaseHTTPRequestHandler):
    def do_GET(self):
        client.search_experiments()
        self.send_response(200)
        self.end_headers()
HTTPServer(("127.0.0.1", int(sys.argv[1])), Asked).serve_forever()
"""


# --- what is told


def _spread(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def report(figures: Figures) -> None:
    """Print a table of each part."""
    print(f"{figures['machine']}\n\n| | | |\n|---|---|---|")
    for part, found in figures.items():
        if isinstance(found, dict):
            for words, figure, note in _rows(part, found):
                print(f"| {words} | {figure} | {note} |")


def _rows(part: str, found: Figures) -> Iterator[tuple[str, str, str]]:
    if missing := found.get("missing"):
        yield part, "not measured", f"needs {missing}"
    elif part == "follow":
        yield "from publishing to the first answer, seconds", *_told(found["answered"], 2)
        yield "of it, publishing", *_told(found["published"], 2)
    elif part in ("score", "train"):
        unit = {"score": "rows a second, one shard", "train": "examples a second, one process"}[part]
        yield unit, *_told(found["one"], 0)
        yield "two", f"{found['two']['median']:,.0f}", f"{found['of one']:.2f} times one; ideal 2"
        yield (
            "limit",
            f"{found['limit']['median']:,.0f}",
            f"two apart, side by side; two are {found['of limit']:.2f} of it",
        )
    elif part == "launch":
        for name, values in found.items():
            seconds, cpu = values["seconds"]["median"], values["cpu"]["median"]
            yield f"the stage `train` of one epoch, `launcher: {name}`", f"{seconds:.1f} s", f"{cpu:.1f} CPU seconds"
    else:
        for name, count in found.items():
            yield f"connections of {name}", f"{count}", ""


def _told(values: dict[str, float], digits: int) -> tuple[str, str]:
    return f"{values['median']:,.{digits}f}", f"{values['least']:,.{digits}f} to {values['most']:,.{digits}f}"


PARTS: dict[str, Callable[[str, Path, bool], Figures]] = {
    "follow": follow,
    "score": score,
    "train": train,
    "launch": launch,
    "connections": connections,
}

if __name__ == "__main__":
    main()
