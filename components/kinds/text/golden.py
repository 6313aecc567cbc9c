"""Texts that try each way in which the codec reads: they are nobody's."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.kinds.golden import GoldenRequest
from components.kinds.text.codec.input import Input

_TEXTS = {
    "plain": "Set a timer for ten minutes, please!",
    "letters": "Grüße aus Köln: ÇA VA ? Привет, как дела? Ελληνικά",
    "marks": "नमस्ते दुनिया مرحبا بالعالم e\u0301tude",
    "ideographs": "今天天气怎么样\uff1f カタカナ \uff46\uff55\uff4c\uff4c\u3000\uff57idth",
    "emoji": "\U0001f44d\U0001f3fd ok \U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f",
    "odd blanks": "\ufeff tabs\tand\u00a0blanks\r\n\u0007 \u2028 here ",
    "long": "word " * 4_000,
}


def requests(input: Input, serve: Mapping[str, Any]) -> Sequence[GoldenRequest]:
    """Return texts of several scripts, with marks, emoji and odd blanks, and one that is longer than what is read."""
    return [GoldenRequest(name, {"text": text}, 0.0) for name, text in _TEXTS.items()]
