"""Pictures without labels: read, freed of copies, augmented strongly, learned from."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from components.config.errors import ConfigError, DataError
from components.config.params import parse
from components.kinds.image import source
from components.kinds.image.learner.unlabelled.fixmatch import RATIO, THRESHOLD, FixMatch
from components.kinds.image.learner.unlabelled.strong import StrongAugmentation
from components.kinds.image.params import Prepare, Train
from components.kinds.image.prepare import prepare
from components.kinds.prepared import UNLABELLED_RECORDS, PreparedData, open_prepared
from components.kinds.raw import Origin, Raw
from components.kinds.share import Share
from components.tasks.classification.objective import Classification
from tests.unit.kinds.image.preparing import label_of, save

FOLDER = "data/unlabelled/pets"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Forty labelled pictures in `pets`, and ten without labels; returns the folder of these."""
    monkeypatch.chdir(tmp_path)
    for number in range(40):
        save(Path("pets") / label_of(number) / f"{number}.png", number)
    for number in range(10):
        save(Path(FOLDER) / f"{number}.png", 100 + number)
    return Path(FOLDER)


def _write(raw: Raw, path: Path) -> None:
    schema = raw.schema.with_metadata({"journeyman": json.dumps(raw.about)})
    with pq.ParquetWriter(path, schema) as writer:
        for batch in raw.batches:
            writer.write_batch(batch)


def _prepared(task: str | None = None, **config: Any) -> tuple[PreparedData, list[str]]:
    raw, out = Path("raw"), Path("prepared")
    for folder in (raw, out):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    _write(source.open(Origin("pets", None, None)), raw / "records.parquet")
    _write(source.open_unlabelled(Path(FOLDER), None), raw / UNLABELLED_RECORDS)
    settings = {"size": 16, "channels": 3, "validation": 0.2, "test": 0.2, "unlabelled": FOLDER, **config}
    prepare(raw / "records.parquet", out, Prepare.model_validate(settings), Path("schema.yaml"), task)
    return open_prepared(out), json.loads((out / "report.json").read_text())["read"]


def test_pictures_without_labels_lie_beside_the_splits(own: Path) -> None:
    data, read = _prepared()
    known = data.unlabelled()
    assert known is not None
    assert (known.folder, known.files, known.count, known.left_out) == (FOLDER, 10, 10, {})
    wanted = sorted(np.asarray(Image.open(own / f"{number}.png")).tobytes() for number in range(10))
    assert sorted(picture.tobytes() for picture in data.unlabelled_inputs()) == wanted
    assert sum(data.counts.values()) == 40
    assert f"without labels: 10 of 10 pictures of {FOLDER}" in read
    for path in own.iterdir():
        path.rename(path.with_name(f"other-{path.name}"))
    again = _prepared()[0].unlabelled()
    assert again is not None
    assert again.sha256 == known.sha256


def test_copies_of_labelled_pictures_are_left_out_the_same_and_nearly(own: Path) -> None:
    shutil.copy("pets/dog/0.png", own / "same.png")
    shutil.copy(own / "3.png", own / "again.png")
    smooth = np.add.outer(np.arange(16), np.arange(16)).astype(np.uint8)[..., None] * np.array([8, 4, 2], np.uint8)
    save(Path("pets/cat/smooth.png"), 0, smooth)
    save(own / "near.png", 0, np.clip(smooth.astype(int) + 1, 0, 255).astype(np.uint8))
    data, read = _prepared()
    known = data.unlabelled()
    assert known is not None
    assert (known.files, known.count) == (13, 10)
    assert sorted(known.left_out.values()) == [1, 1, 1]
    assert {why.rsplit(" as a ")[0] for why in known.left_out} == {"there twice", "the same", "nearly the same"}
    assert any("left out: " in sentence for sentence in read)


def test_a_picture_that_cannot_be_read_is_counted_within_the_limit(own: Path) -> None:
    (own / "torn.png").write_bytes((own / "0.png").read_bytes()[:60])
    data, read = _prepared(limits={"unreadable": 1})
    known = data.unlabelled()
    assert known is not None
    assert known.left_out == {"cannot be read": 1}
    assert "torn.png" in read[-1] or any("torn.png" in sentence for sentence in read)
    with pytest.raises(DataError, match=r"1 of 11 pictures cannot be read: unlabelled/torn\.png"):
        _prepared(limits={"unreadable": 0})


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda own: shutil.rmtree(own), "no such folder"),
        (lambda own: (shutil.rmtree(own), own.write_text("")), "a file, where a folder of pictures is expected"),
        (lambda own: (shutil.rmtree(own), own.mkdir()), "no picture there"),
        (lambda own: (own / "more").symlink_to(Path("pets").resolve()), "is a link to a folder"),
        (lambda own: save(own / "cat" / "1.png", 500), r"called as labels are \(cat\)"),
        (
            lambda own: (shutil.rmtree(own), shutil.copytree("pets/dog", own)),
            "none of 20 pictures is left: .*same",
        ),
    ],
)
def test_a_folder_that_cannot_be_used_is_said_in_one_line(own: Path, spoil: Any, said: str) -> None:
    spoil(own)
    with pytest.raises((ConfigError, DataError), match=said) as raised:
        _prepared()
    assert "prepare.unlabelled" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_only_a_classification_learns_from_them(own: Path) -> None:
    with pytest.raises(DataError, match=r"prepare\.unlabelled is for task: classification, and this is task: dete"):
        _prepared("detection", positive="cat")


@pytest.mark.parametrize("folder", ["../photos", "/photos", "data/unlabelled", "data/unlabelled/../x", "data/inbox/x"])
def test_a_folder_elsewhere_is_refused_as_dvc_does_not_see_it(folder: str) -> None:
    with pytest.raises(ConfigError, match=r"prepare\.unlabelled: .*data/unlabelled/"):
        parse(Prepare, {"unlabelled": folder}, "prepare.")


def test_they_are_learned_from_where_labels_are_few() -> None:
    train = Train.model_validate({"recipe": "quick"})
    assert train.learns_unlabelled(299, 10)
    assert not train.learns_unlabelled(300, 10)


def test_strong_augmentation_is_drawn_for_the_whole_batch_and_changes_every_picture() -> None:
    pictures = torch.randint(0, 256, (12, 16, 16, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    strong = StrongAugmentation(flip=True)

    def seen(part: slice) -> torch.Tensor:
        return strong(pictures[part], torch.Generator().manual_seed(1), 12, part)

    whole = seen(slice(0, 12))
    assert whole.dtype == torch.uint8
    assert whole.shape == pictures.shape
    assert all(not torch.equal(one, other) for one, other in zip(whole, pictures, strict=True))
    assert torch.equal(torch.cat([seen(slice(0, 5)), seen(slice(5, 12))]), whole)


def test_only_what_the_network_is_sure_of_is_learned() -> None:
    objective, shares = Classification(3, "accuracy"), torch.full((3,), 1 / 3)
    sure = torch.tensor([[9.0, 0.0, 0.0], [0.0, 9.0, 0.0], [0.0, 0.0, 9.0]])
    unsure = torch.zeros(3, 3)
    strong = torch.randn(3, 3, generator=torch.Generator().manual_seed(0), requires_grad=True)
    loss = FixMatch(objective, shares).loss(sure, strong)
    assert loss.item() == pytest.approx(objective.loss(strong, torch.arange(3)).item())
    assert FixMatch(objective, shares).loss(unsure, strong).item() == 0.0
    one = FixMatch(objective, shares).loss(torch.cat([sure[:1], unsure[:2]]), strong)
    assert one.item() == pytest.approx(objective.loss(strong[:1], torch.tensor([0])).item() / 3, rel=0.2)
    assert THRESHOLD == 0.95


def test_guesses_are_aligned_with_the_classes_as_they_are_labelled() -> None:
    found = FixMatch(Classification(2, "accuracy"), torch.tensor([0.5, 0.5]))
    lopsided = torch.tensor([[2.0, 0.0]] * 9 + [[0.0, 2.0]])
    for _ in range(100):
        found.loss(lopsided, torch.zeros(10, 2))
    assert found.guessed[0] > 0.75
    aligned = found._aligned(lopsided.softmax(dim=1))
    assert aligned.mean(dim=0).tolist() == pytest.approx([0.5, 0.5], abs=0.1)


def test_processes_share_the_batches_of_both(own: Path) -> None:
    from components.kinds.image.learner import unlabelled

    data, _ = _prepared()
    config = Train.model_validate({"recipe": "quick", "batch_size": 2, "epochs": 1})

    def batches(rank: int, of: int) -> list[tuple[torch.Tensor, ...]]:
        training, _ = unlabelled.loaders(data, config, Classification(2, "accuracy"))
        training.share = Share(rank, of)
        return list(training)

    whole, parts = batches(0, 1), [batches(0, 2), batches(1, 2)]
    assert [len(weak) for _, _, weak, _ in whole] == [2 * RATIO] * len(whole)
    for index, together in enumerate(whole):
        for place, tensor in enumerate(together):
            assert torch.equal(torch.cat([part[index][place] for part in parts]), tensor)
