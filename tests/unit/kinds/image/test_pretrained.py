"""Networks that were trained before: the real one's numbers, and what is done with a tiny one."""

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from onnxruntime import InferenceSession

from components import catalogue
from components.config.backbone import read_backbone
from components.config.errors import ConfigError, DataError
from components.config.params import parse
from components.data.pretrained import fetch_tensors
from components.inference.bundle import EMBEDDING
from components.inference.unfamiliar import UNFAMILIAR
from components.kinds.image.evaluation.drawing import draw_heat
from components.kinds.image.learner.batches import TrainingBatches
from components.kinds.image.learner.pretrained.activations import Mirror
from components.kinds.image.learner.pretrained.network import ARCHITECTURES, PretrainedNetwork
from components.kinds.image.params import Train
from components.kinds.image.params.operations import backbone_cut, backbone_operations
from components.kinds.prepared import PreparedData, open_prepared, write_about
from components.kinds.pretrained import read_artifact
from components.kinds.ranking import roc_auc
from components.kinds.share import Share
from components.training.export import write_onnx
from components.training.loop import fit
from components.training.plan import training_plan
from components.training.quantize import quantize
from components.training.restore import restored
from tests.backbones import LITE, SHAPES, describe, tensors, write_artifact
from tests.conftest import ROOT

REAL = "efficientnet-lite0"
GOLDEN = {113: 5.737939, 848: 5.731869, 1257: 5.373323, 1085: 4.92687, 1169: 4.64883, 27: 4.420753}
"""The largest features of the picture below, by number, as efficientnet_lite_pytorch 0.1.0 has them."""
COUNTS = {"train": 48, "validation": 24, "test": 6}


@pytest.mark.slow
def test_the_network_gives_the_publishers_numbers(once: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    described = read_backbone(REAL)
    monkeypatch.chdir(once("backbone", lambda folder: None))
    try:
        found = fetch_tensors(REAL, described)
    except DataError as error:
        pytest.skip(f"the weights cannot be had here: {error}")
    network = ARCHITECTURES[described.architecture](described.network.model_dump()).network.eval()
    network.load_state_dict(found, strict=False)
    ramp = torch.linspace(-1, 1, 3 * 128 * 128).view(1, 3, 128, 128)
    with torch.inference_mode():
        features = network(ramp.sin() + (40 * ramp).cos()).mean(dim=(2, 3))[0]
    assert features.shape == (1280,)
    assert features[list(GOLDEN)].tolist() == pytest.approx(list(GOLDEN.values()), abs=4e-6)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PreparedData:
    """Three classes: noise that is red, green or blue; and noise without a label, for who asks for it."""
    monkeypatch.chdir(tmp_path)
    describe(tmp_path)
    random = np.random.default_rng(0)
    for split, count in COUNTS.items():
        labels = np.arange(count) % 3
        pictures = random.integers(0, 128, (count, 16, 16, 3), dtype=np.uint8)
        pictures[np.arange(count), :, :, labels] += 100
        np.save(tmp_path / f"{split}_inputs.npy", pictures)
        np.save(tmp_path / f"{split}_labels.npy", labels)
    np.save(tmp_path / "unlabelled_inputs.npy", random.integers(0, 256, (60, 16, 16, 3), dtype=np.uint8))
    write_about(tmp_path, "image", ["r", "g", "b"], {"height": 16, "width": 16, "channels": 3}, COUNTS)
    return open_prepared(tmp_path, write_artifact(tmp_path / "backbone"))


def config(**keys: Any) -> Train:
    given = {
        "recipe": "transfer",
        "backbone": "tiny",
        "epochs": 8,
        "batch_size": 12,
        "threads": 1,
        "precision": "32-true",
        **keys,
    }
    return parse(Train, given, "train.")


def learner(task: str = "classification", unlabelled: bool = False) -> Any:
    found = catalogue.learner("image", task)
    return found.with_unlabelled() if unlabelled else found


def test_what_the_stage_left_is_read_without_safetensors(tmp_path: Path) -> None:
    described, found = read_artifact(write_artifact(tmp_path / "backbone"))
    assert described["network"] == SHAPES[LITE]
    assert {name: value.tolist() for name, value in found.items()} == {
        name: value.tolist() for name, value in tensors().items()
    }
    with pytest.raises(DataError, match="nowhere: not readable"):
        read_artifact(tmp_path / "nowhere")


@pytest.mark.slow
@pytest.mark.parametrize("unlabelled", [False, True], ids=["labels", "pictures without labels too"])
@pytest.mark.parametrize("tune", ["head", "last", "all"])
def test_what_is_tuned_changes_and_nothing_else(tune: str, unlabelled: bool, data: PreparedData) -> None:
    chosen = config(tune=tune, learning_rate=0.005)
    trained = fit(learner(unlabelled=unlabelled), data, chosen)
    before = {f"network.backbone.{name}": value for name, value in tensors().items()}
    changed = {name.split(".")[2] for name, value in before.items() if not torch.equal(trained.weights[name], value)}
    assert changed == {
        "head": set(), "last": {"stage2", "stage3", "head"}, "all": {"stem", "stage1", "stage2", "stage3", "head"}
    }[tune]  # fmt: skip
    norms = [name for name in before if "running" in name]
    assert all(torch.equal(trained.weights[name], before[name]) for name in norms)
    assert trained.curve[-1]["validation_loss"] < trained.curve[0]["validation_loss"]


@pytest.mark.parametrize("tune", ["head", "last"])
def test_it_is_validated_by_what_the_endpoint_will_answer(tune: str, data: PreparedData) -> None:
    chosen = config(tune=tune)
    module = learner().module(data, chosen)
    torch.nn.init.normal_(module.network.head.weight)
    _, validation = learner().loaders(data, chosen)
    kept = torch.cat([inputs for inputs, _ in validation])
    assert kept.dtype == torch.float16
    pictures = torch.from_numpy(np.array(data.inputs("validation")))
    with torch.inference_mode():
        by_activations, by_pictures = module.eval().raw(kept), learner().raw(module, pictures)
        outputs, embedding = learner().serving(module)(pictures)
    assert torch.allclose(by_activations, by_pictures, atol=0.02)
    assert torch.allclose(outputs, by_pictures.softmax(dim=1), atol=1e-6)
    assert embedding.shape == (COUNTS["validation"], 64)


@pytest.mark.parametrize("tune", ["head", "last"])
def test_of_few_pictures_its_stages_tell_strangers(tune: str, data: PreparedData) -> None:
    """Of fewer pictures than the stages have numbers."""
    serving = learner().serving(learner().module(data, config(tune=tune)))
    pictures = torch.from_numpy(np.array(data.inputs("test")))
    grey = torch.randint(0, 128, (6, 16, 16, 1), dtype=torch.uint8).expand(-1, -1, -1, 3)
    with torch.inference_mode():
        before = serving(pictures)
        serving.measure_unfamiliarity(data)
        outputs, embedding, usual = serving(pictures)
        strange = serving(grey)[2]
    assert torch.equal(outputs, before[0])
    assert torch.equal(embedding, before[1])
    assert strange.min() > usual.max()


@pytest.mark.slow
def test_another_architecture_is_trained_exported_and_rounded(data: PreparedData, tmp_path: Path) -> None:
    describe(tmp_path, "next", "convnext")
    data = open_prepared(tmp_path, write_artifact(tmp_path / "next", "convnext"))
    chosen = config(backbone="next", learning_rate=0.005)
    trained = fit(learner(), data, chosen)
    before = {f"network.backbone.{name}": value for name, value in tensors(0, "convnext").items()}
    changed = {name.split(".")[2] for name, value in before.items() if not torch.equal(trained.weights[name], value)}
    assert changed == {"stage3", "head"}
    assert trained.curve[-1]["validation_loss"] < 0.9 * trained.curve[0]["validation_loss"]
    serving = learner().serving(restored(learner(), data, chosen, trained.weights))
    serving.measure_unfamiliarity(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the older of two exporters
        write_onnx(serving, data.inputs("test"), tmp_path / "model.onnx", ["probabilities", EMBEDDING, UNFAMILIAR])
    pictures = np.array(data.inputs("validation"))
    assert quantize(tmp_path / "model.onnx", pictures, tmp_path / "int8.onnx") > 0
    with torch.inference_mode():
        expected = [found.numpy() for found in serving(torch.from_numpy(pictures))]
    float32, int8 = (
        InferenceSession(tmp_path / f"{name}.onnx").run(None, {"inputs": pictures}) for name in ("model", "int8")
    )
    for found, rounded, right in zip(float32, int8, expected, strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-4, atol=1e-4)
        assert np.abs(rounded - right).max() > 0
    assert np.abs(int8[0] - expected[0]).mean() < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("task", ["detection", "regression"])
def test_the_head_is_the_tasks(task: str, data: PreparedData) -> None:
    for split in COUNTS:
        labels = np.asarray(data.labels(split))
        told = labels.astype(np.float64) if task == "regression" else (labels == 1).astype(np.int64)
        np.save(data.path / f"{split}_labels.npy", told)
    asked = replace(data, task=task, classes=() if task == "regression" else ("no", "yes"))
    chosen = config(tune="last", learning_rate=0.02)
    trained = fit(learner(task), asked, chosen)
    monitored = {name: value for name, value in trained.curve[-1].items() if name.startswith("validation_")}
    assert trained.curve[-1]["validation_loss"] < 0.9 * trained.curve[0]["validation_loss"], monitored


@pytest.mark.slow
@pytest.mark.parametrize("unlabelled", [False, True], ids=["labels", "pictures without labels too"])
def test_where_it_was_stopped_it_goes_on_to_the_bit(
    unlabelled: bool, data: PreparedData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.unit.training.test_loop import Killed, die_after

    chosen = config(epochs=2, checkpoint_every=0.0)
    expected = fit(learner(unlabelled=unlabelled), data, chosen)
    with monkeypatch.context() as patch:
        die_after(7, patch)
        with pytest.raises(Killed):
            fit(learner(unlabelled=unlabelled), data, chosen, checkpoint=tmp_path / "last.ckpt")
    resumed = fit(learner(unlabelled=unlabelled), data, chosen, checkpoint=tmp_path / "last.ckpt")
    assert resumed.curve == expected.curve
    assert all(torch.equal(resumed.weights[name], value) for name, value in expected.weights.items())


def test_processes_see_together_what_one_sees() -> None:
    kept = np.arange(2 * 40, dtype=np.float16).reshape(40, 2, 1)
    whole, first, second = (TrainingBatches(kept, np.arange(40), 16, 0, Mirror()) for _ in range(3))
    first.share, second.share = Share(0, 2), Share(1, 2)
    for (all_of_it, _), (one, _), (other, _) in zip(whole, first, second, strict=True):
        assert torch.equal(all_of_it, torch.cat([one, other]))
        assert {int(value) % 2 for value in all_of_it} == {0, 1}, "pictures and mirror images"


@pytest.mark.parametrize("architecture", SHAPES)
@pytest.mark.parametrize("size", [16, 32, 70])
def test_a_picture_of_any_size_is_looked_at(size: int, architecture: str) -> None:
    described = {"architecture": architecture, "network": SHAPES[architecture]}
    network = PretrainedNetwork(described, 32, "last", np.zeros(3, dtype=np.float32)).eval()
    assert network.features(torch.zeros(2, 3, size, size)).shape == (2, 72)


def test_what_means_nothing_to_a_recipe_is_refused_in_one_line(data: PreparedData) -> None:
    for content, expected in (
        ({"recipe": "transfer", "width": 8}, "width: means nothing to recipe: transfer; leave it out"),
        ({"recipe": "transfer", "tune": None}, "tune: recipe: transfer needs one"),
        ({"width": None}, "width: recipe: quick needs one"),
        ({"recipe": "quick", "tune": "all"}, "tune: means nothing to recipe: quick; leave it out"),
        ({"recipe": "transfer", "backbone": "tinny"}, "unknown name 'tinny'. Allowed: tiny. Did you mean 'tiny'"),
    ):
        with pytest.raises(ConfigError, match=expected) as error:
            parse(Train, content, "train.")
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("architecture", SHAPES)
def test_what_the_estimate_counts_as_learning_is_what_learns(architecture: str, data: PreparedData) -> None:
    describe(Path.cwd(), "other", architecture)
    described = {"architecture": architecture, "network": SHAPES[architecture]}
    for tune in ("head", "last", "all"):
        network = PretrainedNetwork(described, 32, tune, np.zeros(3, dtype=np.float32))
        assert backbone_cut("other", tune) == network.cut
        assert len(backbone_operations("other", 32)) == len(network.backbone) == len(network.strides) + 1


def test_more_is_learned_for_more_work(data: PreparedData) -> None:
    asked = [config(tune=tune) for tune in ("head", "last", "all")]
    head, last, everything = (chosen.work(data.input, 100) for chosen in asked)
    assert 0 < head < last < everything
    assert config(flip=False, tune="head").work(data.input, 100) < head


@pytest.mark.slow
@pytest.mark.parametrize(("architecture", "numbers", "side"), [(LITE, 32, 16), ("convnext", 64, 4)])
def test_without_labels_what_is_unlike_every_ordinary_patch_is_found(
    architecture: str, numbers: int, side: int, data: PreparedData, tmp_path: Path
) -> None:
    data = open_prepared(tmp_path, write_artifact(tmp_path / "artifact", architecture))
    measured = learner("anomaly")
    module = fit(measured, data, config(flip=False)).weights
    made = measured.module(data, config(flip=False))
    assert all(torch.equal(module[name], again) for name, again in made.state_dict().items())
    assert not list(made.parameters())
    ordinary = np.asarray(data.inputs("validation"))
    odd = ordinary.copy()
    odd[:, 8:, :8] = 255
    served = measured.serving(made)
    with torch.inference_mode():
        scores, embedding, heat = served(torch.from_numpy(np.concatenate([ordinary, odd])))
    assert scores.shape == (48, 1)
    assert embedding.shape == (48, numbers)
    assert roc_auc(np.repeat([0, 1], 24), scores[:, 0].numpy()) > 0.95
    drawn = draw_heat(data, scores[24:30, 0].numpy(), heat[24:30].numpy())["heat"]
    assert [len(axes.images) for axes in drawn.axes] == [1, 2] * 6
    assert 0.4 < float(scores[:24].median()) < 0.7
    assert heat.shape == (48, side, side)
    half = side // 2
    assert heat[24:, half:, :half].mean() > 1.2 * heat[24:, :half, half:].mean()


def test_recipe_and_backbone_mean_something_without_labels_too(data: PreparedData) -> None:
    plan = training_plan(config(), 48, data.input, supervised=False)
    assert plan.steps == 0
    assert plan.warning == "train.batch_size, train.epochs: without labels nothing is learned by steps; leave it out"
