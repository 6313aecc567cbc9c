"""The groups for programs, and as folders that a person gives the names of labels."""

import csv
import io
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

from components.config.errors import ConfigError, DataError
from components.exploration.groups import Groups
from components.kinds.contract.exploration import Explored
from components.system.files import whole_directory

COLUMNS = ("name", "file", "label", "group", "distance", "outlier", "duplicate_of", "nearest")


def group_name(group: int) -> str:
    """Return what a group is called: `group-01` is the largest."""
    return f"group-{group + 1:02d}"


def as_csv(explored: Explored, groups: Groups) -> str:
    """Return a row for each example: where it lies, its label if it has one, its group and what is near."""
    written = io.StringIO()
    writer = csv.DictWriter(written, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_rows(explored, groups))
    return written.getvalue()


def as_json(explored: Explored, groups: Groups, said: str) -> dict[str, Any]:
    """Return the same, with the groups and how they were found."""
    return {
        "compared": said,
        "examples": len(explored.names),
        "of": explored.total,
        "unreadable": dict(explored.unreadable),
        "groups": [_group(explored, groups, group) for group in range(groups.count)],
        "rows": [{**row, "nearest": row["nearest"].split("|")} for row in _rows(explored, groups)],
    }


def sort_into(explored: Explored, groups: Groups, folder: Path) -> int:
    """Copy the files into a new folder, one folder in it for each group; return how many. Duplicates are left out.

    Raises:
        ConfigError: there is something at `folder`.
        DataError: the examples are in no files of their own.
    """
    if folder.exists():
        raise ConfigError(f"{folder}: is there already; name a new folder")
    files = [file for file in explored.files if file is not None]
    if len(files) < len(explored.files):
        raise DataError("the examples of a data set are in no files of their own, which could be sorted")
    copied = 0
    with whole_directory(folder) as draft:
        for index, file in enumerate(files):
            if groups.duplicate_of[index] < 0:
                into = draft / group_name(int(groups.group[index]))
                into.mkdir(exist_ok=True)
                shutil.copyfile(file, _free(into / file.name))
                copied += 1
    return copied


def labels_of(explored: Explored, groups: Groups, group: int) -> list[tuple[str, int]]:
    """Return the labels of a group's members and how many have each, the commonest first."""
    found = (explored.labels[index] for index in groups.members(group))
    return Counter(label for label in found if label is not None).most_common()


def _rows(explored: Explored, groups: Groups) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "file": str(explored.files[index] or ""),
            "label": explored.labels[index] or "",
            "group": group_name(int(groups.group[index])),
            "distance": round(float(groups.distance[index]), 4),
            "outlier": int(groups.outlier[index]),
            "duplicate_of": explored.names[first] if (first := groups.duplicate_of[index]) >= 0 else "",
            "nearest": "|".join(explored.names[other] for other in groups.neighbours[index]),
        }
        for index, name in enumerate(explored.names)
    ]


def _group(explored: Explored, groups: Groups, group: int) -> dict[str, Any]:
    members = groups.members(group)
    return {
        "group": group_name(group),
        "examples": len(members),
        "labels": dict(labels_of(explored, groups, group)),
        "most_typical": explored.names[members[0]],
    }


def _free(path: Path) -> Path:
    """Return the path, or one beside it where a file of another folder has its name already."""
    number, found = 2, path
    while found.exists():
        found, number = path.with_stem(f"{path.stem}-{number}"), number + 1
    return found
