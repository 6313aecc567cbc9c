"""Stage `train`: prepared data -> weights, in one MLflow run that this stage opens and records.

model.safetensors   the weights, the same bytes for the same inputs
curve.csv           one row an epoch
run.json            the run's id and facts, from which a store that never saw it can be told, and what it ran on
"""

import csv
import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow.entities import Run
from safetensors.torch import save_file

from components import catalogue
from components.config.settings import artifacts, tracking_uri
from components.config.task import TaskOptions
from components.internals.lightning import process_rank, quiet
from components.kinds.prepared import open_prepared
from components.system import entry
from components.system.files import whole_directory, write_json
from components.tracking.environment import environment
from components.tracking.runs import flat, last_steps, log_data, log_params, running
from components.tracking.store import open_store
from components.training import hardware
from components.training.checkpoints import WEIGHTS, Kept, kept, key_of, seen
from components.training.cluster import is_started
from components.training.formatting import listed
from components.training.launch.job import Job, job_of, where
from components.training.loop import plan
from components.training.models import train_models
from components.training.plan import choice, training_plan
from components.training.restore import asked_model, fitted_model
from components.training.result import TrainingResult
from components.training.run_logger import RunLogger
from components.training.unlabelled_plan import unlabelled_plan
from components.versioning import lock

if TYPE_CHECKING:
    from components.config.params import Training
    from components.kinds.prepared import PreparedData
    from components.tasks.learner import TaskLearner

logger = logging.getLogger(__name__)

LAUNCHED_TAG = "journeyman.launched"
"""Tag of a run whose processes somebody else has started: who, as which job, and the first one's host."""
_SHORT_HASH = 7  # digits, as git shows


def train(name: str) -> None:
    """Train the workload `name` and write its weights, its learning curve and the record of its run.

    One that was stopped goes on, in the same run. Of several processes the first writes.
    """
    quiet()
    asked = catalogue.workload(name)
    data = open_prepared(artifacts(name, "prepared"), artifacts(name, "backbone"))
    workload = catalogue.decided(asked, data)
    learner = catalogue.learner(data.kind, data.task)
    catalogue.check_options(name, workload.train, data.kind, data.task)
    config = workload.train.fitted(data.counts["train"])
    learner.objective(data, config)  # says that nothing can be learned from the labels before a run is begun
    data.inputs("train")  # says that a setting of its shards is wrong
    what = {"kind": data.kind, "task": catalogue.task(data.kind, data.task)}
    left_out = set(TaskOptions.model_fields) - set(catalogue.options(data.kind, data.task)) | {"launcher"}
    params = {**what, **config.model_dump(exclude=left_out)}
    if not is_started():
        if config.launcher != "local":
            _launch(name, config, key_of(name, data, params))
            return
        if (job := job_of(name)) is not None:
            _end(job, config)
    used = plan(data, config)
    decided = {key: getattr(config, key) for key in asked.train.undecided()}
    params["used"] = {**used.facts(), **decided}
    key = key_of(name, data, params)
    if process_rank():
        beside = seen(name, key)
        if beside.recorded(name) or beside.finished() is None:
            train_models(learner, data, config, checkpoint=beside.checkpoint)
        return
    if asked_model(config) != fitted_model(config):
        _tell(data, asked.train)
    with kept(name, key) as training:
        trained = _train(name, config, learner, data, params, training)
    logger.info("trained %s: %s", name, listed(trained.curve[-1]))


def _launch(name: str, config: "Training", key: str) -> None:
    """Have somebody else start the processes, and wait for them."""
    from components.training.launch.launcher import launch  # what trains by itself does without

    launch(name, config, key)


def _end(job: Job, config: "Training") -> None:
    """End what was submitted when the section named a launcher: it would write the same files."""
    from components.training.launch.launcher import end  # as `_launch`

    end(job, config)


def _tell(data: "PreparedData", config: "Training") -> None:
    """Say what the training is going to do, and whether that may be too little."""
    supervised = catalogue.is_supervised(data.kind, data.task)
    if told := choice(config, data, supervised):
        logger.info("%s", told)
    if (unlabelled := unlabelled_plan(data, config.decided(data, supervised))) is not None:
        logger.info("%s", unlabelled)
    plan = training_plan(config.decided(data, supervised), data.counts["train"], data.input, supervised)
    logger.info("training plan: %s", plan)
    if plan.warning:
        logger.warning("%s", plan.warning)


def _train(
    name: str, config: "Training", learner: "TaskLearner", data: "PreparedData", params: dict[str, Any], training: Kept
) -> TrainingResult:
    store = open_store(name)
    digest = lock.hashes(f"prepare@{name}").get(str(data.path), "")
    with running(store, _run_name(name, params, digest), params, training.run_id()) as run:
        if run.info.run_id != training.run_id():
            training.keep_run(run.info.run_id)
            log_data(store, run, name, digest or "untracked", data)
        if there := where():
            store.client.set_tag(run.info.run_id, LAUNCHED_TAG, " ".join(there.values()))
        log_to = RunLogger(last_steps(store, run), tracking_uri=tracking_uri(), run_id=run.info.run_id)
        left = training.finished()
        trained = TrainingResult(**left) if left else train_models(learner, data, config, [log_to], training.checkpoint)
        training.finish(vars(trained))
        if asked_model(config) != "network":
            params["used"]["model"] = trained.model
            log_params(store, run, flat({"used": {"model": trained.model}}))
        with whole_directory(artifacts(name, "weights")) as draft:
            _write(draft, trained, _record(run, params, trained, data))
        training.written(artifacts(name, "weights") / WEIGHTS)
    return trained


def _run_name(workload: str, params: Mapping[str, Any], digest: str) -> str:
    """Return workload, recipe if its kind has any, and the start of the data's hash: `garments quick 3f2a91c`."""
    return " ".join(filter(None, [workload, params.get("recipe"), digest[:_SHORT_HASH]]))


def _write(draft: Path, trained: TrainingResult, record: dict[str, Any]) -> None:
    save_file(trained.weights, draft / WEIGHTS)
    with (draft / "curve.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(trained.curve[-1]))
        writer.writeheader()
        writer.writerows(trained.curve)
    write_json(draft / "run.json", record)


def _record(run: Run, params: dict[str, Any], trained: TrainingResult, data: "PreparedData") -> dict[str, Any]:
    return {
        "run_id": run.info.run_id,
        "name": run.info.run_name,
        "started": run.info.start_time,
        "ended": int(time.time() * 1000),
        "params": flat(params),
        "curve": trained.curve,
        "environment": environment(hardware.device(params["used"]["accelerator"])).model_dump(mode="json"),
        **({"launched": there} if (there := where()) else {}),
        **_unlabelled(trained, data),
    }


def _unlabelled(trained: TrainingResult, data: "PreparedData") -> dict[str, Any]:
    """Return which examples without labels there were, and what they were worth, where that was tried."""
    if (known := data.unlabelled()) is None or trained.unlabelled is None:
        return {}
    about = {"folder": known.folder, "sha256": known.sha256, "count": known.count}
    return {"unlabelled": {**about, **trained.unlabelled}}


if __name__ == "__main__":
    entry.run(train)
