"""What lies in people's folders beside their pictures, and pictures by their content."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from components.config.errors import ConfigError, DataError
from components.kinds.image import source
from components.kinds.image.codec.recognise import recognise
from components.kinds.image.source.files import files_below, is_picture
from components.kinds.leftovers import is_leftover
from components.kinds.raw import Origin

LEFTOVERS = [
    "._0.jpg",
    ".DS_Store",
    "__MACOSX/cat/._0.jpg",
    "cat/Thumbs.db",
    "cat/desktop.ini",
    "cat/.ipynb_checkpoints/0-checkpoint.jpg",
    "@eaDir/0.jpg/SYNOPHOTO_THUMB_M.jpg",
    "#recycle/0.jpg",
    ".git/objects/0.jpg",
    ".thumbnails/0.jpg",
    ".Trash-1000/files/0.jpg",
    "$RECYCLE.BIN/0.jpg",
    "lost+found/0.jpg",
    "cat.dvc",
    "cat/0.jpg.crdownload",
]
HEADS = {
    "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "CR2": b"II*\0\x10\0\0\0CR\x02\0",
    "PSD": b"8BPS\0\1",
    "SVG": b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>',
    "PDF": b"%PDF-1.7\n",
    "DICOM": bytes(128) + b"DICM",
    "NumPy": b"\x93NUMPY\1\0",
    "video": b"\0\0\0\x18ftypmp42\0\0\0\0",
    "zip archive": b"PK\3\4\x14\0",
    "JPEG XL": b"\xff\x0a\xfa\x7f",
    "web page": b"<!DOCTYPE html><html>",
    "Git LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
}


def write(path: Path, content: bytes | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded("JPEG") if content is None else content)


def encoded(format: str, mode: str = "RGB", **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((16, 16, 3), 90, dtype=np.uint8)).convert(mode).save(buffer, format, **options)
    return buffer.getvalue()


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    for name in ("cat/0.jpg", "cat/1.jpg", "dog/0.jpg", "dog/1.jpg"):
        write(tmp_path / "pets" / name)
    return tmp_path / "pets"


@pytest.mark.parametrize("name", LEFTOVERS)
def test_what_systems_and_tools_leave_behind_is_passed_over_and_said(pets: Path, name: str) -> None:
    write(pets / name)
    raw = source.open(Origin(str(pets), None, None))
    assert raw.about["labels"] == ["cat", "dog"]
    assert sum(batch.num_rows for batch in raw.batches) == 4
    assert raw.about["ignored"] == []
    (said,) = raw.about["read"]
    assert said.startswith("what systems and tools leave behind is passed over: ")


@pytest.mark.parametrize("name", ["cat", "_background_", "Thumbs", "icon", "recycle", "0.jpg", "trash", "temp"])
def test_labels_and_pictures_are_no_leftovers(name: str) -> None:
    assert not is_leftover(name)


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("x.jfif", "JPEG"),
        ("x.jpe", "JPEG"),
        ("x.JPG_large", "JPEG"),
        ("x", "PNG"),
        ("x.tif", "TIFF"),
        ("x.TIFF", "TIFF"),
        ("x.gif", "GIF"),
        ("x.avif", "AVIF"),
        ("x.pgm", "PPM"),
        ("x.jp2", "JPEG2000"),
        ("x.png", "JPEG"),
        ("a1b2c3d4", "WEBP"),
        ("scan.001", "BMP"),
    ],
)
def test_a_picture_is_known_by_its_name_or_its_content(pets: Path, name: str, format: str) -> None:
    write(pets / "cat" / name, encoded(format))
    assert f"cat/{name}" in files_below(pets).pictures
    assert is_picture(str(pets / "cat" / name))


@pytest.mark.parametrize("format", HEADS)
def test_what_is_not_read_is_known_by_its_content(format: str) -> None:
    found = recognise(HEADS[format])
    assert found is not None
    assert found.name == format
    assert found.advice


def test_a_raw_file_is_known_by_its_name(pets: Path) -> None:
    write(pets / "cat" / "x.NEF", encoded("TIFF"))
    assert files_below(pets).foreign["cat/x.NEF"].name == "NEF"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "cat/{}.heic",
            HEADS["HEIC"],
            "6 HEIC (cat/0.heic, cat/1.heic, cat/2.heic, ...): pip install pillow-heif, then",
        ),
        (
            "cat/{}.CR2",
            HEADS["CR2"],
            "6 CR2 (cat/0.CR2, cat/1.CR2, cat/2.CR2, ...): a camera's raw file",
        ),
        ("cat/{}.mp4", HEADS["video"], "6 video (cat/0.mp4, cat/1.mp4, cat/2.mp4, ...): cut pictures out of it"),
        ("cat/{}.npy", HEADS["NumPy"], "6 NumPy (cat/0.npy, cat/1.npy, cat/2.npy, ...): save each picture as PNG"),
        ("pets{}.zip", HEADS["zip archive"], "6 zip archive (pets0.zip, pets1.zip, pets2.zip, ...): unpack it"),
    ],
)
def test_what_is_not_read_is_counted_by_format(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    for number in range(6):
        write(tmp_path / "pets" / name.format(number), content)
    with pytest.raises(DataError) as caught:
        source.open(Origin(str(tmp_path / "pets"), None, None))
    assert f"no picture there that can be read: {said}" in str(caught.value)


def test_nothing_at_all_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no picture there: label/picture\.png is expected"):
        source.open(Origin(str(tmp_path), None, None))


def test_an_archive_for_a_source_is_to_be_unpacked(tmp_path: Path) -> None:
    write(tmp_path / "pets.zip", HEADS["zip archive"])
    with pytest.raises(ConfigError, match=r"pets\.zip: an archive: unpack it, and set source to the folder"):
        source.open(Origin(str(tmp_path / "pets.zip"), None, None))


def test_what_has_a_picture_beside_it_is_not_lost(pets: Path) -> None:
    write(pets / "cat" / "0.cr2", HEADS["CR2"])
    write(pets / "cat" / "0.mov", HEADS["video"])
    write(pets / "dog" / "7.heic", HEADS["HEIC"])
    about = source.open(Origin(str(pets), None, None)).about
    assert list(about["lost"]) == ["source/dog/7.heic"]
    assert about["ignored"] == [f"{pets}/cat/0.cr2", f"{pets}/cat/0.mov"]
    assert "source: files that are no pictures are passed over: 1 CR2, 1 video" in about["read"]


def test_masks_of_other_pictures_are_passed_over_and_said(pets: Path) -> None:
    for name in ("cat/0_mask.jpg", "cat/1_mask_1.png", "dog/1-seg.jpg", "dog/face_mask.jpg"):
        write(pets / name)
    raw = source.open(Origin(str(pets), None, None))
    assert raw.about["read"] == ["source: 3 masks of other pictures are passed over (cat/0_mask.jpg)"]
    assert sum(batch.num_rows for batch in raw.batches) == 5


def test_links_are_followed_and_dead_ones_are_told(pets: Path) -> None:
    (pets / "bird").symlink_to(pets / "cat")
    (pets / "cat" / "round").symlink_to(pets)
    (pets / "dog" / "9.jpg").symlink_to(pets / "nowhere.jpg")
    found = files_below(pets)
    assert {"bird/0.jpg", "cat/0.jpg", "dog/0.jpg"} <= set(found.pictures)
    assert len(found.pictures) == 6
    assert found.dead == {"dog/9.jpg": "a link that leads nowhere"}
