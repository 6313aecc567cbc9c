"""Splits: drawn so that every class is in each, given, and of groups that stay together."""

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from components.config.errors import ConfigError, DataError
from components.kinds.image.params import Prepare
from components.kinds.image.prepare.split import SplitCandidate, split_pictures
from components.kinds.prepared import SPLITS
from tests.unit.kinds.image.preparing import label_of, prepared, save

CONFIG = Prepare(size=16, channels=3)


def drawn(label: str, number: int, **more: str) -> SplitCandidate:
    return SplitCandidate(label, hashlib.sha256(f"{label} {number}".encode()).digest(), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("classes", "each"), [(2, 200), (10, 20), (50, 5), (200, 3)])
def test_every_class_is_in_every_split(classes: int, each: int) -> None:
    pictures = [drawn(f"{label}", number) for label in range(classes) for number in range(each)]
    found = Counter(zip([picture.label for picture in pictures], split_pictures(pictures, CONFIG), strict=True))
    for split, part in (("train", 0.75), ("validation", 0.1), ("test", 0.15)):
        counts = [found[f"{label}", split] for label in range(classes)]
        assert min(counts) >= max(1, int(part * each / 2))


@pytest.mark.parametrize(("each", "splits"), [(1, {"train"}), (2, {"train", "test", "validation"})])
def test_a_class_of_fewer_pictures_is_in_training_first(each: int, splits: set[str]) -> None:
    pictures = [drawn(f"{label}", number) for label in range(40) for number in range(each)]
    found = split_pictures(pictures, CONFIG)
    assert set(found) <= splits
    trained = {picture.label for picture, split in zip(pictures, found, strict=True) if split == "train"}
    assert len(trained) == 40


def test_more_pictures_move_none_of_a_class_that_has_enough() -> None:
    pictures = [drawn("cat", number) for number in range(300)] + [drawn("dog", number) for number in range(300)]
    before = split_pictures(pictures[:200] + pictures[300:500], CONFIG)
    after = split_pictures(pictures, CONFIG)
    assert before == after[:200] + after[300:500]


def test_what_is_given_is_kept_and_the_rest_is_drawn_from_train() -> None:
    for given in (["train", "validation"], ["train", "test"], ["train"], list(SPLITS)):
        pictures = [drawn("cat", number, given=given[number % len(given)]) for number in range(300)]
        found = split_pictures(pictures, CONFIG)
        assert set(found) == set(SPLITS)
        for picture, split in zip(pictures, found, strict=True):
            assert split == picture.given or (picture.given == "train" and split not in given)


def test_a_group_is_in_one_split() -> None:
    pictures = [drawn(label_of(number), number, group=f"{number // 10}") for number in range(600)]
    splits: dict[str, set[str]] = {}
    for picture, split in zip(pictures, split_pictures(pictures, CONFIG), strict=True):
        splits.setdefault(str(picture.group), set()).add(split)
    assert all(len(found) == 1 for found in splits.values())
    assert set.union(*splits.values()) == set(SPLITS)


def frames(folder: Path, things: int = 10, each: int = 8, name: str = "thing{thing}_{frame}", seed: int = 0) -> Path:
    """Write frames of things, nearly alike, for each of two labels."""
    for label in ("cat", "dog"):
        for thing in range(things):
            random = np.random.default_rng([thing, label == "cat", seed])
            base = random.integers(0, 256, (16, 16, 3))
            for frame in range(each):
                noisy = np.clip(base + random.normal(0, 5, base.shape), 0, 255).astype(np.uint8)
                save(folder / label / f"{name.format(thing=f'{label[0]}{thing}', frame=frame)}.png", 0, noisy)
    return folder


def test_frames_of_one_thing_in_train_and_test_are_said_with_what_keeps_them_together(tmp_path: Path) -> None:
    pictures = frames(tmp_path / "pets")
    _, report = prepared(pictures)
    (said,) = report["read"]
    assert said.endswith('if several show one thing, set prepare.group to keep them in one split, as "{group}_#"')
    assert " test pictures look like ones in train (cat/thingc" in said
    data, report = prepared(pictures, group="{group}_#")
    (said,) = report["read"]
    assert said.startswith(
        "the groups are in the names ({group}_#): 20, the largest 'thingc0' with 8 pictures; each is"
    )
    assert all(data.counts[split] % 8 == 0 for split in SPLITS)


def test_pictures_of_different_things_are_not_said_to_be_alike(tmp_path: Path) -> None:
    for number in range(60):
        save(tmp_path / "pets" / label_of(number) / f"{label_of(number)}_{number}.png", number)
    assert prepared(tmp_path / "pets")[1]["read"] == []


def test_groups_may_be_folders_or_a_column(tmp_path: Path) -> None:
    pictures = frames(tmp_path / "pets", name="{thing}/{frame}")
    data, report = prepared(pictures, group="folder")
    assert report["read"][0].startswith("the groups are the folders within those of the labels: 20, the largest")
    assert all(data.counts[split] % 8 == 0 for split in SPLITS)
    rows = [f"{path.relative_to(pictures)},{path.parent.name}" for path in sorted(pictures.rglob("*.png"))]
    (pictures / "things.csv").write_text("\n".join(["file,thing", *rows]))
    other, report = prepared(pictures, group="thing")
    assert report["read"][0].startswith("the groups are in the column 'thing': 20, the largest")
    assert other.counts == data.counts


def test_given_splits_that_tear_groups_apart_are_said(tmp_path: Path) -> None:
    for seed, split in enumerate(SPLITS):
        frames(tmp_path / "pets" / split, things=2, each=3, seed=seed)
    _, report = prepared(tmp_path / "pets", group="{group}_#")
    assert "4 groups stand in several of the given splits (as 'thingc0')" in report["read"]


@pytest.mark.parametrize(
    ("group", "error", "message"),
    [
        ("{group}-*", ConfigError, r"prepare\.group: '\{group\}-\*' finds no group in any of 20 pictures, as 'cat/0_1"),
        ("lesion", ConfigError, "prepare.group: no column 'lesion': no table beside the pictures names them; or"),
        ("{group}_1", DataError, r"10 of 20 pictures have no group \(cat/0_2\.png, .* has to find one for each"),
    ],
)
def test_groups_that_are_not_there_are_one_line(
    tmp_path: Path, group: str, error: type[Exception], message: str
) -> None:
    for number in range(20):
        save(tmp_path / "pets" / label_of(number // 10) / f"{number // 2}_{number % 2 + 1}.png", number)
    for path in (tmp_path / "pets" / "dog").iterdir():
        path.rename(tmp_path / "pets" / "cat" / path.name)
    for path in sorted((tmp_path / "pets" / "cat").iterdir())[:10]:
        (tmp_path / "pets" / "dog").mkdir(exist_ok=True)
        path.rename(tmp_path / "pets" / "dog" / path.name)
    with pytest.raises(error, match=message.replace("cat/0", "(cat|dog)/.")):
        prepared(tmp_path / "pets", group=group)
