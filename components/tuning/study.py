"""The study of one search: which trials there are, and which of them this process has in hand.

    state/tune/studies.db                                Optuna's storage; JOURNEYMAN_STUDIES names another one
    state/tune/<workload>/<study>/running/<number>       a lock file: its trial is some living process's
                                  trials/<number>/       the checkpoint of a trial that has not ended

A trial that a killed process left is gone on with, from its checkpoint, in its MLflow run: it is neither lost nor
counted twice. One of a machine that is lost is begun anew by another when nothing was heard of it for ten minutes.
"""

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from socket import gethostname

import optuna
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.storages import RDBStorage, fail_stale_trials
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from components.config.errors import ConfigError
from components.config.passwords import without_password
from components.config.settings import STATE, STUDIES
from components.internals.optuna import beating, continued
from components.kinds.space import Choice, Interval, Space, Value
from components.system.locks import locked, try_lock
from components.tuning.goals import Direction

FOLDER = STATE / "tune"
SECONDS = "seconds"
"""Attribute of a trial: what it has taken so far, in wall time."""
_HOST = "host"
_BEAT, _LOST = 60, 600
"""Seconds between two heartbeats of a trial, and without one until its machine is taken for lost."""
_PATIENCE = 60  # seconds that a process waits for others to have written to SQLite


@dataclass(frozen=True)
class Search:
    """A study and its folder."""

    study: optuna.Study
    folder: Path
    space: Space
    local: bool
    """The storage is this machine's alone."""

    def begin_with(self, values: Mapping[str, Value]) -> None:
        """Have the first trial of all try these values."""
        with locked(self.folder / "lock"):
            if not self.study.get_trials(deepcopy=False):
                self.study.enqueue_trial(dict(values))

    def used(self) -> float:
        """Return the seconds that all trials have taken."""
        return sum(float(trial.user_attrs.get(SECONDS, 0.0)) for trial in self.study.get_trials(deepcopy=False))

    def ended(self) -> Sequence[FrozenTrial]:
        """Return the trials that came to an end, each in its way."""
        ended = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
        return self.study.get_trials(deepcopy=False, states=ended)

    def trial_folder(self, number: int) -> Path:
        """Return where the trial keeps its checkpoint."""
        return self.folder / "trials" / str(number)

    @contextmanager
    def taken(self, most: int | None) -> Iterator[Trial | None]:
        """Take a trial for the block: one that a killed process left, else a new one.

        None: there are `most` already, those under way in other processes among them.
        """
        with locked(self.folder / "lock"):
            if not self.local:
                _fail_lost(self.study)
            begun = sum(trial.state != TrialState.WAITING for trial in self.study.get_trials(deepcopy=False))
            found = self._left() or (self._asked() if most is None or begun < most else None)
        if found is None:
            yield None
            return
        trial, held = found
        try:
            with beating(self.study, trial):
                yield trial
        finally:
            if self.study.get_trials(deepcopy=False)[trial.number].state.is_finished():
                rmtree(self.trial_folder(trial.number), ignore_errors=True)
                self._lock_file(trial.number).unlink(missing_ok=True)
            os.close(held)

    def drawn(self, trial: Trial) -> dict[str, Value]:
        """Return the trial's value for each key of the space."""
        return rounded({name: _draw(trial, name, dimension) for name, dimension in self.space.items()})

    def _asked(self) -> tuple[Trial, int]:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Heartbeat of storage is supposed")  # `beating` sees to it
            trial = self.study.ask()
        held = self._held(trial.number)
        assert held is not None
        trial.set_user_attr(_HOST, gethostname())
        return trial, held

    def _left(self) -> tuple[Trial, int] | None:
        for left in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if left.user_attrs.get(_HOST, gethostname() if self.local else None) != gethostname():
                continue  # another machine's, whose locks are not seen from here
            if (held := self._held(left.number)) is not None:
                return continued(self.study, left), held
        return None

    def _held(self, number: int) -> int | None:
        path = self._lock_file(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if try_lock(file):
            return file
        os.close(file)
        return None

    def _lock_file(self, number: int) -> Path:
        return self.folder / "running" / str(number)


def rounded(values: Mapping[str, Value]) -> dict[str, Value]:
    """Return the values as a person would write them: of numbers three digits."""
    return {name: float(f"{value:.3g}") if isinstance(value, float) else value for name, value in values.items()}


def open_search(workload: str, key: str, space: Space, directions: Sequence[Direction], seed: int) -> Search:
    """Open the study of the workload under that key; it is made at first use.

    Args:
        workload: its name.
        key: of all that a trial depends on but what is varied.
        space: what is varied.
        directions: of each goal `maximize` or `minimize`.
        seed: of what is drawn.

    Raises:
        ConfigError: the storage that `JOURNEYMAN_STUDIES` names does not answer, or is none.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    FOLDER.mkdir(parents=True, exist_ok=True)
    address = os.environ.get(STUDIES) or f"sqlite:///{FOLDER}/studies.db"
    local = address.startswith("sqlite:")
    try:
        with locked(FOLDER / "lock"):  # two that make the tables at once would fail
            storage = _local_storage(address) if local else _shared_storage(address)
            study = optuna.create_study(
                study_name=f"{workload}-{key[:16]}", storage=storage, directions=list(directions), load_if_exists=True
            )
    except (SQLAlchemyError, StorageInternalError, ArgumentError, ImportError, ValueError) as error:
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise ConfigError(f"{STUDIES}={without_password(address)}: {without_password(first)}") from error
    count = len(study.get_trials(deepcopy=False))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)  # what is drawn together
        study.sampler = optuna.samplers.TPESampler(seed=seed + count, multivariate=True)
    study.pruner = optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=1)
    return Search(study, FOLDER / workload / key[:16], space, local)


def _local_storage(address: str) -> RDBStorage:
    return RDBStorage(address, engine_kwargs={"connect_args": {"timeout": _PATIENCE}})


def _shared_storage(address: str) -> RDBStorage:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)  # heartbeats
        return RDBStorage(
            address,
            engine_kwargs={"pool_pre_ping": True},
            heartbeat_interval=_BEAT,
            grace_period=_LOST,
            heartbeat_stale_trial_callback=_begun_anew,
        )


def _fail_lost(study: optuna.Study) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        fail_stale_trials(study)


def _begun_anew(study: optuna.Study, lost: FrozenTrial) -> None:
    """Have somebody try again what the trial of a lost machine was to try."""
    if lost.params:
        study.enqueue_trial(lost.params)


def _draw(trial: Trial, name: str, dimension: Interval | Choice) -> Value:
    if isinstance(dimension, Choice):
        chosen = trial.suggest_categorical(name, dimension.values)
        assert chosen is not None
        return chosen
    if dimension.whole:
        return trial.suggest_int(name, int(dimension.low), int(dimension.high), log=dimension.log)
    return trial.suggest_float(name, dimension.low, dimension.high, log=dimension.log)
