import threading
from pathlib import Path

import numpy as np
import pytest

from components.config.errors import BadRequest, DataError
from components.labelling.operations import Asked, asked, carry_out, files, source_of, to_log
from components.labelling.questions import Done, Question, Questions
from components.watch.statistics.active_inference import correction_sums, expected_sums

ALICE, BOB = "alice-0001", "bob-000001"


def question(name: str, answer: str | float | None = "a", time_us: int = 5) -> Question:
    return Question(name, time_us, {"record": {"n": 1}}, None, answer, [name.encode().ljust(8, b"\0")])


@pytest.fixture
def questions(tmp_path: Path) -> Questions:
    made = Questions.begin(tmp_path / "w")
    candidates = [(name, 0.5, 0.25) for name in ("p", "q", "r", "never")]
    made.ask(candidates, map(question, ("p", "q", "r")), ["a", "b"], "3")
    return made


def done(questions: Questions) -> dict[str, Done]:
    return {each.question.id: each for each in questions.all()}


def test_nothing_is_asked_yet(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"python -m flows.label cups chooses what to ask"):
        Questions(tmp_path / "cups")


def test_two_people_are_never_asked_the_same(questions: Questions) -> None:
    got: list[str] = []

    def person(holder: str) -> None:
        mine = Questions(questions._path.parent)
        while found := mine.next(holder, holder):
            got.append(found["id"])
            assert mine.settle(found["id"], holder, holder, "label", "a", False, 1)

    more = [f"m{number}" for number in range(60)]
    questions.ask([(name, 0.5, None) for name in more], map(question, more), ["a", "b"], "3")
    people = [threading.Thread(target=person, args=(f"person-{number}",)) for number in range(3)]
    for each in people:
        each.start()
    for each in people:
        each.join()
    assert sorted(got) == sorted(["p", "q", "r", *more])


def test_a_question_is_its_holders_for_ten_minutes(questions: Questions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1000.0)
    first = questions.next(ALICE, "alice")
    assert first
    assert first["id"] == "p"
    assert questions.next(ALICE, "alice") == first  # a page that is loaded again has it again
    second = questions.next(BOB, "bob")
    assert second
    assert second["id"] == "q"
    assert not questions.settle("p", BOB, "bob", "label", "b", False, 1)
    monkeypatch.setattr("time.time", lambda: 1601.0)
    assert questions.settle("p", BOB, "bob", "label", "b", False, 1)
    assert not questions.settle("p", ALICE, "alice", "label", "a", False, 1)
    assert (done(questions)["p"].value, done(questions)["p"].who) == ("b", "bob")


def test_what_is_skipped_is_for_others(questions: Questions) -> None:
    questions.next(ALICE, "alice")
    assert questions.settle("p", ALICE, "alice", "skip", None, False, 1)
    after = questions.next(ALICE, "alice")
    assert after
    assert after["id"] == "q"
    of_bob = questions.next(BOB, "bob")
    assert of_bob
    assert of_bob["id"] == "p"
    assert questions.counts() == {"open": 3, "label": 0, "unusable": 0}


def test_undo_brings_the_question_back_and_keeps_what_was_done(questions: Questions) -> None:
    questions.next(ALICE, "alice")
    questions.settle("p", ALICE, "alice", "label", "b", True, 7)
    questions.next(ALICE, "alice")
    questions.settle("q", ALICE, "alice", "unusable", None, False, 8)
    assert questions.latest(BOB, "bob") is None
    for name in ("q", "p"):
        questions.undo(ALICE, "alice")
        again = questions.next(ALICE, "alice")
        assert again
        assert again["id"] == name
    questions.undo(ALICE, "alice")  # nothing is left to be undone
    assert questions.counts() == {"open": 3, "label": 0, "unusable": 0}
    with questions._reading() as database:
        assert database.execute("SELECT id, undone, seen FROM actions").fetchall() == [("p", 1, 1), ("q", 1, 0)]


def test_the_probability_is_that_of_all_rounds(questions: Questions) -> None:
    questions.ask([("p", 0.2, 0.25), ("new", 0.1, 0.5)], [question("new")], ["a", "b"], "4")
    assert questions.shares() == {
        "p": pytest.approx(1 - 0.5 * 0.8),
        "q": pytest.approx(0.5),
        "r": pytest.approx(0.5),
        "new": pytest.approx(0.1),
    }
    assert questions.share("never") is None  # it could have been asked, and was not


def test_the_interval_is_that_of_watch(questions: Questions) -> None:
    (before,) = questions.history()
    assert (before.labels, before.value) == (0, 0.75)
    for name, value in (("p", "a"), ("q", "b")):
        questions.settle(name, ALICE, "alice", "label", value, False, 1)
    questions.settle("r", ALICE, "alice", "unusable", None, False, 1)
    last = questions.history()[-1]
    expected, half = np.full(4, 0.25), np.full(2, 0.5)
    sums = expected_sums(expected) + correction_sums(expected[:2], np.array([0.0, 1.0]), half)
    wrong = sums.interval()
    assert last.labels == 2
    assert last.value == pytest.approx(1 - wrong.estimate)
    assert last.low == pytest.approx(max(1 - wrong.high, 0))
    assert last.high == pytest.approx(min(1 - wrong.low, 1))


def test_of_numbers_there_is_no_share_of_right_answers(tmp_path: Path) -> None:
    made = Questions.begin(tmp_path / "w")
    made.ask([("p", 0.5, None)], [question("p", 3.5)], [], "3")
    assert made.history() == []


def test_what_has_been_erased_is_asked_no_more(questions: Questions) -> None:
    name = b"p".ljust(8, b"\0")
    assert questions.forget({name: 4}) == 0  # this answer was given later
    assert questions.forget({name: 5}) == 1
    assert list(done(questions)) == ["q", "r"]
    assert b'"n": 1' in questions._path.read_bytes()
    questions.forget({b"q".ljust(8, b"\0"): 9, b"r".ljust(8, b"\0"): 9})
    assert b'"n": 1' not in questions._path.read_bytes()


def test_the_page_logs_before_it_notes(questions: Questions) -> None:
    said = Asked(holder=ALICE, id="p", what="label", value="b")
    (label,) = to_log(questions, "/label/answer", said, "Alice B.", str)
    assert (label.value, label.event_id, label.source, label.share) == ("b", "p", "Alice-B.", 0.5)
    assert questions.counts()["label"] == 0
    shown = carry_out(questions, "/label/answer", said, "Alice B.", [label])
    assert shown["question"]["id"] == "q"
    assert shown["counts"] == {"open": 2, "label": 1, "unusable": 0}
    assert shown["note"] == ""
    assert done(questions)["p"].at_us == label.recorded_us

    assert to_log(questions, "/label/answer", Asked(holder=BOB, id="p", what="label", value="a"), "bob", str) == []
    late = carry_out(questions, "/label/answer", Asked(holder=BOB, id="p", what="label", value="a"), "bob", [])
    assert late["note"] == "somebody else has answered that one meanwhile"

    undo = Asked(holder=ALICE)
    (withdrawn,) = to_log(questions, "/label/undo", undo, "Alice B.", str)
    assert (withdrawn.value, withdrawn.event_id) == ("", "p")
    assert carry_out(questions, "/label/undo", undo, "Alice B.", [withdrawn])["question"]["id"] == "p"


def test_a_label_that_is_none_is_refused(questions: Questions) -> None:
    with pytest.raises(BadRequest, match="a label is needed"):
        to_log(questions, "/label/answer", Asked(holder=ALICE, id="p", what="label"), "alice", str)
    for body, named in ((b"{", "body"), (b'{"holder": "x"}', "holder"), (b'{"holder": "alice-0001", "y": 1}', "y")):
        with pytest.raises(BadRequest, match=named):
            asked(body)


def test_the_files_of_the_page() -> None:
    assert sorted(files()) == ["/label", "/label/label.css", "/label/label.js"]
    assert source_of("ä b/c@d.e") == "--b-c-d.e"
