"""What a kind must offer: the protocols that `components/kinds/*` fulfil with plain modules."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from components.config import params
from components.kinds.evaluation import Behaviour, Corruption, Leak, Mask
from components.kinds.overview import Overview
from components.kinds.prepared import PreparedData
from components.kinds.raw import Origin, Raw
from components.kinds.share import Share

if TYPE_CHECKING:
    import lightning
    from matplotlib.figure import Figure
    from torch import Tensor, nn

Row = Mapping[str, Any]
"""What a caller sends of one example, by the names of its fields: bytes for an upload, else JSON values."""

Score = Callable[[NDArray[Any]], NDArray[np.float32]]
"""Examples `[N, ...]` -> probabilities `[N, classes]`."""

Explain = Callable[[Score, NDArray[Any], Mapping[str, Any], Sequence[Any]], Sequence[BaseModel]]
"""(score, examples, input, their answers) -> the answers with what moved each of them; `score` runs the model."""

Facts = Mapping[str, NDArray[Any]]
"""What the rows of a sequence have to know of each other, by name; the first axis of each counts rows."""


class Params(Protocol):
    """`params/`."""

    @property
    def Workload(self) -> type[params.Workload]: ...  # noqa: N802 - a class

    METRIC: str
    """The metric of `evaluation` that decides which of two models is better; higher is better."""


class Reader(Protocol):
    """Rows -> examples, in one worker of one endpoint. May remember rows, for features of those that follow."""

    together: bool
    """Whether many rows are read much faster at once than one by one."""

    def is_cheap(self, rows: Sequence[Row], /) -> bool:
        """Whether `read` of these rows takes well under a millisecond and waits for nobody."""

    def read(self, rows: Sequence[Row], /) -> NDArray[Any]:
        """Return `[N, ...]` as the model takes them.

        Raises:
            BadRequest: a row cannot be read; then none of them is remembered.
        """

    def warnings(self, rows: Sequence[Row], /) -> Mapping[int, Sequence[str]]:
        """Return what is unusual about `rows` that are answered all the same, a sentence each, by their place.

        Ordinary rows are left out. Where there is such a sentence, the row's answer has a field `warnings`.
        """

    def learn(self, labels: Sequence[Row], /) -> int:
        """Take what became of rows read before; return how many of them are remembered."""

    def close(self) -> None: ...


class Codec(Protocol):
    """`codec/`: what a caller sends <-> arrays. Imports neither torch nor mlflow nor prefect nor dvc.

    `input` is the description of one example that `prepare` wrote and the bundle carries, `decision` what the learner
    found best to decide by.
    """

    @property
    def Answer(self) -> type[BaseModel]:  # noqa: N802 - a class
        """The answer to one row."""

    @property
    def Explained(self) -> type[BaseModel] | None:  # noqa: N802 - a class
        """The answer of `explain`; None: the kind explains nothing."""

    @property
    def explain(self) -> Explain | None:
        """What explains answers; None: the kind explains nothing."""

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
        self, workload: str, input: Mapping[str, Any], serve: Mapping[str, Any], files: Path, memory: str | None, /
    ) -> Reader:
        """Open a reader.

        Args:
            workload: whose endpoint it is.
            input: the bundle's description of one example.
            serve: the bundle's section `serve`: what is taken of a caller.
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


class Overviews(Protocol):
    """`overview.py`: what became of a source, for people."""

    def overview(self, data: PreparedData, /) -> Overview:
        """Return how the source of a prepared data set was read, what was left out and why, and first examples."""


class Past(Protocol):
    """What rows are read with that come in a sequence: one process sees all of them, in their order."""

    def examples(self, facts: Facts, /) -> NDArray[Any]:
        """Return `[N, ...]` as the model takes them of rows that follow those given before, and remember them.

        Raises:
            DataError: they are not in an order that can be remembered.
        """


class Scoring(Protocol):
    """`scoring.py`: very many rows from files, answered as an endpoint would that is asked them in their order."""

    @property
    def SUFFIXES(self) -> tuple[str, ...]:  # noqa: N802 - a constant
        """Of the files in a folder that are one row each; none: rows come in tables alone."""

    def is_row(self, path: str, /) -> bool:
        """Whether the file is one row: by its name, else by its content."""

    ROWS: int
    """Rows that are handed to a process at a time."""
    TOGETHER: int
    """Rows that are read at once; where one of them cannot be, each is read alone."""

    def fields(self, input: Mapping[str, Any], /) -> dict[str, tuple[str, bool]]:
        """Name the fields that a row brings, as `Codec.fields` does."""

    def identity(self, input: Mapping[str, Any], /) -> str | None:
        """Return the field that is a row's id, if there is one."""

    def past(self, input: Mapping[str, Any], files: Path, /) -> Past | None:
        """Return what is known before the first row; None: no row depends on another, a `Reader` reads them."""

    def facts(self, rows: Sequence[Row], input: Mapping[str, Any], /) -> Facts:
        """Return what `Past` has to be told of `rows`, the first axis counts them; any process can do this.

        Raises:
            BadRequest: a row cannot be read.
        """

    def probability(self, probabilities: NDArray[np.float32], chosen: NDArray[np.int64], /) -> NDArray[np.float32]:
        """Return the one number of each row of `[N, classes]` that the endpoint answers as its `probability`."""


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
        """Whether there are steps that train only a part of the parameters: DDP has to look for the others."""

    def serving(self, module: "lightning.LightningModule", temperature: float = 1.0, /) -> "nn.Module":
        """Return what the endpoint runs, in evaluation mode: its logits are divided by the temperature."""

    def logits(self, module: "lightning.LightningModule", inputs: "Tensor", /) -> "Tensor | None":
        """Return the logits `[N, classes]` in evaluation mode; None: what the module answers is no probability."""

    def decision(self, module: "lightning.LightningModule", temperature: float = 1.0, /) -> dict[str, float]:
        """Return what the trained module found best to decide by; it crosses to inference in the bundle.

        At every temperature the same is decided.
        """


class Evaluation(Protocol):
    """`evaluation/`: what a model of the kind is measured by, on the test split.

    `config` is the section `train` of the workload, `decision` the bundle's, `probabilities` the bundle's answers
    `[N, classes]` to the test split. Examples are as `prepare` left them, which is what a bundle takes.
    """

    def measure(
        self,
        data: PreparedData,
        probabilities: NDArray[np.float32],
        decision: Mapping[str, float],
        config: Any,
        /,
    ) -> dict[str, float]:
        """Return the metrics by name: `METRIC` among them and, trained and evaluated alike, `baseline_` + `METRIC`.

        The baseline is a simpler and cheaper model of another sort (`components.kinds.baseline`).
        """

    def measures(
        self,
        data: PreparedData,
        probabilities: NDArray[np.float32],
        decision: Mapping[str, float],
        config: Any,
        places: NDArray[np.int64],
        /,
    ) -> dict[str, float]:
        """Return the metrics of the model on the test examples at `places`, which may repeat: for a bootstrap.

        Not a number: these examples have no such metric. One that cannot be drawn again is left out.
        """

    def figures(
        self, data: PreparedData, probabilities: NDArray[np.float32], decision: Mapping[str, float], config: Any, /
    ) -> "dict[str, Figure]": ...

    def accepts(self, input: Mapping[str, Any], data: PreparedData, /) -> bool:
        """Whether a bundle that says `input` of its examples can answer those of `data`, which may be newer."""

    def correct(
        self, data: PreparedData, probabilities: NDArray[np.float32], decision: Mapping[str, float], /
    ) -> Mask | None:
        """Return which test examples are answered rightly, `[N]`, where `METRIC` is their share; else None."""

    def value(
        self,
        data: PreparedData,
        probabilities: NDArray[np.float32],
        decision: Mapping[str, float],
        config: Any,
        places: NDArray[np.int64],
        /,
    ) -> float:
        """Return `METRIC` on the test examples at `places`, which may repeat: a bootstrap asks for many of these.

        Not a number: these examples have no such metric. It is never another one.
        """

    def slices(self, data: PreparedData, /) -> dict[str, Mask]:
        """Return parts of the test split, `[N]` each: `class: name`, and `column: value` of `prepare.slices`."""

    def slice_correct(
        self,
        data: PreparedData,
        probabilities: NDArray[np.float32],
        decision: Mapping[str, float],
        within: NDArray[Any],
        /,
    ) -> Mask | None:
        """Return which test examples are answered rightly, `[N]`, where their share judges a slice; None: `value` does.

        `within` is the whole slice, one of `slices` or its places: what judges it judges every draw of its examples.
        """

    def is_probabilistic(self, config: Any, /) -> bool:
        """Whether the answers are probabilities at all: else there is no calibration to speak of."""

    def corruptions(self, data: PreparedData, config: Any, /) -> Mapping[str, Corruption]:
        """Return by name what may happen to an example of the data before it is seen."""

    def behaviours(
        self, data: PreparedData, score: Score, decision: Mapping[str, float], config: Any, /
    ) -> Sequence[Behaviour]:
        """Return how often the model does what any model of the kind should; `score` runs it."""

    def leaks(self, data: PreparedData, config: Any, /) -> Sequence[Leak]:
        """Return what of the test split training has seen, or could have; each is named, found or not."""
