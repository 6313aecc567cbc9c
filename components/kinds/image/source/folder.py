"""A folder of pictures -> records, and what is said of them all."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa

from components.config.errors import DataError
from components.kinds.examples.batches import in_batches
from components.kinds.folders import as_text, label_text
from components.kinds.image.codec.recognise import FileFormat
from components.kinds.image.source.files import Files, files_below
from components.kinds.image.source.layout import Layout, lay_out
from components.kinds.image.source.records import SCHEMA, Record
from components.kinds.image.source.tables import PictureTable, rows_by_picture, tables_of

_BESIDE = 0.05  # part of the pictures that may lie beside the labels' folders and are taken for no data
_SHOWN = 3


@dataclass
class Folder:
    """A folder of pictures, looked at."""

    path: Path
    origin: str
    """What names begin with: `source` or `inbox`."""
    files: Files
    layout: Layout
    tables: list[PictureTable] = field(default_factory=list)

    @property
    def labels(self) -> list[str]:
        """Return the labels, with those that have no picture."""
        pictures = self.layout.pictures.values()
        found = {picture.label for picture in pictures if picture.label is not None}
        plain = found and all(picture.split is None for picture in pictures)
        tops = {label_text(name) for name in self.files.folders if "/" not in name}
        empty = tops if plain or not pictures else set()
        return sorted(found | empty)

    def about(self) -> dict[str, Any]:
        """Return what there is to say of the folder besides its records."""
        files, layout = self.files, self.layout
        used = {table.name for table in self.tables}
        ignored = [name for name in files.others if name not in used]
        ignored += [name for name in files.foreign if not self._is_lost(name)]
        beside = len(layout.unlabelled) <= _BESIDE * len(files.pictures)
        lost = {name: [format.name, format.advice] for name, format in files.foreign.items() if self._is_lost(name)}
        lost |= {name: [why, ""] for name, why in files.dead.items()}
        return {
            "ignored": sorted(map(as_text, ignored + (layout.unlabelled if beside else []))),
            "lost": {f"{self.origin}/{as_text(name)}": said for name, said in lost.items()},
            "unlabelled": [] if beside else [f"{self.origin}/{as_text(name)}" for name in layout.unlabelled],
            "ask": [layout.ask] if layout.ask else [],
            "media": self._media(),
            "tables": {
                table.name: {"file": table.file, "columns": table.columns, "missing": table.missing}
                for table in self.tables
            },
            "read": [
                *layout.read,
                *self._describe_masks(),
                *self._describe_formats(ignored),
                *_describe_leftovers(files.leftovers),
            ],
        }

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Return the pictures as records, as they are; nothing is decoded."""
        return in_batches(self._records(), SCHEMA)

    def _records(self) -> Iterator[Record]:
        for name in self.files.pictures:
            if said := self.layout.pictures.get(name):
                named, folder = f"{self.origin}/{as_text(name)}", as_text(said.folder)
                yield Record(self._bytes(name), said.label, named, said.split, folder, self._rows.get(name))

    def _bytes(self, name: str) -> bytes:
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise DataError(f"{self.path / name}: cannot be read: {error.strerror}") from error

    def _is_lost(self, name: str) -> bool:
        """Whether somebody's picture is lost with a file that is not read: it has no readable one beside it."""
        return (
            self.files.foreign[name].sort == "picture" and str(PurePosixPath(name).with_suffix("")) not in self._stems
        )

    @cached_property
    def _rows(self) -> dict[str, str]:
        return rows_by_picture(self.tables)

    @cached_property
    def _stems(self) -> set[str]:
        return {str(PurePosixPath(name).with_suffix("")) for name in self.files.pictures}

    def _media(self) -> dict[str, dict[str, int]]:
        """Count what is no picture, by label and format."""
        counts: dict[str, Counter[str]] = {}
        for name, format in self.files.foreign.items():
            if format.sort != "picture" and "/" in name:
                counts.setdefault(label_text(name.split("/")[0]), Counter())[format.name] += 1
        return {label: dict(count) for label, count in counts.items()}

    def _describe_masks(self) -> list[str]:
        if not (masks := self.files.masks):
            return []
        are = "mask of another picture is" if len(masks) == 1 else "masks of other pictures are"
        return [f"{self.origin}: {len(masks):,} {are} passed over ({as_text(masks[0])})"]

    def _describe_formats(self, ignored: list[str]) -> list[str]:
        counts = Counter(self.files.foreign[name].name for name in ignored if name in self.files.foreign)
        others = set(self.files.others)
        counts += Counter(PurePosixPath(name).suffix.lower() or "other" for name in ignored if name in others)
        if not counts:
            return []
        listed = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
        return [f"{self.origin}: files that are no pictures are passed over: {listed}"]


def look_at(path: Path, origin: str, source: str = "", wrapped: bool = False) -> Folder:
    """Look at the folder `path`; only files are opened whose names do not tell what they are.

    Args:
        path: the folder.
        origin: what the records' names begin with.
        source: the folder as the user says it, for messages.
        wrapped: whether one folder alone in it may be a wrapper, and not a label.

    Raises:
        DataError: its folders are no labels, or may be read in two ways.
    """
    files = files_below(path)
    foreign = [name for name, format in files.foreign.items() if format.sort == "picture"]
    names = sorted([*files.pictures, *foreign, *files.dead], key=lambda name: name.split("/"))
    tables = tables_of(path, files.others, files.pictures)
    covered = len(set().union(*(table.rows for table in tables))) * 2 > len(files.pictures)
    return Folder(path, origin, files, lay_out(names, source or str(path), wrapped, covered), tables)


def refuse_empty(folder: Folder, source: str, expected: str = "label/picture.png is expected") -> None:
    """Raise what is to be done about a folder without a picture that can be read."""
    found = dict[str, FileFormat]()
    counts: Counter[str] = Counter()
    for format in folder.files.foreign.values():
        counts[format.name] += 1
        found.setdefault(format.name, format)
    dead = list(folder.files.dead)
    if not counts and not dead:
        raise DataError(f"{source}: no picture there: {expected}")
    said = [f"{counts[name]:,} {name} ({_examples(folder, name)}): {format.advice}" for name, format in found.items()]
    said += [f"{len(dead):,} that cannot be opened ({dead[0]}: {folder.files.dead[dead[0]]})"] if dead else []
    raise DataError(f"{source}: no picture there that can be read: {'; '.join(said)}")


def _examples(folder: Folder, format: str) -> str:
    names = [name for name, found in folder.files.foreign.items() if found.name == format]
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


def _describe_leftovers(leftovers: Counter[str]) -> list[str]:
    if not leftovers:
        return []
    said = ", ".join(f"{name} ({count:,})" if count > 1 else name for name, count in sorted(leftovers.items()))
    return [f"what systems and tools leave behind is passed over: {said}"]
