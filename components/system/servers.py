"""Servers that a setting names are asked before any work; a dead server is reported in one line, within seconds."""

import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from time import monotonic

from components.config.errors import ConfigError
from components.config.passwords import without_password
from components.config.settings import SERVER_TIMEOUT

WITHIN = 4.0
"""Seconds that all of them have together, where `JOURNEYMAN_SERVER_TIMEOUT` does not say another number."""

_STATUS = re.compile(r"(?:error code |too many |(?:Client|Server) error '|status[= ])(\d{3})\b")
_SAID = {
    r"(?i)proxy": "is not reached through the proxy that http_proxy or https_proxy names",
    r"(?i)failed to resolve|name or service not known|name resolution|could not translate host|no address associated": (
        "has a name that is not known here"
    ),
    r"(?i)connection refused|all connection attempts failed|connect call failed": (
        "does not answer: nothing listens there"
    ),
    r"(?i)network is unreachable|no route to host": "is not reached from here: no network leads there",
    r"(?i)timed? ?out": "does not answer",
    r"WRONG_VERSION_NUMBER|record layer failure": "speaks http, not https",
    r"CERTIFICATE_VERIFY_FAILED": "has a certificate that is not trusted here",
    r"(?i)disconnected|connection reset|connection aborted|server closed|RemoteDisconnected": "hangs up",
    r"(?i)valid JSON|expecting value|validation error|jsondecode": "answers, but is another sort of server",
}
"""What is told of an error whose words match the pattern."""
_LONGEST = 200


@dataclass(frozen=True)
class Server:
    """A server that a setting names."""

    setting: str
    address: str
    ask: Callable[[], object]
    """Asks something that it answers at once; raises whatever is wrong."""
    otherwise: str
    """What happens where the setting is left out; nothing: it cannot be."""
    credentials: str = ""
    """The settings that say who asks."""


def seconds_to_answer() -> float:
    """Return how many seconds servers have to answer.

    Raises:
        ConfigError: the variable says no number over zero.
    """
    said = os.environ.get(SERVER_TIMEOUT)
    try:
        seconds = float(said) if said else WITHIN
    except ValueError:
        seconds = 0.0
    if not 0.0 < seconds < float("inf"):
        raise ConfigError(f"{SERVER_TIMEOUT}={said}: expected a number of seconds over zero")
    return seconds


def ask_servers(servers: Sequence[Server], within: float | None = None) -> None:
    """Ask all of them at once; `within` seconds, or as many as `seconds_to_answer` says.

    Raises:
        ConfigError: the first that does not answer as it should: its setting, its address, what it said, what to do.
    """
    if wrong := next(filter(None, answers(servers, within)), None):
        raise wrong from wrong.__cause__


def answers(servers: Sequence[Server], within: float | None = None) -> list[ConfigError | None]:
    """Ask all of them at once, as `ask_servers`; return of each what is wrong with it, None: nothing."""
    found: dict[int, BaseException | None] = {}
    within = seconds_to_answer() if within is None else within

    def ask(index: int, server: Server) -> None:
        try:
            server.ask()
        except Exception as error:
            found[index] = error
        else:
            found[index] = None

    calls = [partial(copy_context().run, ask, *pair) for pair in enumerate(servers)]
    asked = [threading.Thread(target=call, daemon=True) for call in calls]
    for thread in asked:
        thread.start()
    deadline = monotonic() + within
    for thread in asked:
        thread.join(max(0.0, deadline - monotonic()))
    late = TimeoutError(f"timed out: no answer within {within:g} s")
    return [_wrong(server, found.get(index, late)) for index, server in enumerate(servers)]


def _wrong(server: Server, error: BaseException | None) -> ConfigError | None:
    if error is None:
        return None
    told = _told(server, error)
    if told is not error:
        told.__cause__ = error
    return told


def _told(server: Server, error: BaseException) -> ConfigError:
    if isinstance(error, ConfigError):
        return error
    address, words = without_password(server.address), " ".join(" ".join(_words(error)).split())
    said, advice = _said(words, str(error)), "start it, or mend the address"
    if server.otherwise:
        advice = f"start it, mend the address, or unset {server.setting}: then {server.otherwise}"
    if status := _STATUS.search(words):
        said, advice = _refused(status[1], server, advice)
    return ConfigError(f"{server.setting}: {address} {said}; {advice}")


def _words(error: BaseException | None) -> Iterator[str]:
    """Yield what the error says, then what its causes do."""
    while error is not None:
        yield str(error)
        error = error.__cause__ or error.__context__


def _refused(status: str, server: Server, advice: str) -> tuple[str, str]:
    if status in ("401", "403") and server.credentials:
        return f"answers {status}, access refused", f"see to {server.credentials}"
    if status == "404":
        return "answers 404: its path is not right, or it is another sort of server", advice
    return f"answers {status}: its own log says why", advice


def _said(words: str, first: str) -> str:
    told = next((told for pattern, told in _SAID.items() if re.search(pattern, words)), "")
    first = without_password(" ".join(first.split()))
    return told or f"cannot be used ({first if len(first) <= _LONGEST else f'{first[: _LONGEST - 3]}...'})"
