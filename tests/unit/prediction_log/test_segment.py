from pathlib import Path

import pytest

from components.prediction_log.segment import MAGIC, Segment, cut, damaged_tail, payloads, rewrite
from components.prediction_log.segment import damaged as damaged_in

RECORDS = [b"a", b"bc" * 7, b"d" * 16, b"\0" * 5, b"e" * 33]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    segment = Segment.create(tmp_path / "000-1.seg", 4096)
    for record in RECORDS:
        assert segment.append(record)
    segment.flush()
    return segment.path


def read(path: Path) -> list[bytes]:
    return [bytes(payload) for _, payload in payloads(path)]


def test_what_was_appended_is_read_while_it_is_open(written: Path) -> None:
    assert read(written) == RECORDS
    assert written.stat().st_size == 4096


def test_cut_at_every_byte_it_has_all_records_before_and_no_rubbish(written: Path) -> None:
    whole = written.read_bytes()
    ends = [start + len(payload) for start, payload in payloads(written)]
    for at in range(ends[-1] + 1):
        written.write_bytes(whole[:at])
        assert read(written) == [record for record, end in zip(RECORDS, ends, strict=True) if end <= at]


@pytest.mark.parametrize("damaged", [{2}, {1, 2}, {0}, {4}, {3, 4}])
def test_a_record_that_never_came_to_the_disk_is_passed_over(written: Path, damaged: set[int]) -> None:
    whole = bytearray(written.read_bytes())
    starts = [start for start, _ in payloads(written)]
    for number in damaged:
        whole[starts[number]] ^= 1
    written.write_bytes(whole)
    left = [record for number, record in enumerate(RECORDS) if number not in damaged]
    assert read(written) == left
    assert damaged_in(written) == len(damaged)
    assert damaged_tail(written) == len({number for number in damaged if number > RECORDS.index(left[-1])})
    cut(written)
    assert read(written) == left
    assert damaged_tail(written) == 0


def test_a_page_that_never_came_to_the_disk_is_told_from_an_append_that_was_killed(written: Path) -> None:
    whole = bytearray(written.read_bytes())
    starts = [start for start, _ in payloads(written)]
    assert damaged_in(written) == 0
    killed = bytearray(whole)
    killed[starts[-1] - 8 : starts[-1] - 4] = bytes(4)  # all but the length
    written.write_bytes(killed)
    assert (damaged_in(written), read(written)) == (0, RECORDS[:-1])
    whole[starts[-2] - 8 : starts[-2] + len(RECORDS[-2])] = bytes(8 + len(RECORDS[-2]))
    written.write_bytes(whole)
    assert (damaged_in(written), damaged_tail(written), read(written)) == (1, 1, RECORDS[:-2])


@pytest.mark.parametrize("length", [1, 40, 2**31, 2**32 - 1])
def test_a_length_that_is_wrong_ends_it_or_is_passed_over(written: Path, length: int) -> None:
    whole = bytearray(written.read_bytes())
    start = list(payloads(written))[1][0] - 8
    whole[start : start + 4] = length.to_bytes(4, "little")
    written.write_bytes(whole)
    assert read(written) == [record for record in read(written) if record in RECORDS]
    assert read(written)[0] == RECORDS[0]


def test_cutting_keeps_the_whole_records_alone(written: Path) -> None:
    cut(written)
    assert read(written) == RECORDS
    assert written.stat().st_size < 200
    written.write_bytes(written.read_bytes()[:-1])
    cut(written)
    cut(written)
    assert read(written) == RECORDS[:-1]


def test_a_full_segment_takes_no_more(tmp_path: Path) -> None:
    segment = Segment.create(tmp_path / "000-1.seg", 128)
    taken = [segment.append(b"x" * 32) for _ in range(4)]
    assert taken == [True, True, False, False]
    assert segment.append(b"y" * (128 - len(MAGIC) - 2 * 40 - 8))
    segment.close()
    assert len(read(segment.path)) == 3


def test_a_record_is_rewritten_in_place_while_others_are_appended(written: Path, tmp_path: Path) -> None:
    segment = Segment.create(tmp_path / "001-1.seg", 4096)
    for record in RECORDS:
        segment.append(record)
    (start, before) = list(payloads(segment.path))[1]
    length = len(before)
    rewrite(segment.path, start, b"new")
    segment.append(b"later")
    assert read(segment.path) == [RECORDS[0], b"new".ljust(length, b"\0"), *RECORDS[2:], b"later"]
    with pytest.raises(ValueError, match="do not fit"):
        rewrite(segment.path, start, b"x" * (length + 1))


def test_what_is_no_segment_has_no_records(tmp_path: Path) -> None:
    path = tmp_path / "000-1.seg"
    for content in (b"", b"other", bytes(4096)):
        path.write_bytes(content)
        assert read(path) == []
        cut(path)
        assert path.stat().st_size == 0
