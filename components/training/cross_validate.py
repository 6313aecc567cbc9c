"""Stage `cross_validate`: where the test split is small, what is trained is trained on folds of all examples as well.

What it leaves stands in `components.kinds.cross_validation`.
"""

import logging
from typing import Any

from components import catalogue
from components.config.settings import artifacts
from components.kinds.cross_validation import FOLDER, METRICS, OUTPUTS
from components.kinds.prepared import open_prepared
from components.system import entry
from components.system.files import whole_directory, write_json
from components.training.fold_plan import fold_plan

logger = logging.getLogger(__name__)


def cross_validate(name: str) -> None:
    """Cross-validate what the workload `name` trains, unless its test split is large enough."""
    asked = catalogue.workload(name)
    data = open_prepared(artifacts(name, "prepared"), artifacts(name, "backbone"))
    workload = catalogue.decided(asked, data)
    plan = fold_plan(data, workload, catalogue.is_supervised(data.kind, data.task))
    logger.info("%s", plan.told or f"not cross-validated: the test split has {data.counts['test']:,} examples")
    metrics, outputs = {"folds": 0.0, "examples": 0.0}, dict[str, Any]()
    if plan.folds:
        from components.training.fold_training import train_folds  # a large test split needs no torch

        metrics, outputs = train_folds(name, workload, data, plan.folds) or (metrics, outputs)
    with whole_directory(artifacts(name, FOLDER)) as draft:
        write_json(draft / METRICS, metrics)
        write_json(draft / OUTPUTS, outputs)


if __name__ == "__main__":
    entry.run(cross_validate)
