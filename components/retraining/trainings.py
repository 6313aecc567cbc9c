"""What trainings have cost: `state/retrain/<workload>.json`, written when one has ended."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import Any

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
    harm_since: date | None = None
    """The first day of the harm that it was to end; None: there was none."""
    learnt_until: AwareDatetime | None = None
    """It learned from answers before this moment; None: nobody noted it, as before there were follow-ups."""


_TRAININGS = TypeAdapter(tuple[Training, ...])


def trainings(workload: str) -> Sequence[Training]:
    """Return them, the first one first."""
    path = _path(workload)
    return _TRAININGS.validate_python(read_json(path) if path.exists() else [], strict=False)


def cost(done: Sequence[Training], as_of: datetime) -> float:
    """Return the hours of CPU time of the 30 days before."""
    return sum(each.cpu_seconds for each in done if each.began > as_of - MONTH) / 3600


@contextmanager
def counted(
    workload: str, why: str, harm_since: date | None = None, learnt_until: datetime | None = None
) -> Iterator[None]:
    """Count the block as a training, with the CPU time of this process and its children; not one that is cut short."""
    began, before, failed = now(), _cpu_seconds(), True
    try:
        yield
        failed = False
    except Exception:
        _note(workload, began, before, why=why, failed=failed, harm_since=harm_since, learnt_until=learnt_until)
        raise
    _note(workload, began, before, why=why, failed=failed, harm_since=harm_since, learnt_until=learnt_until)


def _note(workload: str, began: datetime, before: float, **about: Any) -> None:
    made = Training(began=began, ended=now(), cpu_seconds=_cpu_seconds() - before, **about)
    with locked(_path(workload).with_suffix(".lock")):
        write_json(_path(workload), _TRAININGS.dump_python((*trainings(workload), made), mode="json"))


def _path(workload: str) -> Path:
    return STATE / "retrain" / f"{workload}.json"


def _cpu_seconds() -> float:
    return sum(usage.ru_utime + usage.ru_stime for usage in map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN)))
