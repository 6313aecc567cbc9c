"""The label of each picture: from its folder, from a table beside the pictures, or from its name."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from components.config.errors import ConfigError, DataError
from components.kinds import pattern, split_names
from components.kinds.asked import refuse_cases
from components.kinds.examples.source_example import SourceExample
from components.kinds.image.params import Prepare
from components.kinds.image.prepare import columns
from components.kinds.image.prepare.columns import TableColumn
from components.kinds.image.prepare.findings import Findings
from components.kinds.image.prepare.label_questions import (
    KEY,
    ask_folder_or_table,
    propose,
    refuse_tables,
)
from components.kinds.image.prepare.label_tables import (
    LabelCandidate,
    candidates,
    describe,
    join_tables,
    read_tables,
)

_PART = re.compile(r"(part|fold|batch|chunk|shard|split|set|image|img|folder|dir)s?[ _-]*\d+$", re.IGNORECASE)


@dataclass(frozen=True)
class FoundLabels:
    """The labels that were found, by the number of the picture."""

    labels: Mapping[int, str]
    read: list[str]
    table: str = ""
    """That says them, if one does."""


def find_labels(pictures: Sequence[SourceExample], about: Mapping[str, Any], config: Prepare) -> FoundLabels:
    """Return the label of each picture that has one.

    Raises:
        DataError: the labels have to be said, or one picture has several.
        ConfigError: what the user says of them is not there.
    """
    folders = {row: picture.label for row, picture in enumerate(pictures) if picture.label is not None}
    later = {row: label for row, label in folders.items() if pictures[row].came_later}
    tables = read_tables(pictures, about)
    if config.labels is None:
        found = _found(pictures, folders, tables, about)
    elif pattern.is_pattern(config.labels, "label"):
        found = _by_pattern(pictures, config.labels)
    elif config.labels == "folder":
        found = FoundLabels(folders, ["the labels are the folders"])
    else:
        found = _by_column(_named(config.labels, tables))
    found = replace(found, labels={**later, **found.labels})
    refuse_cases(Counter(found.labels.values()))
    return found


def find_splits(
    pictures: Sequence[SourceExample], found: FoundLabels, about: Mapping[str, Any]
) -> tuple[list[SourceExample], list[str]]:
    """Return the pictures with the splits that the labels' tables say, and how they say them."""
    tables = read_tables(pictures, about)
    column = columns.split_column(join_tables(tables).get(found.table, []))
    if column is not None:
        values = {row: columns.as_split(value) for row, value in columns.first(column).items()}
        read = [f"the splits are in {describe(column)}"]
    else:
        named = {name: split for name in tables if (split := split_names.within(PurePosixPath(name).stem))}
        if not found.table or len(set(named.values())) < 2:
            return list(pictures), []
        values = {row: named[name] for row, picture in enumerate(pictures) for name in picture.rows if name in named}
        read = ["the splits are the tables: " + ", ".join(f"{name!r} is {split}" for name, split in named.items())]
    return [replace(picture, split=values.get(row, picture.split)) for row, picture in enumerate(pictures)], read


def note_missing(found: FoundLabels, about: Mapping[str, Any], findings: Findings) -> None:
    """Note the files that the labels' table names and that are not there."""
    tables = about.get("tables", {})
    for name, described in tables.items():
        if found.table and described["columns"] == tables[found.table]["columns"]:
            findings.missing |= dict.fromkeys(described["missing"], f"in {name}")


def note_unlabelled(pictures: Sequence[SourceExample], found: FoundLabels, findings: Findings) -> list[str]:
    """Note the pictures that have no label; those of a split in which none has one are passed over, and said."""
    labelled = {picture.split for row, picture in enumerate(pictures) if row in found.labels}
    passed_over: Counter[str] = Counter()
    for row, picture in enumerate(pictures):
        if row in found.labels:
            continue
        if picture.split is not None and picture.split not in labelled:
            passed_over[picture.split] += 1
        else:
            where = f" in {found.table}" if found.table else ""
            findings.unlabelled[picture.name] = f"without a label{where}"
    return [
        f"{count:,} pictures of the {split} split have no labels and are passed over"
        for split, count in passed_over.items()
    ]


def _found(
    pictures: Sequence[SourceExample],
    folders: Mapping[int, str],
    tables: Mapping[str, list[TableColumn]],
    about: Mapping[str, Any],
) -> FoundLabels:
    """Find where the labels are, without having been told."""
    by_table = candidates(tables)
    source = {row: label for row, label in folders.items() if not pictures[row].came_later}
    if len(set(source.values())) > 1 or (not tables and len(set(folders.values())) > 1):
        return _by_folder(folders, source, by_table, about)
    if len(by_table) == 1 and not (by_table[0].column and columns.is_measured(by_table[0].column)):
        found = by_table[0]
        found.refuse_unfit()
        return FoundLabels(found.labels, [f"the labels are in {found.said}"], found.table)
    if by_table:
        options = ", ".join(f'"{found.key}"' for found in by_table[:8])
        raise DataError(f"which column is the label? Set {KEY} to one of {options}")
    refuse_tables(tables, about)
    propose(pictures, folders, about)
    return FoundLabels(folders, [])


def _by_folder(
    folders: Mapping[int, str], source: Mapping[int, str], by_table: Sequence[LabelCandidate], about: Mapping[str, Any]
) -> FoundLabels:
    if about.get("ask"):
        raise DataError(about["ask"][0])
    certain = [found for found in by_table if found.certain]
    for found in certain:
        if not columns.same(source, found.labels):
            ask_folder_or_table(source, found)
    if by_table and not certain and all(map(_PART.search, set(source.values()))):
        names = ", ".join(sorted(set(source.values()))[:4])
        options = ", ".join(f'"{found.key}"' for found in by_table[:8])
        raise DataError(
            f'are the labels the folders ({names}) or in a table? Set {KEY} to "folder", or to one of {options}'
        )
    return FoundLabels(folders, [f"the labels are the folders; {found.said} says the same" for found in certain[:1]])


def _by_pattern(pictures: Sequence[SourceExample], text: str) -> FoundLabels:
    find = pattern.finder(text, "label", KEY)
    source = [(row, picture.path) for row, picture in enumerate(pictures) if not picture.came_later]
    labels = {row: label for row, path in source if (label := find(path))}
    if not labels:
        raise ConfigError(f"{KEY}: {text!r} fits none of the names, as {pictures[0].path!r}")
    first = next(iter(labels))
    return FoundLabels(labels, [f"the labels are in the names ({text}): {pictures[first].path} is {labels[first]!r}"])


def _named(text: str, tables: Mapping[str, list[TableColumn]]) -> TableColumn:
    """Return the column that the user names: `column`, `table:column`, or a table with one that can be the label."""
    joined = join_tables(tables)
    table, _, name = text.rpartition(":")
    everywhere = [column for found in joined.values() for column in found]
    wanted = [column for column in everywhere if column.name == name and table in ("", column.table)]
    if not wanted and text in joined:
        wanted = columns.label_columns(joined[text])
    if len(wanted) == 1:
        return wanted[0]
    named = ", ".join(f'"{column}"' for column in (wanted or everywhere)[:8])
    there = f"there are {named}" if named else "no table beside the pictures names them"
    raise ConfigError(f"{KEY}: {text!r} is {'several columns' if wanted else 'no column'}: {there}")


def _by_column(column: TableColumn) -> FoundLabels:
    columns.refuse_unfit(column)
    return FoundLabels(columns.first(column), [f"the labels are in {describe(column)}"], column.table)
