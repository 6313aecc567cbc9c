"""Which split a picture is in: a pure function of its content, or of its group, and given splits are kept.

Each picture draws a number in 0..1 from the hash of its content. The lowest are the test split, the next validation. A
class that is small may come away with nothing in a split: then those of its training pictures follow that drew next, so
that every class is in every split where it has pictures enough. Only such a class may change when pictures are added.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from components.kinds.image.params import Prepare
from components.kinds.prepared import SPLITS, Split

_RANGE = 2.0**64
_HELD_OUT: tuple[tuple[Split, Split], ...] = (("test", "validation"), ("validation", "test"))
_ENOUGH = 0.5  # of the part of a class that a split should have: a class with less is helped


@dataclass(frozen=True)
class SplitCandidate:
    """A picture, as far as its split depends on it."""

    label: str
    content: bytes
    """SHA-256 of its pixels."""
    given: Split | None = None
    group: str | None = None


@dataclass
class _Unit:
    """Pictures that stay together."""

    draw: float
    parts: Mapping[Split, float]
    """What is drawn at all: which part of the pictures each split takes."""
    split: Split
    labels: set[str]


def split_pictures(pictures: Sequence[SplitCandidate], config: Prepare) -> list[Split]:
    """Return the split of each picture."""
    given = {picture.given for picture in pictures} - {None}
    units: dict[tuple[bytes, Split | None], _Unit] = {}
    keys = [(key_of(picture.content, picture.group), picture.given) for picture in pictures]
    for key, picture in zip(keys, pictures, strict=True):
        if key not in units:
            units[key] = _unit(key[0], _parts(picture.given, given, config), picture.given)
        units[key].labels.add(picture.label)
    by_label: dict[str, list[_Unit]] = {}
    for unit in units.values():
        for label in unit.labels:
            by_label.setdefault(label, []).append(unit)
    for label in sorted(by_label):
        _fill(sorted(by_label[label], key=lambda unit: unit.draw))
    return [units[key].split for key in keys]


def describe_splits(pictures: Sequence[SplitCandidate], config: Prepare) -> list[str]:
    """Return how the splits came about, in sentences; nothing where all are drawn from the content alone."""
    given = [split for split in SPLITS if any(picture.given == split for picture in pictures)]
    if not given:
        return []
    sizes = {"test": config.test, "validation": config.validation}
    drawn = [f"{split} ({part:.0%})" for split, part in sizes.items() if split not in given]
    if not drawn:
        return ["the splits are taken as they are given: train, validation and test"]
    is_drawn = f"{_listed(drawn)} {'is' if len(drawn) == 1 else 'are'} drawn by content from the pictures of train"
    return [f"given {'is' if len(given) == 1 else 'are'} {_listed(given)}; {is_drawn}"]


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def key_of(content: bytes, group: str | None) -> bytes:
    """Return what the split of a picture is drawn from: pictures with the same key stay together."""
    return content if group is None else hashlib.sha256(b"group\0" + group.encode()).digest()


def _parts(given: Split | None, all_given: Collection[Split | None], config: Prepare) -> dict[Split, float]:
    """Return what is drawn of a picture whose split is `given`."""
    parts: dict[Split, float] = {"test": config.test, "validation": config.validation}
    if given in ("test", "validation"):
        return {}
    return parts if given is None else {split: part for split, part in parts.items() if split not in all_given}


def _unit(key: bytes, parts: Mapping[Split, float], given: Split | None) -> _Unit:
    draw = int.from_bytes(key[:8], "big") / _RANGE
    split: Split = given or "train"
    reached = 0.0
    for name, part in parts.items():
        if reached <= draw < reached + part:
            split = name
        reached += part
    return _Unit(draw, parts, split, set())


def _fill(units: Sequence[_Unit]) -> None:
    """See to it that the units of a class, in the order of their draw, are in every split that is drawn."""
    training = [unit for unit in units if unit.split == "train"]
    if not training and (movable := [unit for unit in units if unit.parts]):
        movable[-1].split = "train"
        training = movable[-1:]
    for split, other in _HELD_OUT:
        drawn = [unit for unit in units if unit.parts.get(split, 0.0) > 0.0]
        wanted = max(1, int(_ENOUGH * sum(unit.parts[split] for unit in drawn))) if drawn else 0
        missing = wanted - sum(unit.split == split for unit in units)
        candidates = [unit for unit in training if unit.parts.get(split, 0.0) > 0.0][: len(training) - 1]
        candidates += [unit for unit in drawn if unit.split == other and other in unit.parts][1:]
        for unit in candidates[: max(0, missing)]:
            unit.split = split
        training = [unit for unit in units if unit.split == "train"]
