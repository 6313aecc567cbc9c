"""`make setup` and `make chromium` where something is missing: one line says what to do."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pip
import pytest
from uv import find_uv_bin

from tests.conftest import ROOT

TOOLS = ("sh", "cat", "dirname", "env", "grep", "head", "id", "ln", "mktemp", "rm", "tail", "touch")
OLD = "#!/bin/sh\ncase $2 in *print*) echo 3.9 ;; *) exit 1 ;; esac\n"
"""A stand-in for a Python that is too old."""
LIMITED = '#!/bin/sh\ncase $2 in *ensurepip*) exit 1 ;; esac\nexec {python} "$@"\n'
"""A stand-in for Debian's Python without its package python3-venv."""
FAILING = "#!/bin/sh\necho 'error: no such option' >&2\necho 'more words' >&2\nexit 2\n"
"""A stand-in for a uv that is too old."""
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


class Index:
    """An index of packages, and the variables by which pip finds it, and no other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        shutil.copytree(Path(pip.__file__).parent, folder / "new" / "pip")  # what `--upgrade pip` brings
        self.variables = {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": (folder / "simple").as_uri(),
            "PIP_NO_INDEX": "",
            "UV_CACHE_DIR": str(folder / "cache"),
            "UV_NO_CONFIG": "1",
            "PYTHONPATH": str(folder / "new"),
        }

    def add(self, name: str, version: str, program: str | None = None) -> None:
        """Add a version of the package `name`, with a module of this name, and a program if its text is given."""
        place = self._folder / "simple" / name
        wheel(place, name, version, program)
        links = "".join(f'<a href="{path.name}">{path.name}</a>' for path in sorted(place.glob("*.whl")))
        (place / "index.html").write_text(f"<!doctype html><html><body>{links}</body></html>")


def wheel(folder: Path, name: str, version: str, program: str | None = None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    about = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"version = {version!r}\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        **({f"{name}-{version}.data/scripts/{name}": program} if program else {}),
    }
    record = "".join(f"{path},,\n" for path in (*files, f"{about}/RECORD"))
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, content in {**files, f"{about}/RECORD": record}.items():
            entry = zipfile.ZipInfo(path)
            entry.external_attr = 0o100755 << 16  # a program's mode, which pip keeps
            archive.writestr(entry, content)


@pytest.fixture
def index(tmp_path: Path) -> Index:
    made = Index(tmp_path)
    for version in ("1.0", "2.0"):
        made.add("cup", version)
    return made


def installed(project: Path) -> dict[str, tuple[str, str]]:
    """Return version and installer of the packages that have come into the environment, without pip's own."""
    found = list(project.glob(".venv/lib/python*/site-packages/*.dist-info"))
    names = [path.name.removesuffix(".dist-info").split("-") for path in found]
    how = [(path / "INSTALLER").read_text().strip() for path in found]
    both = zip(names, how, strict=True)
    return {name: (version, by) for (name, version), by in both if name not in ("pip", "setuptools")}


def compiled(project: Path) -> bool:
    return bool(list(project.glob(".venv/lib/python*/site-packages/__pycache__/cup.*.pyc")))


def complaints(said: list[str]) -> list[str]:
    """Return what was said but for the first line, and for pip's warnings that the index has no pip."""
    assert said[0].startswith("setting up .venv with python3"), said
    return [line for line in said[1:] if "is ignored: it is neither" not in line]


@pytest.mark.parametrize(("uv", "writes"), [("there", True), ("there", False), ("not there", True), ("fails", False)])
def test_the_pinned_packages_are_installed_by_uv_or_else_by_pip(
    uv: str, writes: bool, machine: Machine, index: Index
) -> None:
    """All is compiled where Python writes no bytecode when it imports."""
    unwritten = {True: {}, False: {"PYTHONDONTWRITEBYTECODE": "1"}}
    (machine.project / "pyproject.toml").write_text('[dependency-groups]\ndev = ["cup"]\n')
    (machine.project / "constraints.txt").write_text("cup==1.0\n")
    if uv != "not there":
        machine.put("uv", FAILING if uv == "fails" else find_uv_bin())
    status, said = machine.sh("venv.sh", **index.variables, **unwritten[writes])
    assert status == 0, said
    failed = "uv did not install the packages, pip does (error: no such option)"
    assert complaints(said) == ([failed] if uv == "fails" else [])
    assert installed(machine.project) == {"cup": ("1.0", "uv" if uv == "there" else "pip")}
    assert compiled(machine.project) is not writes
    assert machine.sh("venv.sh", **index.variables) == (0, [])
    (machine.project / "constraints.txt").write_text("cup==2.0\n")
    status, said = machine.sh("venv.sh", **index.variables, **unwritten[not writes], JOURNEYMAN_INSTALLER="pip")
    assert (status, complaints(said)) == (0, []), said
    assert installed(machine.project) == {"cup": ("2.0", "pip")}
    assert compiled(machine.project) is writes


def test_a_pinned_uv_is_fetched_and_leaves_torch_as_pip_finds_it(
    machine: Machine, index: Index, tmp_path: Path
) -> None:
    """The uv of the index starts the real one; of torch pip knows of a build that the index does not have."""
    index.add("uv", "1.0", f'#!/bin/sh\nexec {find_uv_bin()} "$@"\n')
    index.add("torch", "2.0")
    wheel(tmp_path / "here", "torch", "2.0+cpu")
    (machine.project / "pyproject.toml").write_text('[dependency-groups]\ndev = ["cup", "torch==2.0", "uv"]\n')
    (machine.project / "constraints.txt").write_text("cup==1.0\ntorch==2.0\nuv==1.0\n")
    status, said = machine.sh("venv.sh", **index.variables, PIP_FIND_LINKS=str(tmp_path / "here"))
    assert (status, complaints(said)) == (0, []), said
    assert installed(machine.project) == {"cup": ("1.0", "uv"), "torch": ("2.0+cpu", "pip"), "uv": ("1.0", "pip")}


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
