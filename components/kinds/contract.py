"""What a kind must offer: the protocols that `components/kinds/*` fulfil with plain modules."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from components.config import params
from components.kinds.prepared import PreparedData

if TYPE_CHECKING:
    import lightning
    import pyarrow as pa
    from matplotlib.figure import Figure
    from torch import nn


class Params(Protocol):
    """`params.py`."""

    Workload: type[params.Workload]
    METRIC: str
    """The metric of `exam.py` that decides which of two models is better; higher is better."""


class Codec(Protocol):
    """`codec.py`: what a caller sends <-> arrays. Imports neither torch nor mlflow nor prefect nor dvc.

    A row is a mapping of field names to what a caller sends for them: bytes for an upload, else JSON values.
    A field of `Request` that is `bytes` is a file to upload.
    `input` is the description of one example that `prepare` wrote and the bundle carries.
    """

    Request: type[BaseModel]
    Answer: type[BaseModel]

    def fields(self, input: Mapping[str, Any], /) -> dict[str, str]:
        """Name the fields of a row and MLflow's types of them (`binary`, `string`, `double`, `long`, `boolean`)."""

    def rows(self, request: Any, /) -> list[dict[str, Any]]: ...
    def decode(self, row: Mapping[str, Any], input: Mapping[str, Any], /) -> NDArray[Any]: ...
    def encode(self, example: NDArray[Any], /) -> dict[str, Any]: ...
    def answers(self, probabilities: NDArray[np.float32], classes: Sequence[str], version: str, /) -> BaseModel: ...


class Source(Protocol):
    """`source.py`: a user's folder, or the files of a public data set -> raw records."""

    SCHEMA: "pa.Schema"

    def labels_in(self, folder: Path, /) -> list[str]: ...
    def ignored_in(self, folder: Path, /) -> list[str]: ...
    def from_folder(self, folder: Path, origin: str, /) -> "Iterator[pa.RecordBatch]": ...
    def from_files(
        self, format: str, files: Mapping[str, Path], labels: Sequence[str], /
    ) -> "Iterator[pa.RecordBatch]": ...


class Preparation(Protocol):
    """`prepare.py`: raw records -> the prepared data set (`components.kinds.prepared`) and `report.json`."""

    def prepare(self, raw: Path, out: Path, config: Any, /) -> None: ...


class Batches(Protocol):
    """What a training loop iterates over, epoch after epoch."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Any]: ...


class Learner(Protocol):
    """`learner/`: needs torch, lightning, torchmetrics and numpy alone."""

    def module(self, data: PreparedData, config: Any, /) -> "lightning.LightningModule": ...
    def loaders(self, data: PreparedData, config: Any, /) -> "tuple[Batches, Batches]": ...
    def serving(self, module: "lightning.LightningModule", /) -> "nn.Module": ...


class Exam(Protocol):
    """`exam.py`: what a model of the kind is measured by."""

    def measure(self, probabilities: NDArray[np.float32], labels: NDArray[np.int64], /) -> dict[str, float]: ...
    def figures(self, data: PreparedData, probabilities: NDArray[np.float32], /) -> "dict[str, Figure]": ...
