"""What the stages `ingest` and `prepare` would make of a workload's data, before anything of it is kept."""

from collections.abc import Iterator
from contextlib import contextmanager

from components import catalogue
from components.config.params import Workload
from components.config.settings import SCHEMAS, STATE
from components.data.ingest import RECORDS, write_raw
from components.data.prepare import write_prepared
from components.kinds.prepared import UNLABELLED_RECORDS, PreparedData, open_prepared
from components.system.files import scratch_directory


@contextmanager
def preview(name: str) -> Iterator[PreparedData]:
    """Yield the prepared data set of the workload `name`, made in a scratch directory that is gone behind the block.

    Neither `artifacts/` nor `data/schemas/` are written. A schema that is there is held to, as `prepare` does.

    Raises:
        DataError: what `ingest` or `prepare` would raise.
        ConfigError: the section `train` has a key of another task.
    """
    workload = catalogue.workload(name)
    with scratch_directory(STATE / "preview" / name) as scratch:
        write_raw(name, workload, scratch / RECORDS)
        out = scratch / "prepared"
        out.mkdir()
        schema = SCHEMAS / f"{name}.yaml"
        if not schema.exists():
            schema = scratch / schema.name
        write_prepared(_here(workload), scratch / RECORDS, out, schema)
        for records in (RECORDS, UNLABELLED_RECORDS):
            (scratch / records).unlink(missing_ok=True)
        data = open_prepared(out)
        catalogue.check_options(name, workload.train, data.kind, data.task)
        yield data


def _here(workload: Workload) -> Workload:
    """Return the workload, prepared on this disk: shards at an address would be kept."""
    if getattr(workload.prepare, "shards", None) is None:
        return workload
    return workload.model_copy(update={"prepare": workload.prepare.model_copy(update={"shards": None})})
