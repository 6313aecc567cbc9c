"""What a machine needs to run, where nothing measures it: CodeCarbon's tables, and its rules of thumb without it.

CodeCarbon 3 (https://docs.codecarbon.io) takes for a processor its thermal design power (TDP) by its share at work, and
for memory 5 W a module. Only its tables are asked, once a machine and never by a stage: a tracker of its own takes
0.5 CPU-seconds and ten seconds of each process that it watches, and is told of no other.
"""

import json
import logging
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from components.ledger.measure import processor

WATTS_A_THREAD = 4.0
"""Of a processor that is in no table: `DEFAULT_POWER_PER_CORE` of CodeCarbon 3.3."""
_WATTS_A_BYTE = 0.375e-9
"""Of memory: 3 W for 8 GB, the rule of CodeCarbon before its version 3."""


@dataclass(frozen=True)
class Power:
    """What is assumed of a machine."""

    processor: str
    core_watts: float
    """Of one core (or thread, as the system counts them) at work."""
    byte_watts: float
    """Of one byte of memory that is held."""
    assumed: str
    """By what, in words."""


def power(ledger: Path, look_up: bool = True) -> Power:
    """Return what is assumed of this machine; it is looked up once, and kept in `power.json` of the ledger's folder.

    Unless it is to `look_up`, which may take half a second, what is not kept yet is the rule of thumb.
    """
    path = ledger / "power.json"
    with suppress(OSError, ValueError, TypeError):
        kept = Power(**json.loads(path.read_text()))
        if kept.processor == processor():
            return kept
    if not look_up:
        return _rule_of_thumb()
    found = _looked_up()
    with suppress(OSError):
        ledger.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(asdict(found), indent=2) + "\n")
        draft.replace(path)
    return found


def _rule_of_thumb() -> Power:
    assumed = f"{WATTS_A_THREAD:g} W a core at work, 3 W for 8 GB of memory; CodeCarbon is not installed"
    return Power(processor(), WATTS_A_THREAD, _WATTS_A_BYTE, assumed)


@cache
def _looked_up() -> Power:
    name, cores = processor(), os.cpu_count() or 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        from codecarbon.core.cpu import TDP
        from codecarbon.external.ram import RAM
    except ImportError:
        return _rule_of_thumb()
    logging.getLogger("codecarbon").setLevel(logging.CRITICAL)  # it warns of what `assumed` says
    tdp, ram = TDP(), RAM(tracking_mode="machine")
    watts, modules = float(tdp.tdp or WATTS_A_THREAD * cores), float(ram.total_power().W)
    assumed = f"CodeCarbon: {watts:g} W of {name} on {cores} cores at work, {modules:g} W of {memory / 2**30:.0f} GiB"
    return Power(name, watts / cores, modules / memory, assumed)
