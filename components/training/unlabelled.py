"""Examples without labels: a model that learns from them, too, beside one that does not; the better one is kept.

Both take as many steps, over the same batches of labelled examples, from the same seed.
"""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from lightning.pytorch.loggers.logger import DummyLogger
from scipy.stats import binomtest

from components.internals.lightning import process_rank
from components.training.loop import fit
from components.training.result import TrainingResult
from components.training.validated import Validated, validated

if TYPE_CHECKING:
    from lightning.pytorch.loggers import Logger

    from components.config.params import Training
    from components.kinds.prepared import PreparedData
    from components.tasks.learner import TaskLearner

logger = logging.getLogger(__name__)

_CONFIDENCE = 0.95
_SUFFIX = ".unlabelled"  # of the checkpoint of the second training


def fit_both(
    learner: "TaskLearner",
    data: "PreparedData",
    config: "Training",
    log_to: "Sequence[Logger]" = (),
    checkpoint: Path | None = None,
) -> TrainingResult:
    """Train without and with the examples without labels, and return the better, the one without of equals.

    The arguments and errors are those of `fit`. The second has a checkpoint of its own beside the first one's.
    """
    alone = fit(learner, data, config, log_to, checkpoint)
    beside = None if checkpoint is None else checkpoint.with_suffix(f"{_SUFFIX}{checkpoint.suffix}")
    prefixed = [_Prefixed(logs) for logs in log_to]
    both = fit(learner.with_unlabelled(), data, config, prefixed, beside)
    if process_rank():
        return alone
    scores = [validated(learner, data, config, result.weights) for result in (alone, both)]
    kept = scores[1].merit > scores[0].merit
    found = {"kept": kept, "validated_on": len(scores[0].labels), **_figures("alone", scores[0])}
    found |= _figures("both", scores[1])
    chosen = both if kept else alone
    logged = {f"unlabelled_{name}": float(value) for name, value in found.items()}
    for logs in log_to:
        logs.log_metrics(logged, int(chosen.curve[-1]["step"]))
    logger.info("%s", told(found))
    return TrainingResult(chosen.weights, [*chosen.curve[:-1], {**chosen.curve[-1], **logged}], unlabelled=found)


def told(found: Mapping[str, Any]) -> str:
    """Return in one sentence what the examples without labels were worth."""
    both, alone = (_share(found, name) for name in ("both", "alone"))
    kept = "kept is the model that learned from them" if found["kept"] else "kept is the model of labels alone"
    return (
        f"pictures without labels: right in {both} with them, in {alone} without, of {found['validated_on']:,} "
        f"validation pictures; {kept}"
    )


def _share(found: Mapping[str, Any], name: str) -> str:
    value, low, high = (100 * float(found[f"{name}{part}"]) for part in ("", "_low", "_high"))
    return f"{value:.1f} % ({low:.1f} to {high:.1f})"


def _figures(name: str, score: Validated) -> dict[str, float]:
    """Return the part of the validation examples that are answered rightly, with its 95 % interval (Wilson 1927)."""
    right = int((score.outputs.argmax(axis=1) == score.labels).sum())
    interval = binomtest(right, len(score.labels)).proportion_ci(_CONFIDENCE, method="wilson")
    share = float(np.divide(right, len(score.labels)))
    return {name: share, f"{name}_low": float(interval.low), f"{name}_high": float(interval.high)}


class _Prefixed(DummyLogger):
    """Passes on what the second training logs, under other names."""

    def __init__(self, logs: "Logger") -> None:
        super().__init__()
        self._logs = logs

    def log_metrics(self, *args: Any, **kwargs: Any) -> None:
        """Log them."""
        metrics, step = kwargs.get("metrics", args[0] if args else {}), kwargs.get("step", args[-1] if args else None)
        self._logs.log_metrics({f"with_unlabelled_{name}": value for name, value in metrics.items()}, step)
