"""What the source says of each picture: its folder's label, its split, and the rows of tables that name it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow.parquet as pq

from components.kinds.prepared import Split


@dataclass(frozen=True)
class SourcePicture:
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


def read_source_pictures(table: pq.ParquetFile) -> list[SourcePicture]:
    """Return what the source says of each raw record, in their order."""
    names = [name for name in ("label", "name", "split", "folder", "row") if name in table.schema_arrow.names]
    return [
        SourcePicture(
            record["name"],
            record["label"],
            record["split"],
            record.get("folder") or ".",
            json.loads(record["row"]) if record.get("row") else {},
        )
        for batch in table.iter_batches(columns=names)
        for record in batch.to_pylist()
    ]
