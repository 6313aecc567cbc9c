"""What the prediction log of a workload says of itself, by the bundle that answers."""

from components import catalogue
from components.inference.bundle import About
from components.inference.options import Options
from components.prediction_log.description import Description


def log_description(workload: str, about: About, options: Options) -> Description:
    """Return whose rows the log has, which columns name somebody, and how long it is kept."""
    codec = catalogue.codec(about.kind, about.task)
    return Description(
        workload=workload,
        kind=about.kind,
        task=catalogue.task(about.kind, about.task),
        entities=tuple(codec.entities(about.input)),
        key=codec.key(about.input),
        days=options.log_days,
        bytes=options.log_bytes,
    )
