"""What a kind must offer: the protocols that `components/kinds/*` fulfil with plain modules."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from components.config import params
from components.kinds.prepared import PreparedData
from components.kinds.raw import Origin, Raw
from components.kinds.share import Share

if TYPE_CHECKING:
    import lightning
    from matplotlib.figure import Figure
    from torch import nn

Row = Mapping[str, Any]
"""What a caller sends of one example, by the names of its fields: bytes for an upload, else JSON values."""

Score = Callable[[NDArray[Any]], NDArray[np.float32]]
"""Examples `[N, ...]` -> probabilities `[N, classes]`."""


class Params(Protocol):
    """`params/`."""

    Workload: type[params.Workload]
    METRIC: str
    """The metric of `exam` that decides which of two models is better; higher is better."""


class Reader(Protocol):
    """Rows -> examples, in one worker of one endpoint. May remember rows, for features of those that follow."""

    def quick(self, rows: Sequence[Row], /) -> bool:
        """Whether `read` of these rows takes well under a millisecond and waits for nobody."""

    def read(self, rows: Sequence[Row], /) -> NDArray[Any]:
        """Return `[N, ...]` as the model takes them.

        Raises:
            BadRequest: a row cannot be read; then none of them is remembered.
        """

    def learn(self, labels: Sequence[Row], /) -> int:
        """Take what became of rows read before; return how many of them are remembered."""

    def close(self) -> None: ...


class Codec(Protocol):
    """`codec/`: what a caller sends <-> arrays. Imports neither torch nor mlflow nor prefect nor dvc.

    `input` is the description of one example that `prepare` wrote and the bundle carries, `decision` what the learner
    found best to decide by.
    """

    Answer: type[BaseModel]
    """The answer to one row."""
    Explained: type[BaseModel] | None
    """The answer of `explain`; None: the kind explains nothing."""
    explain: Callable[[Score, NDArray[Any], Mapping[str, Any], Sequence[Any]], Sequence[BaseModel]] | None
    """(score, examples, input, their answers) -> the answers with what moved each of them; `score` runs the model."""

    def request(self, input: Mapping[str, Any], /) -> Any:
        """Return the type of what `POST /predict` takes. A field that is `bytes` is a file to upload."""

    def labelled(self, input: Mapping[str, Any], /) -> Any:
        """Return the type of what `POST /labels` takes: what became of earlier rows; None: nothing is remembered."""

    def fields(self, input: Mapping[str, Any], /) -> dict[str, tuple[str, bool]]:
        """Name the fields of a complete row (with what an endpoint would remember).

        Each has MLflow's type (`binary`, `string`, `double`, `long`, `boolean`), and whether it may not be missing.
        """

    def rows(self, request: Any, /) -> list[dict[str, Any]]: ...

    def Reader(  # noqa: N802 - a class
        self, workload: str, input: Mapping[str, Any], files: Path, memory: str | None, /
    ) -> Reader:
        """Open a reader.

        Args:
            workload: whose endpoint it is.
            input: the bundle's description of one example.
            files: the directory of what `prepare` gave the bundle to carry (`serving/`).
            memory: where to remember rows, an SQLAlchemy address; None: the caller sends what would be remembered.
        """

    def decide(self, probabilities: NDArray[np.float32], decision: Mapping[str, float], /) -> NDArray[np.int64]:
        """Return the index of the class that each row of `[N, classes]` is taken for."""

    def answers(
        self,
        probabilities: NDArray[np.float32],
        classes: Sequence[str],
        decision: Mapping[str, float],
        version: str,
        /,
    ) -> Sequence[BaseModel]: ...


class Source(Protocol):
    """`source/`: a user's data, or the files of a public data set -> raw records."""

    def open(self, origin: Origin, /) -> Raw: ...


class Preparation(Protocol):
    """`prepare/`: raw records -> the prepared data set (`components.kinds.prepared`) and `report.json`."""

    def prepare(self, raw: Path, out: Path, config: Any, schema: Path, /) -> None:
        """Write the prepared data set.

        Args:
            raw: the Parquet file.
            out: the directory to write to.
            config: the section `prepare` of the workload.
            schema: where a kind writes down what it has found the data to look like, to hold later data to it.
        """


class Sample(Protocol):
    """`sample.py`: held-out examples as callers send them."""

    def requests(self, data: PreparedData, places: Sequence[int], complete: bool, /) -> list[dict[str, Any]]:
        """Return the rows of the test examples at `places`; `complete`: with what an endpoint would remember."""


class Batches(Protocol):
    """What a training loop iterates over, epoch after epoch: of each batch this process's share."""

    share: Share
    """Set before the first epoch."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Any]: ...


class TrainingBatches(Batches, Protocol):
    """Those of the training split: what one holds is a pure function of (seed, epoch, index)."""

    def state_dict(self) -> dict[str, int]:
        """Return where the iteration stands."""

    def load_state_dict(self, state: dict[str, int], /) -> None: ...


class Learner(Protocol):
    """`learner/`: needs torch, lightning, torchmetrics and numpy alone."""

    MONITOR: str
    """What the module logs each epoch of the validation split; higher is better."""

    def module(self, data: PreparedData, config: Any, /) -> "lightning.LightningModule": ...
    def loaders(self, data: PreparedData, config: Any, /) -> tuple[TrainingBatches, Batches]:
        """Return the batches of training and of validation, which hold each example once, over all processes."""

    def leaves_out(self, config: Any, /) -> bool:
        """Whether there are steps that teach only a part of the parameters: DDP has to look for the others."""

    def serving(self, module: "lightning.LightningModule", /) -> "nn.Module": ...

    def decision(self, module: "lightning.LightningModule", /) -> dict[str, float]:
        """Return what the taught module found best to decide by; it crosses to inference in the bundle."""


class Exam(Protocol):
    """`exam/`: what a model of the kind is measured by, on the test split.

    `config` is the section `train` of the workload, `decision` the bundle's.
    """

    def measure(
        self,
        data: PreparedData,
        probabilities: NDArray[np.float32],
        decision: Mapping[str, float],
        config: Any,
        /,
    ) -> dict[str, float]:
        """Return the metrics by name: `METRIC` among them and, taught and examined alike, `baseline_` + `METRIC`.

        The baseline is a simpler and cheaper model of another sort (`components.kinds.baseline`).
        """

    def figures(
        self, data: PreparedData, probabilities: NDArray[np.float32], decision: Mapping[str, float], config: Any, /
    ) -> "dict[str, Figure]": ...
