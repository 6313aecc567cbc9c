"""Training: one process, two together, and two trainings side by side."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import harness
from benchmarks.machine_parts.figures import Figures, scaled
from benchmarks.server import clean_environment

_STEPS = """
import json, os, sys, time
from lightning.pytorch.callbacks import Callback
from components import catalogue
from components.config.settings import artifacts
from components.kinds.prepared import open_prepared
from components.training.loop import fit

name, devices, warm, steps = sys.argv[1], *map(int, sys.argv[2:])
data = open_prepared(artifacts(name, "prepared"), artifacts(name, "backbone"))
workload = catalogue.decided(catalogue.workload(name), data)
train = workload.train.fitted(data.counts["train"])
config = train.model_copy(update={"epochs": warm + steps, "devices": devices, "accelerator": "cpu", "threads": 1})

class Clock(Callback):
    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
        if trainer.global_step == warm:
            self.began = time.perf_counter()
        elif trainer.global_step == warm + steps:
            seconds = time.perf_counter() - self.began
            if os.environ["RANK"] == "0":
                print(json.dumps(steps * config.batch_size / seconds), flush=True)
            os._exit(0)

fit(catalogue.learner(data.kind, data.task), data, config, callbacks=[Clock()])
"""


def train(workload: str, folder: Path, quick: bool) -> Figures:
    """Return the examples a second of one process, of two together, and of two trainings side by side."""
    arms: dict[str, tuple[int, int]] = {"one": (1, 1), "two": (2, 1), "limit": (1, 2)}
    found: dict[str, list[float]] = {name: [] for name in arms}
    script, steps = folder / "steps.py", (5, 10) if quick else (30, 150)
    script.write_text(_STEPS)
    for _, name in harness.turns(list(arms), 1 if quick else 3):
        devices, trainings = arms[name]
        options = ["--nproc-per-node", str(devices), "--rdzv-backend", "c10d", "--rdzv-endpoint", "localhost:0"]
        words = [str(script), workload, *map(str, (devices, *steps))]
        command = [sys.executable, "-m", "torch.distributed.run", *options, *words]
        environment = {**clean_environment(), "PYTHONPATH": str(harness.ROOT)}
        with (folder / "errors").open("w+") as errors:
            pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": errors, "text": True}
            running = [subprocess.Popen(command, env=environment, **pipes) for _ in range(trainings)]
            said = [process.communicate()[0] for process in running]
            if any(process.returncode for process in running):
                errors.seek(0)
                sys.exit(f"a training by {devices} processes failed:\n{errors.read()[-2000:]}")
        found[name].append(sum(json.loads(out.splitlines()[-1]) for out in said))
    return scaled(found)
