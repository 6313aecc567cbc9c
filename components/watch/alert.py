"""Whoever wants to know is told when the verdict is another: by a webhook, by mail. Once for each change.

What was told last is kept beside the report. A server that does not take it is named, and tried again next time.
"""

import json
import logging
import os
import smtplib
from email.message import EmailMessage
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from components.config.errors import ConfigError
from components.system.files import read_json, write_json
from components.watch.report import Report

logger = logging.getLogger(__name__)

WEBHOOK = "JOURNEYMAN_ALERT_WEBHOOK"
"""The variable with an address that takes `{"text": …}`, as Slack, Mattermost and others do."""
MAIL = "JOURNEYMAN_ALERT_MAIL"
"""The variable with the addresses that mail goes to, separated by commas."""
SMTP = "JOURNEYMAN_ALERT_SMTP"
"""The variable with the server for it, `smtp://[user:password@]host[:port]`, or `smtps://`."""
_TOLD = "alerted.json"
_EVENT = "event"
_FIRST = "well"  # of which nobody needs to be told
_LIMIT = 10.0  # seconds


def alert(report: Report, folder: Path) -> list[str]:
    """Tell of the report's verdict where it is another than the last that was told; return by what it was told.

    Args:
        report: the latest.
        folder: where is kept what was told last.
    """
    told = _told_before(folder)
    now = report.verdict.verdict
    ways = {"webhook": os.environ.get(WEBHOOK), "mail": os.environ.get(MAIL)}
    done = []
    for way, address in ways.items():
        if not address or told.get(way, _FIRST) == now:
            continue
        try:
            _send(way, address, report)
        except (OSError, smtplib.SMTPException, ConfigError) as error:
            reason = error.reason if isinstance(error, URLError) else error
            logger.warning("the %s was not told of %s: %s; it is tried again next time", way, report.workload, reason)
            continue
        told[way] = now
        write_json(folder / _TOLD, told)
        done.append(way)
    return done


def changed(report: Report, folder: Path) -> bool:
    """Return whether the verdict is another than at the last call, and remember it."""
    told, now = _told_before(folder), report.verdict.verdict
    if told.get(_EVENT, _FIRST) == now:
        return False
    write_json(folder / _TOLD, {**told, _EVENT: now})
    return True


def text(report: Report) -> str:
    """Return the verdict in a few lines."""
    said = report.verdict
    since = f", since {said.since}" if said.since else ""
    version = report.versions[-1].version
    lines = [f"{report.workload} version {version}: {said.verdict}{since}", said.rule, said.sure]
    return "\n".join(filter(None, [*lines, f"What to do: {said.do}" if said.do else ""]))


def _send(way: str, address: str, report: Report) -> None:
    if way == "webhook":
        _post(address, text(report))
    else:
        _mail([to.strip() for to in address.split(",")], text(report))


def _post(address: str, said: str) -> None:
    if urlsplit(address).scheme not in ("http", "https"):
        raise ConfigError(f"{WEBHOOK}: not an address of http or https")
    request = Request(address, json.dumps({"text": said}).encode(), {"content-type": "application/json"})
    with urlopen(request, timeout=_LIMIT):
        pass


def _mail(receivers: list[str], said: str) -> None:
    server = urlsplit(os.environ.get(SMTP, "smtp://localhost"))
    if server.scheme not in ("smtp", "smtps") or not server.hostname:
        raise ConfigError(f"{SMTP}: not of the form smtp://[user:password@]host[:port]")
    message = EmailMessage()
    message["Subject"] = said.partition("\n")[0]
    message["From"] = server.username if server.username and "@" in server.username else "journeyman@localhost"
    message["To"] = ", ".join(receivers)
    message.set_content(said)
    made = smtplib.SMTP_SSL if server.scheme == "smtps" else smtplib.SMTP
    with made(server.hostname, server.port or 0, timeout=_LIMIT) as connection:
        if server.username and server.password:
            if server.scheme == "smtp":
                connection.starttls()
            connection.login(server.username, server.password)
        connection.send_message(message)


def _told_before(folder: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = read_json(folder / _TOLD)
    except (OSError, ValueError):
        return {}
    return found
