"""All groups of packages go together, at the versions of constraints.txt, with the oldest Python that is allowed."""

import re
import shutil
import subprocess
import tomllib

import pytest

from tests.conftest import ROOT


def test_all_groups_together_change_no_pin() -> None:
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("needs uv")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups, oldest = project["dependency-groups"], project["project"]["requires-python"].removeprefix(">=")
    command = [uv, "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--constraint", "constraints.txt"]

    def solved(*names: str, options: tuple[str, ...] = ()) -> dict[str, str]:
        told = [*options, *(word for name in names for word in ("--group", name))]
        done = subprocess.run([*command, *told], cwd=ROOT, capture_output=True, text=True)
        if re.search(r"error sending request|dns error|Failed to fetch", done.stderr):
            pytest.skip("needs an index of packages")
        assert done.returncode == 0, done.stderr
        return versions(done.stdout)

    pinned = versions((ROOT / "constraints.txt").read_text())
    for options in ((), ("--python-version", oldest)):
        solved(*groups, options=options)  # a group that wants another version than the pinned one has no solution
    assert solved("machines").items() <= pinned.items()


def versions(text: str) -> dict[str, str]:
    found = re.findall(r"^([A-Za-z0-9_.-]+)(?:\[.*?\])?==([^ ;\n]+)", text, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}
