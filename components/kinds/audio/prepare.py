"""Raw records -> samples int16 `[N, length]` and their labels; a voice of the test split was never heard before."""

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from components.config.errors import BadRequest, ConfigError, DataError
from components.kinds import pattern
from components.kinds.asked import asked, contradicting
from components.kinds.audio.codec import sound
from components.kinds.audio.codec.input import Input
from components.kinds.audio.params import Prepare
from components.kinds.corrections import corrected
from components.kinds.draw import TEST, TRAIN, VALIDATION, content_keys, draw
from components.kinds.folders import label_text
from components.kinds.prepared import ROWS, SPLITS, write_about, write_splits
from components.system.files import write_json

logger = logging.getLogger(__name__)

_MOST_RATE = 16_000
_READ = 64  # recordings that are read at a time
_SECONDS = (0.25, 10.0)
_LONGEST = 0.95  # part of the recordings that are heard whole
_TRAINING_SECONDS = 3_600.0

UInt64 = NDArray[np.uint64]
Heads = Mapping[int, sound.Head]


@dataclass(frozen=True)
class _Recording:
    """What is known of a recording beside its file."""

    row: int
    name: str
    label: str
    group: str | None
    split: str | None


def prepare(raw: Path, out: Path, config: Prepare, schema: Path, task: str | None = None) -> None:
    """Write the prepared data set.

    Raises:
        ConfigError: a pattern fits no name.
        DataError: recordings are unreadable, labels are missing or none of the task, or a split would be empty.
    """
    file = pq.ParquetFile(raw)
    about, count = json.loads(file.schema_arrow.metadata[b"journeyman"]), file.metadata.num_rows
    if config.labels == "folder" and about.get("ask"):
        raise DataError(about["ask"][0])
    lost: dict[str, str] = {}
    columns = [name for name in file.schema_arrow.names if name != "sound"]
    known, read = _known(file.read(columns).to_pylist(), config, lost)
    heads = {one.row: head for one, data in _sounds(raw, known) if (head := _head(data, one.name, lost))}
    input = _input(heads, config)
    samples, kept = _decoded(raw, [one for one in known if one.row in heads], input, lost)
    if len(lost) > config.unreadable * count or not kept:
        shown = "; ".join(f"{name}: {why}" for name, why in list(lost.items())[:3])
        raise DataError(
            f"{len(lost)} of {count} recordings cannot be used ({shown}); prepare.unreadable allows "
            f"{config.unreadable:g} of them"
        )
    told = asked([one.label for one in kept], config.positive, task, "recordings")
    contents = content_keys(samples)
    keys = np.array([_key(one.group, int(key)) for one, key in zip(kept, contents, strict=True)], dtype=np.uint64)
    splits, split_read = _splits(kept, keys, contents, told.labels, config)
    arrays = {"inputs": samples, "labels": told.labels, ROWS: np.array([one.row for one in kept], dtype=np.int64)}
    if not any(one.split for one in kept):
        arrays["keys"] = keys
    copied = np.isin(contents, contents[splits == TEST]) & (splits != TEST)
    _check_parts(splits[~copied], config)
    counts = write_splits(out, splits[~copied], **{name: array[~copied] for name, array in arrays.items()})
    read = [*about.get("read", []), *read]
    read += [f"{input['length'] / input['rate']:g} seconds of each are heard, at {input['rate']:,} Hz", *split_read]
    for sentence in read:
        logger.info("%s", sentence)
    findings = {
        "copies of test recordings": _named(kept, copied),
        "with several labels": _named(kept, contradicting(contents, told.labels)),
        "without a sound": _named(kept, np.asarray(np.all(samples == 0, axis=1))),
    }
    report = {"read": read, "unreadable": lost, "ignored": about["ignored"], "findings": findings}
    write_json(out / "report.json", report)
    write_about(out, "audio", told.classes, input, counts, told.task)


def _named(kept: Sequence[_Recording], mask: NDArray[np.bool_]) -> list[str]:
    return [kept[row].name for row in np.flatnonzero(mask).tolist()]


def _known(
    records: Sequence[Mapping[str, Any]], config: Prepare, lost: dict[str, str]
) -> tuple[list[_Recording], list[str]]:
    """Return the recordings with a label, and how labels and groups were found."""
    find_label = _finder(config.labels, "label")
    find_group = _finder(config.group, "group") if config.group else lambda record: None
    labels = [_label(record, find_label) for record in records]
    read = corrected(labels, [record["name"] for record in records], config.corrections, "recording")
    if not any(labels):
        raise ConfigError(f"prepare.labels: {config.labels!r} finds no label, as of {records[0]['name']!r}")
    groups = {row: find_group(record) for row, record in enumerate(records)}
    if config.group and not any(groups.values()):
        raise ConfigError(f"prepare.group: {config.group!r} finds no group, as of {records[0]['name']!r}")
    lost |= {record["name"]: "without a label" for record, label in zip(records, labels, strict=True) if not label}
    known = [
        _Recording(row, records[row]["name"], label, groups[row], records[row].get("split"))
        for row, label in enumerate(labels)
        if label
    ]
    counts = Counter(one.group for one in known if one.group)
    given = any(record.get("split") for record in records)
    by = [f"each of {len(counts):,} groups is in one split: " + _listed(counts)] if counts and not given else []
    return known, [*read, *by]


def _label(record: Mapping[str, Any], find: Callable[[Mapping[str, Any]], str | None]) -> str:
    """Return the label: of what came later, where it lies in a folder, that folder."""
    later = record["label"] if record["name"].startswith("inbox/") else None
    return label_text(later or find(record))


def _finder(said: str, part: str) -> Callable[[Mapping[str, Any]], str | None]:
    if said == "folder":
        return lambda record: record["label" if part == "label" else "folder"]
    key = f"prepare.{part}s" if part == "label" else f"prepare.{part}"
    if not pattern.is_pattern(said, part):
        raise ConfigError(f"{key}: {said!r} is neither `folder` nor a pattern with {{{part}}} in it")
    find = pattern.finder(said, part, key)
    return lambda record: find(record["name"].partition("/")[2])


def _sounds(raw: Path, known: Sequence[_Recording]) -> Iterator[tuple[_Recording, bytes]]:
    """Yield the file of each recording, in the order of the rows: a few at a time are in memory."""
    of_row, row = {one.row: one for one in known}, 0
    for batch in pq.ParquetFile(raw).iter_batches(_READ, columns=["sound"]):
        for data in batch["sound"]:
            if row in of_row:
                yield of_row[row], data.as_py()
            row += 1


def _head(data: bytes, name: str, lost: dict[str, str]) -> sound.Head | None:
    try:
        return sound.head(data)
    except BadRequest as error:
        lost[name] = str(error)
        return None


def _input(heads: Heads, config: Prepare) -> Input:
    """Return rate and length, as the section says or as most recordings have them."""
    if not heads:
        return {"rate": config.rate or _MOST_RATE, "length": 1}
    ((commonest, _),) = Counter(head.rate for head in heads.values()).most_common(1)
    rate = config.rate or min(commonest, _MOST_RATE)
    usual = float(np.quantile([head.seconds for head in heads.values()], _LONGEST))
    seconds = config.seconds or round(float(np.clip(usual, *_SECONDS)), 2)
    return {"rate": rate, "length": round(rate * seconds)}


def _decoded(
    raw: Path, known: Sequence[_Recording], input: Input, lost: dict[str, str]
) -> tuple[NDArray[np.int16], list[_Recording]]:
    samples, kept = np.empty((len(known), input["length"]), dtype=np.int16), list[_Recording]()
    for one, data in _sounds(raw, known):
        try:
            samples[len(kept)] = sound.decode(data, input, _TRAINING_SECONDS)
        except BadRequest as error:
            lost[one.name] = str(error)
        else:
            kept.append(one)
    return samples[: len(kept)], kept


def _key(group: str | None, content: int) -> int:
    """Return what a recording's split is drawn from."""
    return content if group is None else int.from_bytes(blake2b(group.encode(), digest_size=8).digest(), "little")


def _splits(
    kept: Sequence[_Recording], keys: UInt64, contents: UInt64, labels: NDArray[Any], config: Prepare
) -> tuple[NDArray[np.int8], list[str]]:
    """Return the split of each recording, `[N]`, and how it came about."""
    groups = [one.group for one in kept]
    if unknown := set(config.test_groups) - set(groups):
        raise ConfigError(
            f"prepare.test_groups: {_listed(sorted(unknown))}: no group; there are {_listed(_names(groups))}"
        )
    given = np.array([-1 if one.split is None else SPLITS.index(one.split) for one in kept])
    if config.test_groups and (given >= 0).any():
        raise ConfigError("prepare.test_groups: the folders of the source say the splits: leave it out")
    splits = draw(keys, labels, config.validation, config.test)
    for split in (VALIDATION, TEST):
        if (given == split).any():  # the others are drawn only where no folder is called so
            splits[splits == split] = TRAIN
            splits[given == split] = split
    if config.test_groups:
        held_out = np.array([group in config.test_groups for group in groups])
        splits[~held_out] = _part(keys[~held_out], labels[~held_out], config)
        splits[held_out] = TEST
    if config.validation_by == "file" and not (given == VALIDATION).any():
        rest = splits != TEST
        splits[rest] = _part(contents[rest], labels[rest], config)
    tested = _names([group for group, split in zip(groups, splits, strict=True) if split == TEST])
    return splits, [f"the test split has the groups {_listed(tested)}"] if tested else []


def _check_parts(splits: NDArray[np.int8], config: Prepare) -> None:
    for split, name in ((TRAIN, "training"), (VALIDATION, "validation"), (TEST, "test")):
        if not (splits == split).any():
            more = "groups are needed, or prepare.validation_by: file" if config.group else "recordings are needed"
            raise DataError(f"no recording fell into the {name} split, of {len(splits):,}: more {more}")


def _part(keys: UInt64, labels: NDArray[Any], config: Prepare) -> NDArray[np.int8]:
    """Return which of the recordings train and which validate."""
    part = draw(keys, labels, config.validation / (1 - config.test), 0.0)
    part[part == TEST] = TRAIN
    return part


def _names(groups: Sequence[str | None]) -> list[str]:
    return sorted({group for group in groups if group})


def _listed(names: Sequence[str] | Counter[str]) -> str:
    shown = [f"{name} ({names[name]:,})" for name in sorted(names)] if isinstance(names, Counter) else list(names)
    return ", ".join(shown[:8]) + (f" and {len(shown) - 8:,} more" if len(shown) > 8 else "")
