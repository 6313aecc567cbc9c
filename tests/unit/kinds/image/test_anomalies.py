"""Pictures without labels, or with some that only the evaluation uses: prepared, measured, looked at."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf
from sklearn.datasets import load_digits

from components import catalogue
from components.config.errors import DataError
from components.config.params import parse
from components.kinds.evaluation import Mask
from components.kinds.gaussian import Gaussian
from components.kinds.image.evaluation.behaviour import try_behaviours
from components.kinds.image.evaluation.drawing import draw_pictures
from components.kinds.image.learner.gaussian import GaussianModule
from components.kinds.image.params import Train
from components.kinds.prepared import UNLABELLED, PreparedData
from components.kinds.ranking import roc_auc
from components.tasks.anomaly.objective import Anomaly
from components.training.loop import fit
from components.training.plan import training_plan
from components.training.temperature import temperature_and_decision
from tests.unit.kinds.image.preparing import prepared, save

CONFIG = parse(Train, {"flip": False, "threads": 1}, "train.")


def folders(path: Path, counts: dict[str, int], seed: int = 0) -> Path:
    for folder, count in counts.items():
        for _ in range(count):
            save(path / folder / f"{seed}.png", seed)
            seed += 1
    return path


@pytest.mark.parametrize("folder", [".", "good", "parts/good"])
def test_pictures_of_no_folder_or_of_one_need_no_label(tmp_path: Path, folder: str) -> None:
    data, report = prepared(folders(tmp_path / "mugs", {folder: 20}), task="anomaly")
    assert (data.task, data.classes, sum(data.counts.values())) == ("anomaly", ("normal", "anomaly"), 20)
    assert all((data.labels(split) == -1).all() for split in data.counts)
    assert "what is unlike the other pictures is found; no anomaly is known" in report["read"]
    assert list(report["examples"]) == [UNLABELLED]
    assert report["unlabelled"] == {}


def test_the_usual_layout_of_defects_is_read_as_it_is(tmp_path: Path) -> None:
    counts = {"train/good": 20, "test/good": 6, "test/scratch": 4, "test/dent": 3, "ground_truth/dent": 3}
    data, report = prepared(folders(tmp_path / "mugs", counts), task="anomaly")
    assert data.classes == ("good", "anomaly")
    assert np.unique(data.labels("test"), return_counts=True)[1].tolist() == [6, 7]
    assert not data.labels("train").any()
    assert not data.labels("validation").any()
    assert data.counts["train"] + data.counts["validation"] == 20
    assert (
        "ordinary: 'good'; to be found: 'dent', 'scratch'; no label is learned from, the evaluation uses them"
        in (report["read"])
    )
    assert "ground_truth: 3 pictures without labels are passed over" in report["read"]
    assert {name: len(found) for name, found in report["examples"].items()} == {"good": 3, "anomaly": 3}


def test_no_training_sees_a_known_anomaly(tmp_path: Path) -> None:
    inbox = folders(tmp_path / "inbox", {"dent": 2}, seed=100)
    data, report = prepared(folders(tmp_path / "mugs", {"ok": 30, "scratch": 5}), inbox, task="anomaly")
    assert data.classes == ("ok", "anomaly")
    assert [int((data.labels(split) == 1).sum()) for split in ("train", "validation", "test")] == [0, 0, 7]
    assert int((data.labels("test") == 0).sum()) > 0
    assert "7 pictures to be found are taken into the test split: no training sees them" in report["read"]


def test_folders_may_be_no_labels_and_other_pictures_need_some(tmp_path: Path) -> None:
    days = folders(tmp_path / "days", {"monday": 12, "tuesday": 12})
    with pytest.raises(DataError, match=r"or prepare.labels: none, if these are no labels"):
        prepared(days, task="anomaly")
    data, _ = prepared(days, labels="none")
    assert (data.task, sum(data.counts.values())) == ("anomaly", 24)
    with pytest.raises(DataError, match=r"prepare.labels is none, and task: detection learns from labels"):
        prepared(days, labels="none", task="detection")
    with pytest.raises(DataError, match="if what is unlike the others is to be found, write task: anomaly"):
        prepared(folders(tmp_path / "flat", {".": 5}))


def digits(ordinary: int = 3) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    data = load_digits()
    pictures = (data.images[..., None] * 255 / 16).astype(np.uint8)
    same, other = pictures[data.target == ordinary], pictures[data.target != ordinary]
    return same[:120], same[120:], other[:100]


def far(module: GaussianModule, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    with torch.inference_mode():
        raw: NDArray[np.float32] = module.serving().eval().raw(torch.from_numpy(pictures)).numpy()[:, 0]
    return raw


def test_what_is_unlike_the_training_pictures_is_far_from_them() -> None:
    train, ordinary, odd = digits()
    module = GaussianModule(train, False, Anomaly(0.05))
    both = np.concatenate([far(module, ordinary), far(module, odd)])
    assert ((both > 0.0) & (both < 1.0)).all()
    assert roc_auc(np.repeat([0, 1], [len(ordinary), len(odd)]), both) > 0.98
    outputs, embedding = module.serving()(torch.from_numpy(ordinary))
    assert (outputs.shape, embedding.shape) == ((len(ordinary), 1), (len(ordinary), 64))


def test_light_and_where_it_is_so_mirror_images_are_as_usual() -> None:
    train, ordinary, _ = digits()
    lighter = np.clip(ordinary.astype(int) + 10, 0, 255).astype(np.uint8)
    for mirrored, most in ((True, 0.02), (False, 1.0)):
        module = GaussianModule(train, mirrored, Anomaly(0.05))
        usual = far(module, ordinary).mean()
        assert abs(far(module, lighter).mean() - usual) < 0.05
        assert abs(far(module, np.ascontiguousarray(ordinary[:, :, ::-1])).mean() - usual) < most
        assert (far(module, np.ascontiguousarray(ordinary[:, :, ::-1])).mean() - usual > 0.1) != mirrored


def test_the_covariance_is_shrunk_as_ledoit_and_wolf_have_it() -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(40, 12)) @ random.normal(size=(12, 12))
    scale = features.std(axis=0).mean()
    gaussian = Gaussian(12)
    gaussian.measure(torch.from_numpy(features)[None], [12])
    found = (gaussian(torch.from_numpy(features).float()) ** 2).sum(dim=1).numpy()
    assert found == pytest.approx(LedoitWolf().fit(features / scale).mahalanobis(features / scale), rel=1e-3)


@pytest.mark.parametrize("shape", [(3, 8, 8, 1), (2, 30, 30, 3), (2, 200, 200, 3)])
def test_few_pictures_alike_and_of_any_size_are_measured(shape: tuple[int, ...]) -> None:
    pictures = np.full(shape, 90, dtype=np.uint8)
    module = GaussianModule(pictures, True, Anomaly(0.05))
    pictures[0, 2:5, 2:5] = 255
    found = far(module, pictures)
    assert np.isfinite(found).all()
    assert found[0] > found[1]


@pytest.fixture
def unlabelled(tmp_path: Path) -> PreparedData:
    return prepared(folders(tmp_path / "mugs", {".": 60}), task="anomaly")[0]


def test_a_measured_module_is_not_trained_and_the_plan_says_so(unlabelled: PreparedData) -> None:
    learner = catalogue.learner("image", "anomaly")
    result = fit(learner, unlabelled, CONFIG)
    again = fit(learner, unlabelled, CONFIG)
    assert all(torch.equal(value, again.weights[name]) for name, value in result.weights.items())
    assert [list(point) for point in result.curve] == [["epoch", "step", "validation_usualness"]]
    module = learner.module(unlabelled, CONFIG)
    _, decision = temperature_and_decision(learner, module, unlabelled, CONFIG)
    assert 0.0 < decision["threshold"] < 1.0
    assert not catalogue.is_supervised("image", "anomaly")
    assert catalogue.is_supervised("image", "regression")
    plan = training_plan(CONFIG, 40, unlabelled.input, supervised=False)
    assert (str(plan), plan.warning) == ("no step: 40 training examples measured in one go; a few seconds", None)
    config = parse(Train, {"epochs": 3, "recipe": "best"}, "train.")
    assert training_plan(config, 40, unlabelled.input, supervised=False).warning == (
        "train.epochs, train.recipe: without labels nothing is learned by steps; leave it out"
    )


class Flagging:
    """A model that is asked how it behaves, and flags nothing."""

    def score(self, pictures: NDArray[Any]) -> NDArray[np.float32]:
        return np.zeros((len(pictures), 1), np.float32)

    def same(self, before: NDArray[np.float32], after: NDArray[np.float32]) -> Mask:
        return np.ones(len(before), dtype=np.bool_)

    def right(self, outputs: NDArray[np.float32], labels: NDArray[Any]) -> Mask:
        return np.zeros(len(outputs), dtype=np.bool_)

    def surety(self, outputs: NDArray[np.float32], before: NDArray[np.float32]) -> None:
        return None

    suspicion = surety


def test_without_two_classes_nothing_is_plainly_of_one(unlabelled: PreparedData) -> None:
    names = [behaviour.name for behaviour in try_behaviours(unlabelled, Flagging(), mirrored=False)]  # type: ignore[arg-type]
    assert names == ["moved by a pixel", "a little brighter"]


def test_pictures_without_labels_are_drawn_by_how_remarkable_they_are(unlabelled: PreparedData) -> None:
    count = unlabelled.counts["test"]
    answers = [f"answer {index}" for index in range(count)]
    drawn = draw_pictures(unlabelled, answers, [UNLABELLED] * count, np.linspace(-1, 0.2, count))
    titles = [axes.get_title() for axes in drawn["worst_mistakes"].axes if axes.get_title()]
    assert titles == answers[::-1][:20]
    assert drawn["worst_mistakes"].get_suptitle() == "The most remarkable first; no label is known"
    assert sum(bool(axes.get_title()) for axes in drawn["samples"].axes) == min(count, 20)
