"""What trainings have cost: `state/retrain/<workload>.json`, written when one has ended."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter

from components.config.settings import STATE
from components.system.clock import now
from components.system.files import read_json, write_json
from components.system.locks import locked

MONTH = timedelta(days=30)


class Training(BaseModel):
    """One that `flows.retrain` began, and that ended."""

    model_config = ConfigDict(frozen=True)

    began: AwareDatetime
    ended: AwareDatetime
    why: str
    failed: bool
    """Whether it ended with an error."""
    cpu_seconds: float


_TRAININGS = TypeAdapter(tuple[Training, ...])


def trainings(workload: str) -> Sequence[Training]:
    """Return them, the first one first."""
    path = _path(workload)
    return _TRAININGS.validate_python(read_json(path) if path.exists() else [], strict=False)


def cost(done: Sequence[Training], as_of: datetime) -> float:
    """Return the hours of CPU time of the 30 days before."""
    return sum(each.cpu_seconds for each in done if each.began > as_of - MONTH) / 3600


@contextmanager
def counted(workload: str, why: str) -> Iterator[None]:
    """Count the block as a training, with the CPU time of this process and its children; not one that is cut short."""
    began, before = now(), _cpu_seconds()
    try:
        yield
    except Exception:
        _note(workload, began, why, True, _cpu_seconds() - before)
        raise
    _note(workload, began, why, False, _cpu_seconds() - before)


def _note(workload: str, began: datetime, why: str, failed: bool, spent: float) -> None:
    made = Training(began=began, ended=now(), why=why, failed=failed, cpu_seconds=spent)
    with locked(_path(workload).with_suffix(".lock")):
        write_json(_path(workload), _TRAININGS.dump_python((*trainings(workload), made), mode="json"))


def _path(workload: str) -> Path:
    return STATE / "retrain" / f"{workload}.json"


def _cpu_seconds() -> float:
    return sum(usage.ru_utime + usage.ru_stime for usage in map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN)))
