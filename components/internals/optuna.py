"""What Optuna does not document: a trial that a killed process left can be gone on with, as the same trial."""

from optuna import Study
from optuna.trial import FrozenTrial, Trial


def continued(study: Study, left: FrozenTrial) -> Trial:
    """Return a running trial that another process began; what that has drawn for it stays drawn."""
    return Trial(study, left._trial_id)
