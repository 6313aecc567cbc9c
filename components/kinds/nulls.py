"""Words that people write where a value is missing."""

from collections.abc import Collection

NULLS = frozenset(
    {
        "", "-", "--", "---", "\u2013",
        "\u2014", "?", "??", ".", "..", "...", "na", "n/a", "n.a.", "n.a", "#n/a", "#na", "#nv",
        "<na>", "nan", "-nan", "nat", "null", "(null)", "#null!", "none", "nil", "\\n", "void", "missing", "unknown",
        "undefined", "not available", "not applicable", "no data", "k.a.", "k. a.", "keine angabe", "n.d.", "s/o",
        "#value!", "#div/0!", "#ref!", "#name?", "#num!", "0000-00-00", "0000-00-00 00:00:00",
    }
)  # fmt: skip
"""In small letters. In a column of text they are text: `NA` may be Namibia."""

BLANK = " \t\r\n\u00a0\u2007\u2009\u202f"
"""Characters that stand around a value and mean nothing."""


def is_null(text: str, more: Collection[str] = ()) -> bool:
    """Whether the text says that a number or a time is missing; `more`: what the user says besides."""
    plain = text.strip(BLANK)
    return plain.lower() in NULLS or text in more or plain in more
