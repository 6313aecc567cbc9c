"""In which encoding a text file is: UTF-8 or UTF-16, or an older one of 8 bits, which is told by its letters."""

import codecs
from pathlib import Path

import pyarrow as pa
from charset_normalizer import from_bytes

from components.config.errors import DataError

_BLOCK = 1 << 22  # bytes read at a time
_SAMPLE = 1 << 16  # bytes of lines with other letters than ASCII's that are looked at
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_WESTERN = "cp1252"
_BETWEEN = "”“„‡†…‰•™¤¦§¨©¬®±"
_FEW = 0.35  # part of the letters that are not ASCII's, in a text of a language that is written in Latin letters


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
    return "utf-8" if good else _of_eight_bits(strange)


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


def _of_eight_bits(sample: bytes) -> str:
    try:
        text = sample.decode(_WESTERN)
    except UnicodeDecodeError:
        text = ""
    letters = [letter for letter in text if letter.isalpha()]
    strange = sum(not letter.isascii() for letter in letters)
    if text and strange <= _FEW * len(letters) and not _odd(text):
        return _WESTERN
    best = from_bytes(sample).best()
    if best is None or "\0" in str(best):
        raise DataError("not text in UTF-8, nor in an encoding that can be told; write it again in UTF-8")
    return str(best.encoding)


def _odd(text: str) -> bool:
    """Whether signs that stand between words stand inside of them: it is another encoding then."""
    inside = zip(text, text[1:], text[2:], strict=False)
    return any(sign in _BETWEEN and left.isalpha() and right.isalpha() for left, sign, right in inside)
