"""Which rows a canary answers: those of a share of all entities, each entity always the same."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

_ALL = 2**64  # as many hashes as there are


class Split:
    """Chooses by a keyed hash, so that another trial chooses others."""

    def __init__(self, id: str, share: float, columns: Sequence[str]) -> None:
        """Choose a share.

        Args:
            id: of the trial, hexadecimal.
            share: of all entities, 0 to 1.
            columns: that name whom a row is of, the first that is there; a row without any goes by its request.
        """
        self.share, self._columns = share, tuple(columns)
        self._key, self._below = bytes.fromhex(id), share * _ALL

    def rows(self, rows: Sequence[Mapping[str, Any]], request_id: str) -> list[int]:
        """Return the numbers of the rows that the canary answers."""
        return [number for number, row in enumerate(rows) if self.has(self.entity(row, request_id))]

    def entity(self, row: Mapping[str, Any], request_id: str) -> str:
        """Return whom a row is of, as a text."""
        for column in self._columns:
            if (value := row.get(column)) not in (None, ""):
                return f"{column}={value}"
        return request_id

    def has(self, entity: str) -> bool:
        """Whether the canary answers an entity."""
        return int.from_bytes(blake2b(entity.encode(), digest_size=8, key=self._key).digest(), "big") < self._below
