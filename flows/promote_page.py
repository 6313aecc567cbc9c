"""The page of `flows.promote --serve`: who waits for a person, and the button that does what `flows.promote` does."""

import hmac
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from components import catalogue
from components.config.errors import BadRequest, RegistryError
from components.pages.blocks import Block, Paragraph, Table
from components.registry.gate.record import read_verdict
from components.registry.gate.verdict import COLUMNS
from components.registry.promotion import champion
from components.registry.promotion.page import Candidate, files, page
from components.registry.promotion.waiting import waiting
from components.registry.version import Version
from components.system import clock
from components.system.loopback import File, loopback_server
from components.watch.page.trials import tried
from flows import console
from flows.label import person
from flows.servers import ask_registry
from flows.trials import trials_of

PORT = 3200

Promote = Callable[[str, str], str]
"""Number of a version and a reason -> what is to be said once it is at work."""


class Decided(BaseModel):
    """What the page sends."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    champion: str
    """The version at work that the page showed."""
    reason: str = Field(max_length=500, pattern=r"^[^\x00]*$")
    token: str
    """What the page was given, which no other page knows."""


def serve(workload: str, port: int = PORT) -> str:
    """Show the page on this machine until it is interrupted.

    Raises:
        ConfigError: the workload is none, or a server does not answer.
        EndpointError: the port is taken.
    """
    catalogue.workload(workload)
    ask_registry()
    server = promote_server(workload, person(), lambda number, reason: run_promote(workload, number, reason), port)
    console.print_report(
        f"who waits for a person, of {workload}: http://127.0.0.1:{server.server_address[1]}/ (Ctrl-C ends it)"
    )
    with server:
        server.serve_forever()
    return ""


def promote_server(workload: str, who: str, put_to_work: Promote, port: int) -> ThreadingHTTPServer:
    """Return the server of the page, at 127.0.0.1.

    Args:
        workload: whose versions.
        who: is asked.
        put_to_work: what the button does, one at a time, for a version that waits.
        port: 0: any.

    Raises:
        EndpointError: the port is taken.
    """
    token, lock = secrets.token_urlsafe(32), threading.Lock()

    def show(path: str) -> File | None:
        return shown(workload, who, token) if path == "/" else files().get(path)

    def reply(path: str, body: bytes) -> dict[str, Any]:
        said = _decided(body, token)
        with lock:
            _check(workload, said)
            return {"said": put_to_work(said.version, said.reason)}

    return loopback_server(port, show, ("/promote",), reply)


def shown(workload: str, who: str, token: str) -> File:
    """Return the page as it is now."""
    at_work, gate = champion(workload), catalogue.workload(workload).gate
    found = [Candidate(version.number, _evidence(version)) for version in waiting(workload, gate)]
    return page(workload, at_work.number if at_work else "none", found, who, token)


def run_promote(workload: str, number: str, reason: str) -> str:
    """Put a version to work by the command that a person would type; return what to say.

    Raises:
        RegistryError: it came to nothing; the same again goes on from there.
    """
    command = [sys.executable, "-m", "flows.promote", f"--reason={reason}", "--", workload, number]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip() or "it was ended").splitlines()[-1]
        raise RegistryError(last.removeprefix("error: "))
    return f"Version {number} is at work."


def _evidence(version: Version) -> list[Block]:
    """Return what speaks for a version: the gate's verdict, and its trials."""
    verdict = read_verdict(version)
    said = verdict.reason if verdict else "the gate's verdict is not kept any more"
    blocks: list[Block] = [Paragraph(f"{version.metric} {version.value:.4g}. The gate: {said}.")]
    if verdict:
        blocks.append(Table(COLUMNS, verdict.rows(), caption="The gate's rules"))
    its = [trial for trial in trials_of(version.workload, clock.now()) if trial.version == version.number]
    return [*blocks, *tried([trial for trial in its if trial.kind != "reverse shadow"])]


def _decided(body: bytes, token: str) -> Decided:
    try:
        said = Decided.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise BadRequest(f"{'.'.join(map(str, first['loc'])) or 'the body'}: {first['msg']}") from error
    if not hmac.compare_digest(said.token.encode(), token.encode()):
        raise BadRequest("this page is from before the server was started anew: load it again")
    if not said.reason.strip():
        raise BadRequest("say why; it is kept in the history")
    return said


def _check(workload: str, said: Decided) -> None:
    """Raise a `BadRequest` unless what the page showed is still so."""
    at_work = champion(workload)
    if at_work is None or at_work.number != said.champion:
        now = f"version {at_work.number}" if at_work else "no version"
        raise BadRequest(f"{now} is at work by now, not version {said.champion}: load the page again")
    if said.version not in [version.number for version in waiting(workload, catalogue.workload(workload).gate)]:
        raise BadRequest(f"version {said.version} does not wait for a person any more: load the page again")
