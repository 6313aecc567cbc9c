"""Every command of README is run, word for word and in its order, in a checkout whose garments are the digits."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from sklearn.datasets import load_diabetes

from components.kinds.image.params.recipes import RECIPES
from components.kinds.table.source.simulator import Simulation, transactions
from tests import own_data
from tests.backbones import describe
from tests.conftest import EASY, FEW, IDENTITY, PAYMENTS, ROOT, WARM, Project, commit, end

README = (ROOT / "README.md").read_text()
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
SECTIONS = {section.split(":")[0].strip(): section for section in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)}
"""By the workload."""

SHELL = (". ./env.sh", "export ")
"""Lines that set up the shell for those behind them."""
SERVERS = {
    "make ui": "http://127.0.0.1:5000/health",
    "make serve": "http://127.0.0.1:3000/readyz",
    "prefect server start": "http://127.0.0.1:4200/api/health",
    "prefect worker start --pool local": None,
}
"""Commands that stay, with the address that answers when they are up."""
HERE = {"make test"}
"""What this test is run by."""
EXPECTED = {
    "make run": "version 1",
    "dvc metrics show": "accuracy",
    "curl -F picture=@docs/ankle-boot.png http://127.0.0.1:3000/predict": '"model_version":"1"',
    "python -m flows.ledger garments": "garments: what it has cost",
    "python -m flows.plan garments --requests 50/s --peak 4 --p99 20ms --retrain weekly": "garments: the plan",
    "python -m flows.history garments": "at work: version 1",
    "dvc params diff": "workloads.garments.train.recipe",
    "dvc metrics diff": "accuracy",
    "make check WORKLOAD=mugs": "mugs: what is read, split and trained on",
    "make run WORKLOAD=mugs": "mugs version 1",
    "python -m flows.score mugs ../mugs": "400 scored",
    "make check WORKLOAD=houses": "25 to 346: task: regression",
    "make run WORKLOAD=fraud": "fraud version 1",
    "make check WORKLOAD=payments": "payments: what is read, split and trained on",
    "make run WORKLOAD=payments": "payments version 1",
    "prefect deployment run train/nightly --watch": "Completed",
}


@pytest.mark.timeout(1_800)  # it is all that README has
def test_every_command_works(project: Project, digits: Path, prefect_url: str) -> None:
    """The first run starts a Prefect server of its own; those behind it are of a person who has one."""
    _make_small(project, digits)
    describe(project.path, RECIPES["transfer"]["backbone"])
    own_data.two_folders(project.path.parent / "mugs")
    _write_payments(project.path.parent / "payments.parquet")
    patients = load_diabetes(as_frame=True, scaled=False).frame.rename(columns={"target": "price"})
    patients.to_csv(project.path.parent / "houses.csv", index=False)
    pictured, timeless, tabled = (SECTIONS[name] for name in ("mugs", "houses", "payments"))
    sections = {
        "mugs": f"{pictured}    gate: {{baseline: false}}\n",  # a backbone that has learned nothing
        "houses": timeless,
        "fraud": PAYMENTS.removeprefix("workloads:\n").replace("  payments:", "  fraud:"),
        "payments": tabled.replace("train: 60, validation: 7, test: 14", "train: 10, validation: 4, test: 6") + EASY,
    }
    shell: list[str] = []
    settings: dict[str, str] = {}
    with ExitStack() as servers:
        for command in COMMANDS:
            if command.startswith(("make check WORKLOAD=", "make run WORKLOAD=")):
                with (project.path / "params.yaml").open("a") as file:
                    file.write(sections.pop(command.partition("=")[2], ""))
            if command.startswith(SHELL):
                shell.append(command)
            elif command in SERVERS:
                servers.enter_context(_staying(project, shell, command))
            elif command not in HERE:
                identity = IDENTITY if command.startswith("dvc exp run") else {}
                output = _run(project, shell, command, **settings, **identity)
                settings["PREFECT_API_URL"] = prefect_url
                assert EXPECTED.get(command, "") in output, f"{command}:\n{output}"


def test_the_users_section_has_at_most_ten_lines() -> None:
    assert len(SECTIONS) >= 4
    assert all(len(section.splitlines()) <= 10 for section in SECTIONS.values())


def test_the_python_of_readme_works(trained: Project) -> None:
    code = re.findall(r"```python\n(.*?)```", README, re.DOTALL)[0].replace("garments", "digits")
    trained.run("python", "-c", "from tests.registering import registered; registered('digits')", PYTHONPATH=".")
    there = {"MLFLOW_TRACKING_URI": f"sqlite:///{trained.path}/state/mlflow/mlflow.db"}
    output = trained.run("python", "-c", code.replace("model.predict(", "print(model.predict(") + ")", **there)
    assert "digit-" in output


@pytest.mark.parametrize(
    "page", ["README.md", "CHANGELOG.md", *[f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md")]]
)
def test_every_link_leads_somewhere(page: str) -> None:
    text = (ROOT / page).read_text()
    for target in re.findall(r"\]\((?!http)([^)#]+)", text):
        assert ((ROOT / page).parent / target).exists(), target


def test_make_alone_lists_every_target(project: Project) -> None:
    listed = project.run("make")
    for target in ("setup", "run", "quick", "test", "docs", "site", "lint", "ui", "serve", "clean"):
        assert f"make {target}" in listed


def _write_payments(path: Path) -> None:
    """Write a table with the columns that README names."""
    payments = pa.Table.from_batches(transactions(Simulation(**yaml.safe_load(FEW)["settings"])))
    names = {"transaction_id": "payment", "customer_id": "card", "terminal_id": "shop"}
    pq.write_table(payments.rename_columns([names.get(name, name) for name in payments.column_names]), path)


def _make_small(project: Project, digits: Path) -> None:
    """Give the checkout the shipped workload's name on the small data set, and the environment that runs this test."""
    params = project.path / "params.yaml"
    text = params.read_text().replace("  digits:", "  garments:").replace("epochs: 10", "recipe: quick, epochs: 5")
    params.write_text(text)
    (project.path / ".venv").symlink_to(os.environ[WARM])
    commit(project, "small garments")


def _run(project: Project, shell: list[str], command: str, **variables: str) -> str:
    return project.run("bash", "-ec", "\n".join([*shell, command]), PATH=_path(), **variables)


@contextmanager
def _staying(project: Project, shell: list[str], command: str) -> Iterator[None]:
    log = project.path / "state" / "server.log"
    with log.open("a") as file:
        server = subprocess.Popen(
            ["bash", "-ec", "\n".join([*shell, f"exec {command}"])],
            cwd=project.path,
            env={**project.environment(), "PATH": _path()},
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        _wait_for(SERVERS[command], server, log)
        if command == "make ui":
            _shows_what_is_registered()
        yield
    finally:
        family = psutil.Process(server.pid).children(recursive=True)
        end(server)
        _, alive = psutil.wait_procs(family, timeout=30)
        assert alive == [], f"{command} left processes"


def _shows_what_is_registered() -> None:
    found = httpx.get("http://127.0.0.1:5000/ajax-api/2.0/mlflow/registered-models/get", params={"name": "garments"})
    model = found.json()["registered_model"]
    assert model["aliases"] == [{"alias": "champion", "version": "1"}]


def _wait_for(address: str | None, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 90
    while address and time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        try:
            if httpx.get(address, timeout=2).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    assert address is None, log.read_text()


def _path() -> str:
    """The PATH of a shell that knows nothing of this test's environment: README's own lines must find it."""
    return "/usr/local/bin:/usr/bin:/bin"
