"""What a commit holds, by the hashes that DVC knows it by: whether a version can be made again from it."""

import hashlib
import io
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from components.versioning.git import ask_git, git
from components.versioning.lock import directory_hash


def not_held(commit: str, wanted: Mapping[str, str]) -> list[str]:
    """Return those of `wanted`, DVC's hashes by path from the project's folder, that `commit` holds otherwise or not.

    So is what git ignores, what lies in a submodule or behind a link, and what has changed since DVC recorded it.
    """
    files = _md5s(commit, list(wanted))
    return [path for path, expected in wanted.items() if _hash(path, files) != expected]


def _md5s(commit: str, paths: list[str]) -> dict[str, str]:
    """Return the MD5 of each file below `paths` that the commit holds and `.dvcignore` does not leave out."""
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        git("read-tree", commit, env=index)
        listing = ("--literal-pathspecs", "ls-files", "--cached", "-z")
        left_out = git(*listing, "--ignored", "--exclude-per-directory=.dvcignore", "--", *paths, env=index)
        listed = git(*listing, "--stage", "--", *paths, env=index)
    blobs = dict(_blob(line) for line in listed.split("\0") if line)
    kept = {path: blob for path, blob in blobs.items() if path not in set(left_out.split("\0"))}
    return dict(zip(kept, map(_md5, _contents(list(kept.values()))), strict=True))


def _blob(line: str) -> tuple[str, str]:
    about, path = line.split("\t", 1)
    return path, about.split()[1]


def _contents(blobs: list[str]) -> Iterator[bytes]:
    """Yield the content of each blob; nothing of a submodule, which is none."""
    said = io.BytesIO(ask_git(["cat-file", "--batch"], given="".join(f"{blob}\n" for blob in blobs).encode()))
    for _ in blobs:
        about = said.readline().split()
        if about[-1] == b"missing":
            yield b""
        else:
            yield said.read(int(about[-1]))
            said.readline()


def _hash(path: str, files: Mapping[str, str]) -> str:
    below = {name.removeprefix(f"{path}/"): md5 for name, md5 in files.items() if name.startswith(f"{path}/")}
    return files.get(path) or directory_hash(below)


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
