"""Pictures as they come: each is answered rightly, or refused in one sentence."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps
from PIL.ImageFile import ImageFile

from components.config.errors import BadRequest
from components.kinds.image import codec
from components.kinds.image.codec.cost import is_cheap

GREY = {"height": 8, "width": 8, "channels": 1}
COLOUR = {"height": 8, "width": 8, "channels": 3}
RED, BLUE = (200, 30, 40), (20, 40, 210)


def test_an_animation_is_its_first_frame() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, BLUE)]
    for format in ("PNG", "WEBP"):
        data = encoded(frames[0], format, save_all=True, append_images=frames[1:], duration=100)
        assert near(decode(data), RED), format


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_turned_as_pillow_turns_it(format: str, orientation: int) -> None:
    corners = np.zeros((16, 24, 3), dtype=np.uint8)
    corners[:8, :8], corners[:8, 16:], corners[8:, :8] = RED, BLUE, (255, 255, 255)
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "a camera", orientation
    data = encoded(Image.fromarray(corners), format, exif=exif, quality=95)
    with Image.open(io.BytesIO(data)) as picture:
        expected = ImageOps.fit(ImageOps.exif_transpose(picture).convert("RGB"), (8, 8), Image.Resampling.BILINEAR)
    assert np.abs(decode(data).astype(int) - np.asarray(expected)).max() <= 2


@pytest.mark.parametrize(
    "exif",
    [
        b"",
        b"Exif\0\0",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01",
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02\0\0\0\x01\0\x06\0\0",
        b"Exif\0\0" + b"\xa5" * 500,
    ],
)
@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_junk_for_exif_turns_nothing(exif: bytes, format: str) -> None:
    assert near(decode(encoded(Image.new("RGB", (8, 8), RED), format, exif=exif)), RED)


def test_exif_with_thousands_of_wrong_entries_costs_nothing() -> None:
    entries = b"".join(struct.pack("<HHII", tag + 300, 7, 60_000, 8) for tag in range(5_000))
    tiff = b"II*\0\x08\0\0\0" + struct.pack("<H", 5_000) + entries
    plain = encoded(Image.new("RGB", (8, 8), RED), "JPEG")
    exif = struct.pack(">H", len(tiff) + 8) + b"Exif\0\0" + tiff
    assert near(decode(plain[:2] + b"\xff\xe1" + exif + plain[2:]), RED)


@pytest.mark.parametrize(("background", "expected"), [(0, (0, 0, 0)), (255, (255, 255, 255))])
@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_what_is_transparent_shows_the_background(background: int, expected: tuple[int, int, int], format: str) -> None:
    clear = Image.new("RGBA", (8, 8), (*RED, 0))
    clear.paste((*BLUE, 255), (0, 0, 8, 4))
    decoded = decode(encoded(clear, format, lossless=True), {**COLOUR, "background": background})
    assert near(decoded[:4], BLUE)
    assert near(decoded[4:], expected)


def test_half_transparent_is_half_the_background() -> None:
    half = encoded(Image.new("LA", (20, 20), (0, 128)), "PNG")
    assert near(decode(half, {**GREY, "background": 255}), (127,))


def test_the_background_is_white_unless_it_is_said() -> None:
    assert near(decode(encoded(Image.new("RGBA", (8, 8)), "PNG")), (255, 255, 255))


@pytest.mark.parametrize("transparency", [None, 1, bytes([255, 0])])
def test_a_palette_is_looked_up(transparency: int | bytes | None) -> None:
    palette = Image.new("P", (8, 8), 0)
    palette.putpalette([*RED, *BLUE])
    palette.paste(1, (0, 4, 8, 8))
    options = {} if transparency is None else {"transparency": transparency}
    decoded = decode(encoded(palette, "PNG", **options))
    assert near(decoded[:4], RED)
    assert near(decoded[4:], BLUE if transparency is None else (255, 255, 255))


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_one_colour_may_be_transparent(mode: str) -> None:
    colour = 90 if mode == "L" else RED
    data = encoded(Image.new(mode, (8, 8), colour), "PNG", transparency=colour)
    assert near(decode(data), (255, 255, 255))


def test_one_bit_is_black_and_white() -> None:
    assert (decode(encoded(Image.new("1", (8, 8), 1), "PNG"), GREY) == 255).all()
    assert (decode(encoded(Image.new("1", (8, 8), 1), "BMP"), GREY) == 255).all()
    striped = Image.fromarray(np.tile([[True], [False]], (32, 64)))
    averaged = decode(encoded(striped, "PNG"), GREY)
    assert averaged.min() > 100
    assert averaged.max() < 155


def test_sixteen_bits_of_colour_keep_their_upper_half() -> None:
    row = b"\0" + struct.pack(">HHH", 0x8123, 0x4123, 0xC123) * 8
    assert near(decode(png(8, 8, depth=16, colour=2, pixels=row * 8)), (0x81, 0x41, 0xC1))


def test_printers_colours_are_converted() -> None:
    cmyk = encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95)
    red = decode(cmyk)[0, 0]
    assert red[0] > 200
    assert red[1] < 60
    assert decode(cmyk, GREY).shape == (8, 8, 1)


def test_a_profile_is_not_believed_and_not_needed() -> None:
    picture = Image.new("RGB", (8, 8), RED)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for icc in (profile, b"junk" * 100):
        for format in ("PNG", "JPEG", "WEBP"):
            assert near(decode(encoded(picture, format, icc_profile=icc)), RED)


def test_two_pictures_in_one_file_are_the_first() -> None:
    both = encoded(Image.new("RGB", (16, 16), RED), "MPO", save_all=True, append_images=[Image.new("RGB", (16, 16))])
    assert near(decode(both), RED)


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (3, 2)])
def test_the_smallest_are_read(size: tuple[int, int]) -> None:
    for format in codec.FORMATS:
        assert near(decode(encoded(Image.new("RGB", size, RED), format)), RED)


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_a_huge_picture_within_the_limit_is_read(format: str) -> None:
    huge = encoded(Image.new("L", (12_000, 4_000), 130), format, compress_level=1)
    assert near(decode(huge, GREY), (130,))


def test_a_large_photograph_is_decoded_small_with_the_same_result() -> None:
    slope = np.add.outer(np.arange(1200) // 10, np.arange(1600) // 16).astype(np.uint8)
    data = encoded(Image.fromarray(slope), "JPEG", quality=95)
    with Image.open(io.BytesIO(data)) as picture:
        expected = ImageOps.fit(picture, (8, 8), Image.Resampling.BILINEAR)
    assert np.abs(decode(data, GREY)[..., 0].astype(int) - np.asarray(expected)).max() <= 2


@pytest.mark.parametrize(("input", "times"), [(COLOUR, 2), ({**COLOUR, "draft": 8}, 8)], ids=["from before", "now"])
def test_a_photograph_keeps_so_many_times_the_pixels_that_are_needed(input: dict[str, int], times: int) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (160, 160, 3), dtype=np.uint8)
    photograph = encoded(Image.fromarray(noise), "JPEG")
    with Image.open(io.BytesIO(photograph)) as small:
        small.draft("RGB", (8 * times, 8 * times))
        assert small.size == (160 // {2: 8, 8: 2}[times],) * 2, "it is decoded at a part of its size"
        expected = ImageOps.fit(small, (8, 8), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(decode(photograph, input), np.asarray(expected))


@pytest.mark.parametrize(("width", "height"), [(0, 8), (8, 0), (0, 0)])
def test_nothing_wide_or_high_is_refused(width: int, height: int) -> None:
    refused(png(width, height), "the picture is damaged")
    refused(bmp(width, height), "the picture is damaged")
    refused(jpeg_of_size(width, height), "the picture is damaged")


def test_bombs_are_refused_before_they_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[tuple[int, int]] = []
    load = ImageFile.load
    monkeypatch.setattr(ImageFile, "load", lambda picture: decoded.append(picture.size) or load(picture))
    for data in (png(60_000, 60_000), bmp(60_000, 60_000), jpeg_of_size(60_000, 60_000), webp_of_size(16_000, 16_000)):
        refused(data, "pixels, at most 50,000,000 are taken")
    assert decoded == []
    assert decode(png(8, 8), GREY).shape == (8, 8, 1)
    assert set(decoded) == {(8, 8)}


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP"])
def test_text_that_unpacks_to_megabytes_is_refused(kind: bytes) -> None:
    packed = zlib.compress(bytes(20_000_000), 9)
    head = {b"zTXt": b"k\0\0", b"iTXt": b"k\0\1\0\0\0", b"iCCP": b"k\0\0"}[kind]
    refused(png(8, 8, between=chunk(kind, head + packed)), "the picture is damaged")
    many = chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(1_000_000), 9)) * 80
    refused(png(8, 8, between=many), "the picture is damaged")


def test_a_file_of_endless_parts_is_refused_soon() -> None:
    photo = encoded(Image.new("RGB", (8, 8)), "JPEG")
    endless = [png(8, 8, between=chunk(b"noNe", b"") * 500_000), photo[:2] + b"\xff\xfe\0\2" * 500_000 + photo[2:]]
    for data in endless:
        refused(data, "the picture's file has more than 100,000 parts")


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    data = encoded(Image.new("L", (2_000, 2_000)), "JPEG", progressive=True)
    last = data.rfind(b"\xff\xda")
    refused(data[:last] + data[last:-2] * 1_000 + data[-2:], "the JPEG picture has more than 64 scans")


@pytest.mark.parametrize("compression", [1, 2])
def test_run_lengths_are_refused(compression: int) -> None:
    refused(bmp(8, 8, bits=8 if compression == 1 else 4, compression=compression), "the BMP picture is compressed")


@pytest.mark.parametrize("progressive", [True, False])
def test_half_a_photograph_is_refused(progressive: bool) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(photo), "JPEG", progressive=progressive)
    for part in (3, 2, 1.2):
        refused(data[: int(len(data) / part)], "the picture is damaged")


def test_a_wrong_checksum_is_refused() -> None:
    data = bytearray(encoded(Image.new("RGB", (8, 8), RED), "PNG"))
    data[29] ^= 0xFF
    refused(bytes(data), "the picture is damaged: broken PNG file")


@pytest.mark.parametrize("format", ["GIF", "TIFF", "PPM", "ICO", "TGA", "PDF"])
def test_other_formats_are_refused(format: str) -> None:
    refused(encoded(Image.new("RGB", (16, 16)), format), "not a PNG, JPEG, WebP or BMP picture")


@pytest.mark.parametrize("data", [b"\0", b"<svg/>", b"%PDF-1.7", b"BM", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF"])
def test_what_only_begins_like_a_picture_is_refused(data: bytes) -> None:
    refused(data, "picture")


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_only_what_holds_few_pixels_is_cheap(format: str) -> None:
    assert is_cheap(encoded(Image.new("RGB", (28, 28)), format))
    assert is_cheap(encoded(Image.new("L", (100, 100)), format))
    assert not is_cheap(encoded(Image.new("L", (300, 300)), format))
    noise = np.random.default_rng(0).integers(0, 256, (100, 100, 3), dtype=np.uint8)
    assert not is_cheap(encoded(Image.fromarray(noise), format, quality=100)), "many bytes"


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xe0\0\0" * 9, b"\x89PNG\r\n\x1a\n" + b"\xff" * 20, b"BM", b"RIFF"]
)
def test_what_does_not_tell_its_size_is_not_cheap(data: bytes) -> None:
    assert not is_cheap(data)


def decode(data: bytes, input: dict[str, int] = COLOUR) -> np.ndarray:
    decoded = codec.decode({"picture": data}, input)
    assert decoded.shape == (input["height"], input["width"], input["channels"])
    assert decoded.dtype == np.uint8
    return decoded


def refused(data: bytes, sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence) as caught:
        codec.decode({"picture": data}, GREY)
    assert "\n" not in str(caught.value)


def near(decoded: np.ndarray, colour: tuple[int, ...]) -> bool:
    return bool((np.abs(decoded.astype(int) - np.array(colour)) <= 4).all())


def encoded(picture: Image.Image, format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(
    width: int, height: int, depth: int = 8, colour: int = 0, pixels: bytes = bytes(72), between: bytes = b""
) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + between + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def bmp(width: int, height: int, bits: int = 8, compression: int = 0) -> bytes:
    palette = bytes(4 << bits)
    start = 54 + len(palette)
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, 64, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", start + 64, 0, 0, start) + header + palette + bytes(64)


def jpeg_of_size(width: int, height: int) -> bytes:
    data = encoded(Image.new("L", (8, 8)), "JPEG")
    offset = data.find(b"\xff\xc0") + 5
    return data[:offset] + struct.pack(">HH", height, width) + data[offset + 4 :]


def webp_of_size(width: int, height: int) -> bytes:
    data = encoded(Image.new("RGB", (8, 8)), "WEBP", lossless=True)
    bits = struct.pack("<I", (width - 1) | (height - 1) << 14)
    return data[:21] + bits + data[25:]
