"""The inbox of a workload, and its examples without labels: rows of tables, and pictures by their name."""

from collections.abc import Iterator
from pathlib import Path

from components.config.params import Workload
from components.config.settings import INBOX
from components.erasure.subject import Removed, Subject
from components.erasure.texts import remove_rows


def erase_from_inbox(name: str, subject: Subject, pictures: bool) -> Iterator[Removed]:
    """Remove rows in which the subject stands, and where records are pictures, those of that name.

    Raises:
        DataError: a table cannot be read.
    """
    folder = INBOX / name
    for path in sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else ():
        relative = path.relative_to(folder).as_posix()
        if pictures and _is_named(path, f"inbox/{relative}", subject):
            path.unlink()
            yield Removed(str(path), "the file", 1)
            continue
        if _in_folders(relative, subject):
            path.unlink()
            yield Removed(str(path), "the file of that folder", 1)
        elif count := remove_rows(path, lambda row: _names(row, subject, pictures)):
            yield Removed(str(path), "rows", count)


def erase_from_unlabelled(workload: Workload, subject: Subject) -> Iterator[Removed]:
    """Remove the file of that name in the workload's folder of examples without labels, if it has one."""
    folder = workload.unlabelled()
    for path in sorted(folder.rglob("*")) if folder else ():
        if path.is_file() and folder and _is_named(path, f"unlabelled/{path.relative_to(folder).as_posix()}", subject):
            path.unlink()
            yield Removed(str(path), "the file", 1)


def _is_named(path: Path, name: str, subject: Subject) -> bool:
    """Whether the subject is the file, which is called `name` among the raw records, or goes without its first part."""
    return subject.value in (name, name.partition("/")[2], path.name)


def _names(row: dict[str, object], subject: Subject, pictures: bool) -> bool:
    if pictures:  # a table beside pictures may call the column of their names anything
        return any(str(cell).rpartition("/")[2] == subject.value.rpartition("/")[2] for cell in row.values())
    return subject.is_it(row.get(subject.column))


def _in_folders(relative: str, subject: Subject) -> bool:
    """Whether the file lies in a folder `column=value`, as Hive has them."""
    return f"{subject.column}={subject.value}" in relative.split("/")[:-1]
