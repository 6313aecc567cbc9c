"""What a cross-validation leaves: of each example the answer of a model that never saw it, and of a baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from components.kinds.baseline import prefixed
from components.kinds.cross_validation import SPREAD
from components.kinds.prepared import PreparedData, known
from components.kinds.resplit import ResplitData, all_examples, resplit
from components.tasks.evaluation import Decision, TaskEvaluation

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]
UInt64 = NDArray[np.uint64]


@dataclass(frozen=True)
class OutOfFold:
    """The answers, in the order in which they were given."""

    classes: tuple[str, ...]
    identities: UInt64
    """`[N]`, what tells each example from others, whatever data set it stands in."""
    folds: Int64
    """`[N]`, whose model answered."""
    outputs: Float32
    """`[N, K]`."""
    baseline: Float32
    """`[N, B]`, of a baseline that learned from the same examples."""
    decisions: Sequence[Mapping[str, Any]]
    """What each fold's model decides by."""
    validated: int
    """Validation examples of the smallest fold, by which that was found."""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON: numbers of 32 bits as they are, identities in hexadecimal."""
        return {
            "classes": list(self.classes),
            "identities": [f"{identity:016x}" for identity in self.identities.tolist()],
            "folds": self.folds.tolist(),
            "outputs": self.outputs.tolist(),
            "baseline": self.baseline.tolist(),
            "decisions": [dict(decision) for decision in self.decisions],
            "validated": self.validated,
        }

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> Self | None:
        """Return what `to_json` was made of; None: nothing was cross-validated."""
        if not content.get("folds"):
            return None
        return cls(
            classes=tuple(content["classes"]),
            identities=np.array([int(identity, 16) for identity in content["identities"]], dtype=np.uint64),
            folds=np.array(content["folds"], dtype=np.int64),
            outputs=np.array(content["outputs"], dtype=np.float32),
            baseline=np.array(content["baseline"], dtype=np.float32),
            decisions=content["decisions"],
            validated=int(content["validated"]),
        )

    def positions(self, wanted: UInt64) -> Int64:
        """Return where the examples of these identities stand, `[n]`; -1: nowhere."""
        order = np.argsort(self.identities, kind="stable")
        at = np.minimum(np.searchsorted(self.identities[order], wanted), len(order) - 1)
        found: Int64 = np.where(self.identities[order][at] == wanted, order[at], -1)
        return found

    def decision(self, positions: Int64) -> dict[str, Any]:
        """Return what the examples at `positions` are decided by: where folds differ, a number for each, `[n]`."""
        first, folds = self.decisions[0], self.folds[positions]
        found: dict[str, Any] = {}
        for name, value in first.items():
            values = [decision[name] for decision in self.decisions]
            if all(other == value for other in values):
                found[name] = value
            elif isinstance(value, int | float):
                found[name] = np.array(values)[folds]
        return found


@dataclass(frozen=True)
class PooledAnswers:
    """The answers to the examples that a data set has, as if they were its test split."""

    data: ResplitData
    """Its test split is all the examples that were answered."""
    identities: UInt64
    """`[N]`."""
    folds: Int64
    """`[N]`."""
    outputs: Float32
    """`[N, K]`."""
    baseline: Float32
    """`[N, B]`."""
    decision: Decision

    def baseline_value(self, evaluation: TaskEvaluation, config: Any, metric: str, indices: Int64) -> float:
        """Return that metric of the baseline on the examples at `indices`, `[n]`, which may repeat."""
        drawn = resplit(self.data, {**self.data.members, "test": self.data.members["test"][indices]})
        return evaluation.baseline_measures(drawn, self.baseline[indices], config).get(metric, float("nan"))


def pooled(found: OutOfFold, data: PreparedData) -> PooledAnswers:
    """Return the answers to those examples of `data` that were answered, and whose label is known.

    Where the test split has examples without a label, those of the other splits count, too.
    """
    labels, wanted = all_examples(data, "labels"), identities(all_examples(data, "inputs"))
    positions = found.positions(wanted)
    told = known(labels) if known(np.asarray(data.labels("test"))).all() else np.ones(len(labels), dtype=np.bool_)
    members = np.flatnonzero((positions >= 0) & told)
    spread = np.linspace(0, len(labels) - 1, found.validated).astype(np.int64)
    at = positions[members]
    view = resplit(data, {"train": members, "validation": spread, "test": members})
    return PooledAnswers(
        view, wanted[members], found.folds[at], found.outputs[at], found.baseline[at], found.decision(at)
    )


def identities(inputs: NDArray[Any]) -> UInt64:
    """Return a hash of each example as it was prepared, `[N]`: the same in whatever split and data set it stands."""
    digests = [blake2b(example.tobytes(), digest_size=8).digest() for example in inputs]
    return np.frombuffer(b"".join(digests), dtype=">u8").astype(np.uint64)


def cross_validated(answers: PooledAnswers, evaluation: TaskEvaluation, config: Any) -> dict[str, float]:
    """Return the metrics over all examples by name, the baseline's, and of each metric its spread over the folds.

    The spread is the standard deviation (n - 1) of what the metric is on the examples of one fold.
    """
    data, count = answers.data, int(answers.folds.max()) + 1

    def measured(indices: Int64) -> dict[str, float]:
        return evaluation.measures(data, answers.outputs, answers.decision, config, indices)

    every = {name: value for name, value in measured(np.arange(len(answers.folds))).items() if np.isfinite(value)}
    of_folds = [measured(np.flatnonzero(answers.folds == fold)) for fold in range(count)]
    spreads = {}
    for name in every:
        values = np.array([metrics[name] for metrics in of_folds])
        if np.isfinite(values).sum() > 1:
            spreads[f"{name}{SPREAD}"] = float(np.nanstd(values, ddof=1))
    return every | spreads | prefixed(evaluation.baseline_measures(data, answers.baseline, config))
