"""What holds for every array and for all bytes, looked for by hypothesis."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from components.config.errors import BadRequest
from components.kinds.image import codec
from components.kinds.image.codec.file import DecodeLimits

BEGINNINGS = [
    b"",
    b"BM",
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    b"RIFF\x20\0\0\0WEBPVP8L",
    b"RIFF\x20\0\0\0WEBPVP8X",
]
SIZES = st.tuples(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 3]))


@pytest.mark.slow
@given(SIZES.flatmap(lambda size: arrays(np.uint8, size)))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_an_array_comes_back_from_its_row(example: np.ndarray) -> None:
    height, width, channels = example.shape
    back = codec.decode(codec.encode(example), {"height": height, "width": width, "channels": channels})
    assert np.array_equal(back, example)


@pytest.mark.slow
@given(SIZES.flatmap(lambda size: arrays(np.uint8, size)), SIZES)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_any_size_is_brought_to_any_other(example: np.ndarray, size: tuple[int, int, int]) -> None:
    height, width, channels = size
    decoded = codec.decode(codec.encode(example), {"height": height, "width": width, "channels": channels})
    assert decoded.shape == size
    assert decoded.dtype == np.uint8


@pytest.mark.slow
@given(st.sampled_from(BEGINNINGS), st.binary(max_size=400))
@settings(max_examples=1_000, deadline=None, derandomize=True)
def test_any_bytes_are_read_or_refused_in_one_sentence(beginning: bytes, rest: bytes) -> None:
    try:
        decoded = codec.decode(
            {"picture": beginning + rest}, {"height": 8, "width": 8, "channels": 1}, DecodeLimits(max_pixels=10**6)
        )
    except BadRequest as refusal:
        assert str(refusal)
        assert "\n" not in str(refusal)
    else:
        assert decoded.shape == (8, 8, 1)
