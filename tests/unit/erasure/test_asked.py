from pathlib import Path

import pytest

from components.config.settings import label_folder, log_folder
from components.erasure.asked import erase_from_questions
from components.labelling.questions import Question, Questions
from components.prediction_log.description import Description, describe
from components.prediction_log.identities import Identities, bury


def test_questions_about_somebody_go_with_their_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNEYMAN_LOG_DIR", str(tmp_path / "log"))
    assert list(erase_from_questions("shop")) == []
    log = log_folder("shop")
    describe(log, Description(workload="shop", kind="table", task="detection", entities=("customer",)))
    of = {name: Identities(log).hash("customer", name) for name in ("4711", "12")}
    asked = [
        Question(f"event-{name}", 5, {"record": {"customer": name}}, None, "no", [hash]) for name, hash in of.items()
    ]
    questions = Questions.begin(label_folder("shop"))
    questions.ask([(one.id, 0.5, 0.1) for one in asked], asked, ["no", "yes"], "1")
    assert list(erase_from_questions("shop")) == []
    bury(log, [of["4711"]])
    (removed,) = erase_from_questions("shop")
    assert (removed.count, removed.place) == (1, str(label_folder("shop")))
    assert [each.question.id for each in questions.all()] == ["event-12"]
    assert b"4711" not in (label_folder("shop") / "questions.db").read_bytes()
