"""Which lines belong to a version: those that wrote what it was made of, and those that were for it."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from components.ledger.line import Line, Link, add, read, within
from components.ledger.stages import OUTPUTS, output_key


def link(where: Path, workload: str, version: str) -> tuple[list[Line], list[str]]:
    """Note which lines made the version that lies under `artifacts/`; return them, and the stages that are unknown.

    What was for it, as the gate, is among them. A stage that has run on another machine, or before there was a ledger,
    is unknown. The flow that is running belongs to the version too, once it has its line.
    """
    lines, links = read(where)
    made = {stage: makers(lines, stage, output_key(workload, stage)) for stage in OUTPUTS}
    found = [line for of_stage in made.values() for line in of_stage]
    found += [line for line in lines if line.version == version and line not in found]
    ids = tuple(dict.fromkeys((*(line.id for line in found), *filter(None, [within()]))))
    now = datetime.now(UTC)
    if not any(known.version == version and known.lines == ids for known in links):
        add(where, f"{now:%Y-%m}", Link(version, ids, now.isoformat(timespec="seconds")))
    return found, [stage for stage, of_stage in made.items() if not of_stage]


def makers(lines: Sequence[Line], stage: str, key: str) -> list[Line]:
    """Return the line that first wrote these outputs, behind those of the attempts that it went on from."""
    of_stage = [line for line in lines if line.part == stage]
    done = next((at for at, line in enumerate(of_stage) if key and line.key == key and line.ended == "done"), None)
    if done is None:
        return []
    first = done
    while first and of_stage[first - 1].ended != "done":
        first -= 1
    return of_stage[first : done + 1]


def of_version(lines: Iterable[Line], links: Iterable[Link], version: str) -> list[Line]:
    """Return the lines that belong to the version."""
    ids = {line for link in links if link.version == version for line in link.lines}
    return [line for line in lines if line.id in ids or line.version == version]
