"""The energy that the processor says it has used: RAPL, by Linux's powercap.

https://www.kernel.org/doc/html/latest/power/powercap/powercap.html. Most machines show it to root alone, most virtual
machines to nobody.
"""

from contextlib import suppress
from functools import cache
from pathlib import Path

POWERCAP = Path("/sys/class/powercap")
_PACKAGE = "package-"
_MICRO = 1e-6


def package_joules(powercap: Path = POWERCAP) -> float | None:
    """Return the joules that all packages have counted; None: none can be read.

    A counter starts at 0 again at its `max_energy_range_uj`, `wrapped` says after how many joules.
    """
    zones = _zones(powercap)
    with suppress(OSError, ValueError):
        return sum(int((zone / "energy_uj").read_text()) for zone in zones) * _MICRO if zones else None
    return None


def wrapped(powercap: Path = POWERCAP) -> float:
    """Return the joules after which one package's counter starts at 0 again; 0: it is not said."""
    with suppress(OSError, ValueError, IndexError):
        return int((_zones(powercap)[0] / "max_energy_range_uj").read_text()) * _MICRO
    return 0.0


@cache
def _zones(powercap: Path) -> tuple[Path, ...]:
    """Return the folders of the packages; their parts (cores, memory) are in a package's number, or in none."""
    found = []
    with suppress(OSError):
        for zone in sorted(powercap.glob("intel-rapl:*")):
            with suppress(OSError, ValueError):
                if (zone / "name").read_text().startswith(_PACKAGE):
                    int((zone / "energy_uj").read_text())
                    found.append(zone)
    return tuple(found)
