"""What a kind does with data until it is prepared, and how it shows it: `params/`, `source/`, `prepare/`, and more."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from components.config import params
from components.kinds.contract.parameters import ConfigT, InputT
from components.kinds.overview import Overview
from components.kinds.prepared import PreparedData
from components.kinds.raw import Origin, Raw


class Params(Protocol):
    """`params/`."""

    @property
    def Workload(self) -> type[params.Workload]:  # noqa: N802 - a class
        """The type of a workload's section in `params.yaml`."""


class Source(Protocol):
    """`source/`: a user's data, or the files of a public data set -> raw records."""

    def open(self, origin: Origin, /) -> Raw:
        """Open the source; records are read while the batches are taken.

        Raises:
            DataError: there is nothing, or nothing of the kind.
        """


class UnlabelledSource(Source, Protocol):
    """`source/` of a kind whose sections may ask for examples without labels."""

    def open_unlabelled(self, folder: Path | None, live: Path | None, /) -> Raw:
        """Open the folder, in which nothing is a label, and the records of answers without one; one may be missing.

        Raises:
            ConfigError: there is no such folder.
            DataError: it holds nothing of the kind.
        """


class Preparation(Protocol[ConfigT]):
    """`prepare/`: raw records -> the prepared data set (`components.kinds.prepared`) and `report.json`."""

    def prepare(self, raw: Path, out: Path, config: ConfigT, schema: Path, task: str | None = None, /) -> None:
        """Write the prepared data set.

        Args:
            raw: the Parquet file.
            out: the directory to write to.
            config: the section `prepare` of the workload.
            schema: where a kind writes down what it has found the data to look like, to hold later data to it.
            task: what is asked of the data; None: decided by its labels, said, and held in `prepared.json`.
        """


class PartitionedPreparation(Preparation[ConfigT], Protocol[ConfigT]):
    """`prepare/` of a kind in which many machines can do a part each of what takes time."""

    def prepare_partition(
        self, raw: Path, out: Path, config: ConfigT, schema: Path, task: str | None, index: int, count: int, /
    ) -> int:
        """Write what `prepare` takes of partition `index` of `count` to `JOURNEYMAN_PARTITIONS`; return how much it is.

        The others are those of `prepare`; nothing is left in `out`.

        Raises:
            ConfigError: the section has nothing to be shared out.
        """


class Sample(Protocol[InputT]):
    """`sample.py`: held-out examples as callers send them."""

    def requests(self, data: PreparedData[InputT], indices: Sequence[int], complete: bool, /) -> list[dict[str, Any]]:
        """Return the rows of the test examples at `indices`; `complete`: with what an endpoint would remember."""


class Overviews(Protocol):
    """`overview.py`: what became of a source, for people."""

    def overview(self, data: PreparedData, /) -> Overview:
        """Return how the source of a prepared data set was read, what was left out and why, and first examples."""
