"""The lines of the ledger: one for each process or part of one, as JSON, only ever added.

`state/ledger/WORKLOAD/YYYY-MM.jsonl`. A process writes its line when it ends, and before that every minute what it has
used so far: of lines with one `id` the last counts. A line that a kill tore is passed over.
"""

import fcntl
import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from components.config.settings import ledger_folder

WITHIN = "JOURNEYMAN_LEDGER_WITHIN"
"""The variable that who is measured gives to the processes that it starts: its line's id, and the ledger's folder."""
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


@dataclass(frozen=True)
class Line:
    """What a process or a part of one has used. Seconds, bytes, joules; None: the system does not tell."""

    id: str
    workload: str
    part: str
    """The stage, the flow, the part of a flow, or `endpoint`."""
    began: str
    """When, UTC, ISO 8601."""
    ended: str
    """`done`, `failed`, or `running`: as far as it had come when this was written."""
    wall_seconds: float
    cpu_seconds: float
    """Of the process and of all that it has started."""
    within: str = ""
    """The id of the line in which this one is counted too; empty: none."""
    key: str = ""
    """The hash of what a stage has written; see `stages.py`."""
    version: str = ""
    """The registered version that it was for, where that was known."""
    peak_bytes: int | None = None
    read_bytes: int | None = None
    written_bytes: int | None = None
    gpu: str = ""
    """Its name; empty: none was used."""
    gpu_seconds: float = 0.0
    """For which GPUs were held, each counted."""
    gpu_peak_bytes: int = 0
    gpu_joules: float | None = None
    """As NVML counted them."""
    cpu_joules: float | None = None
    """Of what RAPL counted for the machine, the part that is the process's by CPU seconds."""
    processor: str = ""
    cores: int = 0
    memory_bytes: int = 0
    """Of the machine."""
    route: str = ""
    """Of an endpoint: what was asked; `idle` is what it used while nobody asked."""
    requests: int = 0
    sent_bytes: int = 0
    """Of an endpoint: the bodies of its answers."""


@dataclass(frozen=True)
class Link:
    """Which lines made a version."""

    version: str
    lines: tuple[str, ...]
    when: str


def folder(workload: str) -> Path | None:
    """Return where lines of the workload are added; None: that is no workload's name."""
    if not _NAME.fullmatch(workload):
        return None
    _, _, given = os.environ.get(WITHIN, "").partition(" ")
    return Path(given) / workload if given else ledger_folder(workload)


def within() -> str:
    """Return the id of the line that this process or part is counted in; empty: none."""
    return os.environ.get(WITHIN, "").partition(" ")[0]


def add(where: Path, month: str, record: Line | Link) -> None:
    """Add a line to the month's file, in one piece, behind whatever a killed process has left there."""
    where.mkdir(parents=True, exist_ok=True)
    file = os.open(where / f"{month}.jsonl", os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        size = os.fstat(file).st_size
        torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
        os.write(file, (b"\n" if torn else b"") + _written(record))
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)  # a process that was forked meanwhile has the file open, too
        os.close(file)


def read(where: Path) -> tuple[list[Line], list[Link]]:
    """Return the last line of each process, in the order in which they came, and all links."""
    lines: dict[str, Line] = {}
    links = []
    for path in sorted(where.glob("*.jsonl")):
        for told in _told(path):
            if "lines" in told:
                links.append(Link(str(told["version"]), tuple(told["lines"]), str(told["when"])))
            elif "id" in told:
                lines[told["id"]] = Line(**{name: told[name] for name in _FIELDS if name in told})
    return list(lines.values()), links


_FIELDS = tuple(field.name for field in fields(Line))


def _written(record: Line | Link) -> bytes:
    defaults = {field.name: field.default for field in fields(record)}
    told = {name: value for name, value in asdict(record).items() if value != defaults[name]}
    return json.dumps(told).encode() + b"\n"


def _told(path: Path) -> Iterator[dict[str, Any]]:
    for text in path.read_bytes().splitlines():
        try:
            told = json.loads(text)
        except ValueError:  # torn by a kill
            continue
        if isinstance(told, dict):
            yield told
