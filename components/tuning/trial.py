"""One trial: a whole training, in an MLflow run of its own, which ends early where it is behind the others."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import lightning
from lightning.pytorch.callbacks import Callback
from mlflow.entities import Run
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID
from optuna import TrialPruned
from optuna.trial import Trial, TrialState

from components.config.errors import Interrupted, TrainingError
from components.config.settings import tracking_uri
from components.kinds.prepared import PreparedData
from components.kinds.space import Value
from components.tasks.learner import TaskLearner
from components.tracking.runs import last_steps, log_metrics, running
from components.tracking.store import Store
from components.training.models import train_models
from components.training.restore import restored
from components.training.run_logger import RunLogger
from components.training.validated import Validated, validated
from components.tuning.goals import Goal, Reached
from components.tuning.latency import milliseconds
from components.tuning.study import SECONDS, Search

if TYPE_CHECKING:
    from components.config.params import Training

CPU, RUN, METRIC, ERROR = "cpu_seconds", "run_id", "metric", "error"
"""Attributes of a trial: what it has taken so far, its MLflow run, the name of what decides, why it did not learn."""


class BudgetSpent(Interrupted):
    """The budget was spent within a trial, which a larger one goes on with."""


@dataclass(frozen=True)
class Subject:
    """What is searched for: a workload's training."""

    workload: str
    learner: TaskLearner
    data: PreparedData
    base: "Training"
    """The section `train` as it is, in which nothing is left to the data."""
    goals: tuple[Goal, ...]

    def config(self, drawn: Mapping[str, Value]) -> "Training":
        """Return the section with what a trial has drawn, fitted to the data."""
        written = {name: getattr(self.base, name) for name in self.base.model_fields_set}
        return type(self.base).model_validate({**written, **drawn}).fitted(self.data.counts["train"])


def run_trial(search: Search, trial: Trial, subject: Subject, store: Store, parent: Run, budget: float) -> None:
    """Train, and tell the study what came of it.

    Raises:
        BudgetSpent: all trials together have taken the budget, in seconds; this one can go on.
        Interrupted: it was asked to stop, and can go on.
    """
    drawn = search.drawn(trial)
    config = subject.config(drawn)
    params = {"trial": trial.number, **drawn}
    with running(store, f"trial {trial.number}", params, trial.user_attrs.get(RUN)) as run:
        trial.set_user_attr(RUN, run.info.run_id)
        store.client.set_tag(run.info.run_id, MLFLOW_PARENT_RUN_ID, parent.info.run_id)
        meter = _Meter(trial, budget - search.used())
        log_to = RunLogger(last_steps(store, run), tracking_uri=tracking_uri(), run_id=run.info.run_id)
        try:
            reached, found = _trained(search, trial, subject, config, log_to, meter)
        except TrialPruned:
            meter.note()
            store.client.set_tag(run.info.run_id, "journeyman.pruned", "true")
            search.study.tell(trial, state=TrialState.PRUNED)
            return
        except TrainingError as error:  # these parameters do not learn, or do not fit into memory
            meter.note()
            trial.set_user_attr(ERROR, str(error))
            search.study.tell(trial, state=TrialState.FAIL)
            return
        log_metrics(store, run, {**found.told, "latency_ms": reached.latency, "cpu_seconds": reached.cost})
        trial.set_user_attr(METRIC, found.deciding.metric if found.deciding else next(reversed(found.told)))
        for goal in Reached._fields:
            trial.set_user_attr(f"reached.{goal}", getattr(reached, goal))
        search.study.tell(trial, [getattr(reached, goal) for goal in subject.goals])


def _trained(
    search: Search, trial: Trial, subject: Subject, config: "Training", log_to: RunLogger, meter: "_Meter"
) -> tuple[Reached, Validated]:
    folder = search.trial_folder(trial.number)
    folder.mkdir(parents=True, exist_ok=True)
    watching: list[Callback] = [meter]
    if len(subject.goals) == 1:
        watching.append(_Pruning(trial, subject.learner.monitor(subject.data, config)))
    learner, data = subject.learner, subject.data
    trained = train_models(learner, data, config, [log_to], folder / "last.ckpt", watching)
    meter.note()
    found = validated(learner, data, config, trained.weights)
    module = restored(learner, data, config, trained.weights)
    latency = milliseconds(learner.serving(module), data.inputs("validation"))
    return Reached(_value(found), latency, meter.cpu()), found


def _value(found: Validated) -> float:
    """Return what decides on the validation split; where no label does, what the curve tells."""
    return found.deciding.value if found.deciding else next(reversed(found.told.values()))


class _Meter(Callback):
    """Keeps with the trial what it has taken, its earlier tries among it, and ends it where the budget does."""

    def __init__(self, trial: Trial, left: float) -> None:
        self._trial, self._left = trial, left
        self._began, self._cpu_began = time.monotonic(), time.process_time()
        self._before = float(trial.user_attrs.get(SECONDS, 0.0))
        self._cpu_before = float(trial.user_attrs.get(CPU, 0.0))

    def cpu(self) -> float:
        return self._cpu_before + time.process_time() - self._cpu_began

    def note(self) -> None:
        self._trial.set_user_attr(SECONDS, self._before + time.monotonic() - self._began)
        self._trial.set_user_attr(CPU, self.cpu())

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        self.note()
        if time.monotonic() - self._began >= self._left:
            raise BudgetSpent(f"the budget is spent within trial {self._trial.number}; a larger one goes on with it")

    def on_train_end(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        self.note()


class _Pruning(Callback):
    """Ends a trial that is worse at an epoch than half of the others were."""

    def __init__(self, trial: Trial, monitor: str) -> None:
        self._trial, self._monitor = trial, monitor
        self._told = set(trial.study.get_trials(deepcopy=False)[trial.number].intermediate_values)

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        epoch, value = trainer.current_epoch, trainer.callback_metrics.get(self._monitor)
        if value is None or epoch in self._told:  # of a training that goes on
            return
        self._trial.report(float(value), epoch)
        if self._trial.should_prune():
            raise TrialPruned
