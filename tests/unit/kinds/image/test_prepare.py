import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from components.config.errors import DataError
from components.kinds.image import exam, source
from components.kinds.image.params import Limits, Prepare
from components.kinds.image.prepare import prepare
from components.kinds.image.source.folder import look_at
from components.kinds.prepared import SPLITS, PreparedData, open_prepared
from components.kinds.raw import Origin
from components.kinds.slices import read_slices

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
    assert {"class: cup", "class: plate", *found} == set(exam.slices(data))
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
