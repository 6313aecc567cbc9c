"""Tables beside the pictures that may hold the labels: which of their columns, and which tables go on in another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.kinds.examples.source_example import SourceExample
from components.kinds.image.prepare import columns
from components.kinds.image.prepare.columns import TableColumn


@dataclass(frozen=True)
class LabelCandidate:
    """Labels that a table may hold."""

    key: str
    """How `prepare.labels` names it."""
    table: str
    said: str
    """Where it is, as a sentence has it."""
    labels: Mapping[int, str]
    certain: bool
    """Whether it is called a label."""
    column: TableColumn | None = None

    def refuse_unfit(self) -> None:
        """Refuse what cannot be a label, see `columns.refuse_unfit`."""
        if self.column is not None:
            columns.refuse_unfit(self.column)


def read_tables(pictures: Sequence[SourceExample], about: Mapping[str, Any]) -> dict[str, list[TableColumn]]:
    """Return the columns of each table by its name."""
    tables: dict[str, list[TableColumn]] = {}
    for name, described in about.get("tables", {}).items():
        rows = {row: picture.rows[name] for row, picture in enumerate(pictures) if name in picture.rows}
        tables[name] = columns.columns_of(name, described["columns"], rows)
    return tables


def candidates(tables: Mapping[str, list[TableColumn]]) -> list[LabelCandidate]:
    """Return every set of labels that the tables may hold."""
    found: list[LabelCandidate] = []
    joined = join_tables(tables)
    for name, all_columns in joined.items():
        split = columns.split_column(all_columns)
        able = [column for column in all_columns if column is not split]
        if (marks := columns.one_hot(able)) is not None:
            labels = {row: names[0] for row, names in marks.items() if len(names) == 1}
            found.append(LabelCandidate(name, name, f"the columns of 0 and 1 of {name}", labels, True))
            continue
        for column in columns.label_columns(able):
            certain = columns.is_called_label(column)
            found.append(LabelCandidate(str(column), name, describe(column), columns.first(column), certain, column))
    return found


def join_tables(tables: Mapping[str, list[TableColumn]]) -> dict[str, list[TableColumn]]:
    """Join tables of the same columns that name different pictures, as `train.csv` and `val.csv` do."""
    joined: dict[str, list[TableColumn]] = {}
    for name, found in tables.items():
        other = next((other for other, kept in joined.items() if _go_on(kept, found)), None)
        if other is None:
            joined[name] = found
        else:
            pairs = zip(joined[other], found, strict=True)
            joined[other] = [TableColumn(other, kept.name, {**kept.values, **more.values}) for kept, more in pairs]
    return joined


def _go_on(kept: Sequence[TableColumn], more: Sequence[TableColumn]) -> bool:
    """Whether a table goes on in another: with the same columns, of other pictures."""
    if not kept or [column.name for column in kept] != [column.name for column in more]:
        return False
    return not kept[0].values.keys() & more[0].values.keys()


def describe(column: TableColumn) -> str:
    """Return the column as a sentence has it."""
    return f"the column {column.name!r} of {column.table}"
