"""Kinds and tasks by name, and what a section says of them."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace

import pytest

from components import catalogue, extensions
from components.config.errors import ConfigError
from tests.conftest import ROOT

SECTION = "workloads:\n  cups:\n    kind: {kind}\n    source: cups\n    prepare: {prepare}\n    train: {train}\n"
TABLE, PICTURES = "{columns: {label: broken}}", "{size: 8, channels: 1}"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(kind: str = "table", prepare: str = TABLE, train: str = "{}", more: str = "") -> None:
    Path("params.yaml").write_text(SECTION.format(kind=kind, prepare=prepare, train=train) + more)


@pytest.mark.parametrize(
    ("kind", "prepare", "task", "train", "told"),
    [
        (
            "image",
            PICTURES,
            "classification",
            "{false_alarm: 3.0}",
            "train.false_alarm: means nothing to task: classif",
        ),
        (
            "table",
            TABLE,
            "regression",
            "{least_recall: 0.5}",
            "train.least_recall: means nothing to task: regression; le",
        ),
        ("table", TABLE, "classification", "{coverage: 0.8}", "train.coverage: means nothing to task: classification"),
        (
            "table",
            TABLE,
            "detection",
            "{metric: rmse}",
            "metric: 'rmse' decides nothing of task: detection. Allowed: aver",
        ),
        ("image", PICTURES, "regression", "{metric: accuracy}", "Allowed: rmse, mae, pinball_loss"),
    ],
)
def test_what_is_of_another_task_is_refused(kind: str, prepare: str, task: str, train: str, told: str) -> None:
    write(kind, prepare, train, f"    task: {task}\n")
    with pytest.raises(ConfigError, match=told):
        catalogue.workload("cups")
    write(kind, prepare, train)
    section = catalogue.workload("cups")
    with pytest.raises(ConfigError, match=f"^params.yaml: workloads.cups.*{told}"):
        catalogue.check_options("cups", section.train, kind, task)


def test_what_is_of_the_task_is_taken() -> None:
    write(train="{false_alarm: 3.0, metric: cost_per_1000, least_recall: null}", more="    task: detection\n")
    assert catalogue.workload("cups").train.metric == "cost_per_1000"


def test_a_metric_of_no_task_is_refused_whatever_the_labels_ask_for() -> None:
    write(train="{metric: rsme}")
    with pytest.raises(ConfigError, match=r"train\.metric: unknown metric 'rsme'.*Did you mean 'rmse'\?"):
        catalogue.workload("cups")


def test_a_kind_or_a_task_that_nothing_has_is_told_with_those_there_are() -> None:
    write("tables")
    with pytest.raises(
        ConfigError, match=r"cups\.kind: unknown kind 'tables'\. Allowed: audio, image, .*, table, text\. Did you mean"
    ):
        catalogue.workload("cups")
    write(more="    task: regresion\n")
    with pytest.raises(ConfigError, match=r"cups\.task: unknown task 'regresion'.*Did you mean 'regression'"):
        catalogue.workload("cups")
    with pytest.raises(ConfigError, match=r"kind 'signal': not built in, and no installed package has it\. There"):
        catalogue.codec("signal", "regression")


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str, str]]]:
    """Entry points of kinds: name, distribution and version; read anew."""
    points: list[tuple[str, str, str]] = []

    def entry_points(group: str) -> list[SimpleNamespace]:
        found = [(EntryPoint(name, f"its_{name}", group), of, version) for name, of, version in points]
        return [
            SimpleNamespace(name=point.name, value=point.value, dist=SimpleNamespace(name=of, version=version))
            for point, of, version in found
            if group == "journeyman.kinds"
        ]

    monkeypatch.setattr(extensions, "entry_points", entry_points)
    extensions.extensions.cache_clear()
    yield points
    extensions.extensions.cache_clear()


def test_an_installed_kind_is_one_of_all_and_never_hides_a_built_in_one(installed: list[tuple[str, str, str]]) -> None:
    installed += [("signal", "of-signals", "1.2"), ("image", "of-pictures", "3.0")]
    assert catalogue.names() == ["audio", "image", "interactions", "signal", "table", "text"]
    assert catalogue.package("kind", "signal") == "its_signal"
    assert catalogue.package("kind", "image") == "components.kinds.image"
    assert [one.requirement for one in catalogue.extensions_of("signal", "detection")] == ["of-signals==1.2"]
    assert catalogue.extensions_of("image", None) == []


def test_two_packages_with_one_name_are_told_apart_by_the_user(installed: list[tuple[str, str, str]]) -> None:
    installed += [("signal", "of-signals", "1.2"), ("signal", "others", "0.1")]
    with pytest.raises(
        ConfigError, match=r"kind signal: of-signals==1\.2 and others==0\.1 both have one; uninstall ei"
    ):
        catalogue.names()


@pytest.mark.slow
def test_to_ask_what_measures_a_model_takes_none_of_the_libraries_that_train_fit_and_draw() -> None:
    """Registration, promotion and every flow ask it, and each would wait seconds for them."""
    code = """
import sys
from components import catalogue
for kind in catalogue.names():
    for task in catalogue.built_in_tasks():
        catalogue.evaluation(kind, task).lower_is_better("accuracy")
print([name for name in ("torch", "sklearn", "matplotlib", "lightning", "mlflow") if name in sys.modules])
"""
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
