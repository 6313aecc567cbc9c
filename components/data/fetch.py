"""The files of a public data set, from the first source that answers; their hash decides."""

import gzip
import hashlib
import logging
import os
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from contextlib import nullcontext, suppress
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from components.config.errors import DataError
from components.config.settings import STATE
from components.data.description import Debian, Description, PublishedFile
from components.kinds.archive import files_in
from components.system.files import scratch_directory, sha256, whole_file
from components.system.processes import die_with_parent
from components.system.progress import Progress

if TYPE_CHECKING:
    from _typeshed import SupportsRead

logger = logging.getLogger(__name__)

MIRROR = "JOURNEYMAN_MIRROR"
_TIMEOUT = 60.0  # seconds without a byte
_COMMAND_TIMEOUT = 600.0  # seconds for one command of the package manager

FileSource = tuple[str, Callable[[PublishedFile, Path], None]]


def fetch(description: Description) -> dict[str, Path]:
    """Return the decompressed, verified files of the data set by their role, fetching those not here yet.

    The environment variable `JOURNEYMAN_MIRROR`, a folder or an address, is asked first, then Debian's package,
    then the public addresses.

    Raises:
        DataError: no source has the file with the right hash; the message says what each one answered.
    """
    here = STATE / "downloads" / description.title.lower()
    with scratch_directory(here / "package") as scratch:
        sources = _sources(description, scratch.resolve())
        return {
            role: _verified(file, here / file.name, [*sources, *_own_address(file)])
            for role, file in description.files.items()
        }


def _verified(file: PublishedFile, path: Path, sources: list[FileSource]) -> Path:
    with suppress(zipfile.BadZipFile):
        if path.exists() and _hash(file, path) == file.sha256:
            return path
    refusals = []
    for title, take in sources:
        try:
            with whole_file(path) as draft:
                take(file, draft)
                if (found := _hash(file, draft)) != file.sha256:
                    raise DataError(f"SHA-256 is {found}, expected {file.sha256}")
            logger.info("%s: from %s", file.name, title)
            return path
        except (OSError, DataError, subprocess.SubprocessError, EOFError, zipfile.BadZipFile) as error:
            refusals.append(f"{title}: {error}")
    raise DataError(
        f"{file.name}: no source has it. {'; '.join(refusals)}. Set {MIRROR} to a folder or address that does"
    )


def _hash(file: PublishedFile, path: Path) -> str:
    """Return the SHA-256 of the file; of an archive, that of the lines `SHA-256  name` of its files, by their names.

    Raises:
        BadZipFile: an archive is none.
    """
    if file.archive is None:
        return sha256(path)
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files_in(path, file.archive)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _sources(description: Description, scratch: Path) -> list[FileSource]:
    sources: list[FileSource] = []
    if mirror := os.environ.get(MIRROR):
        sources.append((mirror, _address(mirror) if "://" in mirror else _folder(Path(mirror).expanduser())))
    if description.debian and shutil.which("apt-get") and shutil.which("dpkg-deb"):
        package = f"Debian package {description.debian.package}"
        sources.append((package, _debian(description.debian, scratch)))
    return sources + [(address, _address(address)) for address in description.addresses]


def _folder(folder: Path) -> Callable[[PublishedFile, Path], None]:
    def take(file: PublishedFile, draft: Path) -> None:
        for path in (folder / file.name, folder / f"{file.name}.gz"):
            if path.is_file():
                with path.open("rb") as stream:
                    return _unpack(stream, draft)
        raise DataError(f"neither {file.name} nor {file.name}.gz in {folder}")

    return take


def _debian(debian: Debian, scratch: Path) -> Callable[[PublishedFile, Path], None]:
    """Take from a package that is unpacked without root, once for all its files."""

    def take(file: PublishedFile, draft: Path) -> None:
        if not (scratch / debian.folder).exists():
            _unpack_package(debian.package, scratch)
        _folder(scratch / debian.folder)(file, draft)

    return take


def _address(address: str) -> Callable[[PublishedFile, Path], None]:
    """Take from a public folder: compressed, or else as it is."""

    def take(file: PublishedFile, draft: Path) -> None:
        whole = f"{address.rstrip('/')}/{file.name}"
        try:
            _download(f"{whole}.gz", file.name, draft)
        except urllib.error.HTTPError as error:
            if error.code != HTTPStatus.NOT_FOUND:
                raise
            _download(whole, file.name, draft)

    return take


def _own_address(file: PublishedFile) -> list[FileSource]:
    address = file.address
    return [(address, lambda file, draft: _download(address, file.name, draft))] if address else []


def _download(address: str, name: str, draft: Path) -> None:
    with urllib.request.urlopen(address, timeout=_TIMEOUT) as answer:
        total = int(answer.headers.get("Content-Length") or 0) or None
        with Progress.wrapattr(answer, "read", total=total, desc=name, unit="B", unit_scale=True) as stream:
            _unpack(stream, draft)


def _unpack(stream: "SupportsRead[bytes]", draft: Path) -> None:
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(stream, copy)
        copy.seek(0)
        compressed = copy.read(2) == b"\x1f\x8b"
        copy.seek(0)
        with gzip.open(copy) if compressed else nullcontext(copy) as plain, draft.open("wb") as out:
            shutil.copyfileobj(plain, out)


def _unpack_package(package: str, scratch: Path) -> None:
    """Download and unpack a Debian package into `scratch`, with package lists of its own: no root is needed."""
    (scratch / "apt/lists/partial").mkdir(parents=True)
    (scratch / "apt/cache/archives/partial").mkdir(parents=True)
    apt = [
        "apt-get",
        "--quiet",
        "-oAPT::Sandbox::User=",
        f"-oDir::State::Lists={scratch / 'apt/lists'}",
        f"-oDir::Cache={scratch / 'apt/cache'}",
    ]
    logger.info("fetching Debian package %s", package)
    _call([*apt, "update"], scratch)
    _call([*apt, "download", package], scratch)
    for archive in scratch.glob(f"{package}_*.deb"):
        _call(["dpkg-deb", "--extract", str(archive), str(scratch)], scratch)


def _call(command: list[str], folder: Path) -> None:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=_COMMAND_TIMEOUT, preexec_fn=die_with_parent
    )
    if done.returncode != 0:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise DataError(f"{command[0]} failed: {lines[-1] if lines else f'exit status {done.returncode}'}")
