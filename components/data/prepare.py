"""Stage `prepare`: raw records -> the prepared data set."""

import logging
import shutil
from pathlib import Path

from components import catalogue
from components.config.errors import ConfigError
from components.config.params import Workload
from components.config.settings import SCHEMAS, STATE, artifacts
from components.kinds.prepared import LEFT_OUT, name_task, open_prepared
from components.system import entry
from components.system.files import scratch_directory, whole_directory, write_json

logger = logging.getLogger(__name__)


def prepare(name: str) -> None:
    """Validate and split the raw records of the workload `name`.

    Raises:
        DataError: the data passes the limits that the user set.
    """
    workload = catalogue.workload(name)
    shutil.rmtree(artifacts(name, "prepared"), ignore_errors=True)  # as DVC does before a stage, unless outputs persist
    with whole_directory(artifacts(name, "prepared")) as draft:
        write_prepared(workload, artifacts(name, "raw") / "records.parquet", draft, SCHEMAS / f"{name}.yaml")
        lost = catalogue.overview(workload.kind).overview(open_prepared(draft)).lost
        write_json(draft / LEFT_OUT, {finding.name: finding.count for finding in lost})
    data = open_prepared(artifacts(name, "prepared"))
    counts = ", ".join(f"{count:,} {split}" for split, count in data.counts.items())
    logger.info("prepared %s: %s, %d classes", name, counts, len(data.classes))


def write_prepared(workload: Workload, records: Path, out: Path, schema: Path) -> None:
    """Write the prepared data set of raw records into the directory `out`; `schema` is held to, or written.

    Raises:
        DataError: see `prepare`.
    """
    labels = catalogue.labels_of(workload.task)
    catalogue.preparation(workload.kind).prepare(records, out, workload.prepare, schema, labels)
    if workload.task and workload.task != labels:
        name_task(out, workload.task)


def prepare_partition(name: str, index: int, count: int) -> int:
    """Do part `index` of `count` of what the preparation of the workload `name` computes; return how many windows.

    Raises:
        ConfigError: nothing of it can be shared out, or there are no raw records.
        DataError: see `prepare`.
    """
    workload, records = catalogue.workload(name), artifacts(name, "raw") / "records.parquet"
    kind = catalogue.partitioned(workload.kind)
    if kind is None:
        raise ConfigError(f"--partition: only tables are prepared in partitions, and {name} is of kind {workload.kind}")
    if not records.exists():
        raise ConfigError(f"{records}: no such file; run `dvc repro ingest@{name}`, or `dvc pull ingest@{name}`")
    labels = catalogue.labels_of(workload.task)
    with scratch_directory(STATE / "partition" / name) as scratch:
        return kind.prepare_partition(
            records, scratch, workload.prepare, SCHEMAS / f"{name}.yaml", labels, index, count
        )


if __name__ == "__main__":
    entry.run(prepare)
