"""Columns by what they are usually called, however that is written: `user_id`, `User ID` and `userId` are one name."""

from collections.abc import Mapping, Sequence

from components.config.errors import DataError

Usual = Sequence[Sequence[str]]
"""Names in small letters and digits alone; those that stand in front win over those behind."""


def named_or_usual(names: Sequence[str], said: str | None, usual: Usual, key: str, what: str) -> str:
    """Return the column of `names` that the section names, else the one that is called as usual.

    Args:
        names: of all columns.
        said: as the section has it; None: it names none.
        usual: how it may be called.
        key: of the section: `prepare.user`.
        what: the column holds, in words: `the user`.

    Raises:
        DataError: there is none, or several are called so; the line says which key to write.
    """
    found = said if said in names else None if said else usual_name(names, usual, key, what)
    if found is None:
        missing = f"there is no column {said!r}" if said else f"no column is called as {what} usually is"
        raise DataError(f"{key}: {missing}: write one of {', '.join(names)}")
    return found


def usual_name(names: Sequence[str], usual: Usual, key: str, what: str) -> str | None:
    """Return the column that is called as usual; None: there is none. Raises as `named_or_usual` does."""
    for alike in usual:
        found = [name for name in names if plain_name(name) in alike]
        if len(found) > 1:
            raise DataError(f"{key}: {' or '.join(map(repr, found))} may be {what}: write which")
        if found:
            return found[0]
    return None


def check_different(columns: Mapping[str, str | None]) -> None:
    """Hold columns, by the key that names each, against being one.

    Raises:
        DataError: two keys name the same.
    """
    known: dict[str, str] = {}
    for key, name in columns.items():
        if name is None:
            continue
        if name in known:
            raise DataError(f"{known[name]} and {key} are both the column {name!r}: write which column is which")
        known[name] = key


def plain_name(name: str) -> str:
    """Return a column's name in small letters and digits alone."""
    return "".join(letter for letter in name.lower() if letter.isalnum())
