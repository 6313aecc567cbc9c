"""An address where files are published: a directory, or what fsspec knows (`s3://…` with s3fs, `gs://…` with gcsfs)."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from fsspec.core import url_to_fs

from components.config.errors import ConfigError, PublishedError
from components.config.passwords import without_password
from components.config.settings import CHAMPIONS
from components.system.files import created, must_be_writable, whole_file
from components.system.locks import locked_within
from components.system.refusal import refusal
from components.system.skew import must_agree

_CHUNK = 1 << 20
_ASKED = ".asked"
_NOT_THERE = ".not-there"
_FOLDERS = ("", "file", "local")
"""How the address of a directory begins."""
_LOCKED = 20.0  # seconds that another process may take to compare and rename


@dataclass(frozen=True)
class Found:
    """A file as it was read, by which `Address.swap` knows whether it is the same still."""

    content: bytes | None
    """None: there was none."""
    etag: str = ""
    """The object store's name for this content."""


class Address:
    """Files by name under one address. A file is replaced at once: who reads finds the old or the new one, whole."""

    def __init__(self, address: str, endpoint: str = "") -> None:
        """Open `address`; nothing is read yet. `endpoint`: of an object store, where its own variable does not say it.

        Raises:
            ConfigError: fsspec does not know such an address, or lacks the package for it; or a directory's path is not
                whole, which each process would take to be another one.
        """
        self._address = without_password(address)
        scheme, _, path = address.rpartition("://")
        if scheme in _FOLDERS and not Path(path).is_absolute():
            whole = Path(path).expanduser().absolute()
            raise ConfigError(f"{address or 'no address'}: name the directory by its whole path, as {whole}")
        options = {"endpoint_url": endpoint} if endpoint else {}
        try:
            self._files, self._root = url_to_fs(address, use_listings_cache=False, **options)
        except Exception as error:  # each file system raises errors of its own
            said = without_password(" ".join(str(error).split()))
            raise ConfigError(f"{self._address}: {said}") from error
        self._local = "file" in self._files.protocol
        self._conditional = "s3" in self._files.protocol
        if self._conditional and (not self._root.strip("/") or self._root.startswith("/") or "//" in self._root):
            raise ConfigError(f"{self._address}: say a bucket, and a prefix behind one slash, as s3://bucket/prefix")

    def __str__(self) -> str:
        return self._address

    @property
    def folder(self) -> Path | None:
        """The directory that it is; None: it lies elsewhere."""
        return Path(self._root) if self._local else None

    def ask(self, setting: str = CHAMPIONS) -> None:
        """See to it that something can be written here, by writing a small file; `setting` is what names the address.

        Raises:
            ConfigError: the directory cannot be written, or the store says why it takes nothing.
            PublishedError: another thing is wrong.
        """
        if self._local:
            must_be_writable(Path(self._root), setting)
            return
        with self._refused(setting):
            self.write(_ASKED, b"asked before a run\n")

    def examine(self, setting: str = CHAMPIONS) -> None:
        """See to it that all goes well that is done here: it is written, compared before it is swapped, and timed.

        Raises:
            ConfigError: it does not.
            PublishedError: as of `ask`.
        """
        began = time.time()
        self.ask(setting)
        with self._refused(setting):
            self.write(_ASKED, b"examined\n")
            self.read(_NOT_THERE)  # some stores refuse who may not list to say that a file is not there
            with self._reaching(_ASKED):
                told = self._files.info(self._at(_ASKED))
        if self._conditional and self.swap(_ASKED, Found(b"", '"0"'), b"swapped\n"):
            raise ConfigError(
                f"{setting}: {self._address} is a store that compares nothing before it swaps (If-Match), so a pointer "
                "there can go back; take one that does, as Amazon S3, MinIO and Ceph do, or a shared directory"
            )
        written = told.get("LastModified") or told.get("mtime")
        if written:
            at = written.timestamp() if isinstance(written, datetime) else float(written)
            must_agree(at, began, time.time(), setting, self._address)

    def read(self, name: str) -> bytes | None:
        """Return the file's content, None where there is none."""
        with self._reaching(name):
            try:
                content: bytes = self._files.cat_file(self._at(name))
            except FileNotFoundError:
                return None
        return content

    @contextmanager
    def opened(self, name: str) -> Iterator[IO[bytes]]:
        """Yield the file, open to be read in parts."""
        with self._reaching(name), self._files.open(self._at(name), "rb") as file:
            yield file

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        with self._reaching(name):
            return bool(self._files.exists(self._at(name)))

    def sha256(self, name: str) -> str | None:
        """Return the hexadecimal SHA-256 of the file, None where there is none."""
        digest = hashlib.sha256()
        with self._reaching(name):
            try:
                with self._files.open(self._at(name), "rb") as file:
                    while chunk := file.read(_CHUNK):
                        digest.update(chunk)
            except FileNotFoundError:
                return None
        return digest.hexdigest()

    def write(self, name: str, content: bytes) -> None:
        """Make `content` the file's, on a disk by a rename, in an object store by one PUT."""
        with self._reaching(name):
            if self._local:
                with whole_file(Path(self._at(name))) as draft:
                    draft.write_bytes(content)
            else:
                self._files.pipe_file(self._at(name), content)

    def look(self, name: str) -> Found:
        """Return the file as it is now, for `swap`."""
        with self._reaching(name):
            try:  # the tag first: a content that is newer than its tag is refused by `swap`
                etag = str(self._files.info(self._at(name))["ETag"]) if self._conditional else ""
                return Found(self._files.cat_file(self._at(name)), etag)
            except FileNotFoundError:
                return Found(None)

    def swap(self, name: str, found: Found, content: bytes) -> bool:
        """Make `content` the file's if nobody has changed it since it was `found`; return whether that was so.

        On S3 the store compares and swaps at once, in a directory whoever holds its lock does. Of any other store the
        file is compared right before it is written.
        """
        with self._reaching(name):
            if self._local:
                path = Path(self._at(name))
                with locked_within(path.with_name(f".{path.name}.lock"), _LOCKED):
                    return self._written(name, found, content)
            return self._swapped(name, found, content) if self._conditional else self._written(name, found, content)

    def _written(self, name: str, found: Found, content: bytes) -> bool:
        if self.read(name) != found.content:
            return False
        self.write(name, content)
        return True

    def _swapped(self, name: str, found: Found, content: bytes) -> bool:
        condition = {"mode": "create"} if found.content is None else {"IfMatch": found.etag}
        try:
            self._files.pipe_file(self._at(name), content, **condition)
        except FileExistsError:
            return False
        except OSError:
            if self.look(name) != found:
                return False
            raise
        return True

    def create(self, name: str, content: bytes) -> bool:
        """Write a file that is not there yet, whole or not at all; return whether it was this call that wrote it."""
        with self._reaching(name):
            if self._local:
                return created(Path(self._at(name)), content)
            try:
                self._files.pipe_file(self._at(name), content, mode="create")
            except FileExistsError:
                return False
            return True

    def names(self) -> list[str]:
        """Return the names of all files here, sorted."""
        with self._reaching(""):
            root = self._root.rstrip("/")
            return sorted(path.removeprefix(f"{root}/") for path in self._files.find(root))

    def delete(self, name: str) -> bool:
        """Delete a file; return whether there was one."""
        with self._reaching(name):
            if not self._files.exists(self._at(name)):
                return False
            self._files.rm_file(self._at(name))
            return True

    def discard(self) -> None:
        """Delete all files here."""
        with self._reaching(""):
            if self._files.exists(self._root):
                self._files.rm(self._root, recursive=True)

    def put(self, file: Path, name: str) -> None:
        """Copy a local file there."""
        with self._reaching(name):
            if self._local:
                with whole_file(Path(self._at(name))) as draft:
                    self._files.put_file(str(file), str(draft))
            else:
                self._files.put_file(str(file), self._at(name))

    def get(self, name: str, to: Path) -> None:
        """Copy a file from there to the local path `to`."""
        with self._reaching(name):
            to.parent.mkdir(parents=True, exist_ok=True)
            self._files.get_file(self._at(name), str(to))

    def _at(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    @contextmanager
    def _refused(self, setting: str) -> Iterator[None]:
        """Say what to do where the store says why it refuses; `setting` is what names the address."""
        try:
            yield
        except PublishedError as error:
            if why := refusal(error.__cause__):
                raise ConfigError(f"{setting}: {self._address} {why}") from error
            raise

    @contextmanager
    def _reaching(self, name: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise PublishedError(f"{self._address}/{name}: missing") from error
        except Exception as error:  # each file system raises errors of its own
            said: Any = error.strerror if isinstance(error, OSError) and error.strerror else error
            shown = without_password(" ".join(str(said).split()))
            raise PublishedError(f"{self._address}/{name}: {type(error).__name__}: {shown}") from error
