"""Which column of a table is the user, which the item, the time, the value and the propensity."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from components.kinds.usual_names import Usual, check_different, named_or_usual

if TYPE_CHECKING:
    from components.kinds.interactions.params import Prepare

LIVE = "live"
"""What is said of raw records: how many of them, the last, were taken of what was suggested at work."""

_USER: Usual = (
    ("user", "userid"),
    ("customer", "customerid", "visitor", "visitorid"),
    ("session", "sessionid"),
)
_ITEM: Usual = (("item", "itemid"), ("product", "productid", "articleid", "movieid", "sku"))
_TIME: Usual = (("time", "timestamp", "datetime"), ("ts", "date", "createdat", "tdat"))


class Columns(NamedTuple):
    """Their names."""

    user: str
    item: str
    time: str
    value: str | None
    propensity: str | None


def find_columns(names: Sequence[str], config: "Prepare") -> Columns:
    """Return the columns among those of a table.

    Raises:
        DataError: one is missing, or two are one; the line says which key to write, and what there is.
    """
    columns = Columns(
        named_or_usual(names, config.user, _USER, "prepare.user", "the user"),
        named_or_usual(names, config.item, _ITEM, "prepare.item", "the item"),
        named_or_usual(names, config.time, _TIME, "prepare.time", "the time"),
        named_or_usual(names, config.value, (), "prepare.value", "the value") if config.value else None,
        named_or_usual(names, config.propensity, (), "prepare.propensity", "the propensity")
        if config.propensity
        else None,
    )
    check_different({f"prepare.{key}": name for key, name in columns._asdict().items()})
    return columns
