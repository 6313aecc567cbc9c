"""What can go wrong, as one small tree. A message is one line: what, where, and what to do next."""


class JourneymanError(Exception):
    """Root of everything this project raises on purpose."""


class ConfigError(JourneymanError):
    """A wrong key, type or value in `params.yaml`, a data set's description or a setting."""


class DataError(JourneymanError):
    """Data that cannot be fetched, read or trusted."""


class ParityError(JourneymanError):
    """Training and serving disagree about the same input."""


class BundleError(JourneymanError):
    """A bundle that is missing, incomplete or not what its hash says."""


class PublishedError(JourneymanError):
    """What is published for endpoints to follow cannot be written, read or verified."""


class TrainingError(JourneymanError):
    """A training that cannot go on: its loss left the numbers, or its memory or disk is full."""


class ProcessLostError(TrainingError):
    """Another process of a training is gone, and nothing is wrong: started again, the training goes on."""


class Interrupted(JourneymanError):  # noqa: N818 - nothing went wrong
    """A training that was asked to stop, and says from where the same command goes on."""


class StageError(JourneymanError):
    """A stage of `dvc.yaml` that did not end well."""


class RegistryError(JourneymanError):
    """The registry lacks something that is needed from it."""


class NotIdentical(RegistryError):  # noqa: N818 - nothing went wrong
    """A version that was made again came out another; `told` is what a command prints of it besides the message."""

    def __init__(self, message: str, told: object) -> None:
        super().__init__(message)
        self.told = told


class EndpointError(JourneymanError):
    """The endpoint does not start or does not answer as it should."""


class BadRequest(JourneymanError):  # noqa: N818 - the name of the status it becomes
    """What a caller of the endpoint sent cannot be answered; the message is for the caller."""
