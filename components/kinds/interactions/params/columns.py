"""Which column of a table is the user, which the item, the time, the value and the propensity."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from components.config.errors import DataError

if TYPE_CHECKING:
    from components.kinds.interactions.params import Prepare

LIVE = "live"
"""What is said of raw records: how many of them, the last, were taken of what was suggested at work."""

_USER = ("user", "user_id", "userid", "customer", "customer_id", "customerid", "visitor", "visitor_id", "session_id")
_ITEM = ("item", "item_id", "itemid", "product", "product_id", "productid", "article_id", "movie_id", "movieid", "sku")
_TIME = ("time", "timestamp", "datetime", "date", "ts", "created_at", "t_dat")


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
        DataError: one is missing; the line says which key to write, and what there is.
    """
    return Columns(
        _one(names, config.user, _USER, "user"),
        _one(names, config.item, _ITEM, "item"),
        _one(names, config.time, _TIME, "time"),
        _one(names, config.value, (), "value") if config.value else None,
        _one(names, config.propensity, (), "propensity") if config.propensity else None,
    )


def _one(names: Sequence[str], said: str | None, usual: Sequence[str], key: str) -> str:
    folded = {name.strip().lower(): name for name in reversed(names)}
    found = said if said in names else None
    if said is None:
        found = next((folded[name] for name in usual if name in folded), None)
    if found is None:
        missing = f"there is no column {said!r}" if said else f"no column is called as the {key} usually is"
        raise DataError(f"prepare.{key}: {missing}: write one of {', '.join(names)}")
    return found
