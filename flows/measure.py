"""How fast this machine is, in a minute, as a line of `hosts.yaml` for `flows.plan`. `python -m flows.measure`."""

import argparse
import platform
import re
from pathlib import Path

from components.config.errors import ConfigError
from components.plan.hosts import host_line, read_hosts, with_line
from components.plan.machine import measure_machines
from components.system.files import write_content
from flows import console

PARTS = 7
"""That are measured of a processor, each for the same time."""


def measure(name: str = "", into: Path | None = None, seconds: float = 60.0) -> str:
    """Measure this machine; return its lines, a second one for its GPU, or say where they were written.

    Args:
        name: of the machine, in `hosts.yaml`; empty: its own.
        into: a `hosts.yaml`, whose line of the same name is replaced; None: none.
        seconds: that it takes, about.

    Raises:
        ConfigError: a name that is none, too little time, or a file that is no `hosts.yaml`.
    """
    if seconds < 1.0:
        raise ConfigError(f"--seconds {seconds:g}: at least 1; a minute tells more")
    if into and into.exists():
        read_hosts(into)
    name = name or re.sub(r"[^A-Za-z0-9._-]+|^[._-]+", "", platform.node())[:60] or "here"
    machines = measure_machines(seconds / PARTS)
    lines = [host_line(f"{name}-gpu" if machine.gpu else name, machine) for machine in machines]
    if into is None:
        return "\n".join(lines)
    text = into.read_text() if into.exists() else ""
    for line in lines:
        text = with_line(text, line)
    write_content(into, text)
    return f"{into}: {name} is in it. A plan for the machines in it: python -m flows.plan --hardware {into}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m flows.measure", description=__doc__.partition(".")[0])
    parser.add_argument("--name", default="", help="of this machine (its own)")
    parser.add_argument("--into", type=Path, metavar="FILE", help="a hosts.yaml that gets the line (it is printed)")
    parser.add_argument("--seconds", type=float, default=60.0, help="that it takes, about (60)")
    return parser.parse_args()


if __name__ == "__main__":
    said = _arguments()
    console.show(lambda: measure(said.name, said.into, said.seconds))
