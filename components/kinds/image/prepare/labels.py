"""The label of each picture: from its folder, from a table beside the pictures, or from its name."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, NoReturn

import pyarrow.parquet as pq

from components.config.errors import ConfigError, DataError
from components.kinds import split_names
from components.kinds.image.params import Prepare
from components.kinds.image.prepare import columns, pattern
from components.kinds.image.prepare.columns import Column
from components.kinds.image.prepare.findings import Findings
from components.kinds.prepared import Split

_KEY = "prepare.labels"
_PART = re.compile(r"(part|fold|batch|chunk|shard|split|set|image|img|folder|dir)s?[ _-]*\d+$", re.IGNORECASE)
_SHEETS = (".xlsx", ".xls", ".ods")


@dataclass(frozen=True)
class Said:
    """What the source says of a picture."""

    name: str
    label: str | None
    split: Split | None
    folder: str
    rows: Mapping[str, Sequence[Mapping[str, str]]]
    """Of tables, by their names."""

    @property
    def path(self) -> str:
        """Return its path below the source."""
        return self.name.partition("/")[2]

    @property
    def came_later(self) -> bool:
        """Whether it is from the inbox, where folders are labels."""
        return self.name.startswith("inbox/")


@dataclass(frozen=True)
class Labels:
    """The labels that were found, by the number of the picture."""

    labels: Mapping[int, str]
    read: list[str]
    table: str = ""
    """That says them, if one does."""


def said_of_pictures(table: pq.ParquetFile) -> list[Said]:
    """Return what the source says of each raw record, in their order."""
    names = [name for name in ("label", "name", "split", "folder", "row") if name in table.schema_arrow.names]
    return [
        Said(
            record["name"],
            record["label"],
            record["split"],
            record.get("folder") or ".",
            json.loads(record["row"]) if record.get("row") else {},
        )
        for batch in table.iter_batches(columns=names)
        for record in batch.to_pylist()
    ]


def find_labels(said: Sequence[Said], about: Mapping[str, Any], config: Prepare) -> Labels:
    """Return the label of each picture that has one.

    Raises:
        DataError: the labels have to be said, or one picture has several.
        ConfigError: what the user says of them is not there.
    """
    folders = {row: one.label for row, one in enumerate(said) if one.label is not None}
    later = {row: label for row, label in folders.items() if said[row].came_later}
    tables = _tables(said, about)
    if config.labels is None:
        found = _found(said, folders, tables, about)
    elif pattern.is_pattern(config.labels, "label"):
        found = _by_pattern(said, config.labels)
    elif config.labels == "folder":
        found = Labels(folders, ["the labels are the folders"])
    else:
        found = _by_column(_named(config.labels, tables))
    found = replace(found, labels={**later, **found.labels})
    _refuse_cases(Counter(found.labels.values()))
    return found


def splits_said(said: Sequence[Said], found: Labels, about: Mapping[str, Any]) -> tuple[list[Said], list[str]]:
    """Return the pictures with the splits that the labels' tables say, and how they say them."""
    tables = _tables(said, about)
    column = columns.split_column(_joined(tables).get(found.table, []))
    if column is not None:
        values = {row: columns.as_split(value) for row, value in columns.first(column).items()}
        read = [f"the splits are in {_sentence(column)}"]
    else:
        named = {name: split for name in tables if (split := split_names.within(PurePosixPath(name).stem))}
        if not found.table or len(set(named.values())) < 2:
            return list(said), []
        values = {row: named[name] for row, one in enumerate(said) for name in one.rows if name in named}
        read = ["the splits are the tables: " + ", ".join(f"{name!r} is {split}" for name, split in named.items())]
    return [replace(one, split=values.get(row, one.split)) for row, one in enumerate(said)], read


def note_missing(found: Labels, about: Mapping[str, Any], findings: Findings) -> None:
    """Note the files that the labels' table names and that are not there."""
    tables = about.get("tables", {})
    for name, described in tables.items():
        if found.table and described["columns"] == tables[found.table]["columns"]:
            findings.missing |= dict.fromkeys(described["missing"], f"in {name}")


def note_unlabelled(said: Sequence[Said], found: Labels, findings: Findings) -> list[str]:
    """Note the pictures that have no label; those of a split in which none has one are passed over, and said."""
    labelled = {one.split for row, one in enumerate(said) if row in found.labels}
    over: Counter[str] = Counter()
    for row, one in enumerate(said):
        if row in found.labels:
            continue
        if one.split is not None and one.split not in labelled:
            over[one.split] += 1
        else:
            findings.unlabelled[one.name] = f"without a label in {found.table}" if found.table else "without a label"
    return [
        f"{count:,} pictures of the {split} split have no labels and are passed over" for split, count in over.items()
    ]


def _tables(said: Sequence[Said], about: Mapping[str, Any]) -> dict[str, list[Column]]:
    tables: dict[str, list[Column]] = {}
    for name, described in about.get("tables", {}).items():
        rows = {row: one.rows[name] for row, one in enumerate(said) if name in one.rows}
        tables[name] = columns.columns_of(name, described["columns"], rows)
    return tables


def _found(
    said: Sequence[Said], folders: Mapping[int, str], tables: Mapping[str, list[Column]], about: Mapping[str, Any]
) -> Labels:
    """Find where the labels are, without having been told."""
    by_table = _candidates(tables)
    source = {row: label for row, label in folders.items() if not said[row].came_later}
    if len(set(source.values())) > 1 or (not tables and len(set(folders.values())) > 1):
        return _by_folder(folders, source, by_table, about)
    if len(by_table) == 1 and not (by_table[0].column and columns.is_measured(by_table[0].column)):
        found = by_table[0]
        found.refuse()
        return Labels(found.labels, [f"the labels are in {found.said}"], found.table)
    if by_table:
        options = ", ".join(f'"{found.key}"' for found in by_table[:8])
        raise DataError(f"which column is the label? Set {_KEY} to one of {options}")
    _refuse_tables(tables, about)
    _propose(said, folders, about)
    return Labels(folders, [])


def _by_folder(
    folders: Mapping[int, str], source: Mapping[int, str], by_table: "Sequence[_Candidate]", about: Mapping[str, Any]
) -> Labels:
    if about.get("ask"):
        raise DataError(about["ask"][0])
    certain = [found for found in by_table if found.certain]
    for found in certain:
        if not columns.same(source, found.labels):
            _ask_folder_or(source, found)
    if by_table and not certain and all(map(_PART.search, set(source.values()))):
        names = ", ".join(sorted(set(source.values()))[:4])
        options = ", ".join(f'"{found.key}"' for found in by_table[:8])
        raise DataError(
            f'are the labels the folders ({names}) or in a table? Set {_KEY} to "folder", or to one of {options}'
        )
    return Labels(folders, [f"the labels are the folders; {found.said} says the same" for found in certain[:1]])


def _refuse_tables(tables: Mapping[str, list[Column]], about: Mapping[str, Any]) -> None:
    """Refuse tables none of whose columns can be the label, or whose pictures are elsewhere."""
    every = [column for found in tables.values() for column in found]
    absent = {name: described["missing"] for name, described in about.get("tables", {}).items() if described["missing"]}
    if absent and not any(column.values for column in every):
        name, files = next(iter(absent.items()))
        raise DataError(f"{name} names {len(files):,} pictures, and none of them is there (as {files[0]!r})")
    if tables:
        names = ", ".join(map(str, every[:8])) or "none beside the files"
        raise DataError(f"no column of the tables can be the label: {names}")


@dataclass(frozen=True)
class _Candidate:
    """Labels that a table may hold."""

    key: str
    table: str
    said: str
    labels: Mapping[int, str]
    certain: bool
    """Whether it is called a label."""
    column: Column | None = None

    def refuse(self) -> None:
        if self.column is not None:
            columns.refuse_unfit(self.column)


def _candidates(tables: Mapping[str, list[Column]]) -> list[_Candidate]:
    found: list[_Candidate] = []
    joined = _joined(tables)
    for name, all_columns in joined.items():
        split = columns.split_column(all_columns)
        able = [column for column in all_columns if column is not split]
        if (marks := columns.one_hot(able)) is not None:
            labels = {row: said[0] for row, said in marks.items() if len(said) == 1}
            found.append(_Candidate(name, name, f"the columns of 0 and 1 of {name}", labels, True))
            continue
        for column in columns.label_columns(able):
            certain = columns.is_called_label(column)
            found.append(_Candidate(str(column), name, _sentence(column), columns.first(column), certain, column))
    return found


def _joined(tables: Mapping[str, list[Column]]) -> dict[str, list[Column]]:
    """Join tables of the same columns that name different pictures, as `train.csv` and `val.csv` do."""
    joined: dict[str, list[Column]] = {}
    for name, found in tables.items():
        other = next((other for other, kept in joined.items() if _go_on(kept, found)), None)
        if other is None:
            joined[name] = found
        else:
            pairs = zip(joined[other], found, strict=True)
            joined[other] = [Column(other, one.name, {**one.values, **two.values}) for one, two in pairs]
    return joined


def _go_on(one: Sequence[Column], other: Sequence[Column]) -> bool:
    if not one or [column.name for column in one] != [column.name for column in other]:
        return False
    return not one[0].values.keys() & other[0].values.keys()


def _sentence(column: Column) -> str:
    return f"the column {column.name!r} of {column.table}"


def _ask_folder_or(folders: Mapping[int, str], found: _Candidate) -> NoReturn:
    def some(labels: Mapping[int, str]) -> str:
        names = sorted(set(labels.values()))
        return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")

    raise DataError(
        f"are the labels the folders ({some(folders)}) or {found.said} ({some(found.labels)})? "
        f'Set {_KEY} to "folder" or "{found.key}"'
    )


def _propose(said: Sequence[Said], folders: Mapping[int, str], about: Mapping[str, Any]) -> None:
    """Raise which patterns of the names may be labels, where folders are none."""
    training = [one.path for one in said if one.split == "train"]
    proposals = pattern.propose(training or [one.path for one in said])
    if proposals:
        raise DataError(
            f"the labels seem to be in the names, as {PurePosixPath((training or [said[0].path])[0]).name!r}: set "
            + ", or ".join(map(str, proposals))
        )
    sheets = [name for name in about["ignored"] if name.lower().endswith(_SHEETS)]
    if sheets and len(set(folders.values())) < 2:
        raise DataError(f"the pictures have no label (as {said[0].path!r}): if {sheets[0]} says them, save it as CSV")
    if not folders:
        raise DataError(
            f"the pictures have no label (as {said[0].path!r}): put them into a folder for each label, "
            f'lay a table with the columns "file" and "label" beside them, or set {_KEY} to a pattern of their names, '
            f'as "{{label}}_*"'
        )


def _by_pattern(said: Sequence[Said], text: str) -> Labels:
    find = pattern.finder(text, "label", _KEY)
    labels = {row: label for row, one in enumerate(said) if not one.came_later and (label := find(one.path))}
    if not labels:
        raise ConfigError(f"{_KEY}: {text!r} fits none of the names, as {said[0].path!r}")
    first = next(iter(labels))
    return Labels(labels, [f"the labels are in the names ({text}): {said[first].path} is {labels[first]!r}"])


def _named(text: str, tables: Mapping[str, list[Column]]) -> Column:
    """Return the column that the user names: `column`, `table:column`, or a table with one that can be the label."""
    joined = _joined(tables)
    table, _, name = text.rpartition(":")
    everywhere = [column for found in joined.values() for column in found]
    wanted = [column for column in everywhere if column.name == name and table in ("", column.table)]
    if not wanted and text in joined:
        wanted = columns.label_columns(joined[text])
    if len(wanted) == 1:
        return wanted[0]
    there = ", ".join(f'"{column}"' for column in (wanted or everywhere)[:8])
    said = f"there are {there}" if there else "no table beside the pictures names them"
    raise ConfigError(f"{_KEY}: {text!r} is {'several columns' if wanted else 'no column'}: {said}")


def _by_column(column: Column) -> Labels:
    columns.refuse_unfit(column)
    return Labels(columns.first(column), [f"the labels are in {_sentence(column)}"], column.table)


def _refuse_cases(counts: Mapping[str, int]) -> None:
    """Refuse labels that differ in case alone; letters may be labels."""
    known: dict[str, str] = {}
    for label in sorted(counts):
        other = known.setdefault(label.casefold(), label)
        if other != label and len(label) > 1:
            raise DataError(
                f"the labels {other!r} ({counts[other]:,} pictures) and {label!r} ({counts[label]:,}) differ in case "
                f"alone: write both the same way, or, if they are two, name one otherwise"
            )
