"""What a process has used: its own, that of children that ended, and of those that still run."""

import subprocess
import sys
from pathlib import Path

from components.ledger.rapl import package_joules
from components.ledger.usage import peak_memory, usage
from tests.servers import wait_for

BUSY = "import time\nwhile time.process_time() < {seconds}: pass\n"
HUGE = f"text = b'x' * {300 * 2**20}\n"


def test_children_that_ended_and_that_still_run_are_counted() -> None:
    before = usage()
    subprocess.run([sys.executable, "-c", BUSY.format(seconds=0.3)], check=True)
    ended = usage()
    assert ended.cpu - before.cpu >= 0.29
    assert ended.wall > before.wall
    runs = [sys.executable, "-c", BUSY.format(seconds=0.3) + "print(flush=True)\ninput()"]
    with subprocess.Popen(runs, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        assert usage().cpu - ended.cpu >= 0.25, "it still runs"
        child.communicate(b"\n")
    assert usage().cpu - ended.cpu >= 0.25


def test_written_bytes_are_counted(tmp_path: Path) -> None:
    before = usage().written
    if before is not None:  # a kernel that does not count tells None, not 0
        (tmp_path / "file").write_bytes(b"x" * 2**20)
        wait_for(lambda: (usage().written or 0) - before >= 2**20)


def test_the_peak_is_of_the_largest_process() -> None:
    subprocess.run([sys.executable, "-c", HUGE], check=True)
    assert peak_memory() > 300 * 2**20


def test_rapl_counts_packages_and_none_of_their_parts(tmp_path: Path) -> None:
    assert package_joules(tmp_path / "nowhere") is None
    zones = (("intel-rapl:0", "package-0", 5), ("intel-rapl:1", "package-1", 7), ("intel-rapl:2", "psys", 99))
    for zone, name, joules in zones:
        (tmp_path / zone).mkdir()
        (tmp_path / zone / "name").write_text(f"{name}\n")
        (tmp_path / zone / "energy_uj").write_text(f"{joules * 10**6}\n")
    assert package_joules(tmp_path) == 12.0
