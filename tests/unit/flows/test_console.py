"""What a person sees of a command that ends badly: one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

FULL = """
from pathlib import Path
from flows import console
console.show(lambda: Path("/dev/full").write_text("more than there is room for"))
"""


@pytest.mark.slow
def test_a_full_disk_is_told_in_one_line(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", FULL], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "error: a file: No space left on device; make room, then run it again"
    assert "Traceback" not in done.stderr
