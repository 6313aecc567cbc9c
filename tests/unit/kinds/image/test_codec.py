import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from components import catalogue
from components.config.errors import BadRequest
from components.kinds.image import codec, params

GREY = {"height": 8, "width": 8, "channels": 1}
COLOUR = {"height": 8, "width": 8, "channels": 3}


@pytest.mark.parametrize("input", [GREY, COLOUR])
def test_what_is_encoded_decodes_to_the_same(input: dict[str, int]) -> None:
    example = np.random.default_rng(0).integers(0, 256, (8, 8, input["channels"]), dtype=np.uint8)
    assert (codec.decode(codec.encode(example), input) == example).all()


@pytest.mark.parametrize("format", codec.FORMATS)
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_every_format_is_read(format: str, mode: str) -> None:
    flat = Image.new(mode, (20, 30), 130 if mode == "L" else (130, 130, 130))
    decoded = codec.decode({"picture": _bytes(flat, format)}, GREY)
    assert decoded.shape == (8, 8, 1)
    assert decoded.dtype == np.uint8
    assert np.abs(decoded.astype(int) - 130).max() <= 3


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    deep = Image.fromarray(np.full((8, 8), 40_000, dtype=np.uint16))
    assert (codec.decode({"picture": _bytes(deep, "PNG")}, GREY) == 40_000 >> 8).all()


def test_a_photograph_is_turned_upright() -> None:
    photo = Image.fromarray(np.repeat([[0], [255]], 8, axis=1).repeat(4, axis=0).astype(np.uint8))  # dark above
    exif = Image.Exif()
    exif[0x0112] = 3  # to be turned by 180 degrees
    decoded = codec.decode({"picture": _bytes(photo, "PNG", exif=exif)}, GREY)
    assert decoded[0].min() == 255
    assert decoded[-1].max() == 0


def test_another_aspect_ratio_is_cropped_about_the_centre() -> None:
    wide = np.zeros((8, 24), dtype=np.uint8)
    wide[:, 8:16] = 200
    assert (codec.decode({"picture": _bytes(Image.fromarray(wide), "PNG")}, GREY) == 200).all()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the picture is empty"),
        (b"hello, world", "not a PNG, JPEG, WebP or BMP picture"),
        (b"GIF89a" + bytes(40), "not a PNG, JPEG, WebP or BMP picture"),
    ],
)
def test_what_is_no_picture_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        codec.decode({"picture": data}, GREY)


def test_every_truncation_and_damage_is_refused_or_read() -> None:
    random = np.random.default_rng(1)
    example = random.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    for format in codec.FORMATS:
        whole = _bytes(Image.fromarray(example), format)
        for length in range(len(whole)):
            _refused_or_read(whole[:length])
        for _ in range(200):
            damaged = bytearray(whole)
            damaged[random.integers(len(whole))] = random.integers(256)
            _refused_or_read(bytes(damaged))


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    bomb = _bytes(Image.new("L", (8_000, 7_000)), "PNG")
    with pytest.raises(BadRequest, match="8000 x 7000 pixels, at most 50,000,000 are taken"):
        codec.decode({"picture": bomb}, GREY)


def test_the_endpoint_takes_what_the_section_serve_says(tmp_path: Path) -> None:
    assert params.Serve().model_dump(include={"formats", "max_pixels"}) == {
        "formats": list(codec.FORMATS),
        "max_pixels": codec.MAX_PIXELS,
    }
    reader = codec.Reader("w", GREY, {"formats": ["PNG", "WEBP"], "max_pixels": 64}, tmp_path, None)
    assert reader.read([{"picture": _bytes(Image.new("L", (8, 8)), "PNG")}]).shape == (1, 8, 8, 1)
    with pytest.raises(BadRequest, match=r"^not a PNG or WebP picture$"):
        reader.read([{"picture": _bytes(Image.new("L", (8, 8)), "BMP")}])
    with pytest.raises(BadRequest, match="8 x 9 pixels, at most 64 are taken"):
        reader.read([{"picture": _bytes(Image.new("L", (8, 9)), "PNG")}])


def test_the_answer_names_the_best_class() -> None:
    (answer,) = catalogue.codec("image").answers(np.array([[0.25, 0.75]], dtype=np.float32), ["cup", "plate"], {}, "3")
    assert answer.model_dump() == {
        "label": "plate",
        "probability": 0.75,
        "probabilities": {"cup": 0.25, "plate": 0.75},
        "model_version": "3",
    }


def _refused_or_read(data: bytes) -> None:
    try:
        assert codec.decode({"picture": data}, GREY).shape == (8, 8, 1)
    except BadRequest as refusal:
        assert "\n" not in str(refusal)


def _bytes(picture: Image.Image, format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format=format, **options)
    return buffer.getvalue()
