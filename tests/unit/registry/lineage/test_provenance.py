from pathlib import Path
from typing import Any

import pytest

from components.registry.lineage.provenance import _changed_params
from components.versioning.lock import Stage

CUPS: dict[str, Any] = {"train": {"epochs": 3}, "prepare": {"positive": "yes"}, "card": {"contact": "12:30"}}
TEXT = 'workloads:\n  cups:\n    train: {epochs: 3}\n    prepare: {positive: "yes"}\n    card: {contact: "12:30"}\n'


def test_what_no_bundle_depends_on_may_change_after_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    stages = {
        "resolve": Stage("", {}, {"params.yaml": {"workloads.cups": CUPS}}),
        "train": Stage("", {}, {"params.yaml": {f"workloads.cups.{key}": CUPS[key] for key in ("train", "prepare")}}),
    }
    params = Path("params.yaml")
    for text, changed in (
        (TEXT, []),
        (TEXT.replace("12:30", "Ann"), []),
        (
            TEXT.replace("epochs: 3", "epochs: 4"),
            ["params.yaml: workloads.cups", "params.yaml: workloads.cups.train"],
        ),
    ):
        params.write_text(text)
        assert _changed_params(stages) == changed
