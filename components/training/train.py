"""Stage `train`: prepared data -> weights, in one MLflow run that this stage opens and records.

model.safetensors   the weights, the same bytes for the same inputs
curve.csv           one row an epoch
run.json            the run's id and facts, from which a store that never saw it can be told
"""

import csv
import logging
import time
import warnings
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import MLFlowLogger
from mlflow.entities import Run
from safetensors.torch import save_file

from components.config import entry, lock
from components.config.files import whole_directory, write_json
from components.config.settings import artifacts, tracking_uri
from components.kinds import catalogue
from components.kinds.prepared import open_prepared
from components.tracking.runs import flat, log_data, log_params, new_run
from components.tracking.store import open_store
from components.training.loop import Taught, fit

logger = logging.getLogger(__name__)


def train(name: str) -> None:
    """Teach the workload `name` and write its weights, its learning curve and the record of its run."""
    _quiet()
    workload = catalogue.workload(name)
    data = open_prepared(artifacts(name, "prepared"))
    params = {"kind": workload.kind, **workload.train.model_dump()}
    store = open_store(name)
    with new_run(store, params) as run:
        log_data(store, run, name, lock.hashes(f"prepare@{name}").get(str(data.path), "untracked"), data)
        log_to = _RunLogger(tracking_uri=tracking_uri(), run_id=run.info.run_id)
        taught = fit(catalogue.learner(workload.kind), data, workload.train, [log_to])
        used = {"used": {"device": taught.device, "precision": taught.precision}}
        log_params(store, run, used)
        with whole_directory(artifacts(name, "weights")) as draft:
            _write(draft, taught, _record(run, {**params, **used}, taught))
    logger.info("trained %s: %s", name, ", ".join(f"{key} {value:.4f}" for key, value in taught.curve[-1].items()))


class _RunLogger(MLFlowLogger):
    """Lightning's logger would end the run with the fit; its end is ours."""

    def finalize(self, status: str = "success") -> None:
        """Leave the run as it is."""


def _write(draft: Path, taught: Taught, record: dict[str, Any]) -> None:
    weights = {name: value.contiguous() for name, value in taught.module.state_dict().items()}
    save_file(weights, draft / "model.safetensors")
    with (draft / "curve.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(taught.curve[-1]))
        writer.writeheader()
        writer.writerows(taught.curve)
    write_json(draft / "run.json", record)


def _record(run: Run, params: dict[str, Any], taught: Taught) -> dict[str, Any]:
    return {
        "run_id": run.info.run_id,
        "name": run.info.run_name,
        "started": run.info.start_time,
        "ended": int(time.time() * 1000),
        "params": flat(params),
        "curve": taught.curve,
    }


def _quiet() -> None:
    """Keep advertisements and a warning about Lightning's own code off the console."""
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", r".*treespec, LeafSpec.* is deprecated")


if __name__ == "__main__":
    entry.run(train)
