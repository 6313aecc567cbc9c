"""What `make setup` costs with uv, which it fetches by pip, and with pip alone.

    python -m benchmarks.setup [--quick] [--json FILE]

Clones the project's HEAD into a temporary folder and sets it up once each way, with caches of its own that are empty:
what a new machine does. Both have to come to the same packages. Wall seconds are the network's too, CPU seconds are
those of all processes together. What is imported is compiled at its first import, which is measured beside the second.
`--quick` installs what the endpoint needs, without torch. Needs 5 GB.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import harness

WAYS = ("uv", "pip")
FLOW, SERVED = "flows.train", "bentoml"
"""The module that is imported: of the whole project; of what the endpoint needs."""
ENDPOINT = '[dependency-groups]\ndev = [{include-group = "inference"}]\n'


def main() -> None:
    """Measure, print the table, and write it where the user wants it."""
    parser = harness.parser(__doc__, quick="what the endpoint needs, without torch")
    options = parser.parse_args()
    figures: dict[str, object] = {}
    for way in WAYS:
        with tempfile.TemporaryDirectory() as folder:
            figures[way] = set_up(Path(folder), way, options.quick)
    harness.finish(figures, report, options.json)


def set_up(folder: Path, way: str, quick: bool) -> dict[str, object]:
    """Set a fresh clone up in `folder`; return wall and CPU seconds, and the packages that are there then."""
    project = folder / "journeyman"
    subprocess.run(["git", "clone", "--quiet", str(harness.ROOT), str(project)], check=True)
    if quick:
        without_torch(project)
    paths = [path for path in os.environ["PATH"].split(os.pathsep) if not (Path(path) / "uv").exists()]
    caches = {"PIP_CACHE_DIR": str(folder / "pip"), "UV_CACHE_DIR": str(folder / "uv")}
    command = ["sh", "install/venv.sh", sys._base_executable]  # type: ignore[attr-defined]
    before, began = _cpu(), time.perf_counter()
    done = subprocess.run(
        command,
        cwd=project,
        env={**os.environ, **caches, "PATH": os.pathsep.join(paths), "JOURNEYMAN_INSTALLER": way},
        capture_output=True,
        text=True,
    )
    wall, cpu = time.perf_counter() - began, _cpu() - before
    if done.returncode != 0 or "pip does" in done.stderr:
        sys.exit(f"{' '.join(command)} failed with {way}:\n{done.stdout}\n{done.stderr}")
    python = str(project / ".venv/bin/python")
    imports = [_imported(python, project, SERVED if quick else FLOW) for _ in range(2)]
    listed = [python, "-m", "pip", "list", "--format", "freeze"]
    packages = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()
    return {"wall_s": wall, "cpu_s": cpu, "imports_cpu_s": imports, "packages": packages}


def _imported(python: str, project: Path, module: str) -> float:
    """Return the CPU seconds of a process that imports the module."""
    before = _cpu()
    subprocess.run([python, "-c", f"import {module}"], cwd=project, capture_output=True, check=True)
    return _cpu() - before


def _cpu() -> float:
    """Return the CPU seconds of all processes that this one has started, and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def without_torch(project: Path) -> None:
    """Have the project want what the endpoint needs, and nothing else."""
    groups = project / "pyproject.toml"
    inference = groups.read_text().partition("inference = [")[2].partition("]\n")[0]
    groups.write_text(f"{ENDPOINT}inference = [{inference}]\n")
    pins = project / "constraints.txt"
    pins.write_text("".join(line for line in pins.read_text().splitlines(True) if not line.startswith("torch==")))


def report(figures: dict[str, object]) -> None:
    """Print the table."""
    found = {way: figures[way] for way in WAYS}
    uv, pip = found["uv"], found["pip"]
    assert isinstance(uv, dict)
    assert isinstance(pip, dict)
    print(f"{'machine':24} {figures['machine']}")
    for name, one in (("uv, fetched by pip", uv), ("pip alone", pip)):
        print(f"{name:24} {one['wall_s']:.0f} s wall, {one['cpu_s']:.0f} s CPU")
    ratios = [pip[what] / uv[what] for what in ("wall_s", "cpu_s")]
    print(f"{'pip / uv':24} {ratios[0]:.1f} wall, {ratios[1]:.1f} CPU")
    first, again = uv["imports_cpu_s"]
    print(f"{'first import, second':24} {first:.0f} s CPU, {again:.0f} s CPU")
    others = sorted(set(uv["packages"]) ^ set(pip["packages"]))
    print(f"{'packages':24} {len(pip['packages'])}, {', '.join(others) if others else 'the same'}")


if __name__ == "__main__":
    main()
