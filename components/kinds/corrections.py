"""Corrections of labels: a CSV file beside the user's own, which `prepare` applies and nothing else changes.

    name,given,label,by,at

One line for each record: what it is called (a picture by its name among the raw records, a table's record by its id,
else by its row and a hash of what is in it), the label that it has, the one that it should have (empty: none, it is
left out), and by whom and when that was said.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from components.config.errors import DataError


@dataclass(frozen=True)
class Correction:
    """What one record's label should be."""

    name: str
    given: str
    label: str
    """Empty: none of the classes, or unusable."""
    by: str = ""
    at: str = ""
    """ISO 8601."""


COLUMNS = tuple(field.name for field in fields(Correction))


def read_corrections(path: Path) -> list[Correction]:
    """Return the corrections of a file, in its order.

    Raises:
        DataError: there is none, it has other columns, or it names a record twice.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.reader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} (prepare.corrections): cannot be read: {error}") from error
    if not rows or tuple(rows[0]) != COLUMNS:
        raise DataError(f"{path} (prepare.corrections): its first line has to be {','.join(COLUMNS)}")
    found: dict[str, Correction] = {}
    for number, row in enumerate(rows[1:], 2):
        if not row:
            continue
        if len(row) != len(COLUMNS) or not row[0]:
            raise DataError(f"{path}, line {number}: {len(COLUMNS)} values are needed, the first of them a name")
        if row[0] in found:
            raise DataError(f"{path}, line {number}: {row[0]!r} is corrected twice: leave one line")
        found[row[0]] = Correction(*row)
    return list(found.values())


def as_csv(corrections: Iterable[Correction]) -> str:
    """Return the file."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(astuple(each) for each in corrections)
    return written.getvalue()


def read_as(path: str, corrections: Sequence[Correction]) -> list[str]:
    """Return what a person would want to know of corrections that were applied, in a sentence; none: nothing."""
    if not corrections:
        return []
    out = sum(not each.label for each in corrections)
    left = f", {out:,} of them to none, so that nothing is learned from them" if out else ""
    return [f"{len(corrections):,} labels are corrected by {path}{left}"]


def corrected(
    labels: Mapping[int, str], names: Sequence[str], path: str | None, of: str
) -> tuple[dict[int, str], list[str]]:
    """Return the labels as corrections put them right, of examples that have a name, and what there is to say of it.

    Args:
        labels: by the number of the example; one that is corrected to no label is left out.
        names: of every example.
        path: `prepare.corrections`; None: there are none.
        of: what one is called: `text`.

    Raises:
        DataError: a correction names no example, another label than it has, or one that no example has.
    """
    found, known = dict(labels), set(labels.values())
    if path is None:
        return found, []
    corrections, rows = read_corrections(Path(path)), {name: row for row, name in enumerate(names)}
    for one in corrections:
        row = rows.get(one.name)
        if row is None:
            raise refuse(path, one, f"is no {of} of the source")
        if labels.get(row) != one.given:
            raise refuse(path, one, f"has the label {labels.get(row)!r}, not {one.given!r}")
        if not one.label:
            del found[row]
        elif one.label in known:
            found[row] = one.label
        else:
            raise refuse(path, one, f"is to be {one.label!r}, a label that no {of} has")
    return found, read_as(path, corrections)


def refuse(path: str, correction: Correction, why: str) -> DataError:
    """Return the error that says which correction does not fit."""
    return DataError(f"{path}: {correction.name!r} {why}: correct the line, or take it out")
