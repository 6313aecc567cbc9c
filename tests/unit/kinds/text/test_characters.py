import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.kinds.text.codec.characters import decode, encode, encoded, is_cut, normalized


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("What's UP?", "what ' s up ?"),
        ("  tabs\tand\u00a0blanks\r\n\u0007here\ufeff ", "tabs and blanks here"),
        ("\uff26\uff35\uff2c\uff2c \ufb01ne \u00bd", "full fine 1 \u2044 2"),
        ("e\u0301tude", "\u00e9tude"),
        ("नमस्ते दुनिया", "नमस्ते दुनिया"),
        ("مرحبا", "مرحبا"),
        ("今天很好", "今 天 很 好"),
        ("\U0001f468\u200d\U0001f469 \u2764\ufe0f", "\U0001f468 \U0001f469 \u2764"),
        ("a\ud800b", "a b"),
        ("\u200b \t", ""),
    ],
)
def test_a_text_is_its_words_whatever_its_form(text: str, words: str) -> None:
    assert normalized(text) == words


@given(st.text(alphabet=st.characters(codec=None), max_size=60))
def test_any_text_is_read_and_read_again_the_same(text: str) -> None:
    words = normalized(text)
    assert normalized(words) == words
    codes = encode(words, 400)
    assert decode(codes) == words
    assert codes.dtype == np.int32


def test_a_long_text_is_read_up_to_its_length() -> None:
    codes = encoded(["word " * 300_000], 64)[0]
    assert (codes > 0).all()
    assert decode(codes) == ("word " * 13)[:63].strip()
    assert is_cut("word word", 10)
    assert not is_cut("word word", 11)
