"""What the head of a picture's file says, beside what Pillow says of it."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from components.kinds.image import codec
from components.kinds.image.codec.head import uploaded
from components.kinds.upload import Upload

WIDTH, HEIGHT = 301, 14
PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8))


def file(format: str, mode: str = "RGB", **options: object) -> bytes:
    buffer = io.BytesIO()
    PICTURE.convert(mode).save(buffer, format, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("format", "mode", "options"),
    [
        ("PNG", "L", {}),
        ("PNG", "RGBA", {}),
        ("JPEG", "RGB", {}),
        ("JPEG", "L", {"progressive": True}),
        ("JPEG", "RGB", {"icc_profile": bytes(200_000), "exif": bytes(60_000)}),
        ("WEBP", "RGB", {}),
        ("WEBP", "RGB", {"lossless": True}),
        ("WEBP", "RGBA", {"exif": b"Exif\0\0II*\0\x08\0\0\0\0\0"}),
        ("BMP", "RGB", {}),
        ("GIF", "P", {}),
    ],
)
def test_format_and_size_are_those_that_pillow_reads(format: str, mode: str, options: dict[str, object]) -> None:
    data = file(format, mode, **options)
    assert Image.open(io.BytesIO(data)).size == (WIDTH, HEIGHT)
    assert codec.upload({"picture": data}) == Upload(format, WIDTH, HEIGHT, len(data))


def test_an_old_or_upside_down_bmp_has_its_size() -> None:
    data = file("BMP")
    turned = data[:22] + (-HEIGHT).to_bytes(4, "little", signed=True) + data[26:]
    old = data[:14] + b"\x0c\0\0\0" + WIDTH.to_bytes(2, "little") + HEIGHT.to_bytes(2, "little") + data[22:]
    assert uploaded(turned)[1:3] == uploaded(old)[1:3] == (WIDTH, HEIGHT)


@pytest.mark.parametrize("format", ["TIFF", "PPM", "AVIF"])
def test_of_other_formats_the_name_is_told(format: str) -> None:
    data = file(format)
    assert uploaded(data) == Upload(format, None, None, len(data))


def test_a_file_that_is_cut_anywhere_is_told_of_as_far_as_it_goes() -> None:
    for format in ("PNG", "JPEG", "WEBP", "BMP", "GIF"):
        data = file(format, {"GIF": "P", "WEBP": "RGBA"}.get(format, "RGB"))
        for end in range(min(len(data), 1_000)):
            found = uploaded(data[:end])
            assert (found.width, found.height) in {(None, None), (WIDTH, HEIGHT)}
    assert uploaded(b"") == Upload("", None, None, 0)


def test_endless_segments_of_a_jpeg_are_not_walked() -> None:
    data = file("JPEG")
    padded = data[:2] + b"\xff" * 100 + data[2:]
    endless = data[:2] + b"\xff\xfe\x00\x02" * 1_000 + data[2:]
    assert uploaded(padded)[1:3] == (WIDTH, HEIGHT)
    assert uploaded(endless)[1:3] == (None, None)


def test_what_the_log_has_is_json() -> None:
    assert json.loads(Upload("JPEG", 640, 480, 9).json()) == {"format": "JPEG", "width": 640, "height": 480, "bytes": 9}
    assert json.loads(Upload("TIFF", None, None, 9).json())["width"] is None
