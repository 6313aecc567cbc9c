"""What is appended to the log, and its bytes.

A record is one request with all its rows, so that a batch is one append. `kind`, the first byte, says which it is.
Numbers are little-endian, texts UTF-8.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

Origin = Literal["caller", "page", "smoke", "score"]
"""Who asked: a program, a person on the page, the flow that has just packaged the model; or `flows.score` did."""
Route = Literal["predict", "explain", "batch"]
"""By which way: `POST /predict`, `POST /explain`, or `flows.score`."""

_ORIGINS: dict[Origin, int] = {origin: number for number, origin in enumerate(get_args(Origin))}
_ROUTES: dict[Route, int] = {route: number for number, route in enumerate(get_args(Route))}
_ANSWERED, _LABELLED, _REFUSED, _GAP, _ERASED = range(1, 6)
_HEAD = struct.Struct("<BBBBffq16sI10I")
"""Kind, form, origin, route, seconds, share, time, identity, rows, and the length of each field that follows."""
_LENGTH = struct.Struct("<I")
_FORM = 1


@dataclass(slots=True)  # not frozen: it would take three times as long to make
class Answered:
    """A request that was answered: N rows, by one version."""

    identity: int
    """The event id of its first row (`event_id.py`)."""
    time_us: int
    """When it was answered, microseconds since 1970."""
    seconds: float
    """From its arrival to its answer."""
    version: str
    """The registered version that answered."""
    request_id: str
    """The caller's `X-Request-ID`, or the endpoint's own."""
    outputs: NDArray[np.float32]
    """`[N, K]`, what the answers were decided on."""
    examples: NDArray[Any]
    """`[N, ...]` as the model took them: decoded pictures, or the features of records."""
    answers: Sequence[bytes]
    """N JSON objects as they were sent."""
    records: Sequence[bytes] = ()
    """N JSON objects: rows as they came (tables), or what their files were (pictures: `components/kinds/upload.py`);
    none where a version that answered before pictures had them."""
    rows: Sequence[int] = ()
    """Which rows of the request these are; none: all, from the first."""
    origin: Origin = "caller"
    route: Route = "predict"
    share: float = 1.0
    """The probability with which each row was kept."""

    @property
    def numbers(self) -> Sequence[int]:
        """The row numbers, `[N]`."""
        return self.rows or range(len(self.answers))

    def without(self, rows: set[int]) -> "Answered | None":
        """Return it without the rows of these numbers; None: nothing is left."""
        kept = [index for index, number in enumerate(self.numbers) if number not in rows]
        if not kept:
            return None
        return replace(
            self,
            outputs=self.outputs[kept],
            examples=self.examples[kept],
            answers=[self.answers[index] for index in kept],
            records=[self.records[index] for index in kept] if self.records else (),
            rows=[self.numbers[index] for index in kept],
        )


@dataclass(frozen=True, slots=True)
class Label:
    """What somebody says that became of an answer."""

    value: str | float | bool
    recorded_us: int
    """When it came, microseconds since 1970."""
    event_id: str | None = None
    """Whose it is, by the answer's id; or"""
    key: str | None = None
    """by the caller's own key, the text of the table's id column; or"""
    request_id: str | None = None
    """by the request's id."""
    row: int = 0
    """Which row of that request."""
    time_us: int | None = None
    """When it became true; None: not said."""
    source: str = "caller"
    share: float | None = None
    """The probability with which it was asked for; None: nobody asked."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Labels that came in one request."""

    labels: Sequence[Label]


@dataclass(frozen=True, slots=True)
class Refused:
    """Requests that were refused since the record before."""

    since_us: int
    until_us: int
    counts: Mapping[str, int] = field(default_factory=dict)
    """By outcome, as `journeyman_refused_total` names them."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Rows that were answered, and are not in the log."""

    since_us: int
    until_us: int
    rows: int
    why: str


DAMAGED = "damaged on the disk"
"""Why rows are missing that a loss of power has taken: of each record it is not known how many rows it had."""


@dataclass(frozen=True, slots=True)
class Erased:
    """Here was something that has been erased."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A record of a form that this code does not know: a newer version's."""

    payload: bytes


Record = Answered | Labelled | Refused | Gap | Erased | Unknown


def encode(record: Record) -> bytes:
    """Return the bytes of a record."""
    match record:
        case Answered():
            return encode_answered(*(getattr(record, name) for name in Answered.__slots__))
        case Labelled():
            return _plain(_LABELLED, [_said(label) for label in record.labels])
        case Refused():
            return _plain(_REFUSED, _said(record))
        case Gap():
            return _plain(_GAP, _said(record))
        case Erased():
            return bytes([_ERASED])
        case Unknown():
            return record.payload


def encode_answered(
    identity: int,
    time_us: int,
    seconds: float,
    version: str,
    request_id: str,
    outputs: NDArray[np.float32],
    examples: NDArray[Any],
    answers: Sequence[bytes],
    records: Sequence[bytes],
    rows: Sequence[int],
    origin: Origin,
    route: Route,
    share: float,
) -> bytes:
    """Return the bytes of what was answered, of the fields of `Answered` in their order: without making one first."""
    name, request = version.encode(), request_id.encode()
    shape = _shape(examples.dtype, examples.shape[1:])
    numbers = np.array(rows, dtype=np.uint32).tobytes() if rows else b""
    decided, taken = outputs.tobytes(), examples.tobytes()
    answer_ends, answered = _listed(answers)
    record_ends, recorded = _listed(records)
    head = _HEAD.pack(
        _ANSWERED, _FORM, _ORIGINS[origin], _ROUTES[route], seconds, share, time_us, identity.to_bytes(16, "big"),
        len(answers), len(name), len(request), len(shape), len(numbers), len(decided), len(taken),
        len(answer_ends), len(answered), len(record_ends), len(recorded),
    )  # fmt: skip
    return b"".join((head, name, request, shape, numbers, decided, taken, answer_ends, answered, record_ends, recorded))


def decode(payload: bytes | memoryview) -> Record:
    """Return the record of these bytes, whatever follows them."""
    kind = payload[0]
    if kind == _ERASED:
        return Erased()
    try:
        if payload[1] != _FORM:
            return Unknown(bytes(payload))
        return _decode_answered(payload) if kind == _ANSWERED else _decode_plain(kind, payload)
    except (LookupError, TypeError, ValueError, struct.error):  # of this form it would be another, or has other fields
        return Unknown(bytes(payload))


def identity_of(payload: bytes | memoryview) -> int | None:
    """Return the event id of the first row of what was answered, without decoding the rest; None: nothing was."""
    if payload[0] != _ANSWERED or payload[1] != _FORM:
        return None
    return int.from_bytes(_HEAD.unpack_from(payload)[7], "big")


def _decode_plain(kind: int, payload: bytes | memoryview) -> Record:
    (length,) = _LENGTH.unpack_from(payload, 2)
    content = json.loads(bytes(payload[6 : 6 + length]))
    if kind == _LABELLED:
        return Labelled([Label(**label) for label in content])
    kinds: dict[int, type[Refused | Gap]] = {_REFUSED: Refused, _GAP: Gap}
    return kinds[kind](**content)


@lru_cache(maxsize=64)
def _shape(dtype: np.dtype[Any], sizes: tuple[int, ...]) -> bytes:
    return f"{dtype.str},{','.join(map(str, sizes))}".encode()


def _listed(texts: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return texts as one, and where each ends where there are several."""
    if len(texts) < 2:
        return b"", texts[0] if texts else b""
    return np.array(list(accumulate(map(len, texts))), dtype=np.uint32).tobytes(), b"".join(texts)


def _decode_answered(payload: bytes | memoryview) -> Answered:
    _, _, origin, route, seconds, share, time_us, identity, count, *lengths = _HEAD.unpack_from(payload)
    ends = list(accumulate(lengths, initial=_HEAD.size))
    fields = [bytes(payload[start:end]) for start, end in pairwise(ends)]
    version, request_id, shape, numbers, outputs, examples = fields[:6]
    dtype, *sizes = shape.decode().rstrip(",").split(",")
    return Answered(
        identity=int.from_bytes(identity, "big"),
        time_us=time_us,
        seconds=seconds,
        version=version.decode(),
        request_id=request_id.decode(),
        outputs=np.frombuffer(outputs, dtype=np.float32).reshape(count, -1),
        examples=np.frombuffer(examples, dtype=np.dtype(dtype)).reshape(count, *map(int, sizes)),
        answers=_parts(fields[6], fields[7], count),
        records=_parts(fields[8], fields[9], count) if fields[9] else (),
        rows=np.frombuffer(numbers, dtype=np.uint32).tolist(),
        origin=list(_ORIGINS)[origin],
        route=list(_ROUTES)[route],
        share=share,
    )


def _parts(ends: bytes, joined: bytes, count: int) -> list[bytes]:
    if count == 1:
        return [joined]
    return [joined[start:end] for start, end in pairwise([0, *np.frombuffer(ends, dtype=np.uint32).tolist()])]


def _plain(kind: int, content: Any) -> bytes:
    text = json.dumps(content, separators=(",", ":")).encode()
    return bytes([kind, _FORM]) + _LENGTH.pack(len(text)) + text


def _said(record: Label | Refused | Gap) -> dict[str, Any]:
    """Return the fields that say something: a default is left out."""
    return {name: value for name in record.__slots__ if (value := getattr(record, name)) is not None}
