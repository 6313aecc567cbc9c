"""How a flow is started from the command line, and what a person sees of it."""

import logging
import os
import re
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from prefect.context import refresh_global_settings_context
from prefect.logging.handlers import PrefectConsoleHandler

from components.config import errors
from components.config.errors import JourneymanError, NotIdentical
from components.config.settings import environment
from components.internals.prefect import CHATTY_LOGGERS
from components.system.entry import FULL
from flows.embedded import prefect_server

API = "PREFECT_API_URL"
_OURS = [name for name, value in vars(errors).items() if isinstance(value, type)]
_ERRORS_OF_OURS = re.compile(rf"\b({'|'.join(_OURS)})\b")
"""How Prefect names them in its lines."""


def run(flow: Callable[..., Any], check: Callable[..., Any], arguments: Sequence[Any] | None = None) -> NoReturn:
    """Run `flow` with `arguments`, or else those of the command line, print its result, and exit.

    `check` gets the same arguments first, before a server is started, and raises what is wrong with them.
    Exit status: 0 done, 1 a `JourneymanError` (printed as one line), 130 interrupted.
    """
    arguments = sys.argv[1:] if arguments is None else arguments

    def served() -> Any:
        check(*arguments)
        with prefect_server():
            return flow(*arguments)

    show(served)


def show(call: Callable[[], Any]) -> NoReturn:
    """Print what `call` returns, and exit with a status as `run` does."""
    try:
        prepare()
        _quiet_about_errors()
        result = call()
    except JourneymanError as error:
        if isinstance(error, NotIdentical):
            print(error.told, flush=True)  # before what goes to stderr, also where both are one file
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        if error.errno not in FULL:
            raise
        print(f"error: {error.filename or 'a file'}: {error.strerror}; make room, then run it again", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        sys.exit(130)
    print(result)
    sys.exit(0)


def print_report(report: object) -> None:
    """Print a report in the middle of a run, before what the next step prints."""
    print(report, flush=True)


def prepare() -> None:
    """Point the tools to state/ and keep a user's error to one line: for a flow run here as for one run by a worker."""
    before = os.environ.get(API)
    os.environ.update(environment(Path.cwd()))
    if os.environ.get(API) != before:
        refresh_global_settings_context()  # Prefect has read its settings when it was imported
    for handler in {*logging.getLogger().handlers, *logging.getLogger("prefect").handlers}:
        handler.addFilter(_without_trace)
    for chatty in (*CHATTY_LOGGERS, "httpx", "bentoml"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", "Operation with range is deprecated")


def _quiet_about_errors() -> None:
    """Have Prefect's console lines leave out the error that is said last; its API gets it all the same."""
    for handler in {*logging.getLogger().handlers, *logging.getLogger("prefect").handlers}:
        if isinstance(handler, PrefectConsoleHandler):
            handler.addFilter(_says_no_error_of_ours)


def _says_no_error_of_ours(record: logging.LogRecord) -> bool:
    return not _ERRORS_OF_OURS.search(record.getMessage())


def _without_trace(record: logging.LogRecord) -> bool:
    if record.exc_info and isinstance(record.exc_info[1], JourneymanError):
        record.exc_info = record.exc_text = None
    return True
