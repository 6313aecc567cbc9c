"""The label of each picture: from its folder, from a table beside the pictures, or from its name."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow.parquet as pq

from components.config.errors import DataError
from components.kinds.image.params import Prepare
from components.kinds.image.prepare.findings import Findings
from components.kinds.prepared import Split


@dataclass(frozen=True)
class Named:
    """What is known of a picture before it is decoded."""

    name: str
    label: str
    split: Split | None
    folder: str
    group: str | None = None


def find_labels(
    table: pq.ParquetFile, about: Mapping[str, Any], config: Prepare, findings: Findings
) -> tuple[dict[int, Named], list[str]]:
    """Return what is known of the pictures by their row, and in sentences how it was found.

    Raises:
        DataError: the labels have to be said.
    """
    named: dict[int, Named] = {}
    for batch in table.iter_batches(columns=["label", "name", "split", "folder", "row"]):
        for record in batch.to_pylist():
            named[len(named)] = Named(record["name"], record["label"], record["split"], record["folder"] or ".")
    findings.unlabelled |= dict.fromkeys(about["unlabelled"], "beside the folders of the labels")
    if any(one.label is None for one in named.values()):
        raise DataError("the pictures have no label: label/picture.png is expected")
    _refuse_cases(Counter(one.label for one in named.values()))
    return named, []


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
