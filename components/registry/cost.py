"""What it took to make a version, kept with it in the registry: tags `journeyman.cost.*`."""

import json
from collections.abc import Sequence
from pathlib import Path

from components.config.prices import Prices
from components.ledger.line import Line, folder, read
from components.ledger.power import Power, power
from components.ledger.totals import Total, own, totals
from components.ledger.versions import link
from components.registry.version import Version

COST = "journeyman.cost."
"""Begins the tags of what the making of a version took, in seconds, bytes and kilowatt-hours."""
_ASSUMED = "journeyman.cost.energy_assumed"
_STAGES = "journeyman.cost.cpu_seconds_by_stage"
_UNKNOWN = "journeyman.cost.unknown"


def keep_cost(version: Version) -> dict[str, str]:
    """Note which lines of the ledger made the version, and keep their sum as its tags; return the tags.

    A stage of whose run the ledger of this machine does not know is named in `journeyman.cost.unknown`.
    """
    where = folder(version.workload)
    assert where is not None  # it is a workload's name: the model bears it
    made, unknown = link(where, version.workload, version.number)
    tags = cost_tags(in_version(where, made), power(where.parent), unknown)
    version.set_tags(tags)
    return tags


def in_version(where: Path, made: Sequence[Line]) -> list[Line]:
    """Return the lines `made` less what is counted in others of the ledger."""
    ids = {line.id for line in made}
    return [line for line in own(read(where)[0]) if line.id in ids]


def cost_tags(lines: Sequence[Line], assumed: Power, unknown: Sequence[str]) -> dict[str, str]:
    """Return the tags that tell what the lines come to; nothing is told of which no line tells."""
    found = totals(lines, assumed, Prices())
    tags = {_UNKNOWN: ", ".join(unknown)} if unknown else {}
    for phase in found:
        if not phase.part:
            by_stage = {total.part: round(total.cpu, 2) for total in found if total.part}
            tags |= {_STAGES: json.dumps(by_stage, sort_keys=True), **_sums(phase, assumed)}
    return tags


def _sums(total: Total, assumed: Power) -> dict[str, str]:
    numbers = {
        "journeyman.cost.wall_seconds": round(total.wall, 2),
        "journeyman.cost.cpu_seconds": round(total.cpu, 2),
        "journeyman.cost.gpu_seconds": round(total.gpu, 2),
        "journeyman.cost.peak_memory_bytes": total.peak,
        "journeyman.cost.peak_gpu_memory_bytes": total.gpu_peak,
        "journeyman.cost.read_bytes": total.read,
        "journeyman.cost.written_bytes": total.written,
        "journeyman.cost.energy_measured_kwh": float(f"{total.measured / 3.6e6:.4g}"),
        "journeyman.cost.energy_estimated_kwh": float(f"{total.estimated / 3.6e6:.4g}"),
    }
    told = {name: repr(value) for name, value in numbers.items() if value is not None}
    return told | ({_ASSUMED: assumed.assumed} if total.estimated else {})
