"""What Optuna does not document: a trial that is asked for can go on in another process, and says that it lives."""

from collections.abc import Iterator
from contextlib import contextmanager

from optuna import Study
from optuna.storages._heartbeat import get_heartbeat_thread
from optuna.trial import FrozenTrial, Trial


def continued(study: Study, left: FrozenTrial) -> Trial:
    """Return a running trial that another process began; what that has drawn for it stays drawn."""
    return Trial(study, left._trial_id)


@contextmanager
def beating(study: Study, trial: Trial) -> Iterator[None]:
    """Have the trial's heartbeat told for as long as the block; of a storage that wants none, nothing.

    Optuna does so by itself only in `optimize`; without it a trial of a lost machine would run for ever.
    """
    thread = get_heartbeat_thread(trial._trial_id, study._storage)
    thread.start()
    try:
        yield
    finally:
        thread.join()
