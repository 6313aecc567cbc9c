"""What `POST /labels` takes of every kind."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from components.kinds.labels import MOST, Label
from components.kinds.plain import labelled

EVENT = "01932c07-2f5e-7000-8000-0123456789ab"
GOOD = {"id": EVENT, "label": "Bag"}


def _read(content: Any) -> Any:
    return TypeAdapter(labelled({})).validate_python(content)


def test_one_label_or_many_by_either_id() -> None:
    one = _read({**GOOD, "time": "2026-04-01T10:00:00+02:00", "source": "audit", "share": 0.25})
    assert isinstance(one, Label)
    assert (str(one.event_id), one.label, one.source, one.share) == (EVENT, "Bag", "audit", 0.25)
    assert one.time == datetime(2026, 4, 1, 8, tzinfo=UTC)
    by_event, by_request = _read([{"event_id": EVENT, "label": 3}, {"request_id": "mine", "row": 2, "label": 0.5}])
    assert (str(by_event.event_id), by_event.label, by_event.source) == (EVENT, 3, "caller")
    assert (by_request.request_id, by_request.row, by_request.label) == ("mine", 2, 0.5)


@pytest.mark.parametrize(("sent", "kept"), [(True, True), (1, 1), (1.5, 1.5), ("1", "1")])
def test_a_label_stays_what_it_was_written_as(sent: Any, kept: Any) -> None:
    told = _read({**GOOD, "label": sent}).label
    assert (told, type(told)) == (kept, type(kept))


def test_a_time_without_an_offset_is_utc() -> None:
    assert _read({**GOOD, "time": "2026-04-01T10:00:00"}).time == datetime(2026, 4, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"id": None}, "say which row it is of, by one of id, request_id"),
        ({"id": "4711"}, "valid UUID"),
        ({"label": None}, "label"),
        (
            {"value": 3},
            "'value' is no field of a label; the fields are id, request_id, row, label, time, source, share",
        ),
        ({"time": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}, "has not come yet"),
        ({"share": 0.0}, "greater than or equal to 0.000001"),
        ({"share": 1.5}, "less than or equal to 1"),
        ({"source": "a\nb"}, "match pattern"),
    ],
)
def test_what_is_no_label_is_refused(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        _read({**GOOD, **change})
    with pytest.raises(ValidationError, match=sentence):
        _read([GOOD, {**GOOD, **change}])


def test_there_are_at_most_so_many_at_once() -> None:
    assert len(_read([GOOD] * MOST)) == MOST
    for content in ([], [GOOD] * (MOST + 1)):
        with pytest.raises(ValidationError):
            _read(content)
