"""In which encoding a text file is: UTF-8 or UTF-16, or an older one of 8 bits, which is told by its letters.

Own code: the standard library finds no encoding.
"""

import codecs
import re
import unicodedata
from pathlib import Path

import pyarrow as pa
from charset_normalizer import from_bytes

from components.config.errors import DataError

_BLOCK = 1 << 22  # bytes read at a time
_SAMPLE = 1 << 16  # bytes of lines with other letters than ASCII's that are looked at
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_LATIN = ("cp1252", "cp1250", "cp850", "mac_roman", "iso8859_2")
_OTHER = ("cp1251", "koi8-r", "cp866", "cp1253")
"""Encodings of 8 bits: of letters that are partly ASCII's, and of other alphabets."""
_WIDE = ("cp932", "gb18030", "big5", "cp949", "euc_jp")
_FEW = 0.35  # part of the letters that are not ASCII's, in a text of a language that is written in Latin letters
_BESIDE = "²³ªº\u2019'"  # what may stand beside a letter though it is none
_SIGNS = "°®©™"
_RARE = {"cp1252": "šŠžŽŸƒˆ\u02dc\u0131", "cp1253": "ΰΐ"}
"""Letters that hardly stand in texts of the encoding, and have the places of usual ones of another."""


def find(path: Path) -> str:
    """Return the name of the encoding, as Python has it.

    Raises:
        DataError: it cannot be told.
    """
    decoder, strange = codecs.getincrementaldecoder("utf-8")(), b""
    good = True
    with opened(path) as stream:
        first = stream.read(_BLOCK)
        for mark, name in _MARKS.items():
            if first.startswith(mark):
                return name
        if (wide := _wide(first)) is not None:
            return wide
        block = first
        while block:
            if good:
                good = _decodes(decoder, block)
            if not good and len(strange) < _SAMPLE:
                lines = (line for line in block.split(b"\n") if not line.isascii())
                strange += b"\n".join(lines)[:_SAMPLE]
            block = stream.read(_BLOCK)
        good = good and _decodes(decoder, b"", final=True)
    return "utf-8" if good else of_eight_bits(strange)


def in_unicode(data: bytes) -> str | None:
    """Return a whole text in UTF-8 or UTF-16, with or without a mark of it; None: it is in neither."""
    marked = next((name for mark, name in _MARKS.items() if data.startswith(mark)), None)
    name = "utf-8-sig" if marked == "utf-8" else marked or _wide(data) or "utf-8"
    try:
        return data.decode(name)
    except UnicodeDecodeError:
        return None


def opened(path: Path) -> pa.NativeFile:
    """Open a file, decompressed where it is a gzip, whatever its name."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return pa.input_stream(path, compression="gzip" if packed else None)


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _wide(first: bytes) -> str | None:
    """Return which UTF-16 without a mark it is: every other byte of plain text is zero then."""
    head = first[:1_000]
    for name, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
        if len(zeros) > 1 and zeros.count(0) > 0.7 * len(zeros):
            return name
    return None


def of_eight_bits(sample: bytes) -> str:
    """Return the encoding in which the sample reads as words.

    Raises:
        DataError: there is none, or there are several which read it differently.
    """
    words = b"\n".join(dict.fromkeys(re.findall(rb"[^\s,;|]*[\x80-\xff][^\s,;|]*", sample)))
    fits = [name for name in _LATIN if _reads(words, sample, name, latin=True)]
    if fits[:1] == ["cp1252"]:
        return fits[0]
    fits += [name for name in _OTHER if _reads(words, sample, name, latin=False)]
    texts = {words.decode(name) for name in fits}
    if len(texts) == 1:
        return fits[0]
    if len(texts) > 1:
        shown = " or ".join(f"{words.decode(name).split()[0]!r} ({name})" for name in fits)
        raise DataError(f"not text in UTF-8: a word may be {shown}; write it again in UTF-8")
    best = from_bytes(sample, cp_isolation=list(_WIDE)).best()
    if best is None:
        raise DataError("not text in UTF-8, nor in an encoding that can be told; write it again in UTF-8")
    return str(best.encoding)


def _reads(words: bytes, sample: bytes, name: str, latin: bool) -> bool:
    """Whether the words are words in that encoding: letters of one case beside each other, and no signs among them."""
    try:
        text, all = words.decode(name), sample.decode(name)
    except UnicodeDecodeError:
        return False
    letters = [letter for letter in all if letter.isalpha()]
    strange = sum(not letter.isascii() for letter in letters)
    if latin and strange > _FEW * len(letters):
        return False
    return not any(_odd(word, latin, _RARE.get(name, "")) for word in text.split())


def _odd(word: str, latin: bool, rare: str) -> bool:
    for before, letter, after in zip(f" {word}", word, f"{word[1:]} ", strict=False):
        if letter.isascii():
            if letter.isupper() and before.islower() and not before.isascii():
                return True
            if not latin and letter.isalpha() and not (before.isascii() and after.isascii()):
                return True  # of two alphabets
        elif not letter.isalpha():
            kind = unicodedata.category(letter)
            inside = after.isalpha() and (before.isalpha() or not kind.startswith("P"))
            inside = before.isalpha() and after.isalpha() if letter in _SIGNS else inside or kind in ("So", "Cc", "Sk")
            if letter not in _BESIDE and inside:
                return True
        elif (letter.isupper() and before.islower()) or letter in rare or (letter == "ς" and after.isalpha()):
            return True
    return False
