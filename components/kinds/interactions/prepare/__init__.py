"""Raw records -> lists of recent items int32 `[N, length + exclude]` and what was taken next, split by time."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from components.config.errors import DataError
from components.kinds.interactions.codec import ITEMS
from components.kinds.interactions.codec.input import Input
from components.kinds.interactions.codec.request import LISTS
from components.kinds.interactions.codec.seed import SEED, write_seed
from components.kinds.interactions.params import Prepare
from components.kinds.interactions.prepare.catalogue import Catalogue, number_items
from components.kinds.interactions.prepare.histories import Histories
from components.kinds.interactions.prepare.records import Records, read_records
from components.kinds.interactions.prepare.spans import Cuts, cut
from components.kinds.prepared import SPLITS, write_about
from components.kinds.slices import write_slices
from components.system.files import write_json

TASK = "ranking"
_BATCH = 100_000
_MOST = 20_000
"""Examples of the validation and of the test split, evenly spread over their time where there are more."""
_FEW = 5
_SLICE = "recent items"

Int64 = NDArray[np.int64]


def prepare(raw: Path, out: Path, config: Prepare, schema: Path, task: str | None = None) -> None:
    """Write the prepared data set. Interactions that lack a user, an item or a time are left out.

    Raises:
        DataError: there is no such column, its values cannot be read, or there is too little to learn from.
    """
    if task not in (None, TASK):
        raise DataError(f"task: {task}: of interactions {TASK} is asked")
    records = read_records(raw, config)
    histories = Histories(records.users, records.items, records.times, config.repeats)
    cuts = cut(records.times[histories.rows], config)
    catalogue = number_items(records, cuts)
    splits = [_spread(np.flatnonzero(cuts.splits == index), index) for index in range(len(SPLITS))]
    counts: dict[str, int] = {split: len(rows) for split, rows in zip(SPLITS, splits, strict=True)}
    lengths = []
    for split, rows in zip(SPLITS, splits, strict=True):
        lengths.append(_write(out, split, rows, histories, records, catalogue, config))
    write_slices(
        out, {_SLICE: _sliced(np.concatenate(lengths))}, np.repeat(np.arange(len(SPLITS)), list(counts.values()))
    )
    described: Input = {
        "length": config.length,
        "exclude": config.exclude,
        "items": catalogue.known,
        "digest": catalogue.digest,
        "repeats": config.repeats,
    }
    serving = out / "serving"
    serving.mkdir()
    write_json(serving / ITEMS, catalogue.names[: catalogue.known])
    if config.history == "endpoint":
        described["user"] = _field(records.user)
        _seed(serving / SEED, records, histories, config)
    unknown = float((catalogue.numbers[histories.rows[splits[-1]]] >= catalogue.known).mean())
    write_json(out / "report.json", _report(records, histories, cuts, catalogue, unknown))
    write_about(out, "interactions", catalogue.names, described, counts, TASK)


def _field(column: str) -> str:
    """Return the field of a request that says who asks, called as its column.

    Raises:
        DataError: a request has another field of that name.
    """
    if column in LISTS:
        raise DataError(f"prepare.user: requests have a field {column!r} of items: call the column of users otherwise")
    return column


def _seed(path: Path, records: Records, histories: Histories, config: Prepare) -> None:
    """Write what each user took last, of all splits: to the endpoint all of it has been."""
    rows = histories.latest(config.length + (0 if config.repeats else config.exclude))
    users, items = np.array(records.people), np.array(records.names)
    write_seed(path, users[records.users[rows]], items[records.items[rows]], records.times[rows])


def _write(
    out: Path, split: str, rows: Int64, histories: Histories, records: Records, catalogue: Catalogue, config: Prepare
) -> Int64:
    """Write the arrays of a split; return how many recent items each example has."""
    shape = (len(rows), config.length + config.exclude)
    inputs = np.lib.format.open_memmap(out / f"{split}_inputs.npy", mode="w+", dtype=np.int32, shape=shape)
    lengths = np.zeros(len(rows), dtype=np.int64)
    for part in _parts(len(rows)):
        inputs[part] = histories.examples(rows[part], catalogue.numbers, config)
        lengths[part] = (inputs[part][:, : config.length] > 0).sum(axis=1)
    inputs.flush()
    at = histories.rows[rows]
    arrays: dict[str, NDArray[np.generic]] = {
        "labels": catalogue.numbers[at],
        "times": records.times[at],
        "users": records.users[at],
        "rows": records.rows[at],
    }
    if records.propensity is not None:
        arrays["propensity"] = records.propensity[at]
    for name, array in arrays.items():
        np.save(out / f"{split}_{name}.npy", array)
    return lengths


def _parts(count: int) -> Iterator[slice]:
    yield from (slice(start, start + _BATCH) for start in range(0, count, _BATCH))


def _spread(rows: Int64, split: int) -> Int64:
    if split == 0 or len(rows) <= _MOST:
        return rows
    return rows[np.linspace(0, len(rows) - 1, _MOST).astype(np.int64)]


def _sliced(lengths: Int64) -> list[str]:
    few = f"1 to {_FEW - 1}"
    return ["none" if not length else few if length < _FEW else f"{_FEW} or more" for length in lengths.tolist()]


def _report(
    records: Records, histories: Histories, cuts: Cuts, catalogue: Catalogue, unknown: float
) -> dict[str, object]:
    """Return how the source was read, and what was found wrong with it."""
    read = [
        *records.read,
        f"{len(records.users):,} interactions of {len(records.people):,} users with {len(records.names):,} items",
        cuts.told,
        f"{unknown:.1%} of the test examples took an item that training never saw: no suggestion of it can be right",
    ]
    if (np.bincount(cuts.splits)[1:] > _MOST).any():
        read.append(f"validation and test look at {_MOST:,} examples each at most, evenly spread over their time")
    again = {"count": histories.again, "examples": []}
    findings = {**records.findings, **({"taken before by the same user": again} if histories.again else {})}
    return {"read": read, "findings": findings, "unknown": unknown}
