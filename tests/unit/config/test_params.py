import re
from pathlib import Path

import pytest

from components import catalogue
from components.config.errors import ConfigError
from tests.conftest import ROOT

GOOD = """\
workloads:
  mugs:
    kind: image
    source: pictures
    prepare: {size: 16, channels: 3}
    train: {epochs: 2, batch_size: 8}
"""


def test_shipped_params_are_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert list(catalogue.workloads()) == ["garments", "fraud", "intents", "digits", "shop"]


def test_a_users_section_needs_at_most_ten_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(GOOD.splitlines()) - 1 <= 10
    assert _load(GOOD, tmp_path, monkeypatch).train.epochs == 2


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("epochs: 2", "epoch: 2", r"workloads\.mugs\.train\.epoch: unknown key\. Allowed: .*Did you mean 'epochs'\?"),
        ("size: 16", "size: '16'", r"workloads\.mugs\.prepare\.size: found '16'; input should be a valid integer"),
        ("size: 16", "size: 2", r"prepare\.size: found 2; input should be greater than or equal to 8"),
        ("    source: pictures\n", "", r"workloads\.mugs\.source: missing"),
        ("channels: 3", "channels: 4", r"prepare\.channels: found 4; input should be 1 or 3"),
        ("epochs: 2", "epochs: 2, devices: many", r"train\.devices: found 'many'; "),
        ("epochs: 2", "epochs: 2, precision: bf16", r"train\.precision: found 'bf16'; input should be 'auto'"),
        (
            "kind: image",
            "kind: imgae",
            r"mugs\.kind: unknown kind 'imgae'\. Allowed: audio, image, .*, text\. Did you mean 'image'",
        ),
        ("    kind: image\n", "", r"mugs\.kind: missing\. Allowed: audio, image, interactions, table, text"),
        ("source: pictures", "sorce: pictures", r"mugs\.sorce: unknown key\. .*Did you mean 'source'\?"),
        ("workloads:", "workload:", r"workload: unknown key\. Allowed: workloads, prices\. Did you mean 'workloads'\?"),
        ("mugs:", "Mugs!:", r"workloads\.name: found 'Mugs!'; "),
        ("prepare: {size", "prepare: {limits: {unreadable: -1}, size", r"limits\.unreadable: found -1; "),
        ("prepare: {size", "prepare: {limits: {unreadible: 1}, size", r"Did you mean 'unreadable'\?"),
        ("train: {", "train: [", r"not valid YAML"),
        (
            "epochs: 2",
            "epochs: 2, stratagem: ddp",
            r"mugs\.train\.stratagem: unknown key\. Allowed: metric, ",
        ),
        ("epochs: 2", "epochs: 2, integer: 1", r"workloads\.mugs\.train\.integer: unknown key"),
        ("train: {epochs: 2, batch_size: 8}", "train: 5", r"workloads\.mugs\.train: found 5; "),
        (
            "train: {epochs: 2, batch_size: 8}",
            "serve: {}",
            r"workloads\.mugs\.train: missing; write train: {}",
        ),
        (
            "kind: image",
            "kind: image\n    serve: {formats: [PNG, PSD]}",
            r"serve\.formats\.1: found 'PSD'; input should be ",
        ),
        (
            "kind: image",
            "kind: image\n    serve: {precision: float16, device: cpu}",
            r"mugs\.serve: .*precision float16 is for a GPU, and device is cpu: ask for float32 or int8",
        ),
        ("kind: image", "kind: image\n    serve: {max_pixel: 9}", r"serve\.max_pixel: .*Did you mean 'max_pixels'\?"),
        ("epochs: 2", "epochs: true", r"train\.epochs: found True; input should be a valid integer"),
    ],
)
def test_what_is_wrong_is_answered_in_one_line(
    old: str, new: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError) as caught:
        _load(GOOD.replace(old, new), tmp_path, monkeypatch)
    message = str(caught.value)
    assert re.search(expected, message), message
    assert message.startswith("params.yaml")
    assert "\n" not in message


def test_a_section_of_which_only_the_name_is_written_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "train: {epochs: 2, batch_size: 8}"
    bare, empty = (_load(GOOD.replace(said, train), tmp_path, monkeypatch) for train in ("train:", "train: {}"))
    assert bare == empty


def test_a_missing_file_says_where_to_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"params\.yaml: no such file; run from the project's folder"):
        catalogue.workloads()


def test_an_unknown_workload_is_answered_with_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _load(GOOD, tmp_path, monkeypatch)
    with pytest.raises(ConfigError, match=r"unknown workload 'mug'\. Allowed: mugs\. Did you mean 'mugs'\?"):
        catalogue.workload("mug")


def _load(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch):
    (folder / "params.yaml").write_text(text)
    monkeypatch.chdir(folder)
    return catalogue.workload("mugs")
