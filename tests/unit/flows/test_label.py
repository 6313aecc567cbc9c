import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from components.config.errors import ConfigError, DataError
from components.labelling.operations import Asked, carry_out, to_log
from components.labelling.questions import Questions
from components.prediction_log.reader import Log
from components.watch.bundles import Bundles
from components.watch.watch import watch
from flows.label import ask, choose_questions, export, take
from tests.unit.watch.at_work import FIRST, AtWork, make_bundle

ROWS = 200
BOB = "bob-000001"


@pytest.fixture
def at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AtWork:
    """The log of garments, of yesterday, in its place; its classes are those of `make_bundle`."""
    monkeypatch.setenv("JOURNEYMAN_LOG_DIR", str(tmp_path / "log"))
    made = AtWork(tmp_path / "log" / "garments")
    days = (datetime.now(UTC) - FIRST).days - 1
    made.day(days, rows=ROWS, labelled=0, sure=0.8)
    return made


def choose(at_work: AtWork, tmp_path: Path, count: int, seed: int) -> tuple[str, Questions]:
    path, folder = tmp_path / "bundle", tmp_path / "label" / "garments"
    if not path.exists():
        (make_bundle(path) / "model.onnx").unlink()
    said = choose_questions(at_work.log(), Bundles(lambda _: path), folder, count, 30, 0.02, seed)
    return said, Questions(folder)


def answer(at_work: AtWork, questions: Questions, many: int) -> None:
    for _ in range(many):
        asked = questions.next(BOB, "bob")
        assert asked
        said = Asked(holder=BOB, id=asked["id"], what="label", value="a")
        labels = to_log(questions, "/label/answer", said, "bob", str)
        at_work.writer.labelled(labels)
        carry_out(questions, "/label/answer", said, "bob", labels)


@pytest.mark.slow
def test_what_is_answered_is_told_with_its_probability_to_watch(at_work: AtWork, tmp_path: Path) -> None:
    said, questions = choose(at_work, tmp_path, 60, seed=1)
    assert f"60 of {ROWS} answers of version 1" in said
    assert "harm" not in said
    answer(at_work, questions, 60)
    assert questions.next(BOB, "bob") is None
    shares = questions.shares()
    assert {row["event_id"]: row["share"] for row in at_work.log().labels().to_pylist()} == shares
    path = tmp_path / "bundle"
    soon = datetime.now(UTC) + timedelta(minutes=1)
    report = watch(at_work.log(), lambda _: path, soon, timedelta(0), tolerance=0.02)
    active = report.versions[-1].active
    assert active
    last = questions.history()[-1]
    assert active.now.rows == last.labels == 60
    assert active.now.value == pytest.approx(last.value, abs=1e-6)
    assert active.now.low == pytest.approx(last.low, abs=1e-6)


@pytest.mark.slow
def test_a_second_round_tells_labels_with_the_probability_of_both(at_work: AtWork, tmp_path: Path) -> None:
    _, questions = choose(at_work, tmp_path, 40, seed=1)
    answer(at_work, questions, 40)
    first = questions.shares()
    _, questions = choose(at_work, tmp_path, 40, seed=2)
    both = questions.shares()
    assert 40 < len(both) < 80  # some were chosen again, and need no answer
    assert all(both[name] > share for name, share in first.items())
    latest = {row["event_id"]: row for row in at_work.log().labels().to_pylist()}
    assert {name: row["share"] for name, row in latest.items()} == {name: both[name] for name in first}
    assert {(row["source"], row["value"]) for row in latest.values()} == {("bob", '"a"')}


def test_a_label_that_has_come_needs_no_answer(at_work: AtWork, tmp_path: Path) -> None:
    ids = [row["id"] for batch in at_work.log().answers(columns=["id"]) for row in batch.to_pylist()]
    at_work.label(ids[:150], ["b"] * 150, datetime.now(UTC))
    said, questions = choose(at_work, tmp_path, 60, seed=1)
    counts = questions.counts()
    assert counts["label"] + counts["open"] == 60
    assert counts["label"] > 20
    assert f"of {counts['label']} of them the label is known" in said
    shares = questions.shares()
    again = [row for row in at_work.log().labels().to_pylist() if row["share"] is not None]
    assert len(again) == counts["label"]
    assert all(row["share"] == shares[row["event_id"]] for row in again)


def test_too_few_questions_for_harm_are_said(at_work: AtWork, tmp_path: Path) -> None:
    said, _ = choose(at_work, tmp_path, 2, seed=1)
    assert "harm of version 1 will be judged without the days of such labels" in said
    assert "ask about 4, about fewer days" in said


def test_to_label_studio_and_back(at_work: AtWork, tmp_path: Path) -> None:
    _, questions = choose(at_work, tmp_path, 20, seed=1)
    answer(at_work, questions, 1)
    path = tmp_path / "tasks.json"
    assert "20 tasks" in export("garments", path)
    assert '<Choice value="b"/>' in path.with_suffix(".xml").read_text()
    made = json.loads(path.read_text())
    assert [len(task.get("annotations", ())) for task in made].count(1) == 1
    result = {"from_name": "label", "to_name": "example", "type": "choices", "value": {"choices": ["b"]}}
    for task in made[5:]:
        task["annotations"] = [{"result": [result], "completed_by": {"email": "eve@x.org"}, "was_cancelled": False}]
    path.write_text(json.dumps(made))
    assert "answers of" in take("garments", path)
    labels = Log.open(at_work.folder).labels().to_pylist()
    assert [row["source"] for row in labels].count("eve-x.org") == 15
    assert questions.counts()["label"] == 16
    assert take("garments", path).startswith("0 answers")  # done again it does nothing
    made[0]["annotations"] = [{"result": [{**result, "value": {"choices": ["teapot"]}}]}]
    made[0]["data"]["id"] = made[1]["data"]["id"]
    path.write_text(json.dumps(made))
    with pytest.raises(DataError, match="teapot"):
        take("garments", path)


def test_of_suggestions_nobody_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    section = "{kind: interactions, task: ranking, source: plays.csv, prepare: {}, train: {}}"
    Path("params.yaml").write_text(f"workloads:\n  plays: {section}\n")
    with pytest.raises(ConfigError, match=r"^plays: task: ranking: nobody can say by looking what is right"):
        ask("plays")
