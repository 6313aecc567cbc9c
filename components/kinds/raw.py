"""What a source gives: raw records on their way to `raw/records.parquet`, the same form for every kind."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class DataSet:
    """A public data set: what its description says, and its files, fetched and verified."""

    format: str
    files: Mapping[str, Path] = field(default_factory=dict)
    """By their role."""
    labels: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What the format wants to know besides."""


@dataclass(frozen=True)
class Origin:
    """Where a workload's records come from."""

    source: str
    """What `params.yaml` says: a folder, a file, an address, or the path of a description."""
    data_set: DataSet | None
    """What is described there, if it is a description."""
    inbox: Path | None
    """The folder of what came later, if there is one."""
    live: Path | None = None
    """The Parquet file of what was answered at work, raw records as the kind's `logged.py` makes them; None: none."""


@dataclass(frozen=True)
class Raw:
    """Records, one batch after another, and what is said of them all."""

    schema: "pa.Schema"
    batches: "Iterator[pa.RecordBatch]"
    about: Mapping[str, Any]
    """Kept in the Parquet file's metadata, key `journeyman`, as JSON."""
    compression: str = "none"
