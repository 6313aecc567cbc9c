"""The prepared data set: few large files that are memory-mapped, the same layout for every kind.

    prepared.json            kind, task, classes, input (the kind's description of one example), counts
    report.json              what validation found, in the kind's own form
    left_out.json            how many of the user's examples no split has, by what is wrong with them
    {split}_inputs.npy       N examples, the first axis counts them
    {split}_labels.npy       N int64, index into classes, -1 where it is not known; of a regression N float64, NaN

    {split}_inputs.json      in place of the examples, where `prepare` put them into shards: `kinds/shards`

    serving/                 what the endpoint needs beside the model, if the kind has anything
    {split}_{name}.npy       what the kind keeps of each example besides
    {split}_rows.npy         N int64, which raw record each example is, from 0
    unlabelled_inputs.npy    examples without labels that may be learned from besides, if the section names any
    unlabelled.json          what they are: `UnlabelledData`
    strangers_inputs.npy     examples that are known to be none of the classes, if any are, for the evaluation
    {split}_keys.npy         N uint64, of splits that were drawn: what each was drawn from; equal ones stay together

`split` is one of `train`, `validation`, `test`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Literal, cast

import numpy as np
from numpy.typing import NDArray
from typing_extensions import TypeVar

from components.config.errors import DataError
from components.system.files import read_json, write_json

Split = Literal["train", "validation", "test"]
LEFT_OUT = "left_out.json"
INPUTS = "inputs"
KEYS = "keys"
"""Name of the array of what splits were drawn from."""
ROWS = "rows"
"""Name of the array of which raw record each example is."""
UNLABELLED_RECORDS = "unlabelled.parquet"
"""Raw records without labels, beside the others."""
_STRANGERS = "strangers_inputs.npy"
UNLABELLED_ABOUT = "unlabelled.json"
UNLABELLED = "(no label)"
"""Stands for a label that is not known."""
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

InputT = TypeVar("InputT", covariant=True, default=Any)


@dataclass(frozen=True)
class UnlabelledData:
    """Examples without labels, beside the splits."""

    folder: str
    """As the section names it; of the prediction log, that in words."""
    sha256: str
    """Of the hashes of its files, sorted: it depends on what they hold alone."""
    files: int
    count: int
    """Of the examples that are left."""
    left_out: Mapping[str, int]
    """How many are not, by why."""


@dataclass(frozen=True)
class PreparedData(Generic[InputT]):
    """A prepared data set on disk; arrays are mapped, not read. Its kind says what `input` is."""

    path: Path
    kind: str
    classes: tuple[str, ...]
    input: InputT
    counts: Mapping[str, int]
    task: str = ""
    """What is asked of it. Empty: it was prepared before tasks had names."""
    backbone: Path | None = None
    """The folder of what the stage `backbone` left; None: it was not told."""

    def inputs(self, split: Split) -> NDArray[Any]:
        """Return the examples of `split`, `[N, ...]` in the kind's type."""
        return self.array(split, INPUTS)

    def labels(self, split: Split) -> NDArray[Any]:
        """Return the labels of `split`, `[N]`, each an index into `classes`, or a number where there are none."""
        return self.array(split, "labels")

    def array(self, split: Split, name: str) -> NDArray[Any]:
        """Return what is kept under `name` of the examples of `split`, `[N, ...]`; of those in shards a `ShardedArray`.

        Raises:
            DataError: there is no such file, or it is no array.
            ConfigError: the inputs are in shards, and a setting of them is wrong.
        """
        if name == INPUTS and (index := index_of(self.path, split)).exists():
            from components.kinds.shards.array import open_sharded  # what has none does without fsspec

            return cast("NDArray[Any]", open_sharded(index))
        return _mapped(self.path / f"{split}_{name}.npy")

    def has(self, split: Split, name: str) -> bool:
        """Whether something is kept under `name` of the examples of `split`."""
        return (self.path / f"{split}_{name}.npy").exists()

    def unlabelled(self) -> UnlabelledData | None:
        """Return what is known of the examples without labels; None: the section names none."""
        path = self.path / UNLABELLED_ABOUT
        return UnlabelledData(**read_json(path)) if path.exists() else None

    def unlabelled_inputs(self) -> NDArray[Any]:
        """Return the examples without labels, `[N, ...]` in the kind's type.

        Raises:
            DataError: there are none, or they cannot be read.
        """
        return _mapped(self.path / "unlabelled_inputs.npy")

    def strangers(self) -> NDArray[Any] | None:
        """Return examples that are known to be none of the classes, `[N, ...]`; None: none are."""
        path = self.path / _STRANGERS
        return _mapped(path) if path.exists() else None

    @property
    def drawn(self) -> bool:
        """Whether chance has drawn the splits: else they are spans of time, or were given."""
        return all(self.has(split, KEYS) for split in SPLITS)

    def left_out(self) -> dict[str, int]:
        """Return how many of the user's examples are in no split, by what is wrong with them."""
        path = self.path / LEFT_OUT
        found: dict[str, int] = read_json(path) if path.exists() else {}
        return found

    @property
    def serving(self) -> Path:
        """The directory of what the endpoint needs beside the model; it may not be there."""
        return self.path / "serving"


def open_prepared(path: Path, backbone: Path | None = None) -> PreparedData:
    """Open the prepared data set at `path`, to be learned from beginning with a backbone, if there is one.

    Raises:
        DataError: there is none, or it is incomplete.
    """
    try:
        about = read_json(path / "prepared.json")
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: no prepared data set; run `dvc repro`") from error
    return PreparedData(
        path, about["kind"], tuple(about["classes"]), about["input"], about["counts"], about.get("task", ""), backbone
    )


def index_of(path: Path, split: Split) -> Path:
    """Return where the data set at `path` names the shards of a split, if it has any."""
    return path / f"{split}_{INPUTS}.json"


def _mapped(path: Path) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r")
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not readable ({error}); run `dvc repro`") from error
    return array


def known(labels: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which labels `[N]` are known."""
    there: NDArray[np.bool_] = ~np.isnan(labels) if labels.dtype.kind == "f" else labels >= 0
    return there


def label_name(data: PreparedData, label: Any) -> str:
    """Return a label in words: its class, or the number; what is not known as `UNLABELLED`."""
    if not data.classes:
        return UNLABELLED if np.isnan(label) else f"{label:.5g}"
    return data.classes[label] if label >= 0 else UNLABELLED


def write_splits(path: Path, splits: NDArray[np.integer[Any]], **arrays: NDArray[Any]) -> dict[str, int]:
    """Write arrays `[N, ...]` of examples, `inputs`, `labels` and `keys` among them, by their split; return the counts.

    `splits` are indices into `SPLITS`, `[N]`.
    """
    for index, split in enumerate(SPLITS):
        for name, array in arrays.items():
            np.save(path / f"{split}_{name}.npy", array[splits == index])
    return {split: int((splits == index).sum()) for index, split in enumerate(SPLITS)}


def write_strangers(path: Path, inputs: NDArray[Any]) -> None:
    """Write examples that are known to be none of the classes, `[N, ...]`, into the data set at `path`."""
    if len(inputs):
        np.save(path / _STRANGERS, inputs)


def write_about(
    path: Path, kind: str, classes: list[str], input: Mapping[str, Any], counts: Mapping[str, int], task: str = ""
) -> None:
    """Write `prepared.json` into the data set at `path`."""
    about = {"kind": kind, "task": task, "classes": classes, "input": dict(input), "counts": dict(counts)}
    write_json(path / "prepared.json", about)


def name_task(path: Path, task: str) -> None:
    """Write into `prepared.json` at `path` that the labels are asked for by another task, which reads them alike."""
    write_json(path / "prepared.json", {**read_json(path / "prepared.json"), "task": task})
