"""A training that finds the memory full, in a process of its own that may have no more."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from components.kinds.prepared import write_about
from tests.conftest import ROOT


def test_memory_that_is_full_is_told_with_the_batch_that_fits(tmp_path: Path) -> None:
    for split, count in {"train": 256, "validation": 4, "test": 4}.items():
        np.save(tmp_path / f"{split}_inputs.npy", np.zeros((count, 64, 64, 1), dtype=np.uint8))
        np.save(tmp_path / f"{split}_labels.npy", np.arange(count) % 2)
    write_about(tmp_path, "image", ["a", "b"], {"height": 64, "width": 64, "channels": 1}, {"train": 256})
    script = f"""
import resource
from pathlib import Path
from components import catalogue
from components.config.errors import TrainingError
from components.kinds.image.params import Train
from components.kinds.prepared import open_prepared
from components.training.loop import fit
data, learner = open_prepared(Path({str(tmp_path)!r})), catalogue.learner("image", "classification")
def config(size):
    return Train(epochs=1, batch_size=size, width=16, accelerator="cpu", precision="32-true", threads=1)
fit(learner, data, config(1))  # takes what any training takes
held = int(Path("/proc/self/status").read_text().partition("VmData:")[2].split()[0]) * 1024
resource.setrlimit(resource.RLIMIT_DATA, (held + (200 << 20), resource.RLIM_INFINITY))
try:
    fit(learner, data, config(256))
except TrainingError as error:
    print("told:", error)
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], cwd=ROOT, capture_output=True, text=True)
    told = done.stdout.rpartition("told: ")[2]
    found = re.match(r"out of memory with batches of 256; (\d+) fit: set train.batch_size\n", told)
    assert found, done.stdout + done.stderr
    assert 1 <= int(found[1]) <= 128
