"""What is asked of the user where nothing says which labels are meant, or what says it cannot be a label."""

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, NoReturn

from components.config.errors import DataError
from components.kinds import pattern
from components.kinds.examples.source_example import SourceExample
from components.kinds.image.prepare.columns import TableColumn
from components.kinds.image.prepare.label_tables import LabelCandidate

KEY = "prepare.labels"
"""The key of `params.yaml` that answers."""
_COCO = re.compile(r"annotations?|instances|coco", re.IGNORECASE)
_SHEETS = (".xlsx", ".xls", ".ods")


def refuse_tables(tables: Mapping[str, list[TableColumn]], about: Mapping[str, Any]) -> None:
    """Refuse tables none of whose columns can be the label, or whose pictures are elsewhere."""
    every = [column for found in tables.values() for column in found]
    absent = {name: described["missing"] for name, described in about.get("tables", {}).items() if described["missing"]}
    if absent and not any(column.values for column in every):
        name, files = next(iter(absent.items()))
        raise DataError(f"{name} names {len(files):,} pictures, and none of them is there (as {files[0]!r})")
    if tables:
        names = ", ".join(map(str, every[:8])) or "none beside the files"
        raise DataError(f"no column of the tables can be the label: {names}")


def ask_folder_or_table(folders: Mapping[int, str], found: LabelCandidate) -> NoReturn:
    """Raise the question which of two ways to label is meant, with some labels of each."""

    def some(labels: Mapping[int, str]) -> str:
        names = sorted(set(labels.values()))
        return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")

    raise DataError(
        f"are the labels the folders ({some(folders)}) or {found.said} ({some(found.labels)})? "
        f'Set {KEY} to "folder" or "{found.key}"'
    )


def propose(pictures: Sequence[SourceExample], folders: Mapping[int, str], about: Mapping[str, Any]) -> None:
    """Raise which patterns of the names may be labels, where folders are none."""
    training = [picture.path for picture in pictures if picture.split == "train"]
    proposals = pattern.propose(training or [picture.path for picture in pictures])
    if proposals:
        raise DataError(
            f"the labels seem to be in the names, as {PurePosixPath((training or [pictures[0].path])[0]).name!r}: set "
            + ", or ".join(map(str, proposals))
        )
    sheets = [name for name in about["ignored"] if name.lower().endswith(_SHEETS)]
    if sheets and len(set(folders.values())) < 2:
        raise DataError(
            f"the pictures have no label (as {pictures[0].path!r}): if {sheets[0]} says them, save it as CSV"
        )
    stems = {PurePosixPath(picture.path).stem for picture in pictures}
    boxes = [name for name in about["ignored"] if _says_boxes(PurePosixPath(name), stems)]
    if boxes and len(set(folders.values())) < 2:
        raise DataError(
            f"the pictures have no label of their own; {PurePosixPath(boxes[0]).name} looks as if it said what is "
            "where in them, which is not read: cut it out into a folder for each label, or lay a table with the "
            'columns "file" and "label" beside them'
        )
    if not folders:
        raise DataError(
            f"the pictures have no label (as {pictures[0].path!r}): put them into a folder for each label, "
            f'lay a table with the columns "file" and "label" beside them, or set {KEY} to a pattern of their names, '
            f'as "{{label}}_*"; or, if what is unlike the others is to be found, write task: anomaly'
        )


def _says_boxes(file: PurePosixPath, pictures: Collection[str]) -> bool:
    """Whether a file is of boxes, by its name: one for each picture (YOLO, VOC), or one for all (COCO)."""
    if file.suffix.lower() in (".txt", ".xml"):
        return file.stem in pictures
    return file.suffix.lower() == ".json" and bool(_COCO.search(file.stem))
