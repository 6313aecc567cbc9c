"""Somebody is forgotten. `python -m flows.forget WORKLOAD --entity COLUMN=VALUE | --event ID | --key KEY [--cache]`."""

import argparse

from components.config.errors import ConfigError
from components.erasure.erase import Erasure, erase_entity, erase_event, erase_key
from flows import console
from flows.servers import ask_registry
from flows.tables import table

COLUMNS = ["removed from", "what", "count"]


def forget(
    workload: str, entity: str | None = None, event: str | None = None, key: str | None = None, cache: bool = False
) -> str:
    """Remove what belongs to somebody from everywhere but the source; return what was removed where, as a table.

    Args:
        workload: of which.
        entity: `column=value`, as `customer_id=4711`.
        event: the id of an answer.
        key: the caller's own key of a record.
        cache: also from `artifacts/` and DVC's cache.

    Raises:
        ConfigError: not exactly one is named, or there is no such column, key or answer.
        JourneymanError: a place cannot be read or written; the same command goes on.
    """
    if len([one for one in (entity, event, key) if one]) != 1:
        raise ConfigError("name one of --entity COLUMN=VALUE, --event ID and --key KEY")
    ask_registry()
    if event:
        return _report(f"{workload}: {event}", erase_event(workload, event, cache))
    if key:
        return _report(f"{workload}: {key}", erase_key(workload, key, cache))
    assert entity
    column, equals, value = entity.partition("=")
    if not equals or not value:
        raise ConfigError(f"--entity {entity}: write COLUMN=VALUE, as customer_id=4711")
    return _report(f"{workload}: {entity}", erase_entity(workload, column, value, cache))


def _report(title: str, done: Erasure) -> str:
    rows = [[removed.place, removed.what, f"{removed.count:,}"] for removed in done.removed]
    nothing = f"{title}: nothing is in the log, the memory, the inbox and the bundles, so nothing was removed\n"
    said = table(title, COLUMNS, rows) if rows else nothing
    return said + "\n".join(done.notes)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m flows.forget", description=__doc__.partition(".")[0])
    parser.add_argument("workload", help="whose records")
    parser.add_argument("--entity", metavar="COLUMN=VALUE", help="all records of one entity")
    parser.add_argument("--event", metavar="ID", help="one answer, by the id that came with it, and its record")
    parser.add_argument("--key", metavar="KEY", help="one record, by the caller's own key; a picture, by its name")
    parser.add_argument("--cache", action="store_true", help="clean artifacts/ and DVC's cache, too")
    return parser.parse_args()


if __name__ == "__main__":
    given = _arguments()
    console.show(lambda: forget(given.workload, given.entity, given.event, given.key, given.cache))
