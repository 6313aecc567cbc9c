"""What the columns of tables beside pictures mean: which is the label, which the split."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from components.config.errors import DataError
from components.kinds import split_names
from components.kinds.prepared import Split
from components.kinds.usual_names import plain_name

_LABELS = {
    *("label", "labels", "class", "classes", "category", "categories", "target", "targets", "classname", "labelname"),
    *("categoryname", "species", "speciesname", "breed", "diagnosis", "dx", "y", "groundtruth", "gt", "annotation"),
    *("classid", "labelid", "classlabel", "categoryid", "targetname", "truth", "finding", "findings", "tag", "tags"),
}
_SPLITS = {"split", "splits", "set", "subset", "fold", "partition", "phase", "dataset", "datasplit", "usage"}
_NUMBERED = 100  # different whole numbers up to which they are the names of classes
_NOTHING = {"nan", "NaN", "null", "NULL", "<NA>"}  # what programs write for a value that is missing
_LABEL = re.compile(r"(?<![A-Za-z])labels?(?![A-Za-z])", re.IGNORECASE)
_APART = re.compile(r"[|;,]")

Rows = Mapping[int, Sequence[Mapping[str, str]]]
"""What one table says, by the number of the picture."""


@dataclass(frozen=True)
class TableColumn:
    """A column of a table."""

    table: str
    name: str
    values: Mapping[int, tuple[str, ...]]
    """By the number of the picture; more than one where its rows differ."""

    def __str__(self) -> str:
        return f"{self.table}:{self.name}"

    @property
    def different(self) -> set[str]:
        """Return the values that there are."""
        return {value for values in self.values.values() for value in values if value}


def columns_of(table: str, names: Sequence[str], rows: Rows) -> list[TableColumn]:
    """Return the columns of a table."""
    return [TableColumn(table, name, {row: _values(lines, name) for row, lines in rows.items()}) for name in names]


def _values(lines: Sequence[Mapping[str, str]], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_value(line.get(name, "")) for line in lines))


def _value(written: str) -> str:
    return "" if written in _NOTHING else unicodedata.normalize("NFC", written)


def split_column(columns: Sequence[TableColumn]) -> TableColumn | None:
    """Return the column that says the split, all of whose values are words for one."""
    for column in columns:
        values = column.different
        if plain_name(column.name) in _SPLITS and values and all(map(as_split, values)):
            return column
    return None


def as_split(value: str) -> Split | None:
    """Return the split that a value of such a column means."""
    return split_names.exactly(plain_name(value))


def label_columns(columns: Sequence[TableColumn]) -> list[TableColumn]:
    """Return the columns that may be the label: those that are called so, or else the only one that can be."""
    named = [column for column in columns if is_called_label(column) and column.different]
    if named:
        return _without_numbers([column for column in named if len(column.different) > 1] or named)
    able = [column for column in columns if len(column.different) > 1]
    return [column for column in able if len(column.different) * 2 <= len(column.values)]


def is_called_label(column: TableColumn) -> bool:
    """Whether the column is called as labels are, `Finding Labels` and `image_label` too."""
    return plain_name(column.name) in _LABELS or _LABEL.search(column.name) is not None


def is_measured(column: TableColumn) -> bool:
    """Whether a column that nobody calls a label holds numbers: an age, a width."""
    unnamed = column.name.startswith("column ")
    return not is_called_label(column) and not unnamed and all(map(_is_number, column.different))


def are_numbers(labels: Collection[str]) -> bool:
    """Whether the labels are numbers to be told, not the names of classes: not whole, or very many."""
    numbers = [float(label) for label in labels if _is_number(label)]
    if not labels or len(numbers) < len(labels):
        return False
    return len(numbers) > _NUMBERED or any(not number.is_integer() for number in numbers)


def one_hot(columns: Sequence[TableColumn]) -> dict[int, tuple[str, ...]] | None:
    """Return the labels of a table with a column of 0 and 1 for each of them, None if it is none such."""
    marks = [column for column in columns if column.different <= {"0", "1", "0.0", "1.0"} and len(column.different) > 1]
    if len(marks) < 2 or any(plain_name(column.name) in _LABELS for column in columns):
        return None
    labels: dict[int, tuple[str, ...]] = {}
    for row in marks[0].values:
        labels[row] = tuple(column.name for column in marks if column.values[row][0] in ("1", "1.0"))
    exact = sum(len(found) == 1 for found in labels.values())
    return labels if exact * 2 > len(labels) else None


def refuse_unfit(column: TableColumn) -> None:
    """Refuse a column that is no label: several to a picture, or a name for each of them.

    Raises:
        DataError: what it is, and what to do.
    """
    several = [values for values in column.values.values() if len(set(filter(None, values))) > 1]
    if several:
        raise DataError(
            f"{column}: {len(several):,} pictures have several labels (as {', '.join(several[0])}): "
            f"one label a picture is learned: keep one row a picture, or name a column with one label"
        )
    counts = Counter(value for values in column.values.values() for value in values if value)
    joined = [value for value in counts if _is_joined(value, counts)]
    if sum(counts[value] for value in joined) * 20 > sum(counts.values()):
        raise DataError(
            f"{column}: {sum(counts[value] for value in joined):,} pictures have several labels (as {joined[0]!r}): "
            f"one label a picture is learned"
        )
    if are_numbers(counts):
        return
    if len(counts) > 20 and len(counts) * 2 > sum(counts.values()):
        raise DataError(
            f"{column}: {len(counts):,} different labels in {sum(counts.values()):,} pictures: "
            f"that is no label; name another column in prepare.labels"
        )


def same(labels: Mapping[int, str], others: Mapping[int, str]) -> bool:
    """Whether two ways to label say the same: each label of the first goes with a single label of the second."""
    pairs = {(labels[row], others[row]) for row in labels.keys() & others.keys()}
    return bool(pairs) and len(pairs) == len({label for label, _ in pairs}) == len({other for _, other in pairs})


def _without_numbers(columns: Sequence[TableColumn]) -> list[TableColumn]:
    """Return the columns without those that say in numbers what another says in words."""
    kept: list[TableColumn] = []
    for column in sorted(columns, key=lambda column: all(map(_is_number, column.different))):
        if not any(same(first(column), first(other)) for other in kept):
            kept.append(column)
    return kept


def first(column: TableColumn) -> dict[int, str]:
    """Return the value of each picture, the first where there are several; none where there is none."""
    return {row: values[0] for row, values in column.values.items() if values and values[0]}


def _is_joined(value: str, known: Mapping[str, int]) -> bool:
    parts = [part.strip() for part in _APART.split(value)]
    return len(parts) > 1 and all(parts) and any(part in known for part in parts)


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
