import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from components.registry.promotion.history import BY_ITSELF, MOVED, PUBLISHED, Entry, History

WORDS = {"p": "promoted", "o": "overridden", "r": "rolled back", "h": "by hand"}


def history(*moves: str) -> History:
    """Return a history from moves such as `p2`: the gate promoted version 2; `h-`: a hand took the alias away."""
    entries: list[Entry] = []
    for number, move in enumerate(moves, 1):
        to = None if move[1:] == "-" else move[1:]
        left = entries[-1].to if entries else None
        entries.append(Entry(number=number, what=WORDS[move[0]], by="a test", left=left, to=to))
    return History(tuple(entries))


@pytest.mark.parametrize(
    ("moves", "behind"),
    [
        ("", ""),
        ("p1", ""),
        ("p1 p2 p3", "2 1"),
        ("p1 p2 p3 r2", "1"),
        ("p1 p2 p3 r2 r1", ""),
        ("p1 p2 p3 r1", ""),
        ("p1 p2 r1 p3", "1"),
        ("p1 p2 r1 r2", "1"),  # there again, after it was taken back
        ("p1 p2 p3 h2", "1"),  # a hand that goes back
        ("p1 p2 h5", "2 1"),  # a hand that goes on
        ("p1 p2 h-", "1"),  # a hand that takes the alias away
        ("p1 p2 h- p3", "1"),
        ("h3 p4", "3"),  # there was a champion before there was a history
        ("p1 p2 o1", "2 1"),  # a promotion goes on, whichever number it has
        ("p1 p2 o1 r2", "1"),
    ],
)
def test_where_rolling_back_leads(moves: str, behind: str) -> None:
    assert history(*moves.split()).behind == tuple(behind.split())


@pytest.mark.parametrize(
    ("moves", "version", "taken"),
    [
        ("p1", "1", False),
        ("p1", "2", False),
        ("p1 p2", "1", False),  # the gate found a better one: it may be judged again
        ("p1 p2 r1", "2", True),
        ("p1 p2 h1", "2", True),
        ("p1 p2 o1", "2", True),
        ("p1 p2 r1 o2", "2", False),  # a person has put it to work again
        ("p1 p2 r1 o2 p3", "2", False),
        ("p1 p2 r1 o2 p3 r2 r1", "2", True),
        ("p1 h-", "1", True),
    ],
)
def test_what_a_person_has_taken_back(moves: str, version: str, taken: bool) -> None:
    assert history(*moves.split()).taken_back(version) is taken


@given(st.lists(st.tuples(st.sampled_from("porh"), st.sampled_from("12345")), max_size=30))
def test_whatever_happens_a_rollback_leads_to_what_was_at_work(moves: list[tuple[str, str]]) -> None:
    told = history(*("".join(move) for move in moves))
    assert all(told.was_at_work(version) for version in told.behind)
    assert len(told.behind) < max(len(moves), 1)
    for version in told.behind:  # as many rollbacks as there are versions come to an end
        entry = Entry(number=len(told.entries) + 1, what="rolled back", by="x", left=told.champion, to=version)
        after = History((*told.entries, entry))
        assert len(after.behind) < len(told.behind)


def test_an_entry_is_json_and_comes_back_the_same() -> None:
    entry = Entry(number=7, what="overridden", by="Ann", left=None, to="3", reason="„so“", refusals=("slice: Bag",))
    said = json.loads(entry.model_dump_json())
    assert (said["from"], said["to"]) == (None, "3")
    assert Entry.model_validate_json(entry.model_dump_json()) == entry
    assert abs((datetime.now(UTC) - entry.when).total_seconds()) < 60


def test_no_two_entries_are_the_same() -> None:
    one, other = (Entry(number=1, what="promoted", by="x", left=None, to="1") for _ in range(2))
    assert one.model_dump_json() != other.model_dump_json()


def test_an_entry_of_another_form_is_refused() -> None:
    with pytest.raises(ValidationError, match="extra"):
        Entry.model_validate_json('{"number": 1, "what": "promoted", "by": "", "from": null, "to": "1", "extra": 1}')


def test_marks_belong_to_an_entry() -> None:
    (entry,) = history("p1").entries
    told = History((entry,), frozenset({(1, MOVED), (2, PUBLISHED)}))
    assert told.marked(entry, MOVED)
    assert not told.marked(entry, PUBLISHED)


@pytest.mark.parametrize(
    ("moves", "waits"),
    [("p1 p2", False), ("p1 p2 r1", True), ("p1 p2 r1 p3", True), ("p1 p2 r1 o2", False), ("p1 p2 r1 h2", False)],
)
def test_after_a_rollback_by_itself_a_person_is_waited_for(moves: str, waits: bool) -> None:
    said = history(*moves.split())
    assert said.rolled_back_by_itself is None  # a person did it
    turned = [entry.model_copy(update={"by": f"{BY_ITSELF}, run 1"} if entry.what == "rolled back" else {})
              for entry in said.entries]  # fmt: skip
    assert (History(tuple(turned)).rolled_back_by_itself is not None) == waits


def test_which_version_was_at_work_at_a_moment() -> None:
    days = [datetime(2026, 11, day, tzinfo=UTC) for day in (3, 5, 9)]
    moved = zip(days, history("p1", "p2", "r1").entries, strict=True)
    told = History(tuple(entry.model_copy(update={"when": day}) for day, entry in moved))
    assert [told.champion_at(day) for day in days] == ["1", "2", "1"]
    assert told.champion_at(datetime(2026, 11, 8, tzinfo=UTC)) == "2"
    assert told.champion_at(datetime(2026, 11, 2, tzinfo=UTC)) is None
