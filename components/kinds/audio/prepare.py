"""Raw records -> samples int16 `[N, length]` and their labels; a voice of the test split was never heard before."""

import json
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from components.config.errors import BadRequest, DataError
from components.kinds.asked import asked
from components.kinds.audio.codec import sound
from components.kinds.audio.codec.input import Input
from components.kinds.audio.params import Prepare
from components.kinds.draw import TEST
from components.kinds.examples.labels import LabelledExample, label_examples, listed
from components.kinds.examples.source_example import read_source_examples
from components.kinds.examples.splits import Examples, given_splits, split_examples, write_examples
from components.system.files import write_json

logger = logging.getLogger(__name__)

_MOST_RATE = 16_000
_READ = 64  # recordings that are read at a time
_SECONDS = (0.25, 10.0)
_LONGEST = 0.95  # part of the recordings that are heard whole
_TRAINING_SECONDS = 3_600.0

Known = Mapping[int, LabelledExample]
Heads = Mapping[int, sound.Head]


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
    sources = read_source_examples(file)
    known, read = label_examples(sources, config.labels, config.group, config.corrections, "recording")
    lost = {source.name: "without a label" for row, source in enumerate(sources) if row not in known}
    heads = {one.row: head for one, data in _sounds(raw, known) if (head := _head(data, one.name, lost))}
    input = _input(heads, config)
    samples, kept = _decoded(raw, {row: known[row] for row in heads}, input, lost)
    if len(lost) > config.unreadable * count or not kept:
        shown = "; ".join(f"{name}: {why}" for name, why in list(lost.items())[:3])
        raise DataError(
            f"{len(lost)} of {count} recordings cannot be used ({shown}); prepare.unreadable allows "
            f"{config.unreadable:g} of them"
        )
    told = asked([one.label for one in kept], config.positive, task, "recordings")
    rows = np.array([one.row for one in kept], dtype=np.int64)
    given = given_splits([one.split for one in kept])
    examples = Examples(samples, rows, told, given, [one.group for one in kept])
    by_content = config.validation_by == "file"
    splits = split_examples(examples, config.validation, config.test, config.test_groups, by_content)
    if split := examples.empty(splits):
        name = "training" if split == "train" else split
        more = "groups are needed, or prepare.validation_by: file" if config.group else "recordings are needed"
        left = np.count_nonzero(~examples.copied(splits))
        raise DataError(f"no recording fell into the {name} split, of {left:,}: more {more}")
    write_examples(out, "audio", input, examples, splits)
    read = [*about.get("read", []), *read]
    read.append(f"{input['length'] / input['rate']:g} seconds of each are heard, at {input['rate']:,} Hz")
    if tested := sorted({one.group for one, split in zip(kept, splits, strict=True) if one.group and split == TEST}):
        read.append(f"the test split has the groups {listed(tested)}")
    for sentence in read:
        logger.info("%s", sentence)
    findings = {
        "copies of test recordings": _named(kept, examples.copied(splits)),
        "with several labels": _named(kept, examples.contradicting),
        "without a sound": _named(kept, np.asarray(np.all(samples == 0, axis=1))),
    }
    report = {"read": read, "unreadable": lost, "ignored": about["ignored"], "findings": findings}
    write_json(out / "report.json", report)


def _named(kept: Sequence[LabelledExample], mask: NDArray[np.bool_]) -> list[str]:
    return [kept[row].name for row in np.flatnonzero(mask).tolist()]


def _sounds(raw: Path, known: Known) -> Iterator[tuple[LabelledExample, bytes]]:
    """Yield the file of each recording, in the order of the rows: a few at a time are in memory."""
    files = (file for batch in pq.ParquetFile(raw).iter_batches(_READ, columns=["sound"]) for file in batch["sound"])
    yield from ((known[row], file.as_py()) for row, file in enumerate(files) if row in known)


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
    raw: Path, known: Known, input: Input, lost: dict[str, str]
) -> tuple[NDArray[np.int16], list[LabelledExample]]:
    samples, kept = np.empty((len(known), input["length"]), dtype=np.int16), list[LabelledExample]()
    for one, data in _sounds(raw, known):
        try:
            samples[len(kept)] = sound.decode(data, input, _TRAINING_SECONDS)
        except BadRequest as error:
            lost[one.name] = str(error)
        else:
            kept.append(one)
    return samples[: len(kept)], kept
