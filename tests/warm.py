"""A warm Python: an interpreter that has imported the large libraries and forks itself for each command.

Importing torch, Lightning, MLflow, Prefect and scikit-learn takes longer than most stages on a test's data. With the
`bin` of `WarmPython` first on PATH, `python -m ...` is a fork of one process that has these libraries (and nothing of
this project) in memory. The command has its own folder, environment, arguments, streams and exit status. It is not a
child of who called it: what is to be killed, or looked for among processes, runs cold.
"""

import atexit
import gc
import json
import logging
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
import weakref
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any

LIBRARIES = (
    "_bentoml_impl.docker",
    "_bentoml_sdk.service.openapi",
    "alembic.command",
    "anyio._backends._asyncio",
    "bentoml",
    "bentoml.bentos",
    "bentoml_cli.cli",
    "graphviz",
    "configobj",
    "dvc.cachemgr",
    "dvc.cli.parser",
    "dvc.data_cloud",
    "dvc.repo",
    "dvc.repo.artifacts",
    "dvc.repo.datasets",
    "dvc.repo.graph",
    "dvc.repo.index",
    "dvc.repo.metrics",
    "dvc.repo.open_repo",
    "dvc.repo.params",
    "dvc.repo.plots",
    "dvc.repo.reproduce",
    "dvc.repo.stage",
    "dvc.repo.trie",
    "dvc.rwlock",
    "dvc.scm",
    "dvc.utils.strictyaml",
    "dvc_data.hashfile.db.local",
    "dvc_data.hashfile.status",
    "fsspec.implementations.chained",
    "fsspec.implementations.memory",
    "jinja2",
    "lightning.pytorch",
    "matplotlib.backends.backend_agg",
    "matplotlib.figure",
    "mlflow",
    "mlflow.pyfunc",
    "mlflow.store.model_registry.sqlalchemy_workspace_store",
    "mlflow.store.tracking.sqlalchemy_store",
    "mlflow.store.tracking.sqlalchemy_workspace_store",
    "mlflow.system_metrics.system_metrics_monitor",
    "mlflow.tracing.export",
    "mlflow.tracing.processor.base_mlflow",
    "mlflow.tracking",
    "mlflow.tracing.processor.otel",
    "mlflow.utils.search_logged_model_utils",
    "networkx",
    "onnx",
    "onnxruntime",
    "onnxruntime.quantization",
    "opentelemetry.sdk.trace",
    "pandas",
    "PIL.AvifImagePlugin",
    "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.ImageOps",
    "PIL.Jpeg2KImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.PpmImagePlugin",
    "PIL.TiffImagePlugin",
    "PIL.WebPImagePlugin",
    "polars",
    "prefect",
    "prefect.artifacts",
    "prefect.client.orchestration",
    "prefect.cache_policies",
    "prefect.concurrency.services",
    "prefect.flow_runs",
    "prefect.flows",
    "prefect.runtime",
    "pyarrow.csv",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "pydantic",
    "pydantic.v1",
    "ruamel.yaml",
    "safetensors.torch",
    "scipy.stats",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "sklearn.metrics",
    "sqlalchemy",
    "sqlalchemy.dialects.sqlite",
    "tabulate",
    "torch",
    "torch._dynamo",
    "torch.onnx",
    "torch.utils.data",
    "uvicorn.protocols.http.httptools_impl",
    "yaml",
)
PROGRAMS: dict[str, list[str]] = {
    "python": [],
    "bentoml": ["-m", "bentoml"],
    "dvc": ["-m", "dvc"],
    "prefect": ["-m", "prefect"],
}
"""What is warm, with the arguments of Python that it stands for."""
WITHOUT_PREFECT = ("bentoml", "components", "dvc")
"""Packages whose modules, run by `-m`, never import it."""
PROGRAM = """#!{python} -IS
import json, os, signal, socket, sys
arguments = [*{stands_for!r}, *sys.argv[1:]]
if len(arguments) < 2 or arguments[0] not in ("-m", "-c") or {{"serve", "start"}} & {{*arguments}}:  # these stay
    os.execv({python!r}, [{python!r}, *arguments])
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    request = json.dumps([arguments, os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(server, [b"."], [0, 1, 2])
    server.sendall(len(request).to_bytes(4) + request)
    child = int(server.recv(16, socket.MSG_WAITALL))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: os.kill(child, number))
    status = int(server.recv(16, socket.MSG_WAITALL) or b"1")
if status < 0:
    if -status != signal.SIGKILL:
        signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)
os._exit(status)
"""


class WarmPython:
    """A warm Python for as long as the block lasts; nothing is imported before it is first used.

    It is a virtual environment like the one that it is made in, except that its `bin/python` is warm.
    """

    def __enter__(self) -> Path:
        self._folder = tempfile.TemporaryDirectory(prefix="warm-")
        path = Path(self._folder.name)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path / "socket"))
            listener.listen(64)
            command = [sys.executable, __file__, str(listener.fileno()), str(path / "bin" / "python3")]
            environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
            self._server = subprocess.Popen(
                command, stdin=subprocess.PIPE, pass_fds=[listener.fileno()], cwd="/", env=environment
            )
        for name in ("lib", "lib64", "include", "pyvenv.cfg", "installed"):
            if (Path(sys.prefix) / name).exists():
                (path / name).symlink_to(Path(sys.prefix) / name)
        (path / "bin").mkdir()
        for program in Path(sys.executable).parent.iterdir():
            if not program.name.startswith("python"):
                (path / "bin" / program.name).symlink_to(program)
        (path / "bin" / "python3").symlink_to(Path(sys.executable).resolve())
        for name, stands_for in PROGRAMS.items():
            program = path / "bin" / name
            program.unlink(missing_ok=True)
            program.write_text(
                PROGRAM.format(python=sys.executable, address=str(path / "socket"), stands_for=stands_for)
            )
            program.chmod(0o755)
        return path

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        assert self._server.stdin
        self._server.stdin.close()
        self._server.wait()
        self._folder.cleanup()


def warm_up() -> None:
    """Import the libraries, for the forks of this process."""
    for name in LIBRARIES:
        import_module(name)
    remember()
    assert logging.root.handlers == [], "a library logs for all: every fork would say things twice"
    for finalizer in list(weakref.finalize._registry):  # type: ignore[attr-defined]
        finalizer.atexit = False  # this process's own: its forks clean up what they make
    gc.collect()
    gc.freeze()  # no fork goes through all of this again, and copies it


def remember() -> None:
    """Have MLflow know which package has which module: each process that logs or loads a model would read it anew."""
    from mlflow.utils.requirements_utils import _init_modules_to_packages_map

    _init_modules_to_packages_map()


class _Server:
    """Forks for every request until stdin ends."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._events = selectors.DefaultSelector()
        self._events.register(sys.stdin, selectors.EVENT_READ, self._end)
        self._events.register(listener, selectors.EVENT_READ, self._fork)
        self._running: dict[int, tuple[socket.socket, int]] = {}  # caller and number, by the descriptor of the process
        self._warm = False
        self.command: list[str] = []
        """What this process is to run: it is a fork."""

    def serve(self) -> list[str]:
        """Return, in a fork, the arguments of its command."""
        while True:
            for key, _ in self._events.select():
                key.data()
                if self.command:  # this is a fork: what else has happened is not its concern
                    return self.command

    def _end(self) -> None:
        for _, child in self._running.values():
            os.kill(child, signal.SIGKILL)
        raise SystemExit(0)

    def _fork(self) -> None:
        caller = self._listener.accept()[0]
        try:
            streams, request = _received(caller)
        except (OSError, ValueError):  # it has been killed before it had asked
            caller.close()
            return
        if not self._warm:
            warm_up()
            self._warm = True
        if not (child := os.fork()):
            self._events.close()
            for process, (other, _) in self._running.items():
                os.close(process)
                other.close()
            caller.close()
            self._listener.close()
            self._running.clear()
            self.command = _become(streams, *request)
            return
        for stream in streams:
            os.close(stream)
        process = os.pidfd_open(child)
        self._running[process] = caller, child
        self._events.register(process, selectors.EVENT_READ, partial(self._tell, process))
        self._events.register(caller, selectors.EVENT_READ, partial(self._kill, process))
        with suppress(OSError):
            caller.sendall(b"%16d" % child)

    def _kill(self, process: int) -> None:
        """End who was called: the caller has been killed."""
        if process in self._running:
            caller, child = self._running[process]
            self._events.unregister(caller)
            os.kill(child, signal.SIGKILL)

    def _tell(self, process: int) -> None:
        """Tell the caller with what status it has ended."""
        caller, child = self._running.pop(process)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        self._events.unregister(process)
        os.close(process)
        with suppress(KeyError):
            self._events.unregister(caller)
        with suppress(OSError):
            caller.sendall(b"%16d" % status)
        caller.close()


def _received(caller: socket.socket) -> tuple[list[int], Any]:
    _, streams, _, _ = socket.recv_fds(caller, 1, 3)
    with caller.makefile("rb") as file:
        return streams, json.loads(file.read(int.from_bytes(file.read(4))))


def _become(streams: list[int], arguments: list[str], folder: str, environment: dict[str, str]) -> list[str]:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    if arguments[0] != "-m" or arguments[1].partition(".")[0] not in WITHOUT_PREFECT:
        sys.modules["prefect.context"].refresh_global_settings_context()  # it read the environment when it was imported
    sys.path[:0] = [folder, *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    sys.orig_argv = [sys.executable, *arguments]
    return arguments


def _run(how: str, what: str, *arguments: str) -> int:
    """Run a command as Python would, and return its exit status."""
    sys.argv = [what if how == "-m" else how, *arguments]
    try:
        if how == "-m":
            runpy.run_module(what, run_name="__main__", alter_sys=True)
        else:
            exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)  # noqa: T201 - as Python does
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    sys.path.pop(0)  # the folder of this file
    command = _Server(socket.socket(fileno=int(sys.argv[1]))).serve()
    sys.executable = sys.argv[2]
    status = _run(*command)
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    os._exit(status)  # the threads of the libraries stayed behind in the first process: nobody may wait for them
