"""Which rows are logged where not all are: all of an entity or none, so that what belongs together stays together."""

import json
import random

from components.prediction_log.description import Description
from components.prediction_log.identities import Identities
from components.prediction_log.record import Answered

_ALL = 2**64  # as many hashes as there are


class Sampling:
    """Keeps a share of the rows; by the hash of the first entity that a row names, or by chance where it names none."""

    def __init__(self, share: float, identities: Identities, description: Description) -> None:
        self._share, self._identities, self._entities = share, identities, description.entities

    def kept(self, entry: Answered) -> Answered | None:
        """Return what is kept of it; None: nothing."""
        left_out = {number for index, number in enumerate(entry.numbers) if not self._keeps(entry, index)}
        return entry.without(left_out)

    def _keeps(self, entry: Answered, index: int) -> bool:
        record = json.loads(entry.records[index]) if self._entities and entry.records else {}
        for column in self._entities:
            if record.get(column) not in (None, ""):
                found = self._identities.hash(column, record[column])
                return int.from_bytes(found, "big") < self._share * _ALL
        return random.random() < self._share  # noqa: S311 - no secret
