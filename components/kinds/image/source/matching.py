"""Which picture a table means by what it writes: a path, with or without folders and suffix."""

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from components.kinds import split_names as splits


class Pictures:
    """Pictures, to be found by what people write for them."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = set(paths)
        self._by_end: dict[str, list[str]] = {}
        self._by_number: dict[int, list[str]] = {}
        for path in paths:
            for key in _keys(path):
                self._by_end.setdefault(key, []).append(path)
            stem = PurePosixPath(path).stem
            if stem.isascii() and stem.isdigit():
                self._by_number.setdefault(int(stem), []).append(path)

    def find(self, written: str, table: str = "") -> str | None:
        """Return the picture that is meant, None if there is none or several.

        Of several, those win that lie in the table's folder, or in one that is called as the table is.
        """
        path = written.strip().replace("\\", "/").removeprefix("./").strip("/")
        if not path:
            return None
        if path in self._paths:
            return path
        parts = path.split("/")
        for start in range(len(parts)):
            end = "/".join(parts[start:])
            if found := self._by_end.get(end) or self._by_end.get(_without_suffix(end)):
                return _chosen(found, table)
        if path.isascii() and path.isdigit() and (found := self._by_number.get(int(path))):
            return _chosen(found, table)
        return None


def looks_like_picture(written: str, suffixes: tuple[str, ...]) -> bool:
    """Whether it is written as a picture's file is."""
    return written.strip().lower().endswith(suffixes)


def _keys(path: str) -> Iterable[str]:
    """Return the ends of a path, with and without its suffix: `a/b/c.jpg`, `b/c.jpg`, `c.jpg`, `a/b/c`, `b/c`, `c`."""
    parts = path.split("/")
    ends = ["/".join(parts[start:]) for start in range(len(parts))]
    return {*ends, *map(_without_suffix, ends)}


def _without_suffix(path: str) -> str:
    before, dot, suffix = path.rpartition(".")
    return before if dot and before and suffix.isalnum() and len(suffix) <= 5 and not suffix.isdigit() else path


def _chosen(found: Sequence[str], table: str) -> str | None:
    if len(found) == 1:
        return found[0]
    about = PurePosixPath(table)
    below = [path for path in found if path.startswith(f"{about.parent}/")] if str(about.parent) != "." else []
    called = [path for path in found if about.stem in path.split("/")[:-1]]
    split = splits.within(about.stem)
    same = [path for path in found if split and split in map(splits.within, path.split("/")[:-1])]
    return next((several[0] for several in (called, same, below) if len(several) == 1), None)
