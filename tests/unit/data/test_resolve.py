from pathlib import Path

import pytest
import yaml

from components import catalogue
from components.config.errors import ConfigError
from components.data.resolve import KIND_PARTS, TASK_PARTS, parameters, resolve
from components.extensions import Extension, check_pinned
from components.system.files import read_json

SECTION = (
    "workloads:\n  cups:\n    kind: image\n    source: pictures\n    prepare: {size: 8, channels: 1}\n    train: {}\n"
)


@pytest.fixture(autouse=True)
def _section(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(SECTION)


def test_each_stage_is_told_the_code_of_the_kind_that_it_runs() -> None:
    resolve("cups")
    written = {stage: read_json(Path(f"artifacts/cups/parameters/{stage}.json")) for stage in KIND_PARTS}
    for stage, said in written.items():
        assert said["kind"] == "image"
        assert set(KIND_PARTS[stage]) <= set(said["code"])
    assert "task" not in written["ingest"]
    assert written["train"]["code"]["learner"] == written["export"]["code"]["learner"]


def test_a_task_that_is_said_counts_alone_and_one_that_labels_decide_with_all_others() -> None:
    whole = parameters(catalogue.workload("cups"), "train")
    assert {key for key in whole["code"] if "." in key} == {f"{task}.objective" for task in catalogue.built_in_tasks()}
    Path("params.yaml").write_text(f"{SECTION}    task: regression\n")
    workload = catalogue.workload("cups")
    assert {key for key in parameters(workload, "train")["code"] if "." in key} == {"regression.objective"}
    assert parameters(workload, "prepare") == {
        **parameters(workload, "prepare"),
        "task": "regression",
        "labels": "regression",
    }
    assert {key for key in parameters(workload, "evaluate")["code"] if "." in key} == {
        f"regression.{part}" for part in TASK_PARTS["evaluate"]
    }


@pytest.mark.parametrize(
    ("key", "value", "stages"),
    [
        ("max_pixels", 1000, {"export"}),
        ("margin", 0.1, {"evaluate"}),
        ("precision", "int8", {"export", "evaluate"}),
        ("precision", "float16", {"export", "evaluate"}),
        ("start_timeout", 60.0, set()),
    ],
)
def test_a_key_that_may_be_left_out_is_told_to_those_that_read_it(key: str, value: object, stages: set[str]) -> None:
    before = {stage: parameters(catalogue.workload("cups"), stage) for stage in KIND_PARTS}
    content = yaml.safe_load(SECTION)
    content["workloads"]["cups"]["serve"] = {key: value}
    Path("params.yaml").write_text(yaml.safe_dump(content))
    after = {stage: parameters(catalogue.workload("cups"), stage) for stage in KIND_PARTS}
    assert {stage for stage in KIND_PARTS if before[stage] != after[stage]} == stages


@pytest.mark.parametrize(
    ("pins", "told"),
    [
        ("numpy==2.4.6\n", "constraints.txt: does not name journeyman-signal, .* write journeyman-signal==0.2.0"),
        ("Journeyman_Signal==0.1.0\n", "journeyman-signal==0.1.0, but 0.2.0 is installed"),
        ("Journeyman.Signal==0.2.0\n", None),
    ],
)
def test_an_installed_package_is_pinned(pins: str, told: str | None) -> None:
    Path("constraints.txt").write_text(pins)
    extension = Extension("journeyman_signal", "journeyman-signal", "0.2.0")
    if told is None:
        check_pinned(extension)
        return
    with pytest.raises(ConfigError, match=told):
        check_pinned(extension)
