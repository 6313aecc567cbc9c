"""What a worker writes to its log."""

import logging


def log_from_info() -> None:
    """Have what this project logs be heard from INFO on, as what BentoML logs is."""
    logging.getLogger("components").setLevel(logging.INFO)


def drop_access_log() -> None:
    """Have uvicorn write no access log, which it would make up and throw away for every request."""
    logging.getLogger("uvicorn.access").propagate = False
