import time
import uuid

import pytest

from components.prediction_log.event_id import EventIds, as_text, milliseconds, of_text, texts, with_id


def test_an_identity_is_a_uuid_of_version_7_made_now() -> None:
    before = time.time_ns() // 1_000_000
    identity = EventIds().new()
    assert before <= milliseconds(identity) <= time.time_ns() // 1_000_000
    found = uuid.UUID(as_text(identity))
    assert (found.version, found.variant, found.int) == (7, uuid.RFC_4122, identity)


def test_rows_of_a_request_follow_each_other() -> None:
    identity = EventIds().new()
    assert identity % 65_536 == 0
    assert of_text(as_text(identity + 65_535)) == identity + 65_535


def test_identities_increase_though_the_clock_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    ids, now = EventIds(), time.time_ns()
    found = []
    for moment in (now, now, now - 10**12, now - 10**9, now + 10**9):
        monkeypatch.setattr(time, "time_ns", lambda moment=moment: moment)
        found += [ids.new() for _ in range(5_000)]
    assert found == sorted(set(found))


@pytest.mark.parametrize("text", ["", "4711", "0" * 36, "x" * 8 + "-0000-7000-8000-000000000000"])
def test_what_is_no_identity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no event id"):
        of_text(text)


@pytest.mark.parametrize("rows", [1, 300])
def test_the_rows_of_a_request_are_told_at_once(rows: int) -> None:
    identity = EventIds().new()
    assert texts(identity, rows) == [as_text(identity + row).encode() for row in range(rows)]
    assert with_id(b'{"n":1}', texts(identity, 1)[0]) == b'{"n":1,"id":"%b"}' % texts(identity, 1)[0]
