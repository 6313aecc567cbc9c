"""Lists that try each way in which the codec reads: of no items, unknown ones, more than are looked at, as texts."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.kinds.golden import GoldenRequest
from components.kinds.interactions.codec.input import Input


def requests(input: Input, serve: Mapping[str, Any]) -> Sequence[GoldenRequest]:
    """Return requests that name no item of anybody's: what is read of them is that there is none."""
    rows: dict[str, dict[str, Any]] = {
        "nothing": {"recent": [], "exclude": []},
        "unknown": {"recent": ["\u0000 no such item", " "], "exclude": ["\u0000 no such item"]},
        "as texts": {"recent": '["\\u0000 no such item", 7777777777777777]', "exclude": "\u0000 this|\u0000 that"},
        "many": {"recent": ["\u0000 no such item"] * 3 * input["length"]},
    }
    return [GoldenRequest(name, row, 0.0) for name, row in rows.items()]
