from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.prediction_log.event_id import EventIds
from components.prediction_log.record import Answered, Erased, Gap, Label, Labelled, Refused, Unknown, decode, encode

IDS = EventIds()


def answered(count: int = 1, shape: tuple[int, ...] = (4, 3, 1), records: bool = True, **changes: Any) -> Answered:
    """A request with `count` rows that differ from each other."""
    draws = np.random.default_rng(count)
    said: dict[str, Any] = {
        "identity": IDS.new(), "time_us": 1_790_000_000_000_000, "seconds": 0.25, "version": "12", "request_id": "r",
        "outputs": draws.random((count, 3)).astype(np.float32),
        "examples": draws.integers(0, 255, (count, *shape)).astype(np.uint8),
        "answers": [b'{"label":"cup","n":%d}' % index for index in range(count)],
        "records": [b'{"a":%d}' % (10**index) for index in range(count)] if records else (),
    }  # fmt: skip
    return Answered(**said | changes)


def same(left: Answered, right: Answered) -> bool:
    arrays = ("outputs", "examples")
    lists = ("answers", "records")
    others = [name for name in Answered.__slots__ if name not in arrays + lists + ("rows",)]
    return (
        all(getattr(left, name) == getattr(right, name) for name in others)
        and all(np.array_equal(getattr(left, name), getattr(right, name)) for name in arrays)
        and all(getattr(left, name).dtype == getattr(right, name).dtype for name in arrays)
        and all(list(getattr(left, name)) == list(getattr(right, name)) for name in lists)
        and list(left.numbers) == list(right.numbers)
    )


@pytest.mark.parametrize("count", [1, 2, 100])
@pytest.mark.parametrize("shape", [(4, 3, 1), (7,), ()])
@pytest.mark.parametrize("records", [True, False])
def test_what_was_answered_is_read_as_it_was_written(count: int, shape: tuple[int, ...], records: bool) -> None:
    record = answered(count, shape, records, origin="page", route="explain", share=0.25)
    assert same(decode(encode(record) + b"\0" * 9), record)


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=5), st.text(max_size=20), st.text(max_size=9))
def test_any_bytes_and_texts_are_kept(answers: list[bytes], request_id: str, version: str) -> None:
    count = len(answers)
    record = answered(count, records=False, answers=answers, request_id=request_id, version=version)
    assert same(decode(encode(record)), record)


def test_rows_are_taken_out_and_the_others_keep_their_numbers() -> None:
    record = answered(4)
    left = record.without({1, 3})
    assert left is not None
    assert list(left.numbers) == [0, 2]
    assert left.answers == [record.answers[0], record.answers[2]]
    assert same(decode(encode(left)), left)
    assert len(encode(left)) <= len(encode(record))
    assert left.without({2}).numbers == [0]  # type: ignore[union-attr]
    assert left.without({0, 2}) is None


def test_one_row_of_two_takes_no_more_room() -> None:
    record = answered(2, answers=[b"{}", b"{}"], records=[b"{}", b"{}"], shape=())
    left = record.without({0})
    assert left is not None
    assert len(encode(left)) <= len(encode(record))


@pytest.mark.parametrize(
    "record",
    [
        Labelled([Label("cup", 5, event_id="x", time_us=3), Label(0.5, 6, key="k"), Label(True, 7, request_id="r")]),
        Refused(1, 2, {"busy": 3}),
        Gap(1, 2, 3, "disk full"),
        Erased(),
    ],
)  # fmt: skip
def test_the_others_are_read_as_they_were_written(record: Any) -> None:
    assert decode(encode(record) + b"\0\0") == record


def test_a_form_that_is_not_known_stays_as_it_is() -> None:
    known = encode(answered(2))
    later_origin, later_field = known[:2] + b"\x63" + known[3:], b'\x04\x01\x0b\0\0\0{"later":1}'
    for payload in (b"\x01\x09" + bytes(100), b"\x21\x01\0\0", later_origin, later_field, b"\x01\x01"):
        assert decode(payload) == Unknown(payload)
        assert encode(decode(payload)) == payload
