"""Raw pictures without labels -> an array beside the splits, without copies of labelled pictures.

A copy of a test or validation picture would be learned from and then be evaluated on. A copy of a training picture
tells nothing new, and in a cross-validation that picture is a test picture, too.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from components.config.errors import DataError
from components.kinds import similarity
from components.kinds.image.codec.input import Input
from components.kinds.image.params import Prepare
from components.kinds.image.prepare.decode import DecodedPicture, decode_all
from components.kinds.image.prepare.near import ALIKE
from components.kinds.image.prepare.records import PictureRecord
from components.kinds.image.prepare.task import AskedTask
from components.kinds.prepared import UNLABELLED_ABOUT, UNLABELLED_RECORDS, UnlabelledData
from components.system.files import write_json

Pictures = NDArray[np.uint8]

_KEY = "prepare.unlabelled"
_LOG = "the prediction log"
_BLOCK = 4_000_000  # values of pictures that are compared at a time
_SHOWN = 3


def write_unlabelled(
    raw: Path,
    out: Path,
    config: Prepare,
    input: Input,
    asked: AskedTask,
    pictures: Pictures,
    kept: Sequence[PictureRecord],
) -> list[str]:
    """Write the pictures without labels, if `ingest` left any; return what became of them, in sentences.

    Args:
        raw: the Parquet file of the labelled pictures; theirs lies beside it.
        out: the directory of the prepared data set.
        config: the section `prepare`.
        input: the description of one example.
        asked: of the labelled pictures.
        pictures: the labelled ones, `[N, height, width, channels]`.
        kept: which of them are in which split.

    Raises:
        DataError: the task does not learn from them, they have labels, or too few can be used.
    """
    if not (config.unlabelled or config.unlabelled_answers):
        return []
    if asked.name != "classification":
        key = _KEY if config.unlabelled else f"{_KEY}_answers"
        raise DataError(f"{key} is for task: classification, and this is task: {asked.name}; leave it out")
    records = raw.with_name(UNLABELLED_RECORDS)
    if not records.exists():
        return [f"without labels: no answers yet; flows.retrain takes up to {config.unlabelled_answers:,}"]
    table, source = pq.ParquetFile(records), _source(config)
    about = json.loads(table.schema_arrow.metadata[b"journeyman"])
    _refuse_labels(table, source, {record.label for record in kept})
    scratch = out / "unlabelled.npy"
    found = open_memmap(
        scratch, mode="w+", dtype=np.uint8, shape=(max(1, table.metadata.num_rows), *pictures.shape[1:])
    )
    unreadable = {name: f"{format}: {advice}" for name, (format, advice) in about["lost"].items()}
    total = table.metadata.num_rows + len(unreadable)
    decoded, _ = decode_all(
        table, found, Input(**input), range(table.metadata.num_rows), input.get("levels", config.levels), unreadable
    )
    _enforce(config, source, unreadable, total)
    left, left_out = _without_copies(found, decoded, pictures, kept)
    if unreadable:
        left_out["cannot be read"] = len(unreadable)
    if not left and not config.unlabelled:
        scratch.unlink()
        return [*about["read"], f"without labels: none is left: {_listed(left_out)}"]
    if not left:
        raise DataError(f"{_KEY} {source}: none of {total:,} pictures is left: {_listed(left_out)}")
    np.save(out / "unlabelled_inputs.npy", found[left])
    del found
    scratch.unlink()
    known = UnlabelledData(source, _hash(table), total, len(left), dict(left_out))
    write_json(out / UNLABELLED_ABOUT, asdict(known))
    return [*about["read"], _described(known, unreadable)]


def _source(config: Prepare) -> str:
    """Return what the pictures are of, in words."""
    answered = [_LOG] if config.unlabelled_answers else []
    return " and ".join([*([config.unlabelled] if config.unlabelled else []), *answered])


def _described(known: UnlabelledData, unreadable: dict[str, str]) -> str:
    example = next((f" (as {name}: {why})" for name, why in unreadable.items()), "")
    less = f"; left out: {_listed(known.left_out)}{example}" if known.left_out else ""
    return f"without labels: {known.count:,} of {known.files:,} pictures of {known.folder}{less}"


def _listed(left_out: Counter[str] | Any) -> str:
    return ", ".join(f"{count:,} {why}" for why, count in left_out.items())


def _refuse_labels(table: pq.ParquetFile, folder: str, labels: set[str]) -> None:
    """Raise a `DataError` where folders are called as labels are."""
    folders = table.read(columns=["folder"])["folder"].unique().to_pylist()
    tops = sorted({str(name).split("/")[0] for name in folders} & labels)
    if tops:
        raise DataError(
            f"{_KEY} {folder}: it has folders that are called as labels are ({', '.join(tops[:_SHOWN])}): pictures "
            "with labels belong into the source or its inbox; if these are no labels, rename the folders"
        )


def _enforce(config: Prepare, source: str, unreadable: dict[str, str], total: int) -> None:
    most = config.limits.unreadable
    if most is not None and len(unreadable) > (most * total if isinstance(most, float) else most):
        some = "; ".join(f"{name}: {why}" for name, why in list(unreadable.items())[:_SHOWN])
        raise DataError(
            f"{_KEY} {source}: {len(unreadable):,} of {total:,} pictures cannot be read: {some}; "
            f"prepare.limits.unreadable allows {most}"
        )


def _without_copies(
    found: Pictures, decoded: Sequence[DecodedPicture], pictures: Pictures, kept: Sequence[PictureRecord]
) -> tuple[list[int], Counter[str]]:
    """Return the rows that are no copy of a labelled picture or of one before them, and how many are, by of what."""
    splits = {record.content: record.split for record in reversed(kept)}
    left_out, seen, rows = Counter[str](), set[bytes](), list[int]()
    for picture in decoded:
        if picture.content in splits:
            left_out[f"the same as a {splits[picture.content]} picture"] += 1
        elif picture.content in seen:
            left_out["there twice"] += 1
        else:
            seen.add(picture.content)
            rows.append(picture.row)
    near = _near(found, rows, pictures, kept)
    left_out.update(f"nearly the same as a {split} picture" for split in near.values())
    return [row for row in rows if row not in near], left_out


def _near(found: Pictures, rows: Sequence[int], pictures: Pictures, kept: Sequence[PictureRecord]) -> dict[int, str]:
    """Return the split of the labelled picture that each row shows again, as another size or file format gives it."""
    labelled = np.array([record.row for record in kept])
    size = max(1, _BLOCK // pictures[0].size)
    known = _thumbnails(pictures, labelled, size)
    near: dict[int, str] = {}
    for start in range(0, len(rows), size):
        some = np.array(rows[start : start + size])
        nearest = similarity.nearest(similarity.thumbnails(found[some]), known)
        much = similarity.correlations(found[some], pictures[labelled[nearest]])
        near |= {int(some[index]): kept[nearest[index]].split for index in np.flatnonzero(much >= ALIKE)}
    return near


def _thumbnails(pictures: Pictures, rows: NDArray[np.int64], size: int) -> NDArray[np.float32]:
    blocks = [similarity.thumbnails(pictures[rows[start : start + size]]) for start in range(0, len(rows), size)]
    return np.concatenate(blocks)


def _hash(table: pq.ParquetFile) -> str:
    """Return the hash of what the files hold, whatever they are called."""
    digests = sorted(
        hashlib.sha256(picture.as_buffer()).digest()
        for batch in table.iter_batches(batch_size=64, columns=["picture"])
        for picture in batch["picture"]
    )
    return hashlib.sha256(b"".join(digests)).hexdigest()
