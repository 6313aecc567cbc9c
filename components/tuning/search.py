"""A search: trials one after another, the section as it is first, until the budget is spent."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from components import catalogue
from components.config.errors import ConfigError, DataError, TrainingError
from components.config.settings import artifacts
from components.internals.lightning import quiet
from components.kinds.prepared import open_prepared
from components.kinds.space import Space, Value
from components.tracking.description import signed
from components.tracking.store import Store, missing, open_store
from components.training.checkpoints import key_of
from components.tuning.goals import Goal, Reached, direction
from components.tuning.study import Search, open_search, rounded
from components.tuning.trial import ERROR, METRIC, RUN, BudgetSpent, Subject, run_trial

_FAILED = 3  # trials one after another, and nothing else will learn either


@dataclass(frozen=True)
class Found:
    """What a search has come to."""

    workload: str
    goals: tuple[Goal, ...]
    space: Space
    ended: Sequence[FrozenTrial]
    """Trials that came to an end, in their order."""
    best: Sequence[FrozenTrial]
    """Those of them that no other is better than in every goal: of one goal the best; the best by the metric first."""
    as_it_is: dict[str, Value]
    """The section's own value of each key of the space, rounded as those of trials are."""
    decided: dict[str, Value]
    """What the section leaves to the data, as it was decided."""
    seconds: float
    """That all trials have taken."""
    cut: str
    """What ended before its time; empty: nothing."""

    @property
    def metric(self) -> str:
        """The name of what decides."""
        return str(self.best[0].user_attrs[METRIC]) if self.best else ""


def search(
    workload: str, goals: tuple[Goal, ...], budget: float, most: int | None, seed: int, tell: Callable[[str], None]
) -> Found:
    """Try parameters of the workload's training on its prepared data, and return what has been found so far.

    A search that was stopped goes on: the same data, parameters, code and goals are the same study, in which several
    processes may be at work. The test split is not looked at.

    Args:
        workload: its name.
        goals: what is to be reached.
        budget: seconds that all trials of the study may take together; 0: none is begun.
        most: trials that may come to an end; None: as many as the budget has room for.
        seed: of what is drawn.
        tell: is told what came of each trial, in a line.

    Raises:
        ConfigError: there is nothing to vary.
        TrainingError: no parameters learn.
        Interrupted: it was asked to stop, and can go on.
    """
    quiet()
    subject, space, as_it_is, decided = subject_of(workload, goals)
    depends = {"kind": subject.data.kind, "train": subject.base.model_dump(mode="json"), "for": list(goals)}
    key = key_of(workload, subject.data, depends)
    directions = [direction(goal) for goal in goals]
    found = open_search(workload, key, space, directions, seed)
    found.begin_with(as_it_is)
    cut = _run(found, subject, budget, most, tell) if budget > 0 else ""
    complete = found.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    front = found.study.best_trials if complete else []
    best = sorted(front, key=lambda trial: -float(trial.user_attrs["reached.metric"]))[: 1 if len(goals) == 1 else None]
    return Found(workload, goals, space, found.ended(), best, rounded(as_it_is), decided, found.used(), cut)


def subject_of(workload: str, goals: tuple[Goal, ...]) -> tuple[Subject, Space, dict[str, Value], dict[str, Value]]:
    """Return what is searched for, what is varied, its values as they are, and what was left to the data."""
    data = open_prepared(artifacts(workload, "prepared"), artifacts(workload, "backbone"))
    asked = catalogue.workload(workload)
    catalogue.check_options(workload, asked.train, data.kind, data.task)
    supervised = catalogue.is_supervised(data.kind, data.task)
    train = catalogue.decided(asked, data).train
    kind = catalogue.space(data.kind)
    fitted = train.fitted(data.counts["train"])
    space = kind.space(fitted, supervised) if kind else {}
    if not space:
        raise ConfigError(f"{workload}: there is nothing to tune; {_why(data.kind, kind is None, supervised)}")
    if not data.counts["validation"]:
        raise DataError(f"{workload}: the validation split is empty, by which trials are compared")
    as_it_is = {name: dimension.nearest(getattr(fitted, name)) for name, dimension in space.items()}
    learner = catalogue.learner(data.kind, data.task)
    learner.objective(data, fitted)  # says now that nothing can be learned from the labels
    decided = {key: getattr(train, key) for key in asked.train.undecided()}
    return Subject(workload, learner, data, train, goals), space, as_it_is, decided


def _why(kind: str, silent: bool, supervised: bool) -> str:
    if silent:
        return f"kind: {kind} does not say what may be varied"
    return "trees take none of these keys" if supervised else "nothing of it is learned by steps"


def _run(found: Search, subject: Subject, budget: float, most: int | None, tell: Callable[[str], None]) -> str:
    """Try until the budget is spent, or so many trials have ended; return what was cut short."""
    store = open_store(f"{subject.workload}.tune")
    parent = _parent(store, found, subject.workload)
    failed = 0
    try:
        while found.used() < budget:
            with found.taken(most) as trial:
                if trial is None:
                    break
                with suppress(UpdateFinishedTrialError):  # taken for lost meanwhile: another has begun it anew
                    run_trial(found, trial, subject, store, parent, budget)
                ended = found.study.get_trials(deepcopy=False)[trial.number]
            tell(_told(ended))
            failed = failed + 1 if ended.state == TrialState.FAIL else 0
            if failed == _FAILED:
                raise TrainingError(
                    f"{failed} trials after each other did not learn, the last one: {ended.user_attrs.get(ERROR)}"
                )
    except BudgetSpent as spent:
        return str(spent)
    finally:
        store.client.log_metric(parent.info.run_id, "trials", len(found.ended()))
        store.client.set_terminated(parent.info.run_id, "FINISHED", int(time.time() * 1000))
    return ""


def _parent(store: Store, found: Search, workload: str) -> Run:
    """Return the MLflow run of the whole search, whose children are the trials'."""
    try:
        if run_id := found.study.user_attrs.get(RUN):
            return store.client.get_run(run_id)
    except MlflowException as error:
        if not missing(error):
            raise
    run = store.client.create_run(store.experiment, run_name=f"{workload} tune", tags=signed())
    found.study.set_user_attr(RUN, run.info.run_id)
    return run


def _told(trial: FrozenTrial) -> str:
    drawn = ", ".join(f"{name} {value}" for name, value in rounded(trial.params).items())
    if trial.state == TrialState.PRUNED:
        return f"trial {trial.number}: ended early, it was behind the others; {drawn}"
    if trial.state == TrialState.FAIL:
        return f"trial {trial.number}: {trial.user_attrs.get(ERROR, 'it did not learn')}; {drawn}"
    reached = {name: trial.user_attrs[f"reached.{name}"] for name in Reached._fields}
    return (
        f"trial {trial.number}: {trial.user_attrs[METRIC]} {reached['metric']:.4f}, {reached['latency']:.2f} ms, "
        f"{reached['cost']:.0f} CPU seconds; {drawn}"
    )
