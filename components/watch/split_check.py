"""Whether a canary has the share of entities that it should have (sample-ratio mismatch), by the log.

Each entity is the canary's with the same probability, so of n entities k are its own as of a coin. The mixture of all
coins by Jeffreys' prior against the one that it should be is a martingale under the latter, which may be looked at
after every entity (Lindon & Malek 2022, "Anytime-valid inference for multinomial count data"). A mismatch says that
the two do not answer the same population: what is compared then, is compared of different entities.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pyarrow.compute as pc
from scipy.special import betaln

from components import catalogue
from components.inference.bundle import About
from components.inference.engine.split import Split
from components.prediction_log.reader import Log
from components.watch.rows import CALLER

ALPHA = 0.001
"""How probable it is that a mismatch is ever said where there is none."""
_SETTLING = timedelta(minutes=1)  # after the first answer of a canary, until all workers know it
_COLUMNS = ("time", "version", "origin", "request_id", "record")


@dataclass(frozen=True)
class SplitCheck:
    """What the log says of the split."""

    rows: int
    """Rows that the canary answered, from its first on."""
    entities: int
    """Entities since a minute after that."""
    canary: int
    """Of them, those that the canary answered."""
    share: float
    """That it should be."""
    evidence: float
    """Against its being so."""

    @property
    def mismatch(self) -> bool:
        """Whether it is not."""
        return self.evidence >= 1 / ALPHA

    def __str__(self) -> str:
        part = f"{self.canary:,} of {self.entities:,} entities" if self.entities else "no entity yet"
        return f"{self.rows:,} rows; {part}, {self.share:.1%} are due (evidence of a mismatch {self.evidence:.3g})"


def check_split(
    log: Log, about: About, versions: tuple[str, str], id: str, share: float, since: datetime, until: datetime
) -> SplitCheck:
    """Return whether the canary has its share.

    Args:
        log: of the workload.
        about: the bundle of either version.
        versions: champion, canary.
        id: of the trial.
        share: of all entities.
        since: when it began.
        until: up to when.
    """
    codec = catalogue.codec(about.kind, about.task)
    key = codec.key(about.input)
    split = Split(id, share, (*codec.entities(about.input), *((key,) if key else ())))
    rows, begun = _first(log, versions[1], since, until)
    latest: dict[str, bool] = {}
    for batch in log.answers(begun + _SETTLING, until, _COLUMNS) if begun else ():
        for row in batch.filter(pc.equal(batch["origin"].cast("string"), CALLER)).to_pylist():
            if row["version"] in versions:
                record = json.loads(row["record"]) if row["record"] else {}
                latest[split.entity(record, row["request_id"])] = row["version"] == versions[1]
    count = sum(latest.values())
    return SplitCheck(rows, len(latest), count, share, evidence(count, len(latest), share))


def evidence(count: int, entities: int, share: float) -> float:
    """Return E against `count` of `entities` being tosses of a coin that falls so with the probability `share`."""
    mixed = betaln(count + 0.5, entities - count + 0.5) - betaln(0.5, 0.5)
    fair = count * np.log(share) + (entities - count) * np.log1p(-share)
    return float(np.exp(min(float(mixed - fair), 700.0)))


def _first(log: Log, version: str, since: datetime, until: datetime) -> tuple[int, datetime | None]:
    """Return how many rows the version answered, and when the first of them."""
    rows, first = 0, None
    for batch in log.answers(since, until, ("time", "version")):
        its = batch.filter(pc.equal(batch["version"].cast("string"), version))
        if len(its):
            rows += len(its)
            earliest = pc.min(its["time"]).as_py()
            first = earliest if first is None else min(first, earliest)
    return rows, first
