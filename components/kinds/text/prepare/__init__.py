"""Raw records -> code points int32 `[N, length]` and their labels, split as the source says, or by what a text is."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from components.config.errors import DataError
from components.kinds import split_names
from components.kinds.asked import asked
from components.kinds.corrections import corrected
from components.kinds.draw import TEST
from components.kinds.examples.splits import Examples, given_splits, split_examples, write_examples
from components.kinds.folders import label_text
from components.kinds.nulls import is_null
from components.kinds.prepared import write_strangers
from components.kinds.text.codec.characters import encode, normalized
from components.kinds.text.codec.input import Input
from components.kinds.text.params import Prepare
from components.kinds.text.params.columns import NAME, Columns, find_columns
from components.system.files import write_json

_LONGEST = 1_024  # characters that are read where the section does not say how many
_LEAST = (128, 24)  # characters and words that are read at least: what comes may be longer than training was
_UNIT = 16  # characters by which texts grow
_SHOWN = 3
_LISTED = 8  # columns

Int64 = NDArray[np.int64]


def prepare(raw: Path, out: Path, config: Prepare, schema: Path, task: str | None = None) -> None:
    """Write the prepared data set. Texts without a word or a label are left out, and copies of test texts.

    Raises:
        DataError: there is no such column, nothing to learn from, or a correction does not fit.
    """
    table = pq.read_table(raw)
    given_names = [name for name in table.column_names if name != NAME]
    columns = find_columns(given_names, config)
    names: list[str] = table[NAME].to_pylist()
    said = [label_text(label) for label in table[columns.label].to_pylist()]
    if task == "regression":
        said = ["" if is_null(label) else label for label in said]
    words = [normalized(text or "", config.length or _LONGEST) for text in table[columns.text].to_pylist()]
    labels, read = corrected(dict(enumerate(said)), names, config.corrections, "text")
    said = [labels.get(row, "") for row in range(len(names))]
    given, unsplit = _given(table[columns.split].to_pylist() if columns.split else [None] * len(words), columns, config)

    there = np.array([bool(text) for text in words])
    labelled = np.array([bool(label) for label in said])
    none = None if config.none is None else label_text(config.none)
    strange = np.array([label == none for label in said]) & there
    kept = np.flatnonzero(there & labelled & ~strange)
    if not len(kept):
        raise DataError("no text has a label: see the columns of the source")
    told = asked([said[row] for row in kept], config.positive, task, "texts")
    length, most = _size([words[row] for row in kept], config.length)
    inputs = np.stack([encode(words[row], length) for row in kept])
    groups = _groups(table[columns.group].to_pylist() if columns.group else [None] * len(words))
    examples = Examples(inputs, kept, told, given[kept], [groups[row] for row in kept])
    splits = split_examples(examples, config.validation, config.test)
    copied = examples.copied(splits)
    if split := examples.empty(splits):
        of = f" of {len(told.classes):,} labels" if told.classes else ""
        of += f" and {len(set(examples.groups)):,} groups" if columns.group else ""
        raise DataError(
            f"no text is left for the {split} split, of {np.count_nonzero(~copied):,} texts{of}: bring more, or give "
            "each split some in the column of splits"
        )
    described: Input = {"length": length, "words": most}
    if none is not None:
        described["none"] = none
    write_examples(out, "text", described, examples, splits)
    if config.none is not None:
        chosen = np.flatnonzero(strange & ((given < 0) | (given == TEST)))
        write_strangers(
            out, np.array([encode(words[row], length) for row in chosen]).reshape(-1, length).astype(np.int32)
        )
    findings = {
        "empty": _finding(np.flatnonzero(~there), names),
        "without a label": _finding(np.flatnonzero(there & ~labelled), names),
        "copies of test texts": _finding(kept[copied], names),
        "with several labels": _finding(kept[examples.contradicting], names),
    }
    about = json.loads((table.schema.metadata or {}).get(b"journeyman", b"{}"))
    read = [_told(columns, given_names), f"texts are read up to {length:,} characters", *read, *unsplit]
    if none is not None:
        read.append(f"{strange.sum():,} texts are {none!r}, none of the classes")
    report = {"read": [*about.get("read", []), *read], "findings": findings, "ignored": about.get("ignored", [])}
    write_json(out / "report.json", report)


def _told(columns: Columns, names: Sequence[str]) -> str:
    """Return which column is which, and which are not read."""
    others = [repr(name) for name in names if name not in columns]
    split = f", the split {columns.split!r}" if columns.split else ""
    split += f", the group {columns.group!r}" if columns.group else ""
    rest = f"; not read: {', '.join(others[:_LISTED])}{', …' if len(others) > _LISTED else ''}" if others else ""
    return f"the text is {columns.text!r}, the label {columns.label!r}{split}{rest}"


def _given(said: Sequence[str | None], columns: Columns, config: Prepare) -> tuple[Int64, list[str]]:
    """Return the split that each text is given, an index into `SPLITS`, -1: none; and what there is to say of it."""
    split_of = {value: split_names.exactly(value) for value in set(said) if value and value.strip()}
    unknown = sorted(value for value, split in split_of.items() if split is None)
    doubtful = config.split is None and (columns.split or "").strip().lower() != "split"  # nobody says that it is one
    if unknown and doubtful and len(unknown) == len(split_of):
        told = [f"{columns.split!r} says no split (as {unknown[0]!r}), so chance draws them"]
        return given_splits([None] * len(said)), told
    if unknown:
        raise DataError(
            f"prepare.split: {unknown[0]!r} is no split: write train, validation or test, or call the column "
            f"{columns.split!r} otherwise"
        )
    return given_splits([split_of.get(value or "") for value in said]), []


def _groups(said: Sequence[str | None]) -> list[str | None]:
    """Return of each text what it stays together with; None: nothing."""
    return [value.strip() or None if value else None for value in said]


def _size(words: Sequence[str], length: int | None) -> tuple[int, int]:
    """Return how many characters are read of a text, and how many words."""
    longest = -(-(max(map(len, words)) + 2) // _UNIT) * _UNIT
    found = length or min(max(longest, _LEAST[0]), _LONGEST)
    return found, min(max(_LEAST[1], *(text.count(" ") + 1 for text in words)), found // 2)


def _finding(rows: Int64, names: Sequence[str]) -> dict[str, object]:
    return {"count": len(rows), "examples": [names[row] for row in rows[:_SHOWN]]}
