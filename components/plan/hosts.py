"""`hosts.yaml`: machines that a plan may be for, a line each, as `python -m flows.measure` writes it on each."""

import re
from datetime import date
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, field_validator

from components.config.errors import ConfigError
from components.config.params import parse, read_yaml
from components.config.section import Section
from components.plan.machine import Machine

Positive = Annotated[float, Field(gt=0.0)]
SPEEDS = ("matrix_fp32", "matrix_bf16", "convolution_fp32", "convolution_bf16", "memory")
"""By which machines are compared; see `machine.Speeds`."""
_HEAD = "hosts:  # a line for each machine, by: python -m flows.measure --into this file\n"


class Host(Section):
    """A machine, or a GPU of one, and how fast it was measured to be; units as in `machine.Speeds`."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
    measured: str
    processor: str
    cores: Annotated[int, Field(ge=1)]
    memory_gb: Positive
    gpu: str = ""
    matrix_fp32: Positive
    matrix_bf16: Positive
    matrix_int8: Positive | None = None
    convolution_fp32: Positive
    convolution_bf16: Positive
    memory: Positive
    disk_write: Positive
    scale: Annotated[float, Field(ge=1.0)] = 1.0
    hour: Annotated[float, Field(ge=0.0)] | None = None
    """The price of the whole machine for an hour, in the currency of `prices`; by hand."""

    @field_validator("measured")
    @classmethod
    def _is_a_day(cls, measured: str) -> str:
        date.fromisoformat(measured)
        return measured


class _Hosts(Section):
    hosts: list[Host]


def read_hosts(path: Path) -> list[Host]:
    """Return the machines of the file.

    Raises:
        ConfigError: one line for what is wrong with it.
    """
    hosts = parse(_Hosts, read_yaml(path), f"{path}: ").hosts
    if not hosts:
        raise ConfigError(f"{path}: no machine; on each: python -m flows.measure --into {path}")
    names = [host.name for host in hosts]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"{path}: {twice[0]} is there twice; give one of them another name")
    return hosts


def host_line(name: str, machine: Machine) -> str:
    """Return the machine, measured today, as a line of `hosts.yaml`.

    Raises:
        ConfigError: the name is none.
    """
    told = {"name": name, "measured": date.today().isoformat(), **machine.to_line()}
    parse(Host, told, "--name: ")
    return f"  - {yaml.safe_dump(told, default_flow_style=True, sort_keys=False, width=10_000).strip()}"


def with_line(text: str, line: str) -> str:
    """Return the text of a `hosts.yaml` with the line in it, in place of one of the same machine; all else stays."""
    (name,) = re.findall(r"\{name: ([^,}]+)", line)
    lines = (text if text.strip() else _HEAD).splitlines()
    same = [at for at, old in enumerate(lines) if re.match(rf"\s*- \{{name: {re.escape(name)}[,}}]", old)]
    if same:
        lines[same[0]] = line
    else:
        lines.append(line)
    return "\n".join(lines) + "\n"
