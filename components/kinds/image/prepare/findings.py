"""What validation found among the pictures, held against the user's limits."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.config.errors import DataError
from components.kinds.image.params import Limits, Most
from components.system.files import write_json

logger = logging.getLogger(__name__)

_SHOWN = 3
_TINY = 10  # training pictures under which a class is reported
_RULES = {
    "unreadable": "cannot be read",
    "missing": "are named in a table and are not there",
    "unlabelled": "have no label",
    "duplicates": "stand in a split that is evaluated already",
    "contradictions": "have two labels",
}


@dataclass
class Findings:
    """What validation found, by the name of the file."""

    unreadable: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    unlabelled: dict[str, str] = field(default_factory=dict)
    duplicates: dict[str, str] = field(default_factory=dict)
    contradictions: dict[str, str] = field(default_factory=dict)
    copies: dict[str, str] = field(default_factory=dict)
    """Of another picture of the same split and label."""
    empty_labels: list[str] = field(default_factory=list)
    tiny_classes: dict[str, int] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)

    def note_lost(self, lost: Mapping[str, Sequence[str]]) -> None:
        """Note the files that are not read: format and advice, by the name of each."""
        self.unreadable |= {name: f"{format}: {advice}".rstrip(": ") for name, (format, advice) in lost.items()}

    def note_classes(self, labels: Sequence[str], sizes: Mapping[str, int]) -> None:
        """Note the labels of the source without a picture, where folders are labels, and classes with few."""
        if all(label in labels for label in sizes):
            self.empty_labels = [label for label in labels if label not in sizes]
        self.tiny_classes = {label: size for label, size in sizes.items() if size < _TINY}


def report(out: Path, findings: Findings, read: Sequence[str], examples: Mapping[str, Sequence[str]]) -> None:
    """Write `report.json`, and log what was found."""
    content: dict[str, Any] = {**vars(findings), "read": list(read), "examples": dict(examples)}
    write_json(out / "report.json", content)
    for sentence in read:
        logger.info("%s", sentence)
    for what, found in vars(findings).items():
        if found:
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            logger.warning("%s: %d (%s%s)", what.replace("_", " "), len(found), ", ".join(list(found)[:_SHOWN]), more)


def enforce(limits: Limits, findings: Findings, total: int) -> None:
    """Raise a `DataError` where more of `total` pictures is wrong than the limits allow."""
    for what, rule in _RULES.items():
        found: Mapping[str, str] = getattr(findings, what)
        most: Most = getattr(limits, what)
        if most is not None and len(found) > (most * total if isinstance(most, float) else most):
            raise DataError(
                f"{len(found)} of {total} pictures {rule}: {_by_reason(found)}; prepare.limits.{what} allows {most}"
            )
    if limits.empty_labels is not None and len(findings.empty_labels) > limits.empty_labels:
        raise DataError(
            f"{len(findings.empty_labels)} empty labels ({', '.join(findings.empty_labels[:5])}); "
            f"prepare.limits.empty_labels allows {limits.empty_labels}"
        )


def enforce_classes(limits: Limits, sizes: Mapping[str, int], media: Mapping[str, Mapping[str, int]]) -> None:
    """Raise a `DataError` where a class has too few training pictures to be learned.

    Args:
        limits: the user's.
        sizes: training pictures by class, 0 where a class is in the other splits alone.
        media: files that are no pictures, by the label of their folder and their format.
    """
    for label, formats in media.items():
        if label not in sizes:
            said = " and ".join(f"{count:,} {name}" for name, count in formats.items())
            raise DataError(f"label {label!r} has no picture, but {said}: save them as PNG or JPEG")
    for label, size in sizes.items():
        if limits.smallest_class is not None and size < limits.smallest_class:
            raise DataError(
                f"label {label!r} has {size} training pictures, "
                f"prepare.limits.smallest_class asks for {limits.smallest_class}"
            )
        if size == 0:
            raise DataError(
                f"label {label!r} has no training picture, all of it is in the other splits: it cannot be learned"
            )
    if len(sizes) < 2:
        raise DataError(f"at least two labels with readable pictures are needed, found {len(sizes)}: {list(sizes)}")


def _by_reason(found: Mapping[str, str]) -> str:
    """Return how many files there are of each reason, the commonest first, with examples of it."""
    names: dict[str, list[str]] = {}
    for name, why in found.items():
        names.setdefault(why, []).append(name)
    counts = Counter({why: len(files) for why, files in names.items()})
    if counts.total() == len(counts) > 1:
        return _some(f"{name}: {why}" for name, why in found.items())
    said = [f"{count} {why} ({_some(names[why])})" for why, count in counts.most_common(_SHOWN)]
    rest = len(found) - sum(count for _, count in counts.most_common(_SHOWN))
    return "; ".join([*said, *([f"{rest} others"] if rest else [])])


def _some(names: Iterable[str]) -> str:
    shown = list(names)
    return ", ".join(shown[:_SHOWN]) + (", ..." if len(shown) > _SHOWN else "")
