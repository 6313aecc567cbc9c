"""Connections that processes hold to their database."""

import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from benchmarks import stores
from benchmarks.machine_parts.figures import Figures
from benchmarks.server import clean_environment, free_port

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
