"""Runs: opened once, ended truthfully, and made again from DVC's outputs where the store has lost them."""

import getpass
import logging
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

from mlflow.entities import Metric, Param, Run
from mlflow.exceptions import MlflowException

from components.config.errors import Interrupted
from components.config.settings import tracking_uri
from components.internals.mlflow import dataset_input, system_metrics
from components.kinds.prepared import PreparedData
from components.tracking.description import NOTE, signed
from components.tracking.liveness import ENDED, heartbeat, mark_dead_runs, process_tags
from components.tracking.store import Store, missing

logger = logging.getLogger(__name__)

BEATS_BASELINE = "journeyman.beats_baseline"
"""Tag of an evaluated run: true or false."""
RESTORED = "journeyman.restored_from"
"""Tag of a run that stands in for one which this store never saw; that one's id."""
LEFT_OUT = "left_out"
"""Key of the profile of a run's data set: examples that are in no split, by what is wrong with them."""
_RESTORED_AT = "journeyman.restored_at"
_RESTORED_NOTE = "Restored from DVC's cache: this store never saw it run."

_SAMPLE = 20.0  # seconds between two samples of the system metrics: each costs the store a write


@contextmanager
def running(store: Store, name: str, params: Mapping[str, Any], run_id: str | None = None) -> Iterator[Run]:
    """Yield a running run with the parameters `params`; it ends with the block: FINISHED, FAILED or KILLED.

    Runs whose process was killed without a word are marked KILLED first.

    Args:
        store: where.
        name: of a new run; one that goes on keeps its own.
        params: of the run.
        run_id: of the run that goes on; None, or one that the store does not have: a new run.
    """
    mark_dead_runs(store)
    before = signal.signal(signal.SIGTERM, _exit)  # from before there is a run, so that none is left running
    try:
        with process_tags() as process:
            tags = {**process, **_source_tags()}
            run = _reopened(store, run_id, tags) or store.client.create_run(
                store.experiment, run_name=name, tags={**tags, **signed()}
            )
            with _ended(store, run), heartbeat(store, run):
                log_params(store, run, params)
                yield run
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _ended(store: Store, run: Run) -> Iterator[None]:
    """Watch the machine while the block runs, and say truthfully how it ended."""
    status = "FAILED"
    try:
        with system_metrics(run.info.run_id, _SAMPLE, tracking_uri()):
            yield
        status = "FINISHED"
    except (Interrupted, KeyboardInterrupt, SystemExit):
        status = "KILLED"
        raise
    finally:
        store.client.set_terminated(run.info.run_id, status)


def last_steps(store: Store, run: Run) -> dict[str, int]:
    """Return the last step at which each metric of the run was logged."""
    histories = {name: store.client.get_metric_history(run.info.run_id, name) for name in run.data.metrics}
    return {name: max(point.step for point in points) for name, points in histories.items()}


def run_of_record(store: Store, record: Mapping[str, Any]) -> Run:
    """Return the run that the train stage recorded; where this store does not have it, a stand-in with its facts.

    DVC restores a training from its cache on a machine, or after `make clean`, where MLflow has never seen it.

    Args:
        store: the store to look in.
        record: the content of the stage's `run.json`.
    """
    try:
        return store.client.get_run(record["run_id"])
    except MlflowException as error:
        if not missing(error):
            raise
    there = _standing_in(store, record["run_id"])
    return there[0] if there else _restored(store, record)


def stand_ins(store: Store, run: Run) -> dict[str, int]:
    """Return the runs that stand in for the one for which `run` does, itself among them, and when each was made.

    By their id, in milliseconds since 1970; none if `run` is itself the one that the train stage recorded.
    """
    original = run.data.tags.get(RESTORED)
    there = _standing_in(store, original) if original else []
    return {other.info.run_id: int(other.data.tags.get(_RESTORED_AT, 0)) for other in there}


def stand_in_note(run: Run) -> str:
    """Return what the description of the run has to say if it stands in for another; else nothing."""
    return _RESTORED_NOTE if RESTORED in run.data.tags else ""


def log_params(store: Store, run: Run, params: Mapping[str, Any]) -> None:
    """Log `params` to the run, nested ones with their keys joined by dots."""
    store.client.log_batch(run.info.run_id, params=[Param(key, str(value)) for key, value in flat(params).items()])


def log_metrics(store: Store, run: Run, metrics: Mapping[str, float]) -> None:
    """Log those of `metrics` that the run does not show yet."""
    now = int(time.time() * 1000)
    new = [Metric(key, value, now, 0) for key, value in metrics.items() if run.data.metrics.get(key) != value]
    store.client.log_batch(run.info.run_id, metrics=new)


def log_evaluation(store: Store, run: Run, metrics: Mapping[str, float], beats_baseline: bool | None) -> None:
    """Log the metrics of the test split, and as a tag whether the model beats its baseline; None: there is none."""
    log_metrics(store, run, {f"test_{key}": value for key, value in metrics.items()})
    if beats_baseline is not None:
        store.client.set_tag(run.info.run_id, BEATS_BASELINE, str(beats_baseline).lower())


def log_data(store: Store, run: Run, name: str, digest: str, data: PreparedData) -> None:
    """Log the prepared data set as the run's input: DVC's hash of it, where it lies, its size by split."""
    inputs = data.inputs("train")
    profile = {"num_rows": sum(data.counts.values()), **data.counts, LEFT_OUT: data.left_out()}
    dataset = dataset_input(name, digest, str(data.path), str(inputs.dtype), inputs.shape[1:], profile)
    store.client.log_inputs(run.info.run_id, [dataset])


def flat(content: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested mappings as one, the keys joined by dots."""
    pairs: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, Mapping):
            pairs.update(flat(value, f"{prefix}{key}."))
        else:
            pairs[f"{prefix}{key}"] = value
    return pairs


def _reopened(store: Store, run_id: str | None, tags: Mapping[str, str]) -> Run | None:
    """Have a run of an earlier process go on in this one; None where there is none."""
    try:
        run = store.client.get_run(run_id) if run_id else None
    except MlflowException as error:
        if not missing(error):
            raise
        return None
    if run is None:
        return None
    for name, value in tags.items():
        store.client.set_tag(run.info.run_id, name, value)
    if ENDED in run.data.tags:
        store.client.delete_tag(run.info.run_id, ENDED)
    store.client.update_run(run.info.run_id, status="RUNNING")
    return run


def _standing_in(store: Store, original: str) -> list[Run]:
    return list(store.client.search_runs([store.experiment], f"tags.`{RESTORED}` = '{original}'"))


def _restored(store: Store, record: Mapping[str, Any]) -> Run:
    tags = {
        RESTORED: record["run_id"],
        _RESTORED_AT: str(int(time.time() * 1000)),
        NOTE: _RESTORED_NOTE,
        **signed(_RESTORED_NOTE),
    }
    run = store.client.create_run(
        store.experiment, start_time=record["started"], run_name=record["name"], tags={**tags, **_source_tags()}
    )
    metrics = [
        Metric(key, value, record["ended"], int(point["step"]))
        for point in record["curve"]
        for key, value in point.items()
        if key not in ("step", "epoch")
    ]
    log_params(store, run, record["params"])
    store.client.log_batch(run.info.run_id, metrics=metrics)
    store.client.set_terminated(run.info.run_id, "FINISHED", end_time=record["ended"])
    logger.warning("run %s is not in this MLflow store; %s stands in for it", record["run_id"], run.info.run_id)
    return store.client.get_run(run.info.run_id)


def _source_tags() -> dict[str, str]:
    git = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True)
    tags = {"mlflow.source.type": "PROJECT", "mlflow.source.name": "dvc repro", "mlflow.user": getpass.getuser()}
    return {**tags, "mlflow.source.git.commit": git.stdout.strip()} if git.returncode == 0 else tags


def _exit(number: int, frame: object) -> NoReturn:
    """Leave in good order, once: the parent's end may send the same signal again."""
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit(128 + number)
