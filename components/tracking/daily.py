"""A run whose metrics are a point a day, as what is known of a version at work: its curves are drawn by MLflow's UI."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

from mlflow.entities import Metric, Run

from components.tracking.description import describe_run, signed
from components.tracking.store import Store

VERSION = "journeyman.version"
"""Tag of such a run: the registered version that its days are of."""
_EPOCH = date(1970, 1, 1)
_BATCH = 1_000  # metrics of one request, as MLflow takes them


def log_days(store: Store, version: str, days: Mapping[str, Mapping[date, float]], description: str) -> str:
    """Log a point for each metric and day into the version's run, which is made at first use; return its id.

    A point that is there already is not logged again; one that is another now, as labels came late, is logged beside
    the old one. The step is the number of days since 1970.

    Args:
        store: where, with the experiment of its own.
        version: whose days they are.
        days: the values by metric and day.
        description: of the run, Markdown.
    """
    run = _run(store, version)
    points = []
    for name, values in days.items():
        known = _latest(store, run, name)
        for day, value in values.items():
            step = (day - _EPOCH).days
            if known.get(step) != value:
                noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
                points.append(Metric(name, value, int(noon.timestamp() * 1000), step))
    for start in range(0, len(points), _BATCH):
        store.client.log_batch(run.info.run_id, metrics=points[start : start + _BATCH])
    describe_run(store.client, run.info.run_id, description)
    return str(run.info.run_id)


def _run(store: Store, version: str) -> Run:
    found = store.client.search_runs([store.experiment], f"tags.`{VERSION}` = '{version}'", max_results=1)
    if found:
        return found[0]
    run = store.client.create_run(store.experiment, run_name=f"version {version}", tags={VERSION: version, **signed()})
    store.client.set_terminated(run.info.run_id)
    return run


def _latest(store: Store, run: Run, name: str) -> dict[int, float]:
    """Return the last value of each step."""
    return {point.step: point.value for point in store.client.get_metric_history(run.info.run_id, name)}
