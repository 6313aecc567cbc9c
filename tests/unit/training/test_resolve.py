import json
from pathlib import Path

import numpy as np
import pytest

from components.config.errors import ConfigError
from components.kinds.prepared import write_about
from components.training.resolve import PARTS, resolve

SECTION = (
    "workloads:\n  cups:\n    kind: image\n    source: pictures\n    prepare: {size: 8, channels: 1}\n    train: {}\n"
)


def test_each_stage_is_told_the_task_and_its_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    prepared = Path("artifacts/cups/prepared")
    prepared.mkdir(parents=True)
    np.save(prepared / "train_labels.npy", np.zeros(1))
    write_about(prepared, "image", ["a", "b"], {}, {}, "detection")
    Path("params.yaml").write_text(SECTION)
    resolve("cups")
    written = {stage: json.loads(Path(f"artifacts/cups/parameters/{stage}.json").read_text()) for stage in PARTS}
    assert {stage: said["task"] for stage, said in written.items()} == dict.fromkeys(PARTS, "detection")
    assert {stage: set(said["code"]) for stage, said in written.items()} == {
        stage: set(parts) for stage, parts in PARTS.items()
    }
    Path("params.yaml").write_text(f"{SECTION}    task: regression\n")
    with pytest.raises(
        ConfigError, match="task: regression, but the data was prepared for a detection; run: dvc repro"
    ):
        resolve("cups")
