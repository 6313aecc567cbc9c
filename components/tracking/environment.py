"""What a process runs on: Python, platform, processor, packages. Kept with each training, and compared."""

import hashlib
import os
import platform
import re
from importlib.metadata import Distribution, distributions
from pathlib import Path

from pydantic import BaseModel, ConfigDict

_INFO = Path("/proc/cpuinfo")
_COUNTED = re.compile(r"^(sse4|ssse3|avx|amx|fma|f16c|vnni|asimd|sve|sme|bf16|i8mm|neon|fphp)")
"""Features of a processor by which libraries choose their kernels, and therefore how sums are rounded."""
_NAMED = re.compile(r"^(Name|Version): *(.*?) *$", re.MULTILINE)
"""The two fields of a package's metadata."""


class Environment(BaseModel):
    """What a process ran on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    python: str
    """Implementation and version."""
    platform: str
    processor: str
    features: tuple[str, ...]
    """Of the processor, those by which libraries choose their kernels."""
    cores: int
    device: str
    """What computed: the processor, or the GPU by its name."""
    packages: dict[str, str]
    """Every installed package with its version."""

    @property
    def packages_sha256(self) -> str:
        """One hash for the packages: SHA-256 of lines `name==version`."""
        lines = "".join(f"{name}=={version}\n" for name, version in sorted(self.packages.items()))
        return hashlib.sha256(lines.encode()).hexdigest()


def environment(device: str = "cpu") -> Environment:
    """Return what this process runs on; `device` is what it computes with."""
    return Environment(
        python=f"{platform.python_implementation()} {platform.python_version()}",
        platform=platform.platform(),
        processor=_told("model name") or platform.processor() or platform.machine(),
        features=tuple(sorted(name for name in processor_flags() if _COUNTED.match(name))),
        cores=os.cpu_count() or 1,
        device=device,
        packages=packages(),
    )


def packages() -> dict[str, str]:
    """Return the version of every installed package by its name, in lower case with dashes (PEP 503)."""
    found = [dict(_NAMED.findall(_header(item))) for item in distributions()]
    return dict(
        sorted((re.sub(r"[-_.]+", "-", one["Name"]).lower(), one.get("Version", "")) for one in found if "Name" in one)
    )


def _header(distribution: Distribution) -> str:
    """Return the fields of its metadata; parsing all with the description takes twenty times as long."""
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    return text.partition("\n\n")[0]


def changed_packages(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """Return each package that differs as `name old -> new`; one that is not there is `none`."""
    names = sorted(before.keys() | now.keys())
    return [
        f"{name} {before.get(name, 'none')} -> {now.get(name, 'none')}"
        for name in names
        if before.get(name) != now.get(name)
    ]


def differences(before: Environment, now: Environment) -> list[str]:
    """Return in words all in which two environments differ; the count of cores is told by the threads used."""
    words = [
        f"{name} {old} -> {new}"
        for name in ("python", "platform", "processor", "device")
        if (old := getattr(before, name)) != (new := getattr(now, name))
    ]
    lost, gained = (sorted({*a.features} - {*b.features}) for a, b in ((before, now), (now, before)))
    words += [f"processor without {', '.join(lost)}"] if lost else []
    words += [f"processor with {', '.join(gained)}"] if gained else []
    return words + changed_packages(before.packages, now.packages)


def processor_flags() -> list[str]:
    """Return the instruction sets that the processor says it has; nothing where it does not say."""
    return (_told("flags") or _told("Features")).split()  # x86's word, and ARM's


def _told(key: str) -> str:
    found = re.search(rf"^{key}\s*: (.*)$", _INFO.read_text(), re.MULTILINE) if _INFO.exists() else None
    return found.group(1).strip() if found else ""
