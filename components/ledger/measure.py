"""Measure a process, or a part of one, and write its line: around what is measured, never within it.

What is measured knows nothing of it, and no output depends on it. If the ledger cannot be written, that is said, and
the work goes on.
"""

import logging
import os
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from components.config.settings import LEDGER
from components.ledger.gpus import gpus, joules, used_joules
from components.ledger.line import WITHIN, Line, add, folder, within
from components.ledger.rapl import wrapped
from components.ledger.stages import output_key
from components.ledger.usage import Usage, peak_memory, usage

EVERY = 60.0
"""Seconds after which a process that goes on writes what it has used so far: a kill loses so much at most."""
_whole = False  # whether a line counts this process from its start

logger = logging.getLogger(__name__)


class Meter:
    """What is being measured, and what becomes known of it meanwhile."""

    def __init__(self, workload: str, part: str, where: Path, whole: bool) -> None:
        self.version = ""
        """The registered version that it is for, once it is known."""
        self._workload, self._part, self._where = workload, part, where
        self._id, self._within = uuid4().hex[:16], within()
        self._start, self._gpus = usage(), joules()
        if whole:
            before = self._start._replace(wall=0.0, cpu=0.0, read=0, written=0)
            self._began, self._start = _now() - timedelta(seconds=self._start.wall), before
        else:
            self._began = _now()

    @property
    def given(self) -> str:
        """Return what processes that are started get to know."""
        return f"{self._id} {self._where.parent.absolute()}"

    def write(self, ended: str, key: str = "") -> None:
        """Add the line as it is now."""
        try:
            add(self._where, f"{self._began:%Y-%m}", self._line(ended, key))
        except OSError as error:
            logger.warning("what %s costs is not written down: %s", self._part, error)

    def _line(self, ended: str, key: str) -> Line:
        start, now, used = self._start, usage(), gpus()
        wall, cpu = max(0.0, now.wall - start.wall), max(0.0, now.cpu - start.cpu)
        return Line(
            id=self._id,
            workload=self._workload,
            part=self._part,
            began=self._began.isoformat(timespec="seconds"),
            ended=ended,
            wall_seconds=round(wall, 3),
            cpu_seconds=round(cpu, 3),
            within=self._within,
            key=key,
            version=self.version,
            peak_bytes=peak_memory(),
            read_bytes=_more(now.read, start.read),
            written_bytes=_more(now.written, start.written),
            cpu_joules=_share(start, now, cpu),
            processor=processor(),
            cores=os.cpu_count() or 1,
            memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            gpu=used.name if used else "",
            gpu_seconds=round(wall * used.devices, 3) if used else 0.0,
            gpu_peak_bytes=used.peak_memory if used else 0,
            gpu_joules=used_joules(used, self._gpus),
        )


@contextmanager
def metered(workload: str, part: str, whole: bool = False) -> Iterator[Meter | None]:
    """Measure the block, and write its line when it ends, however it ends; what it starts is counted in it.

    Args:
        workload: whose; where that is no name of a workload, or the ledger is off, nothing is measured.
        part: the stage, the flow, or the part of a flow.
        whole: count what the process has used since it started, unless a line does so already.
    """
    global _whole
    if (where := folder(workload)) is None or os.environ.get(LEDGER) == "off":
        yield None
        return
    first, _whole = whole and not _whole, _whole or whole
    meter, before = Meter(workload, part, where, first), os.environ.get(WITHIN)
    over = threading.Event()
    threading.Thread(target=_go_on, args=(meter, over), name="ledger", daemon=True).start()
    os.environ[WITHIN] = meter.given
    ended = "failed"
    try:
        yield meter
        ended = "done"
    except SystemExit as error:
        ended = "failed" if error.code else "done"
        raise
    finally:
        over.set()
        os.environ.pop(WITHIN) if before is None else os.environ.update({WITHIN: before})
        _whole = _whole and not first
        meter.write(ended, output_key(workload, part) if ended == "done" else "")


def processor() -> str:
    """Return the processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _go_on(meter: Meter, over: threading.Event) -> None:
    while not over.wait(EVERY):
        meter.write("running")


def _now() -> datetime:
    return datetime.now(UTC)


def _more(now: int | None, before: int | None) -> int | None:
    return None if now is None or before is None else max(0, now - before)


def _share(start: Usage, now: Usage, cpu: float) -> float | None:
    """Return the process's part of the joules that the machine has used meanwhile, by CPU seconds."""
    if start.package is None or now.package is None or start.machine_cpu is None or now.machine_cpu is None:
        return None
    counted = now.package - start.package
    counted += wrapped() if counted < 0 else 0.0
    machine = max(now.machine_cpu - start.machine_cpu, cpu, 1e-9)
    return round(counted * cpu / machine, 3)
