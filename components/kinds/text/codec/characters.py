"""A text <-> the array that the model takes: its normalized characters as code points, words parted by one blank.

    " how are you ? "  ->  int32 [32, 104, 111, 119, 32, ..., 63, 32, 0, 0, ...]

Compatibility forms are one (NFKC), case is gone, and so are control characters. A word is a run of letters, marks and
digits of any script; an ideograph, a syllable of kana, a sign or an emoji is a word of its own.
"""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

BLANK = 32
"""The code point before, behind and between words; 0 stands behind the text."""
_LOOKED_AT = 8  # characters of a text that are looked at for each that is read: some vanish, some are blanks
_ALONE = ((0x2E80, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
_NOTHING = ((0xFE00, 0xFE0F), (0xE0100, 0xE01EF), (0x200B, 0x200D))  # how the character before is drawn


def normalized(text: str, length: int | None = None) -> str:
    """Return the words of a text, parted by single blanks; of a long one enough of them for `length` characters."""
    if length is not None:
        text = text[: _LOOKED_AT * length]
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())
    return " ".join("".join(map(_spaced, text)).split())


def encode(words: str, length: int) -> NDArray[np.int32]:
    """Return normalized words as code points `[length]`."""
    codes = np.zeros(length, dtype=np.int32)
    points = np.frombuffer(f" {words} ".encode("utf-32-le"), dtype=np.int32)[:length]
    codes[: len(points)] = points
    return codes


def encoded(texts: Sequence[str], length: int) -> NDArray[np.int32]:
    """Return texts as callers send them as code points `[N, length]`."""
    codes = np.zeros((len(texts), length), dtype=np.int32)
    for index, text in enumerate(texts):
        codes[index] = encode(normalized(text, length), length)
    return codes


def decode(codes: NDArray[np.int32]) -> str:
    """Return the normalized words of code points `[length]`."""
    return codes[: int((codes > 0).sum())].astype("<i4").tobytes().decode("utf-32-le").strip()


def is_cut(words: str, length: int) -> bool:
    """Whether normalized words are more than `length` characters with the blanks around them."""
    return len(words) + 2 > length


@lru_cache(maxsize=1 << 14)
def _spaced(character: str) -> str:
    """Return the character as it stands among others: within a word, with blanks around it, or as a blank."""
    point, category = ord(character), unicodedata.category(character)
    if _within(point, _NOTHING):
        return ""
    if category[0] in "ZC":
        return " "
    if category[0] in "PS" or _within(point, _ALONE):
        return f" {character} "
    return character


def _within(point: int, ranges: Sequence[tuple[int, int]]) -> bool:
    return any(first <= point <= last for first, last in ranges)
