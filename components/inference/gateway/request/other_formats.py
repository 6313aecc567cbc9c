"""Bodies in other forms than the endpoint's own: taken where they are plain, else the sentence says what is wanted.

Nothing here is on the way of a body that is what it should be.
"""

import base64
import binascii
import json
import re
from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qsl

RECORDS = "records"
"""The name under which BentoML's client sends what it was given without a name."""

_RECORD = "send one record as JSON, {field: value, …}, or a list of them"
_OTHER_TOOLS = ("instances", "inputs", "dataframe_split", "dataframe_records", "data", "input", "records", "rows")
_BYTE_ORDERS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_DATA_URL = re.compile(r"data:[^,]{0,200};base64,", re.IGNORECASE).match
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}").fullmatch
_LARGE = 8_192  # bytes of a compressed file of which some are the codes of line ends
_MOST_PAIRS = 1_000
_SHORTEST = 24  # characters of a picture in base64; what is shorter is a word


def plain_json(body: bytes) -> bytes:
    """Return the body as UTF-8 without a byte order mark, by which alone another encoding is known."""
    for mark, encoding in _BYTE_ORDERS:
        if body.startswith(mark):
            try:
                return body.decode(encoding).encode()
            except UnicodeDecodeError:
                return body
    return body


def record_of(body: bytes, pairs: bool, fields: Collection[str]) -> Any:
    """Return the record, or records, of a body that is none as it stands; None: there is no other way to read it.

    Args:
        body: what was sent.
        pairs: whether it may be `a=1&b=2`, as forms are sent.
        fields: the names that a record may have.
    """
    if pairs and not body.lstrip().startswith((b"{", b"[")):
        named = _pairs(body)
        record = dict(named)
        return record if len(record) == len(named) and set(record) & set(fields) else None
    if not body.lstrip().startswith(b"{"):
        return None
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(content, dict) and set(content) == {RECORDS} and RECORDS not in fields:
        return content[RECORDS]
    return None


def why_no_record(body: bytes, fields: Collection[str]) -> str | None:
    """Return what to send instead of this body, if it is of a form that is known; None: it is not."""
    text = body.strip()
    if not text:
        return f"the body is empty; {_RECORD}"
    if text.startswith(b"--") and b"form-data" in text[:500]:
        return f"the body is a multipart form; {_RECORD}"
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return f"the body is not UTF-8, which JSON is (byte {error.start + 1}); {_RECORD}"
    if b"\0" in text[:4]:
        return f"the body is not UTF-8, which JSON is (byte {text.index(0) + 1}); {_RECORD}"
    return None if text.startswith(b"[") else _why_no_object(text, fields)


def _why_no_object(text: bytes, fields: Collection[str]) -> str | None:
    try:
        content = json.loads(text)
    except RecursionError:
        return f"the body is too deep; {_RECORD}"
    except ValueError:
        lines = text.splitlines()
        objects = all(line.strip()[:1] == b"{" and line.strip()[-1:] == b"}" for line in lines[:2])
        if len(lines) > 1 and objects:
            return "the body has a JSON object a line; send them as one list, [{…}, {…}]"
        return None
    others = [name for name in _OTHER_TOOLS if isinstance(content, dict) and name in content and name not in fields]
    if others and not isinstance(content[others[0]], str | int | float):
        return f"{others[0]!r} is the form of another tool; {_RECORD}"
    return None


def without_line_ends(body: bytes) -> bool:
    """Whether a picture's file has been taken for a text on its way: PNG begins with line ends to tell that by."""
    if body.startswith(b"\x89PNG"):
        return not body.startswith(b"\x89PNG\r\n\x1a\n")
    start = body[:_LARGE]
    large = body.startswith((b"\xff\xd8\xff", b"RIFF")) and len(start) == _LARGE
    return large and b"\n" not in start and b"\r" not in start


def file_in_json(body: bytes) -> bytes | None:
    """Return the file that JSON holds as base64, alone or in its only field; None: it holds none."""
    try:
        return _only(json.loads(plain_json(body)))
    except (ValueError, RecursionError):
        return None


def file_in_pairs(body: bytes) -> bytes | None:
    """Return the file that `name=…` holds as base64; None: it holds none."""
    named = _pairs(body)
    return file_of_text(named[0][1].replace(" ", "+")) if len(named) == 1 else None


def _pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_PAIRS)
    except ValueError:  # there are more
        return []


def _only(content: Any) -> bytes | None:
    if isinstance(content, dict) and len(content) == 1:
        (content,) = content.values()
    return file_of_text(content) if isinstance(content, str) else None


def file_of_text(text: str) -> bytes | None:
    """Return the file that a text is in base64, as a data URL or bare; None: it is none."""
    if prefix := _DATA_URL(text):
        text = text[prefix.end() :]
    elif len(text) < _SHORTEST:
        return None
    bare = "".join(text.split())
    if not _BASE64(bare):
        return None
    try:
        return base64.b64decode(bare.translate(_URL_SAFE).rstrip("=") + "=" * (-len(bare.rstrip("=")) % 4))
    except (binascii.Error, ValueError):
        return None


_URL_SAFE = str.maketrans("-_", "+/")
