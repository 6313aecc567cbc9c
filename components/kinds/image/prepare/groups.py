"""Pictures that belong together: of one thing, one person, one day. They stay in one split."""

from collections import Counter
from collections.abc import Sequence

from components.config.errors import ConfigError, DataError
from components.kinds.examples.source_example import SourceExample, part_finder
from components.kinds.image.params import Prepare

_KEY = "prepare.group"
_MOST_WITHOUT = 0.01  # part of the pictures that may have no group; each is then one of its own


def find_groups(pictures: Sequence[SourceExample], config: Prepare) -> tuple[dict[int, str], list[str]]:
    """Return the group of each picture by its number, and how it was found; nothing where none is asked for.

    Raises:
        ConfigError: there is no such column, or the pattern fits no name.
        DataError: more than a hundredth of the pictures have no group.
    """
    if config.group is None:
        return {}, []
    if find := part_finder(config.group, "group", _KEY):
        groups = {row: group for row, picture in enumerate(pictures) if (group := find(picture))}
        by_folder = config.group == "folder"
        where = "the folders within those of the labels" if by_folder else f"in the names ({config.group})"
    else:
        groups = _of_column(pictures, config.group)
        where = f"in the column {config.group!r}"
    _refuse_without(pictures, groups, config.group)
    counts = Counter(groups.values())
    largest, size = counts.most_common(1)[0]
    read = (
        f"the groups are {where}: {len(counts):,}, the largest {largest!r} with {size:,} pictures; each is in one split"
    )
    return groups, [read]


def _of_column(pictures: Sequence[SourceExample], text: str) -> dict[int, str]:
    table, _, name = text.rpartition(":")
    lines = [line for picture in pictures[:1000] for rows in picture.rows.values() for line in rows]
    there = sorted({column for line in lines for column in line})
    if name not in there:
        found = f"there are {', '.join(there)}" if there else "no table beside the pictures names them"
        raise ConfigError(f'{_KEY}: no column {name!r}: {found}; or "folder", or a pattern, as "{{group}}_*"')
    return {
        row: value
        for row, picture in enumerate(pictures)
        for title, rows in picture.rows.items()
        if table in ("", title)
        for line in rows[:1]
        if (value := line.get(name, ""))
    }


def _refuse_without(pictures: Sequence[SourceExample], groups: dict[int, str], text: str) -> None:
    without = [picture.path for row, picture in enumerate(pictures) if row not in groups and not picture.came_later]
    if not groups:
        raise ConfigError(
            f"{_KEY}: {text!r} finds no group in any of {len(pictures):,} pictures, as {pictures[0].path!r}"
        )
    if len(without) > _MOST_WITHOUT * len(pictures):
        raise DataError(
            f"{len(without):,} of {len(pictures):,} pictures have no group ({', '.join(without[:3])}): "
            f"{_KEY} {text!r} has to find one for each"
        )
