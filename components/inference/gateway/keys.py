"""API keys: who may ask. `python -m components.inference.gateway.keys NAME` makes one.

A key is 256 random bits, so nobody guesses one and a plain SHA-256 of it is a right thing to keep: the slow hashes that
passwords need protect what people choose. Kept are lines `name:sha256-in-hex`, in a file, a setting, or both.
"""

import hashlib
import hmac
import logging
import re
import secrets
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from components.config.errors import ConfigError

_FILE, _LINES = "JOURNEYMAN_API_KEYS_FILE", "JOURNEYMAN_API_KEYS"
_LINE = re.compile(r"([A-Za-z0-9._-]{1,64}):([0-9a-f]{64})")
_LOOK_EVERY = 1.0  # seconds between two looks at whether the file has changed

logger = logging.getLogger(__name__)

Headers = Mapping[bytes, bytes]


class Keys:
    """The keys that open. A change of the file is heeded within a second."""

    def __init__(self, file: Path | None = None, lines: str | None = None) -> None:
        """Read the keys.

        Args:
            file: lines of keys; empty ones and those that begin with # say nothing.
            lines: more of them, separated by commas.

        Raises:
            ConfigError: a key that cannot be read, or a setting in which there is none.
        """
        self._fixed = {} if lines is None else _parse(lines.replace(",", "\n"), _LINES)
        if lines is not None and not self._fixed:
            raise ConfigError(f"{_LINES} is set and names no key; unset it to let everyone in")
        self._file, self._stamp, self._looked = file, _stamp(file), time.monotonic()
        self._names = self._fixed | _read(file)

    def name(self, headers: Headers) -> str | None:
        """Return the name of the key that a request carries; None: it carries none that opens.

        Every key is compared in full, so that the time tells nothing of which one is how near.
        """
        self._look()
        sent = hashlib.sha256(_sent(headers)).digest()
        found = None
        for digest, name in self._names.items():
            if hmac.compare_digest(digest, sent):
                found = name
        return found

    def _look(self) -> None:
        now = time.monotonic()
        if self._file is None or now - self._looked < _LOOK_EVERY:
            return
        self._looked = now
        stamp = _stamp(self._file)
        if stamp != self._stamp:
            self._stamp = stamp
            self._read_again()

    def _read_again(self) -> None:
        try:
            self._names = self._fixed | _read(self._file)
            logger.info("%s has changed: %d keys open now", self._file, len(self._names))
        except ConfigError as error:
            logger.error("%s; the keys from before it changed stay in force", error)


def _sent(headers: Headers) -> bytes:
    """Return the key in `Authorization: Bearer KEY` or, failing that, `X-API-Key: KEY`."""
    bearer = headers.get(b"authorization", b"")
    return bearer[7:].strip() if bearer[:7].lower() == b"bearer " else headers.get(b"x-api-key", b"").strip()


def _read(file: Path | None) -> dict[bytes, str]:
    if file is None:
        return {}
    try:
        return _parse(file.read_text(encoding="utf-8"), f"{_FILE}: {file}")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{_FILE}: {file} cannot be read ({type(error).__name__})") from error


def _parse(text: str, where: str) -> dict[bytes, str]:
    """Return names by digest. What is wrong is named by its line alone: somebody may have put the key itself there."""
    names: dict[bytes, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not (line := line.strip()) or line.startswith("#"):
            continue
        if not (match := _LINE.fullmatch(line)):
            raise ConfigError(f"{where}: line {number} is not `name:sha256-in-hex`, as the command above prints it")
        names[bytes.fromhex(match[2])] = match[1]
    return names


def _stamp(file: Path | None) -> tuple[int, int, int] | None:
    try:
        stat = file.stat() if file else None
    except OSError:
        return None
    return (stat.st_mtime_ns, stat.st_size, stat.st_ino) if stat else None


def new_key(name: str) -> tuple[str, str]:
    """Return a new key and the line that lets it in.

    Raises:
        ConfigError: `name` is not one.
    """
    key = secrets.token_urlsafe(32)
    line = f"{name}:{hashlib.sha256(key.encode()).hexdigest()}"
    if not _LINE.fullmatch(line):
        raise ConfigError(f"{name!r} is no name for a key: up to 64 letters, digits, dots, dashes, underscores")
    return key, line


def _main(arguments: list[str]) -> None:
    if len(arguments) != 1:
        sys.exit("say whose key it is: python -m components.inference.gateway.keys NAME")
    try:
        key, line = new_key(arguments[0])
    except ConfigError as error:
        sys.exit(str(error))
    sys.stdout.write(f"the key, shown this once:\n{key}\nthe line for the file of keys:\n{line}\n")


if __name__ == "__main__":
    _main(sys.argv[1:])
