"""`make setup` and `make chromium` where something is missing: one line says what to do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pip
import pytest

from tests.conftest import ROOT

TOOLS = ("sh", "cat", "dirname", "env", "grep", "head", "id", "ln", "mktemp", "rm", "tail", "touch")
OLD = "#!/bin/sh\ncase $2 in *print*) echo 3.9 ;; *) exit 1 ;; esac\n"
"""A stand-in for a Python that is too old."""
LIMITED = '#!/bin/sh\ncase $2 in *ensurepip*) exit 1 ;; esac\nexec {python} "$@"\n'
"""A stand-in for Debian's Python without its package python3-venv."""
HAS_CHROMIUM = '#!/bin/sh\n[ "$1" = --version ]\n'


class Machine:
    """A machine with nothing on the PATH but what is put there, and a project of one package on it."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.project = folder / "bin", folder / "a project"
        self.bin.mkdir()
        for tool in TOOLS:
            self.put(tool, shutil.which(tool))
        self.put("git", shutil.which("git"))
        self.put("python3", sys._base_executable)  # type: ignore[attr-defined]
        shutil.copytree(ROOT / "install", self.project / "install")
        (self.project / "pyproject.toml").write_text('[dependency-groups]\ndev = ["pip"]\n')
        (self.project / "constraints.txt").write_text("")
        subprocess.run(["git", "init", "-q", self.project], check=True)

    def put(self, name: str, program: str | None) -> None:
        """Put a program there: a link to one, or a script's text."""
        assert program
        path = self.bin / name
        path.unlink(missing_ok=True)
        if program.startswith("#!"):
            path.write_text(program)
            path.chmod(0o755)
        else:
            path.symlink_to(program)

    def sh(self, script: str, *arguments: str, **variables: str) -> tuple[int, list[str]]:
        """Run a script of `install/`, without a network; return its exit status, and the lines that it said."""
        environment = {"PATH": str(self.bin), "PIP_NO_INDEX": "1", "HOME": "/nonexistent", **variables}
        command = ["sh", f"{self.project}/install/{script}", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        return done.returncode, (done.stdout + done.stderr).splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_folder_that_was_moved_or_copied_is_set_up_anew(machine: Machine, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", machine.project / ".venv"], check=True)
    (machine.project / ".venv" / "bin" / "pip").write_text(f"#!/old/{machine.project}/.venv/bin/python3\n")
    shutil.copytree(Path(pip.__file__).parent, tmp_path / "new" / "pip")
    (machine.project / "constraints.txt").write_text("pip==1.0\n")  # not to be had
    status, said = machine.sh("venv.sh", PYTHONPATH=str(tmp_path / "new"))
    assert status == 1
    assert said[0] == ".venv is another folder's, this one was moved or copied; setting it up anew"
    assert said[-1].startswith("error: the packages of constraints.txt were not all installed (pip says why above); is")
    (machine.project / "constraints.txt").write_text("")
    status, said = machine.sh("venv.sh", PYTHONPATH=str(tmp_path / "new"))  # goes on with what is there
    assert (status, len(said)) == (0, 1), said
    assert machine.sh("venv.sh") == (0, [])
    subprocess.run([machine.project / ".venv" / "bin" / "pip", "--version"], check=True)
    (machine.project / ".venv" / "bin" / "python3").unlink()
    machine.put("python3", LIMITED.format(python=sys._base_executable))  # type: ignore[attr-defined]
    status, said = machine.sh("venv.sh")
    assert said[0] == ".venv is not whole, or its Python is gone or too old; setting it up anew"


def test_an_environment_that_is_a_link_is_somebodys_choice(machine: Machine) -> None:
    (machine.project / ".venv").symlink_to(sys.prefix)
    os.utime(machine.project / "pyproject.toml", (0, 0))
    os.utime(machine.project / "constraints.txt", (0, 0))
    assert machine.sh("venv.sh") == (0, [])


NEEDED = "error: Python 3.11 or newer is needed,"
LINES = {
    "git": "error: git is missing; install it, then type the same again",
    "name": "error: the folder ",
    "repository": "error: this folder is no git repository, which DVC and the registry need",
    "python": f"{NEEDED} python3 is not there; install one, then type: make PYTHON=python3.11",
    "new": f"{NEEDED} python3 is 3.9; install one, then type: make PYTHON=python3.11",
    "venv": "error: python3 cannot make a virtual environment; install python3.",
}


@pytest.mark.parametrize("lack", LINES)
def test_what_is_missing_is_said_in_one_line(lack: str, machine: Machine) -> None:
    if lack in ("git", "python"):
        (machine.bin / {"git": "git", "python": "python3"}[lack]).unlink()
    elif lack == "name":
        machine.project = machine.project.rename(machine.project.parent / "a 100% project")
    elif lack == "repository":
        shutil.rmtree(machine.project / ".git")
    elif lack == "new":
        machine.put("python3", OLD)
    else:
        machine.put("python3", LIMITED.format(python=sys._base_executable))  # type: ignore[attr-defined]
    status, said = machine.sh("venv.sh")
    assert status == 1
    assert said[-1].startswith(LINES[lack])
    assert [text for text in said if text.startswith("error:")] == said[-1:]


def test_the_python_that_was_asked_for_is_taken_or_refused(machine: Machine) -> None:
    machine.put("python3.9", OLD)
    status, said = machine.sh("venv.sh", "python3.9")
    assert status == 1
    assert said == [
        "error: Python 3.11 or newer is needed, python3.9 is 3.9; type: make PYTHON=python3.11 (or another)"
    ]


def test_chromium_is_found_or_asked_for(machine: Machine) -> None:
    status, said = machine.sh("chromium.sh")
    assert status == 0
    assert len(said) == 1
    assert said[0].startswith(
        "Chromium is missing, so the tests of the endpoint's page will be skipped; install it: apt-"
    )
    status, said = machine.sh("chromium.sh", JOURNEYMAN_REQUIRE_CHROMIUM="1")
    assert status == 1
    assert said[0].startswith("error: Chromium is missing")
    machine.put("google-chrome-stable", HAS_CHROMIUM)
    assert machine.sh("chromium.sh", JOURNEYMAN_REQUIRE_CHROMIUM="1") == (0, [])
