"""Pictures of more than 8 bits: scaled by what the whole set holds, and in the same way by the endpoint."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from components.config.errors import DataError
from components.kinds.image import codec
from tests.unit.kinds.image.preparing import label_of, prepared

GREY = {"height": 8, "width": 8, "channels": 1}


def whole(most: int) -> Callable[[int], np.ndarray]:
    return lambda seed: np.random.default_rng(seed).integers(0, most + 1, (16, 16)).astype(np.uint16)


def floats(low: float, high: float) -> Callable[[int], np.ndarray]:
    return lambda seed: np.random.default_rng(seed).uniform(low, high, (16, 16)).astype(np.float32)


def plain(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (16, 16)).astype(np.uint8)


def either(one: Callable[[int], np.ndarray], other: Callable[[int], np.ndarray]) -> Callable[[int], np.ndarray]:
    return lambda seed: (one if seed % 4 < 2 else other)(seed)


def write(folder: Path, made: Callable[[int], Any], suffix: str = ".png", count: int = 24) -> Path:
    for number in range(count):
        path = folder / label_of(number) / f"{number}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        content = made(number)
        path.write_bytes(content) if isinstance(content, bytes) else Image.fromarray(content).save(path)
    return folder


def deep_colour(most: int) -> Callable[[int], bytes]:
    """Return what makes PNG files of 16 bits a colour: Pillow writes none."""

    def made(seed: int) -> bytes:
        pixels = np.random.default_rng(seed).integers(0, most + 1, (16, 16, 3)).astype(">u2")
        rows = b"".join(b"\0" + row.tobytes() for row in pixels)
        header = struct.pack(">IIBBBBB", 16, 16, 16, 2, 0, 0, 0)
        chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )

    return made


@pytest.mark.parametrize(
    ("made", "suffix", "levels"),
    [
        (whole(4_095), ".png", [0, 4_095]),
        (whole(4_095), ".tif", [0, 4_095]),
        (whole(3_000), ".png", [0, 4_095]),
        (whole(1_023), ".png", [0, 1_023]),
        (whole(255), ".png", [0, 255]),
        (whole(65_535), ".png", None),
        (floats(0.0, 1.0), ".tif", [0, 1]),
        (floats(0.0, 255.0), ".tif", [0, 255]),
        (floats(-1.0, 1.0), ".tif", [-1, 1]),
        (either(whole(4_095), plain), ".png", [0, 4_095]),
    ],
)
def test_black_and_white_are_found_on_the_whole_set_and_kept_for_the_endpoint(
    tmp_path: Path, made: Callable[[int], Any], suffix: str, levels: list[float] | None
) -> None:
    folder = write(tmp_path / "cells", made, suffix)
    data, report = prepared(folder, channels=1)
    assert data.input.get("levels") == levels
    assert "pictures have more than 8 bits, with values" in report["read"][-1]
    inputs = np.concatenate([np.asarray(data.inputs(split)) for split in ("train", "validation", "test")])
    assert len(np.unique(inputs)) > 150
    reader = codec.Reader("w", data.input, {"formats": list(codec.ENDPOINT_LIMITS.formats)}, tmp_path, None)
    one = next(folder.rglob(f"*{suffix}"))
    assert any((reader.read([{"picture": one.read_bytes()}])[0] == example).all() for example in inputs)


def test_levels_that_are_said_are_taken(tmp_path: Path) -> None:
    data, _ = prepared(write(tmp_path / "cells", whole(4_095)), channels=1, levels=[1000, 2000])
    assert data.input["levels"] == [1000, 2000]
    values = np.asarray(data.inputs("train"))
    assert (values == 0).mean() > 0.2
    assert (values == 255).mean() > 0.4


@pytest.mark.parametrize("value", [[5, 5], [10, 0], [1], [1, 2, 3]])
def test_levels_have_to_rise(value: list[int], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="levels"):
        prepared(write(tmp_path / "cells", plain), levels=value)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (
            either(whole(4_095), whole(65_535)),
            "12 pictures hold values up to 4,095 and 12 up to 65,535: if all are of one scale, "
            "set prepare.levels to [0, 65535]; if not, bring them to one",
        ),
        (
            either(whole(4_095), floats(0.0, 1.0)),
            "12 pictures hold whole numbers of more than 8 bits and 12 floats: "
            "set prepare.levels to the values of black and white of all, or write them in one way",
        ),
        (
            deep_colour(4_095),
            "24 colour pictures of 16 bits hold values up to 4,095 alone, and their upper 8 bits are read: "
            "16 levels would be left; save them with 8 bits",
        ),
    ],
)
def test_two_scales_or_a_lost_one_are_one_line(tmp_path: Path, made: Callable[[int], Any], message: str) -> None:
    suffix = ".png" if isinstance(made(0), bytes) else ".tif"
    with pytest.raises(DataError) as caught:
        prepared(write(tmp_path / "cells", made, suffix), channels=1)
    assert str(caught.value) == message


def test_sixteen_bits_of_colour_are_read_at_their_upper_half_and_said(tmp_path: Path) -> None:
    data, report = prepared(write(tmp_path / "cells", deep_colour(65_535)))
    assert "levels" not in data.input
    assert report["read"] == ["24 colour pictures have 16 bits; their upper 8 are read"]


def test_a_depth_that_goes_with_the_label_is_said(tmp_path: Path) -> None:
    folder = write(tmp_path / "cells", lambda seed: whole(4_095)(seed) if seed % 2 else plain(seed))
    _, report = prepared(folder, channels=1)
    assert report["read"][-1] == (
        "all pictures of cat have more than 8 bits and none of dog: a model may tell them apart by that alone"
    )


def test_a_bundle_without_levels_takes_the_upper_half() -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.full((8, 8), 40_000, dtype=np.uint16)).save(buffer, "PNG")
    assert (codec.decode({"picture": buffer.getvalue()}, GREY) == 40_000 >> 8).all()
    assert (codec.decode({"picture": buffer.getvalue()}, {**GREY, "levels": [0, 65_535]}) == 156).all()
    assert (codec.decode({"picture": buffer.getvalue()}, {**GREY, "levels": [0, 30_000]}) == 255).all()


def test_values_that_are_no_numbers_are_black() -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.full((8, 8), np.nan, dtype=np.float32)).save(buffer, "TIFF")
    decoded = codec.decode({"picture": buffer.getvalue()}, {**GREY, "levels": [0, 1]}, codec.TRAINING_LIMITS)
    assert (decoded == 0).all()


def test_pictures_that_use_few_of_their_values_are_said_to_be_dark(tmp_path: Path) -> None:
    dark = write(tmp_path / "digits", lambda seed: plain(seed) // 16)
    _, report = prepared(dark, channels=1)
    assert report["read"] == [
        "all pictures are nearly black, the lightest pixel has 15 of 255: save them with values up to 255"
    ]
