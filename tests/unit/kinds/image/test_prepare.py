import json
import os
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from components import catalogue
from components.config.errors import DataError
from components.kinds.image import source
from components.kinds.image.params import Limits, Prepare
from components.kinds.image.prepare import prepare
from components.kinds.image.source.folder import look_at
from components.kinds.prepared import SPLITS, PreparedData, open_prepared
from components.kinds.raw import Origin
from components.kinds.slices import read_slices
from tests.unit.kinds.image.preparing import label_of, prepared, save

CONFIG = Prepare(size=16, channels=3, validation=0.2, test=0.2)
LENIENT = CONFIG.model_copy(update={"limits": Limits(unreadable=None, duplicates=None)})


def test_splits_hold_every_picture_once(pictures: Path, tmp_path: Path) -> None:
    data = _prepare(pictures, tmp_path)
    assert data.classes == ("cup", "plate")
    assert sum(data.counts.values()) == 24
    for split in SPLITS:
        assert data.inputs(split).shape == (data.counts[split], 16, 16, 3)
        assert len(data.labels(split)) == data.counts[split]
    assert len(_contents(data, "train") | _contents(data, "validation") | _contents(data, "test")) == 24


def test_new_pictures_do_not_move_old_ones(pictures: Path, tmp_path: Path) -> None:
    data = _prepare(pictures, tmp_path / "a")
    before = {split: _contents(data, split) for split in SPLITS}
    random = np.random.default_rng(7)
    for index in range(20):
        picture = Image.fromarray(random.integers(0, 256, (16, 16, 3), dtype=np.uint8))
        picture.save(pictures / "cup" / f"a-new-one-{index}.png")
    data = _prepare(pictures, tmp_path / "b")
    after = {split: _contents(data, split) for split in SPLITS}
    assert all(before[split] <= after[split] for split in SPLITS)
    assert sum(map(len, after.values())) == 44


def test_the_same_input_gives_the_same_bytes(pictures: Path, tmp_path: Path) -> None:
    first, second = (_prepare(pictures, tmp_path / name).path for name in ("a", "b"))
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes(), path.name


def test_shards_hold_the_same_pictures_in_an_order_that_is_not_the_folders(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOURNEYMAN_SHARDS", str(tmp_path / "shards"))
    plain = _prepare(pictures, tmp_path / "plain")
    cut = _prepare(pictures, tmp_path / "cut", CONFIG.model_copy(update={"shards": 5}))
    assert cut.counts == plain.counts
    for split in SPLITS:
        assert not (cut.path / f"{split}_inputs.npy").exists()
        inputs, labels = np.asarray(cut.inputs(split)), cut.labels(split)
        assert inputs.shape == plain.inputs(split).shape
        there = {row: place for place, row in enumerate(plain.array(split, "rows").tolist())}
        places = [there[row] for row in cut.array(split, "rows").tolist()]
        assert np.array_equal(inputs, plain.inputs(split)[places])
        assert np.array_equal(labels, plain.labels(split)[places])
        assert np.array_equal(cut.array(split, "keys"), plain.array(split, "keys")[places])
    assert np.any(np.diff(cut.labels("train")) < 0)  # the folder has one label after the other
    counts = sum(-(-count // 5) for count in cut.counts.values())
    assert len(list((tmp_path / "shards").glob("*.npy"))) == counts


def test_a_given_test_split_is_kept(pictures: Path, tmp_path: Path) -> None:
    data = _prepare(pictures, tmp_path, given={0: "test", 1: "test", 2: "test"}, default="train")
    assert data.counts["test"] == 3


def test_findings_are_reported_by_file(pictures: Path, tmp_path: Path) -> None:
    (pictures / "cup" / "broken.png").write_bytes((pictures / "cup" / "00.png").read_bytes()[:80])
    (pictures / "cup" / "empty.jpg").write_bytes(b"")
    (pictures / "cup" / "notes.txt").write_text("not a picture")
    (pictures / "saucer").mkdir()
    shutil.copy(pictures / "cup" / "01.png", pictures / "plate" / "the-same.png")
    data = _prepare(pictures, tmp_path, LENIENT)
    report = json.loads((data.path / "report.json").read_text())
    assert set(report["unreadable"]) == {"source/cup/broken.png", "source/cup/empty.jpg"}
    assert report["unreadable"]["source/cup/empty.jpg"] == "the picture is empty (0 bytes)"
    assert report["empty_labels"] == ["saucer"]
    assert report["ignored"] == [f"{pictures}/cup/notes.txt"]
    assert list(report["contradictions"]) == ["source/plate/the-same.png"]
    assert "cup" in report["tiny_classes"]
    assert data.classes == ("cup", "plate")


def test_copies_of_a_picture_are_told(pictures: Path, tmp_path: Path) -> None:
    shutil.copy(pictures / "cup" / "01.png", pictures / "cup" / "01 (1).png")
    report = json.loads((_prepare(pictures, tmp_path, LENIENT).path / "report.json").read_text())
    assert report["copies"] == {"source/cup/01.png": "source/cup/01 (1).png is the same picture"}


def test_a_training_picture_that_is_in_the_test_split_is_left_out(pictures: Path, tmp_path: Path) -> None:
    for index in range(4):
        shutil.copy(pictures / "cup" / f"{index:02d}.png", pictures / "cup" / f"{index:02d}-again.png")
    given = {0: "test", 2: "test", 4: "test", 6: "test"}  # sorted by name: a picture, then its copy
    data = _prepare(pictures, tmp_path, LENIENT, given=given, default="train")
    report = json.loads((data.path / "report.json").read_text())
    assert len(report["duplicates"]) == 4
    assert not _contents(data, "test") & (_contents(data, "train") | _contents(data, "validation"))


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (
            Limits(),
            r"1 of 25 pictures cannot be read: 1 the picture is empty \(0 bytes\) \(source/cup/empty.png\); .*0.01",
        ),
        (Limits(unreadable=0), r"1 of 25 pictures cannot be read: .* prepare.limits.unreadable allows 0"),
        (Limits(unreadable=1, empty_labels=0), r"1 empty labels \(saucer\)"),
        (
            Limits(unreadable=1, smallest_class=100),
            r"label 'cup' has \d+ training pictures, .*smallest_class asks for 100",
        ),
    ],
)
def test_limits_are_enforced(limits: Limits, message: str, pictures: Path, tmp_path: Path) -> None:
    (pictures / "cup" / "empty.png").write_bytes(b"")
    (pictures / "saucer").mkdir()
    _prepare(pictures, tmp_path / "without", LENIENT)
    with pytest.raises(DataError, match=message):
        _prepare(pictures, tmp_path / "with", CONFIG.model_copy(update={"limits": limits}))


def test_slices_are_what_the_path_says(pictures: Path, tmp_path: Path) -> None:
    (pictures / "cup" / "left" / "day").mkdir(parents=True)
    for index in range(6):
        (pictures / "cup" / f"{index:02d}.png").rename(pictures / "cup" / "left" / "day" / f"{index:02d}.png")
    given: dict[int, str] = dict.fromkeys(range(3, 15), "test")
    plain = _prepare(pictures, tmp_path / "plain", given=given, default="train")
    assert read_slices(plain) == {}
    config = CONFIG.model_copy(update={"slices": ["origin", "folder"]})
    data = _prepare(pictures, tmp_path / "parted", config, given=given, default="train")
    names = [f"{batch.column('name')[row]}" for batch in look_at(pictures, "source").batches() for row in given]
    nested = np.array(["/left/day/" in name for name in names])
    found = read_slices(data)
    assert list(found) == ["folder: .", "folder: left/day", "origin: source"]
    assert found["folder: left/day"].tolist() == nested.tolist()
    assert found["folder: ."].tolist() == (~nested).tolist()
    assert found["origin: source"].all()
    assert {"class: cup", "class: plate", *found} == set(catalogue.evaluation("image").slices(data, None))
    assert np.load(data.path / "train_slices.npy").tolist() == [[0, 0]] * data.counts["train"]
    for path in plain.path.iterdir():  # all else stays as it was
        assert path.read_bytes() == (data.path / path.name).read_bytes(), path.name


def test_one_label_is_not_enough(pictures: Path, tmp_path: Path) -> None:
    shutil.rmtree(pictures / "plate")
    with pytest.raises(DataError, match="at least two labels"):
        _prepare(pictures, tmp_path)


def _prepare(
    pictures: Path,
    folder: Path,
    config: Prepare = CONFIG,
    given: dict[int, str] | None = None,
    default: str | None = None,
) -> PreparedData:
    folder.mkdir(exist_ok=True)
    raw = source.open(Origin(str(pictures), None, None))
    with pq.ParquetWriter(
        folder / "raw.parquet", raw.schema.with_metadata({"journeyman": json.dumps(raw.about)})
    ) as writer:
        for batch in raw.batches:
            splits = [(given or {}).get(row, default) for row in range(batch.num_rows)]
            changed = batch.set_column(3, raw.schema.field("split"), pa.array(splits, pa.string()))
            writer.write_batch(changed if given or default else batch)
    out = folder / "prepared"
    out.mkdir()
    prepare(folder / "raw.parquet", out, config, folder / "schema.yaml")
    return open_prepared(out)


def _contents(data: PreparedData, split: str) -> set[bytes]:
    return {picture.tobytes() for picture in data.inputs(split)}  # type: ignore[arg-type]


def test_parts_of_the_data_are_asked_for_and_read(tmp_path: Path) -> None:
    for number in range(24):
        save(tmp_path / "pets" / f"fold_{number % 3}" / label_of(number) / f"{number}.png", number)
    with pytest.raises(DataError, match="are the labels the folders fold_0, fold_1, fold_2, or cat, dog within each"):
        prepared(tmp_path / "pets")
    assert prepared(tmp_path / "pets", labels="*/{label}/*")[0].classes == ("cat", "dog")
    assert prepared(tmp_path / "pets", labels="folder")[0].classes == ("fold_0", "fold_1", "fold_2")


def test_given_validation_is_kept_and_test_drawn_and_said(tmp_path: Path) -> None:
    for number in range(40):
        save(tmp_path / "pets" / ("train" if number < 28 else "val") / label_of(number) / f"{number}.png", number)
    data, report = prepared(tmp_path / "pets")
    assert data.counts["validation"] == 12
    assert data.counts["train"] + data.counts["test"] == 28
    assert report["read"] == [
        "folders are taken as the splits: 'train' as train, 'val' as validation",
        "given are train and validation; test (20%) is drawn by content from the pictures of train",
    ]
    assert report["examples"] == {
        label: [f"source/train/{label}/{number}.png" for number in numbers]
        for label, numbers in (("cat", (1, 11, 13)), ("dog", (0, 10, 12)))
    }


def test_a_label_of_the_test_split_alone_cannot_be_learned(tmp_path: Path) -> None:
    for number in range(40):
        save(tmp_path / "pets" / ("train" if number < 28 else "test") / label_of(number) / f"{number}.png", number)
    save(tmp_path / "pets" / "test" / "bird" / "1.png", 100)
    with pytest.raises(DataError, match="label 'bird' has no training picture, all of it is in the other splits"):
        prepared(tmp_path / "pets")


def test_a_label_of_files_that_are_no_pictures_is_told(tmp_path: Path) -> None:
    for number in range(20):
        save(tmp_path / "pets" / label_of(number) / f"{number}.png", number)
    (tmp_path / "pets" / "bird").mkdir()
    (tmp_path / "pets" / "bird" / "1.pdf").write_bytes(b"%PDF-1.7")
    with pytest.raises(DataError, match="label 'bird' has no picture, but 1 PDF: save them as PNG or JPEG"):
        prepared(tmp_path / "pets")


def test_formats_that_are_not_read_are_counted_in_the_refusal(tmp_path: Path) -> None:
    for number in range(20):
        save(tmp_path / "pets" / label_of(number) / f"{number}.png", number)
        heic = tmp_path / "pets" / label_of(number) / f"IMG_{number}.{'heic' if number % 3 else 'jpg'}"
        heic.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99))
    with pytest.raises(DataError) as caught:
        prepared(tmp_path / "pets")
    assert str(caught.value).startswith(
        "20 of 40 pictures cannot be read: 20 HEIC: pip install pillow-heif, then run again; or convert to JPEG "
    )
    assert str(caught.value).endswith("; prepare.limits.unreadable allows 0.01")


def test_a_folder_that_was_copied_under_another_name_is_told(tmp_path: Path) -> None:
    for number in range(20):
        save(tmp_path / "pets" / label_of(number) / f"{number}.png", number)
    shutil.copytree(tmp_path / "pets" / "cat", tmp_path / "pets" / "cat - Copy")
    with pytest.raises(
        DataError, match=r"10 of 30 pictures have two labels: source/cat - Copy/1\.png: source/cat/1\.png"
    ):
        prepared(tmp_path / "pets")


def test_names_that_are_no_utf8_are_read(tmp_path: Path) -> None:
    for number in range(20):
        save(tmp_path / "pets" / label_of(number) / f"{number}.png", number)
    (tmp_path / "pets" / "cat").rename(tmp_path / "pets" / os.fsdecode(b"chat\xe9"))
    assert prepared(tmp_path / "pets")[0].classes == ("chat\\xe9", "dog")


@pytest.mark.parametrize(("allowed", "passes"), [(0.05, True), (0.04, False), (1, True), (0, False), (None, True)])
def test_a_limit_is_a_count_or_a_part(tmp_path: Path, allowed: float | None, passes: bool) -> None:
    for number in range(19):
        save(tmp_path / "pets" / label_of(number) / f"{number}.png", number)
    (tmp_path / "pets" / "cat" / "empty.png").write_bytes(b"")
    limits = {"limits": {"unreadable": allowed}}
    if passes:
        assert list(prepared(tmp_path / "pets", **limits)[1]["unreadable"]) == ["source/cat/empty.png"]
    else:
        with pytest.raises(DataError, match=f"prepare.limits.unreadable allows {allowed}$"):
            prepared(tmp_path / "pets", **limits)
