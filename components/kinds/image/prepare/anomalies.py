"""Which labels are those of ordinary pictures, and which of anomalies: what is evaluated by, and never learned from."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from components.config.errors import DataError

UNLABELLED = ("normal", "anomaly")
"""The classes where several labels are one of them, or where there is no label."""

_ORDINARY = ("good", "normal", "ok", "nominal", "ordinary")
_LISTED = 5


@dataclass(frozen=True)
class Anomalies:
    """The labels of both."""

    ordinary: frozenset[str] = frozenset()
    anomalous: frozenset[str] = frozenset()

    @property
    def classes(self) -> list[str]:
        """The class of ordinary pictures, and that of anomalies."""
        both = zip((self.ordinary, self.anomalous), UNLABELLED, strict=True)
        names = [next(iter(labels)) if len(labels) == 1 else name for labels, name in both]
        return names if names[0] != names[1] else list(UNLABELLED)

    def index(self, label: str) -> int:
        """Return the class of a label: 0 ordinary, 1 anomalous, -1 where it is not known."""
        return 1 if label in self.anomalous else 0 if label in self.ordinary else -1

    def __str__(self) -> str:
        if not self.anomalous:
            return "what is unlike the other pictures is found; no anomaly is known"
        return (
            f"ordinary: {_listed(self.ordinary)}; to be found: {_listed(self.anomalous)}; "
            "no label is learned from, the evaluation uses them"
        )


def find_anomalies(
    counts: Counter[str], positive: str | None, normal: str | None, trained: Collection[str]
) -> Anomalies:
    """Return which labels are which.

    Args:
        counts: pictures by label, those without one under an empty label.
        positive: `prepare.positive`.
        normal: `prepare.normal`.
        trained: the labels of the training split, where the source gives splits.

    Raises:
        DataError: it has to be said, or what is said is no label.
    """
    labels = {label for label in counts if label}
    for key, said in (("positive", positive), ("normal", normal)):
        if said is not None and said not in labels:
            raise DataError(f"prepare.{key} is {said!r}, which is no label: there are {_listed(labels) or 'none'}")
    if positive is not None and positive == normal:
        raise DataError(f"prepare.positive and prepare.normal are both {positive!r}")
    if positive is not None and normal is None:
        return Anomalies(frozenset(labels - {positive}), frozenset({positive}))
    known = {label for label in labels if label.casefold() in _ORDINARY}
    for ordinary in ({normal} - {None}, known, set(trained) - {""}):
        if len(ordinary) == 1:
            return Anomalies(frozenset(map(str, ordinary)), frozenset(labels - ordinary))
    if not labels or (len(labels) == 1 and "" not in counts):
        return Anomalies(frozenset(labels))
    raise DataError(
        f"which of the labels is that of ordinary pictures, {_listed(labels)}? Write prepare.normal: "
        f"{max(labels, key=lambda label: (counts[label], label))}, if every other is to be found; prepare.positive, if "
        "one label is; or prepare.labels: none, if these are no labels"
    )


def _listed(labels: Collection[str]) -> str:
    listed = ", ".join(map(repr, sorted(labels)[:_LISTED]))
    return f"{listed}, …" if len(labels) > _LISTED else listed
