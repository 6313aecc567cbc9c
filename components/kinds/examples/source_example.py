"""What a raw record says of an example that is a file, before its label is known."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

import pyarrow.parquet as pq

from components.kinds import pattern
from components.kinds.prepared import Split

_SAID = ("name", "label", "split", "folder", "row")


@dataclass(frozen=True)
class SourceExample:
    """What the source says of an example."""

    name: str
    """`source/` or `inbox/`, and its path there."""
    label: str | None
    """Of its folder."""
    split: Split | None
    folder: str | None
    """Within that of the label."""
    rows: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)
    """Of tables that lie beside the files, by their names."""

    @property
    def path(self) -> str:
        """Return its path below the source."""
        return self.name.partition("/")[2]

    @property
    def came_later(self) -> bool:
        """Whether it is from the inbox, where folders are labels."""
        return self.name.startswith("inbox/")


def read_source_examples(table: pq.ParquetFile) -> list[SourceExample]:
    """Return what the source says of each raw record, in their order; their files are not read."""
    columns = [name for name in _SAID if name in table.schema_arrow.names]
    records = (record for batch in table.iter_batches(columns=columns) for record in batch.to_pylist())
    return [
        SourceExample(
            record["name"],
            record["label"],
            record.get("split"),
            None if (folder := record.get("folder")) in ("", ".") else folder,
            json.loads(record["row"]) if record.get("row") else {},
        )
        for record in records
    ]


def part_finder(said: str, part: str, key: str) -> Callable[[SourceExample], str | None] | None:
    """Return what finds a part of an example's path, `label` or `group`: in its folders or its name.

    None: `said`, which stands at `key` of the parameters, is neither `folder` nor a pattern with that part.

    Raises:
        ConfigError: it is no regular expression.
    """
    if said == "folder":
        return attrgetter("label" if part == "label" else "folder")
    if not pattern.is_pattern(said, part):
        return None
    find = pattern.finder(said, part, key)
    return lambda example: find(example.path)
