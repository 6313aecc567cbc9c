"""A project of one's own for each test: the tracked files, a small real data set, the real tools."""

import compileall
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pytest
from hypothesis import settings
from PIL import Image

from components.system.locks import locked
from tests.servers import free_port, wait_for
from tests.warm import WarmPython

ROOT = Path(__file__).parent.parent
EASY = """\
    gate:
      baseline: false
      calibration:
        error: 1.0
        brier: 2.0
      robustness:
        kept: 0.0
      behaviours:
        invariance: 0.0
        direction: 0.0
        minimum: 0.0
"""
"""A gate for tests of other things than the gate: their models have learned little, of little."""
DIGITS = (
    """\
workloads:
  digits:
    kind: image
    task: classification
    source: {source}
    prepare: {{size: 8, channels: 1, validation: 0.15, test: 0.2}}
    train: {{epochs: 10, batch_size: 32, flip: false, width: 16}}
"""
    + EASY
)
PAYMENTS = (
    """\
workloads:
  payments:
    kind: table
    source: datasets/few.yaml
    prepare:
      columns: {label: fraud, time: time, id: transaction_id, amount: amount}
      entities:
        customer_id: {days: [1, 7]}
        terminal_id: {days: [1, 7], measures: [count, risk], delayed: true}
      card: customer_id
      delay: 3
      split: {train: 10, validation: 5, test: 5}
    train: {epochs: 3, batch_size: 256}
"""
    + EASY
)
FIXTURES = "tests/fixtures/"
"""What no copy of the project needs."""
IDENTITY = {
    f"GIT_{who}_{what}": said
    for who in ("AUTHOR", "COMMITTER")
    for what, said in (("NAME", "Test"), ("EMAIL", "test@example.org"))
}
"""Who somebody is, for what commits in his name."""
WARM = "WARM_PYTHON"
"""The variable with the folder of the warm Python (`tests/warm.py`)."""
FEW = """\
title: few
kind: table
licence: made here
format: simulator
settings:
  {customers: 200, terminals: 400, days: 40, side: 20.0, compromised_terminals: 1, compromised_customers: 2}
"""


def pytest_configure(config: pytest.Config) -> None:
    """Hear Ctrl-C again where the tests are run in the background: a shell has what it starts there ignore it.

    Forget the repository that a hook of git is run in. Let an example of hypothesis take its time: how long it takes is
    the machine's affair. And have one warm Python for all processes of pytest-xdist.
    """
    settings.register_profile("patient", deadline=None)
    settings.load_profile("patient")
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_WORK_TREE"):
        os.environ.pop(name, None)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if WARM not in os.environ:
        warm = WarmPython()
        os.environ[WARM] = str(warm.__enter__())
        config.add_cleanup(lambda: warm.__exit__(None, None, None))
    os.environ["OMP_NUM_THREADS"] = "1"  # of tests, which share the cores: two threads would wait for each other


@dataclass(frozen=True)
class Project:
    """A copy of this project in a folder of its own, where the tools run as a user runs them.

    What `run` and `fail` wait for finds a warm `python` (`tests/warm.py`); what a test starts itself, to kill it, to
    look at it or to ask it, in this `environment`, runs cold.
    """

    path: Path

    def run(self, *command: str, **variables: str) -> str:
        """Run a command in the project's folder and return what it printed, stdout and stderr together."""
        done = self._call(command, variables)
        assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}"
        return done.stdout

    def fail(self, *command: str, **variables: str) -> str:
        """Run a command that has to fail and return what it printed."""
        done = self._call(command, variables)
        assert done.returncode != 0, f"{command} should have failed:\n{done.stdout}"
        return done.stdout

    def _call(self, command: tuple[str, ...], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
        with self.started(*command, **variables) as process:
            try:
                output, _ = process.communicate(timeout=300)
            except BaseException:
                process.kill()
                raise
        return subprocess.CompletedProcess(command, process.returncode, output)

    def started(self, *command: str, **variables: str) -> "subprocess.Popen[str]":
        """Start a command as `run` does: with a warm `python`, its output in one stream."""
        return subprocess.Popen(
            command,
            cwd=self.path,
            env={**self.warm_environment(), **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def environment(self) -> dict[str, str]:
        """Return the environment that `env.sh` gives, with nothing of the machine's own tools' homes."""
        ours = ("MLFLOW_", "PREFECT_", "BENTOML_", "DVC_", "JOURNEYMAN_", "PYTEST_", "OMP_NUM_THREADS")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        kept.pop("SHELL", None)  # as for a scheduler: DVC then takes /bin/sh
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        state = self.path / "state"
        return {
            **kept,
            "PATH": path,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "PREFECT_HOME": str(state / "prefect"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "JOURNEYMAN_SERVER_TIMEOUT": "60",  # on a machine that runs other tests besides
            "BENTOML_HOME": str(state / "bentoml"),
            "BENTOML_DO_NOT_TRACK": "True",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "DO_NOT_TRACK": "true",
        }

    def warm_environment(self) -> dict[str, str]:
        """Return the same with a warm `python` first on its PATH."""
        environment = self.environment()
        return {**environment, "PATH": os.pathsep.join([f"{os.environ[WARM]}/bin", environment["PATH"]])}

    def params(self, old: str, new: str) -> None:
        """Change the text of `params.yaml`."""
        path = self.path / "params.yaml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


@pytest.fixture(autouse=True)
def _no_servers_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("MLFLOW_", "PREFECT_API", "BENTOML_", "JOURNEYMAN_"))]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], None]], Path]:
    """Make a folder, by name, once for all processes of pytest-xdist: who comes second waits, and finds it made."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "once"

    def make(name: str, fill: Callable[[Path], None]) -> Path:
        folder, made = shared / name, shared / f"{name}.made"
        with locked(shared / f"{name}.lock"):
            if not made.exists():
                shutil.rmtree(folder, ignore_errors=True)  # of one that failed
                folder.mkdir()
                fill(folder)
                made.touch()
        return folder

    return make


@pytest.fixture(scope="session")
def digits(once: Callable[..., Path]) -> Path:
    """A folder of labelled pictures: 600 of scikit-learn's handwritten digits, 8 x 8, grey."""

    def draw(folder: Path) -> None:
        from sklearn.datasets import load_digits  # here: most tests need no scikit-learn

        data = load_digits()
        for index in range(600):
            path = folder / f"digit-{data.target[index]}" / f"{index:04d}.png"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray((data.images[index] * 255 / 16).astype(np.uint8)).save(path)

    return once("digits", draw)


@pytest.fixture(scope="session")
def mlflow_database(once: Callable[..., Path]) -> Path:
    """An empty MLflow database, to be copied: making one takes longer than most tests."""

    def fill(folder: Path) -> None:
        from mlflow import MlflowClient  # here: most tests need no MLflow

        MlflowClient(f"sqlite:///{folder}/mlflow.db").search_experiments()

    return once("mlflow", fill) / "mlflow.db"


@pytest.fixture(scope="session")
def checkout(once: Callable[..., Path], mlflow_database: Path) -> Path:
    """The tracked files, compiled, with empty databases of MLflow and of Prefect."""

    def check_out(folder: Path) -> None:
        project = Project(folder)
        files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
        for name in filter(None, files.stdout.split("\0")):
            if (ROOT / name).exists() and not name.startswith(FIXTURES):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        (folder / "datasets" / "few.yaml").write_text(FEW)
        compileall.compile_dir(folder, quiet=1)
        (folder / "state" / "prefect").mkdir(parents=True)
        project.run("prefect", "server", "database", "upgrade", "--yes")
        (folder / "state" / "mlflow").mkdir()
        shutil.copy(mlflow_database, folder / "state" / "mlflow")

    return once("checkout", check_out)


@pytest.fixture(scope="session")
def prefect_url(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prefect server, for flows of which no test looks at what Prefect itself keeps of them.

    A flow that is told of none starts one of its own, which costs more than what most of these flows do.
    """
    folder = tmp_path_factory.mktemp("prefect")
    shutil.copytree(checkout / "state" / "prefect", folder / "state" / "prefect")
    port = free_port()
    app = ["--factory", "prefect.server.api.server:create_app", "--host", "127.0.0.1", "--port", str(port)]
    environment = {**Project(folder).environment(), "PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1"}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([sys.executable, "-m", "uvicorn", *app], env=environment, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}/api"
        wait_for(lambda: server.poll() is not None or httpx.get(f"{url}/health", timeout=5).is_success)
        assert server.poll() is None, (folder / "log").read_text()
        yield url
    finally:
        end(server)


@pytest.fixture(scope="session")
def new_project(tmp_path_factory: pytest.TempPathFactory, digits: Path, checkout: Path) -> Callable[..., Project]:
    """Make a fresh checkout whose only workload is the digits, or what is given, in `folder` or one of its own."""

    def make(params: str = DIGITS.format(source=digits), folder: Path | None = None) -> Project:
        project = copy_of(Project(checkout), folder or tmp_path_factory.mktemp("project"))
        (project.path / "params.yaml").write_text(params)
        commit(project, "the checkout")
        return project

    return make


@pytest.fixture
def project(new_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch) -> Project:
    """A fresh checkout, and the test stands in it."""
    made = new_project()
    monkeypatch.chdir(made.path)
    return made


@pytest.fixture(scope="session")
def trained_once(new_project: Callable[..., Project], digits: Path, once: Callable[..., Path]) -> Project:
    """A checkout on which `dvc repro` has run. Not to be changed: see `trained`."""
    return reproduced(new_project, DIGITS.format(source=digits), once, "trained")


@pytest.fixture
def trained(trained_once: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of a trained checkout, and the test stands in it."""
    made = copy_of(trained_once, tmp_path)
    monkeypatch.chdir(made.path)
    return made


@pytest.fixture(scope="session")
def payments_once(new_project: Callable[..., Project], once: Callable[..., Path]) -> Project:
    """A checkout with a small simulated table, on which `dvc repro` has run. Not to be changed: see `payments`."""
    return reproduced(new_project, PAYMENTS, once, "payments")


@pytest.fixture
def payments(payments_once: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of the checkout with the trained table, and the test stands in it."""
    made = copy_of(payments_once, tmp_path)
    monkeypatch.chdir(made.path)
    return made


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of labelled pictures to corrupt: two labels, twelve random 16 x 16 colour pictures each."""
    random = np.random.default_rng(0)
    for label in ("cup", "plate"):
        (tmp_path / "pictures" / label).mkdir(parents=True)
        for index in range(12):
            picture = random.integers(0, 256, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(picture).save(tmp_path / "pictures" / label / f"{index:02d}.png")
    return tmp_path / "pictures"


def reproduced(make: Callable[..., Project], params: str, once: Callable[..., Path], name: str) -> Project:
    """Return the checkout, once for all, on which `dvc repro` has run."""

    def reproduce(folder: Path) -> None:
        made = make(params, folder)
        made.run("dvc", "repro")
        commit(made, "trained")

    return Project(once(name, reproduce) / "journeyman")


def forget_runs(project: Project, mlflow_database: Path) -> None:
    """Have the project a store of MLflow that never saw its runs."""
    shutil.rmtree(project.path / "state" / "mlflow")
    (project.path / "state" / "mlflow").mkdir()
    shutil.copy(mlflow_database, project.path / "state" / "mlflow")


def copy_of(project: Project, folder: Path) -> Project:
    """Return a copy of the project under `folder`."""
    return Project(Path(shutil.copytree(project.path, folder / "journeyman", symlinks=True)))


def end(process: "subprocess.Popen[bytes]", within: float = 60.0) -> None:
    """Ask a process to end, and see to it that it does: a test that fails here leaves none behind."""
    process.terminate()
    try:
        process.wait(within)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


def commit(project: Project, message: str) -> None:
    """Commit everything in the project."""
    project.run("git", "init", "-q", ".")
    project.run("git", "add", "-A")
    project.run("git", "commit", "-q", "--allow-empty", "-m", message, **IDENTITY)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keep what was measured in a process of pytest-xdist, which is killed when it ends too slowly."""
    measured = sys.modules.get("coverage")
    if measured and hasattr(session.config, "workerinput") and (running := measured.Coverage.current()):
        running.stop()
        running.save()
