from pathlib import Path
from typing import Any

import pytest

from components.config.settings import artifacts
from components.registry.lineage.provenance import _backbone, _changed_params
from components.system.files import write_json
from components.versioning.lock import Stage
from tests.backbones import write_artifact

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


def test_it_says_what_network_it_began_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / artifacts("cups", "")).mkdir(parents=True)
    write_artifact(artifacts("cups", "backbone"))
    began = _backbone("cups")
    assert began is not None
    assert (began.title, began.licence, began.learned_from, len(began.sha256)) == ("Tiny", "MIT", "nothing", 64)
    write_json(artifacts("mugs", "backbone") / "backbone.json", {})
    assert _backbone("mugs") is None
